import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import type { SessionKey } from "../SessionKey.js"

/**
 * Locks between the fibers of one process, first come, first served; an entry exists only while somebody holds or
 * waits for it.
 *
 * @internal
 */
export const processLocks = (): ((key: SessionKey) => Effect.Effect<void, never, Scope.Scope>) => {
  const locks = new Map<SessionKey, { readonly semaphore: Effect.Semaphore; users: number }>()
  return (key) =>
    Effect.uninterruptibleMask((restore) =>
      Effect.suspend(() => {
        const lock = locks.get(key) ?? { semaphore: Effect.unsafeMakeSemaphore(1), users: 0 }
        locks.set(key, lock)
        lock.users += 1
        const leave = Effect.sync(() => {
          lock.users -= 1
          if (lock.users === 0) locks.delete(key)
        })
        return restore(lock.semaphore.take(1)).pipe(
          Effect.onInterrupt(() => leave),
          Effect.zipRight(Effect.addFinalizer(() => Effect.zipRight(lock.semaphore.release(1), leave)))
        )
      })
    )
}
