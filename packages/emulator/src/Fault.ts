/**
 * What can go wrong with a request, as data: a script passes a `Fault` to `fail`, as a value or as JSON over the
 * control API.
 *
 * @since 0.1.0
 */
import * as Duration from "effect/Duration"
import * as Schema from "effect/Schema"

/**
 * Whether the fault applies before or after the request is handled. After handling, the client or the token exists and
 * only its response is late or lost.
 *
 * @since 0.1.0
 * @category models
 */
export const Moment = Schema.Literal("before-handling", "after-handling")

/**
 * @since 0.1.0
 * @category models
 */
export type Moment = typeof Moment.Type

const moment = Schema.optionalWith(Moment, { default: () => "before-handling" as const })

/**
 * All faults.
 *
 * - `Answer`: this response instead of the normal one; the request is not handled.
 * - `Delay`: the normal response, late.
 * - `Latency`: the normal response, late by a time that differs between requests.
 * - `Hang`: no response, and the connection stays open.
 * - `Reset`: the connection is reset without a response.
 * - `Truncate`: the normal response ends after half of its body.
 * - `Refuse`: the connection is refused; the request is neither throttled nor logged. On a port the connection is reset
 *   instead, because a listening socket cannot refuse it.
 *
 * @since 0.1.0
 * @category models
 */
export const Fault = Schema.Union(
  Schema.TaggedStruct("Answer", {
    status: Schema.Int.pipe(Schema.between(200, 599)),
    headers: Schema.optionalWith(Schema.Record({ key: Schema.String, value: Schema.String }), {
      default: () => ({})
    }),
    body: Schema.optionalWith(Schema.String, { default: () => "" })
  }),
  Schema.TaggedStruct("Delay", { duration: Schema.DurationFromMillis, moment }),
  Schema.TaggedStruct("Latency", {
    median: Schema.DurationFromMillis,
    p99: Schema.DurationFromMillis,
    moment
  }),
  Schema.TaggedStruct("Hang", { moment }),
  Schema.TaggedStruct("Reset", { moment }),
  Schema.TaggedStruct("Truncate", {}),
  Schema.TaggedStruct("Refuse", {})
)

/**
 * @since 0.1.0
 * @category models
 */
export type Fault = typeof Fault.Type

/**
 * A response instead of the normal one.
 *
 * @example
 * ```ts
 * import { Fault } from "effect-adobe-pass-emulator"
 *
 * Fault.answer(503)
 * Fault.answer(429, { headers: { "retry-after": "7" } })
 * Fault.answer(200, { headers: { "content-type": "text/html" }, body: "<html>maintenance</html>" })
 * ```
 *
 * @since 0.1.0
 * @category constructors
 */
export const answer = (
  status: number,
  options?: { readonly headers?: Readonly<Record<string, string>>; readonly body?: string }
): Fault => ({ _tag: "Answer", status, headers: options?.headers ?? {}, body: options?.body ?? "" })

/**
 * A JSON response instead of the normal one.
 *
 * @since 0.1.0
 * @category constructors
 */
export const json = (status: number, value: unknown): Fault =>
  answer(status, {
    headers: { "content-type": "application/json;charset=UTF-8" },
    body: JSON.stringify(value)
  })

/**
 * An OAuth error as the registration and token endpoints send it: `400 {"error": code}`.
 *
 * @since 0.1.0
 * @category constructors
 */
export const oauthError = (code: string): Fault => json(400, { error: code })

/**
 * An HTML page instead of the normal response, as a failing proxy sends it.
 *
 * @since 0.1.0
 * @category constructors
 */
export const html = (status: number, body = "<html><body>Sorry</body></html>"): Fault =>
  answer(status, { headers: { "content-type": "text/html" }, body })

/**
 * The normal response, delayed by `duration` on Effect's clock.
 *
 * @since 0.1.0
 * @category constructors
 */
export const delay = (duration: Duration.DurationInput, moment: Moment = "before-handling"): Fault => ({
  _tag: "Delay",
  duration: Duration.decode(duration),
  moment
})

/**
 * The normal response, late by a time that is drawn for each request from a log-normal distribution: half of the
 * requests wait longer than `median`, one in a hundred longer than `p99`. Drawn from Effect's `Random`.
 *
 * @since 0.1.0
 * @category constructors
 */
export const latency = (options: {
  readonly median: Duration.DurationInput
  readonly p99: Duration.DurationInput
  readonly moment?: Moment
}): Fault => ({
  _tag: "Latency",
  median: Duration.decode(options.median),
  p99: Duration.decode(options.p99),
  moment: options.moment ?? "before-handling"
})

/**
 * No response, and the connection stays open.
 *
 * @since 0.1.0
 * @category constructors
 */
export const hang = (moment: Moment = "before-handling"): Fault => ({ _tag: "Hang", moment })

/**
 * The connection is reset without a response.
 *
 * @since 0.1.0
 * @category constructors
 */
export const reset = (moment: Moment = "before-handling"): Fault => ({ _tag: "Reset", moment })

/**
 * The normal response ends after half of its body.
 *
 * @since 0.1.0
 * @category constructors
 */
export const truncate: Fault = { _tag: "Truncate" }

/**
 * The connection is refused.
 *
 * @since 0.1.0
 * @category constructors
 */
export const refuse: Fault = { _tag: "Refuse" }
