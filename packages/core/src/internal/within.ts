import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"

/**
 * An effect with a time limit that holds for every caller.
 *
 * `Effect.timeoutFail` cannot end its work where the caller is uninterruptible, and work made interruptible inside of
 * it ends with the first signal that reaches its parent. Here the work runs on its own: the limit ends it, an
 * interruption of the caller ends it where the caller can be interrupted, and nothing else does.
 *
 * @internal
 */
export const within =
  <E2>(duration: Duration.Duration, onTimeout: () => E2) =>
  <A, E, R>(work: Effect.Effect<A, E, R>): Effect.Effect<A, E | E2, R> =>
    Effect.uninterruptibleMask((restore) =>
      Effect.withFiberRuntime<A, E | E2, R>((caller) =>
        Effect.flatMap(
          Effect.all([
            // As an exit: the runtime would log the failure of a fiber, secrets and all.
            Effect.forkDaemon(Effect.exit(Effect.interruptible(work))),
            Effect.forkDaemon(Effect.interruptible(Effect.sleep(duration)))
          ]),
          ([running, timer]) => {
            const outcome = Effect.async<A, E | E2>((resume) => {
              running.addObserver((exit) => resume(Exit.flatten(exit)))
              timer.addObserver((exit) => {
                if (Exit.isSuccess(exit)) resume(Effect.failSync(onTimeout))
              })
              return Fiber.interrupt(running)
            })
            return Effect.onExit(restore(outcome), () => {
              timer.unsafeInterruptAsFork(caller.id())
              running.unsafeInterruptAsFork(caller.id())
              return Effect.void
            })
          }
        )
      )
    )
