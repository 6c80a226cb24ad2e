import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"

/**
 * A timeout, in milliseconds, that also ends the work of an uninterruptible caller.
 *
 * `Effect.timeoutFail` cannot interrupt its effect in an uninterruptible region. Here the work runs in a fiber of its
 * own: the timeout interrupts it, and so does an interruption of the caller where the caller can be interrupted.
 */
export const hardTimeout =
  <E2>(millis: number, onTimeout: () => E2) =>
  <A, E, R>(work: Effect.Effect<A, E, R>): Effect.Effect<A, E | E2, R> =>
    Effect.uninterruptibleMask((restore) =>
      Effect.withFiberRuntime<A, E | E2, R>((caller) =>
        Effect.flatMap(
          Effect.all([
            // As an exit, because the runtime logs the failure of a daemon.
            Effect.forkDaemon(Effect.exit(Effect.interruptible(work))),
            Effect.forkDaemon(Effect.interruptible(Effect.sleep(millis)))
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
