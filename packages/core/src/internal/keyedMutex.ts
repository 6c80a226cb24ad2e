import * as Effect from "effect/Effect"
import * as RcMap from "effect/RcMap"
import type * as Scope from "effect/Scope"

/**
 * Locks a key until the scope closes. Fibers get the lock in the order in which they ask; a key that is not locked
 * costs no memory.
 */
export type KeyedMutex<K> = (key: K) => Effect.Effect<void, never, Scope.Scope>

export const make = <K>(): Effect.Effect<KeyedMutex<K>, never, Scope.Scope> =>
  Effect.map(
    RcMap.make({ lookup: (_key: K) => Effect.makeSemaphore(1) }),
    (semaphores): KeyedMutex<K> =>
      (key) =>
        Effect.flatMap(RcMap.get(semaphores, key), (semaphore) =>
          Effect.uninterruptibleMask((restore) =>
            Effect.zipRight(
              restore(semaphore.take(1)),
              Effect.addFinalizer(() => semaphore.release(1))
            )
          )
        )
  )
