import * as Deferred from "effect/Deferred"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
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
      Effect.gen(function* () {
        const outcome = yield* Deferred.make<A, E | E2>()
        // As an exit: the runtime would log the failure of a fiber, secrets and all.
        const running = yield* Effect.interruptible(work).pipe(
          Effect.exit,
          Effect.flatMap((exit) => Deferred.done(outcome, exit)),
          Effect.forkDaemon
        )
        const timer = yield* Effect.interruptible(Effect.sleep(duration)).pipe(
          Effect.zipRight(Deferred.failSync(outcome, onTimeout)),
          Effect.forkDaemon
        )
        return yield* Effect.ensuring(
          Effect.onInterrupt(restore(Deferred.await(outcome)), () => Fiber.interrupt(running)),
          Effect.zipRight(Fiber.interruptFork(timer), Fiber.interruptFork(running))
        )
      })
    )
