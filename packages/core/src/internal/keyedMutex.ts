import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as FiberId from "effect/FiberId"
import * as Scope from "effect/Scope"

/**
 * Locks a key until the scope closes. Fibers get the lock in the order in which they ask; a key that is not locked
 * costs no memory.
 */
export type KeyedMutex<K> = (key: K) => Effect.Effect<void, never, Scope.Scope>

export const make = <K>(): KeyedMutex<K> => {
  /** For each key that is locked, the turns of those who wait for it. */
  const queues = new Map<K, Set<Deferred.Deferred<void>>>()

  const release = (key: K): Effect.Effect<void> =>
    Effect.sync(() => {
      const queue = queues.get(key)
      for (const turn of queue ?? []) {
        queue?.delete(turn)
        Deferred.unsafeDone(turn, Effect.void)
        return
      }
      queues.delete(key)
    })

  const take = (key: K, restore: <A>(wait: Effect.Effect<A>) => Effect.Effect<A>): Effect.Effect<void> =>
    Effect.suspend(() => {
      const queue = queues.get(key)
      if (queue === undefined) {
        queues.set(key, new Set())
        return Effect.void
      }
      const turn = Deferred.unsafeMake<void>(FiberId.none)
      queue.add(turn)
      return Effect.onInterrupt(restore(Deferred.await(turn)), () =>
        // Who was let in already leaves the lock to the next.
        queue.delete(turn) ? Effect.void : release(key)
      )
    })

  return (key) =>
    Effect.uninterruptibleMask((restore) =>
      Effect.zipRight(
        take(key, restore),
        Effect.scopeWith((scope) => Scope.addFinalizer(scope, release(key)))
      )
    )
}
