/**
 * A quota of repetitions, which stops them in an outage.
 *
 * @since 0.1.0
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Layer from "effect/Layer"
import type { InvalidInput } from "./AdobePassError.js"
import * as Options from "./Options.js"

/**
 * The credit of one registered application: its token requests, registrations and calls share it. A repetition costs 5,
 * or 10 after a timeout; a success gives back what its repetitions cost, or 1.
 *
 * @since 0.1.0
 * @category models
 */
export interface RetryQuota {
  /** Pays for a repetition after an error and returns its cost; undefined when the credit does not suffice. */
  readonly charge: (error: { readonly _tag: string }) => number | undefined
  /** Gives back what was charged, and at least 1. */
  readonly refund: (charged: number) => void
}

/**
 * @since 0.1.0
 * @category tags
 */
export const RetryQuota: Context.Tag<RetryQuota, RetryQuota> = Context.GenericTag<RetryQuota>(
  "effect-adobe-pass/RetryQuota"
)

/**
 * A quota with this much credit; `InvalidInput` when it is no whole number. With 0 nothing is repeated but what was
 * throttled.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = (capacity?: number): Either.Either<RetryQuota, InvalidInput> =>
  Either.map(Options.retryQuota.check(capacity, "retryQuota"), (checked) => {
    let credit = checked
    return {
      charge: (error) => {
        const isSlow = "reason" in error && (error.reason === "Timeout" || error.reason === "Stalled")
        const cost = isSlow ? 10 : 5
        if (credit < cost) return undefined
        credit -= cost
        return cost
      },
      refund: (charged) => {
        if (credit < checked) credit = Math.min(checked, credit + Math.max(1, charged))
      }
    }
  })

/**
 * `make` as a layer.
 *
 * @since 0.1.0
 * @category layers
 */
export const layer = (capacity?: number): Layer.Layer<RetryQuota, InvalidInput> =>
  Layer.effect(
    RetryQuota,
    Effect.suspend(() => make(capacity))
  )
