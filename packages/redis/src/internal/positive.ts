import * as Duration from "effect/Duration"
import * as Either from "effect/Either"
import * as Option from "effect/Option"
import { InvalidInput } from "effect-adobe-pass/AdobePassError"

/** The whole milliseconds of a duration that is longer than zero and ends. */
export const positive = (field: string, input: Duration.DurationInput): Either.Either<number, InvalidInput> =>
  Duration.decodeUnknown(input).pipe(
    Option.map((duration) => Math.ceil(Duration.toMillis(duration))),
    Option.filter((millis) => millis > 0 && Number.isFinite(millis)),
    Either.fromOption(
      () => new InvalidInput({ field, problem: "must be a duration that is longer than zero and ends" })
    )
  )
