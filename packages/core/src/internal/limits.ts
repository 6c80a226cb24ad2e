import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import { InvalidInput } from "../AdobePassError.js"
import type { ScheduleOptions } from "../Throttle.js"

const invalid = (field: string, problem: string) => new InvalidInput({ field, problem })

/** A duration that is longer than zero and ends. @internal */
export const positiveDuration = (
  field: string,
  input: Duration.DurationInput
): Either.Either<Duration.Duration, InvalidInput> => {
  const duration = Duration.decodeUnknown(input)
  return duration._tag === "Some" &&
    Duration.isFinite(duration.value) &&
    Duration.toMillis(duration.value) > 0
    ? Either.right(duration.value)
    : Either.left(invalid(field, "must be a duration that is longer than zero and ends"))
}

/** The limits of a request: of one attempt, and in milliseconds of all its repetitions. @internal */
export const attemptLimits = (options: {
  readonly timeout?: Duration.DurationInput | undefined
  readonly retry?: ScheduleOptions | undefined
}): Effect.Effect<{ readonly timeout: Duration.Duration; readonly budget: number }, InvalidInput> =>
  Effect.gen(function* () {
    const { attempts = 3, ...durations } = options.retry ?? {}
    if (!Number.isInteger(attempts) || attempts < 1) {
      return yield* invalid("retry.attempts", "must be a whole number of at least 1")
    }
    for (const name of ["base", "cap", "floor"] as const) {
      const duration = durations[name]
      if (duration !== undefined) yield* positiveDuration(`retry.${name}`, duration)
    }
    const budget = yield* positiveDuration("retry.budget", durations.budget ?? Duration.seconds(30))
    const timeout = yield* positiveDuration("timeout", options.timeout ?? Duration.seconds(10))
    return { timeout, budget: Duration.toMillis(budget) }
  })
