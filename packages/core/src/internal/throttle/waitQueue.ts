import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"

interface Waiter {
  turn: Deferred.Deferred<void>
}

/** The waiters for the permits of a key: urgent ones first, each kind in the order of arrival. */
export interface WaitQueue {
  readonly urgent: Set<Waiter>
  readonly normal: Set<Waiter>
}

/** The waiters of all queues of a throttle. */
export interface Waiting {
  count: number
}

export const make = (): WaitQueue => ({ urgent: new Set(), normal: new Set() })

export const isEmpty = (queue: WaitQueue): boolean => queue.urgent.size + queue.normal.size === 0

/** The number of waiters ahead of a new one. */
export const ahead = (queue: WaitQueue, urgent: boolean): number =>
  queue.urgent.size + (urgent ? 0 : queue.normal.size)

const head = (queue: WaitQueue): Waiter | undefined =>
  queue.urgent.values().next().value ?? queue.normal.values().next().value

const wakeNext = (queue: WaitQueue): void => {
  const next = head(queue)
  if (next !== undefined) Deferred.unsafeDone(next.turn, Effect.void)
}

const served = <E>(
  queue: WaitQueue,
  waiter: Waiter,
  attempt: Effect.Effect<number, E>
): Effect.Effect<void, E> =>
  Effect.suspend(() => {
    if (head(queue) === waiter) {
      return Effect.flatMap(attempt, (millis) =>
        millis > 0 ? Effect.zipRight(Effect.sleep(millis), served(queue, waiter, attempt)) : Effect.void
      )
    }
    return Effect.flatMap(Deferred.make<void>(), (turn) => {
      waiter.turn = turn
      return head(queue) === waiter
        ? served(queue, waiter, attempt)
        : Effect.zipRight(Deferred.await(turn), served(queue, waiter, attempt))
    })
  })

const placesOf = (queue: WaitQueue, urgent: boolean): Set<Waiter> => (urgent ? queue.urgent : queue.normal)

/**
 * Waits until it is served. The first in the queue makes an attempt, which answers with zero when it was served and
 * otherwise with the milliseconds until the next attempt. When a waiter is interrupted, the next one takes its place.
 *
 * `find` looks the queue up in the same step in which the waiter takes its place: a queue that is empty may be dropped
 * by whoever keeps it.
 */
export const join = <E>(
  find: () => WaitQueue,
  urgent: boolean,
  attempt: Effect.Effect<number, E>,
  waiting: Waiting
): Effect.Effect<void, E> =>
  Effect.acquireUseRelease(
    Effect.map(Deferred.make<void>(), (turn) => {
      const queue = find()
      const waiter: Waiter = { turn }
      placesOf(queue, urgent).add(waiter)
      waiting.count += 1
      return { queue, waiter }
    }),
    ({ queue, waiter }) => served(queue, waiter, attempt),
    ({ queue, waiter }) =>
      Effect.sync(() => {
        placesOf(queue, urgent).delete(waiter)
        waiting.count -= 1
        wakeNext(queue)
      })
  )
