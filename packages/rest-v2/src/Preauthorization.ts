/**
 * Decisions on showing a resource in a catalogue. They have no media token, and are no authorization: what may be shown
 * is authorized again before it is played.
 *
 * @since 0.1.0
 */
import * as Data from "effect/Data"
import * as Option from "effect/Option"
import type { CallRefused } from "effect-adobe-pass/AdobePassError"
import type { Decision, Source } from "./Decision.js"

/** What every decision says. */
interface Decided {
  readonly resource: string
  readonly serviceProvider: string
  readonly mvpd: string
  readonly source: Source
}

/**
 * The resource may be shown.
 *
 * @since 0.1.0
 * @category models
 */
export class Permit extends Data.TaggedClass("PreauthorizationPermit")<Decided> {}

/**
 * The resource should not be shown, or be shown as locked. `error` says why, and its `action` what to do.
 *
 * @since 0.1.0
 * @category models
 */
export class Denial extends Data.TaggedClass("PreauthorizationDenial")<
  Decided & { readonly error: CallRefused }
> {}

/**
 * @since 0.1.0
 * @category models
 */
export type Preauthorization = Permit | Denial

/**
 * The result of a decision. `refused` is the error of a denial.
 *
 * @internal
 */
export const fromDecision = (decision: Decision, refused: Option.Option<CallRefused>): Preauthorization => {
  const { mvpd, resource, serviceProvider, source } = decision
  const decided = { mvpd, resource, serviceProvider, source }
  return Option.match(refused, {
    onNone: () => new Permit(decided),
    onSome: (error) => new Denial({ ...decided, error })
  })
}
