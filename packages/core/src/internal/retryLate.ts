import * as Effect from "effect/Effect"
import type * as Schedule from "effect/Schedule"

/** `Effect.retry` that sets a schedule up only after the first failure: most work succeeds at once. */
export const retryLate = <A, E, R>(
  work: Effect.Effect<A, E, R>,
  schedule: Schedule.Schedule<unknown, NoInfer<E>>
): Effect.Effect<A, E, R> =>
  Effect.catchAll(work, (first) => {
    let isFirst = true
    const again = Effect.suspend(() => {
      if (!isFirst) return work
      isFirst = false
      return Effect.fail(first)
    })
    return Effect.retry(again, schedule)
  })
