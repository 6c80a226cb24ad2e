import type * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Metric from "effect/Metric"
import * as Schedule from "effect/Schedule"
import * as Metrics from "../../Metrics.js"
import type { RetryQuota } from "../../RetryQuota.js"
import type { RetryableError } from "../../RetrySchedule.js"
import { retryFailed } from "../retryLate.js"
import { withClock } from "../withClock.js"
import { caught } from "./caught.js"

/** How an attempt failed. */
interface Failed<E> {
  readonly error: E
}

/** How attempts are repeated. */
export interface Repetition<E extends RetryableError> {
  readonly schedule: Schedule.Schedule<E, E>
  readonly quota: RetryQuota
  /** Milliseconds since the start of the first attempt, after which no repetition begins. */
  readonly budget: number
  readonly mayRepeat: (error: E) => boolean
}

/** Repeats attempts as far as their errors, the schedule, the budget and the quota allow. */
export const repeating = <A, E extends RetryableError, F extends Failed<E>, R>(
  attempt: (attempts: number) => Effect.Effect<A, F, R>,
  repetition: Repetition<E>
): Effect.Effect<A, F, R> =>
  withClock((clock) => {
    const until = clock.unsafeCurrentTimeMillis() + repetition.budget
    return caught(
      Effect.flatMap(attempt(1), (answer) => {
        repetition.quota.refund(0)
        return Effect.succeed(answer)
      }),
      (failed) => repeatingAfter(failed, attempt, repetition, until, clock)
    )
  })

/** `repeating` from the failure of the first attempt on; no repetition begins after `until`. */
export const repeatingAfter = <A, E extends RetryableError, F extends Failed<E>, R>(
  first: F,
  attempt: (attempts: number) => Effect.Effect<A, F, R>,
  { mayRepeat, quota, schedule }: Repetition<E>,
  until: number,
  clock: Clock.Clock
): Effect.Effect<A, F, R> => {
  let charged = 0
  const pay = (error: E): Effect.Effect<boolean> => {
    // Pacing answers a throttled request, not the quota: it is no sign of an outage.
    const cost = error._tag === "Throttled" ? 0 : quota.charge(error)
    if (cost === undefined) return Effect.as(Metric.increment(Metrics.retriesRefused), false)
    charged += cost
    return Effect.as(Metric.update(Metrics.retries, error._tag), true)
  }
  const affordable = schedule.pipe(
    Schedule.mapInput(({ error }: F) => error),
    Schedule.delays,
    Schedule.whileOutput((delay) => clock.unsafeCurrentTimeMillis() + Duration.toMillis(delay) <= until),
    Schedule.whileInputEffect(({ error }) =>
      error.retryable && mayRepeat(error) ? pay(error) : Effect.succeed(false)
    )
  )
  return Effect.tapBoth(retryFailed(first, attempt, affordable), {
    onSuccess: () => Effect.sync(() => quota.refund(charged)),
    // A final error also shows that the service answers.
    onFailure: ({ error }) => (error.retryable ? Effect.void : Effect.sync(() => quota.refund(charged)))
  })
}
