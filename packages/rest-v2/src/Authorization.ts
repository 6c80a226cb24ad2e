/**
 * Decisions on playing a resource now.
 *
 * @since 0.1.0
 */
import * as Data from "effect/Data"
import * as Option from "effect/Option"
import type { CallRefused } from "effect-adobe-pass/AdobePassError"
import type { Decision, MediaToken, Source } from "./Decision.js"

/** What every decision says. */
interface Decided {
  readonly resource: string
  readonly serviceProvider: string
  readonly mvpd: string
  readonly source: Source
  /** How long Adobe Pass answers from its own cache; authorize before each playback all the same. */
  readonly notBefore?: number | undefined
  readonly notAfter?: number | undefined
}

/**
 * The resource may be played. A degraded MVPD may permit without a media token.
 *
 * @since 0.1.0
 * @category models
 */
export class Permit extends Data.TaggedClass("AuthorizationPermit")<
  Decided & { readonly token?: MediaToken | undefined }
> {}

/**
 * The resource may not be played. `error` says why, and its `action` what to do; its `serverMessage` and `details` may be
 * shown to the person.
 *
 * @since 0.1.0
 * @category models
 */
export class Denial extends Data.TaggedClass("AuthorizationDenial")<
  Decided & { readonly error: CallRefused }
> {}

/**
 * @since 0.1.0
 * @category models
 */
export type Authorization = Permit | Denial

/**
 * The result of a decision. `refused` is the error of a denial.
 *
 * @internal
 */
export const fromDecision = (decision: Decision, refused: Option.Option<CallRefused>): Authorization => {
  const { mvpd, notAfter, notBefore, resource, serviceProvider, source, token } = decision
  const decided = { mvpd, notAfter, notBefore, resource, serviceProvider, source }
  return Option.match(refused, {
    onNone: () => new Permit({ ...decided, token }),
    onSome: (error) => new Denial({ ...decided, error })
  })
}
