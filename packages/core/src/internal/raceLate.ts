import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Runtime from "effect/Runtime"

/**
 * Runs `work`, and `other` while `work` waits for something; the first to end decides, and the other is interrupted.
 *
 * Work that waits for nothing costs one fiber and never starts `other`. Both are interruptible, and run in fibers of
 * their own, so `other` also ends the wait of an uninterruptible caller. When `other` decides, the race waits for the end
 * of the interrupted work, unless it `leaves` it.
 */
export const raceLate = <A, E, R, A2, E2, R2>(
  work: Effect.Effect<A, E, R>,
  other: Effect.Effect<A2, E2, R2>,
  { leaves = false }: { readonly leaves?: boolean } = {}
): Effect.Effect<A | A2, E | E2, R | R2> =>
  Effect.uninterruptibleMask((restore) =>
    Effect.flatMap(Effect.runtime<R | R2>(), (runtime) => {
      // As an exit, because the runtime logs the failure of a fiber that has no parent.
      const start = <B, F>(effect: Effect.Effect<B, F, R | R2>) =>
        Runtime.runFork(runtime, Effect.exit(Effect.interruptible(effect)))
      const first = start(work)
      const ended = first.unsafePoll()
      if (ended !== null) return Exit.flatten(ended)
      const second = start(other)
      const outcome = Effect.async<A | A2, E | E2>((resume) => {
        first.addObserver((exit) => resume(Exit.flatten(exit)))
        second.addObserver((exit) => resume(Exit.flatten(exit)))
        return Fiber.interrupt(first)
      })
      return Effect.onExit(restore(outcome), () =>
        Effect.withFiberRuntime((caller) => {
          second.unsafeInterruptAsFork(caller.id())
          if (!leaves && first.unsafePoll() === null) return Fiber.interrupt(first)
          first.unsafeInterruptAsFork(caller.id())
          return Effect.void
        })
      )
    })
  )
