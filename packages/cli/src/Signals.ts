/**
 * Signals that ask the process to end. A command that does nothing about them is interrupted.
 *
 * @since 0.1.0
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"

/**
 * @since 0.1.0
 * @category models
 */
export interface Signals {
  /** Waits for the next signal, which then does not interrupt the command. */
  readonly next: Effect.Effect<"SIGINT" | "SIGTERM" | "SIGHUP">
}

/**
 * @since 0.1.0
 * @category tags
 */
export const Signals: Context.Tag<Signals, Signals> = Context.GenericTag<Signals>(
  "effect-adobe-pass-cli/Signals"
)

/**
 * Runs a server until a signal asks it to end; its scope then closes, and the command has succeeded.
 *
 * @since 0.1.0
 * @category combinators
 */
export const until = <E, R>(serving: Effect.Effect<never, E, R>): Effect.Effect<void, E, R | Signals> =>
  Effect.flatMap(Signals, ({ next }) => Effect.asVoid(Effect.raceFirst(serving, next)))
