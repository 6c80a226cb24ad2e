/**
 * What a poll for the profile of a code tells, and how it ends.
 *
 * @since 0.1.0
 */
import * as Data from "effect/Data"
import * as Schema from "effect/Schema"
import type { Profiles } from "./Profile.js"
import type { RestV2Error } from "./RestV2.js"

/**
 * Nobody has signed in yet. The poll goes on.
 *
 * @since 0.1.0
 * @category models
 */
export class Pending extends Data.TaggedClass("Pending") {}

/**
 * The question failed, with an error that a later one may not meet. The poll goes on, after a longer gap.
 *
 * @since 0.1.0
 * @category models
 */
export class Disturbed extends Data.TaggedClass("Disturbed")<{ readonly error: RestV2Error }> {}

/**
 * The person has signed in. The poll is over.
 *
 * @since 0.1.0
 * @category models
 */
export class SignedIn extends Data.TaggedClass("SignedIn")<{
  readonly profiles: Profiles["profiles"]
}> {}

/**
 * @since 0.1.0
 * @category models
 */
export type Progress = Pending | Disturbed | SignedIn

/**
 * The code of the session has ended, and nobody has signed in with it.
 *
 * @since 0.1.0
 * @category errors
 */
export class CodeExpired extends Schema.TaggedError<CodeExpired>("effect-adobe-pass-rest-v2/CodeExpired")(
  "CodeExpired",
  {}
) {
  get retryable(): false {
    return false
  }
  override get message(): string {
    return "Nobody signed in before the code ended: create another session and show its code."
  }
}

/**
 * The device has asked for another code, in this process or another, so this one is void.
 *
 * @since 0.1.0
 * @category errors
 */
export class CodeReplaced extends Schema.TaggedError<CodeReplaced>("effect-adobe-pass-rest-v2/CodeReplaced")(
  "CodeReplaced",
  {}
) {
  get retryable(): false {
    return false
  }
  override get message(): string {
    return "The code is void, since the device has asked for another one, or its time is over by Adobe's clock: poll for the new code, or create a session."
  }
}
