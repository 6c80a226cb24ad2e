/**
 * A retry schedule that respects throttling.
 *
 * @since 0.1.0
 */
import * as Duration from "effect/Duration"
import * as Either from "effect/Either"
import * as Schedule from "effect/Schedule"
import type { InvalidInput } from "./AdobePassError.js"
import * as Options from "./Options.js"
import type * as Setting from "./Setting.js"

/**
 * Attempts, delays and budget.
 *
 * @since 0.1.0
 * @category models
 */
export interface RetryOptions extends Setting.Input<typeof Options.retry> {}

/**
 * What the schedule reads in an error. The errors of this library have it.
 *
 * @since 0.1.0
 * @category models
 */
export interface RetryableError {
  readonly _tag: string
  readonly retryable: boolean
  /** How long the server asks to wait, in milliseconds. */
  readonly retryAfterMillis?: number | undefined
}

/** The shortest delay after a 429. Each 429 adds as much again. */
const floor = Duration.seconds(1)

/** How often something failed before, counted apart: what was throttled says nothing about the service. */
const counted = <E extends RetryableError>() =>
  Schedule.reduce(Schedule.identity<E>(), { throttled: 0, others: 0 }, ({ others, throttled }, { _tag }) =>
    _tag === "Throttled" ? { others, throttled: throttled + 1 } : { others: others + 1, throttled }
  )

/** @internal */
export const fromChecked = <E extends RetryableError>({
  attempts,
  base,
  budget,
  cap
}: Setting.Checked<typeof Options.retry>): Schedule.Schedule<E, E> => {
  const delays = Schedule.exponential(base).pipe(
    Schedule.either(Schedule.spaced(cap)),
    Schedule.jitteredWith({ min: 0, max: 1 }),
    Schedule.zipRight(Schedule.identity<E>()),
    Schedule.intersect(counted<E>()),
    Schedule.whileOutput(
      ([{ _tag }, { others }]) => attempts > 1 && (_tag === "Throttled" || others < attempts - 1)
    ),
    Schedule.modifyDelay(([error, { throttled }], delay) => {
      const asked = Duration.millis(error.retryAfterMillis ?? 0)
      return error._tag === "Throttled"
        ? Duration.max(asked, Duration.sum(delay, Duration.times(floor, throttled + 1)))
        : Duration.max(asked, delay)
    }),
    Schedule.delays
  )
  return delays.pipe(
    Schedule.intersect(Schedule.elapsed),
    Schedule.whileOutput(
      ([delay, elapsed]) => Duration.toMillis(delay) + Duration.toMillis(elapsed) <= budget
    ),
    Schedule.whileInput((error: E) => error.retryable),
    Schedule.zipRight(Schedule.identity<E>())
  )
}

/**
 * The throttle-aware schedule; `InvalidInput` when an option cannot be used.
 *
 * Delays are exponential with full jitter. After a 429 a delay is at least a second, longer with each repetition, and
 * never less than what the server asks for. The schedule ends at an error that is not `retryable`, when the next delay
 * would not fit into the budget, and after `attempts`, of which those that were throttled are none.
 *
 * @example
 * ```ts
 * import { Effect } from "effect"
 * import { type AdobePassError, RetrySchedule } from "effect-adobe-pass"
 *
 * const withRetry = <A, R>(call: Effect.Effect<A, AdobePassError.ExchangeError, R>) =>
 *   Effect.flatMap(
 *     RetrySchedule.make<AdobePassError.ExchangeError>({ attempts: 5, budget: "1 minute" }),
 *     (schedule) => Effect.retry(call, schedule)
 *   )
 * ```
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = <E extends RetryableError>(
  options: RetryOptions = {}
): Either.Either<Schedule.Schedule<E, E>, InvalidInput> =>
  Either.map(Options.retry.checkNames(options, "retry"), (checked) => fromChecked<E>(checked))
