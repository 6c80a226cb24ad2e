import * as Effect from "effect/Effect"
import type * as Schedule from "effect/Schedule"

/** `Effect.retry` of work whose first attempt has failed already; `again` makes the second, the third and so on. */
export const retryFailed = <A, E, R>(
  first: E,
  again: (attempt: number) => Effect.Effect<A, E, R>,
  schedule: Schedule.Schedule<unknown, NoInfer<E>>
): Effect.Effect<A, E, R> => {
  let attempt = 0
  const next = Effect.suspend(() => {
    attempt += 1
    return attempt === 1 ? Effect.fail(first) : again(attempt)
  })
  return Effect.retry(next, schedule)
}

/** `Effect.retry` that sets a schedule up only after the first failure: most work succeeds at once. */
export const retryLate = <A, E, R>(
  work: Effect.Effect<A, E, R>,
  schedule: Schedule.Schedule<unknown, NoInfer<E>>
): Effect.Effect<A, E, R> => Effect.catchAll(work, (first) => retryFailed(first, () => work, schedule))
