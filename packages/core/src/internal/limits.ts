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

/** The time limit of an attempt, and how attempts are repeated. @internal */
export const attemptLimits = (options: {
  readonly timeout?: Duration.DurationInput | undefined
  readonly retry?: ScheduleOptions | undefined
}): Effect.Effect<Duration.Duration, InvalidInput> =>
  Effect.gen(function* () {
    const { attempts = 3, ...durations } = options.retry ?? {}
    if (!Number.isInteger(attempts) || attempts < 1) {
      return yield* invalid("retry.attempts", "must be a whole number of at least 1")
    }
    for (const name of ["base", "cap", "floor", "budget"] as const) {
      const duration = durations[name]
      if (duration !== undefined) yield* positiveDuration(`retry.${name}`, duration)
    }
    return yield* positiveDuration("timeout", options.timeout ?? Duration.seconds(10))
  })
