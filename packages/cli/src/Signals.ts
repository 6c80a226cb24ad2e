/**
 * Signals that ask the process to end. A command that does nothing about them is interrupted.
 *
 * @since 0.1.0
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"

/**
 * Those that a server ends in order at.
 *
 * @since 0.1.0
 * @category models
 */
export const ending = ["SIGINT", "SIGTERM", "SIGHUP"] as const

/**
 * All that end a process which does nothing about them. Without a listener, SIGUSR1 opens the debugger of Node.js.
 *
 * @since 0.1.0
 * @category models
 */
export const all = [...ending, "SIGQUIT", "SIGUSR1", "SIGUSR2"] as const

/**
 * @since 0.1.0
 * @category models
 */
export type Ending = (typeof ending)[number]

/**
 * @since 0.1.0
 * @category models
 */
export type Signal = (typeof all)[number]

/**
 * @since 0.1.0
 * @category models
 */
export interface Signals {
  /** Waits for the next signal that asks a server to end, which then does not interrupt the command. */
  readonly next: Effect.Effect<Ending>
  /** Waits for the next signal of any kind, which then does not interrupt the command. */
  readonly any: Effect.Effect<Signal>
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
