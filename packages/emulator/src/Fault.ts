/**
 * What can go wrong with one request, as data: the script hands a `Fault` to `Emulator.fail`, in process or as JSON
 * over the control API.
 *
 * @since 0.1.0
 */
import * as Duration from "effect/Duration"
import * as Schema from "effect/Schema"

/**
 * Whether the emulator has done the work when the fault strikes. After handling, a pair or a token has been made and
 * only the answer is late or lost.
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
 * Every way to fail a request. The set is closed.
 *
 * - `Answer`: this answer in place of the normal one; nothing is handled.
 * - `Delay`: the normal answer, late.
 * - `Hang`: no answer, and the connection stays open.
 * - `Reset`: the connection breaks without an answer.
 * - `Truncate`: the normal answer breaks off after half of its body.
 * - `Refuse`: the connection is never made: no throttle, no log entry. On a port the nearest to it is a reset
 *   connection, equally unlogged.
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
 * An answer in place of the normal one.
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
 * A JSON answer in place of the normal one.
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
 * An OAuth error as the two registration endpoints write it: `400 {"error": code}`.
 *
 * @since 0.1.0
 * @category constructors
 */
export const oauthError = (code: string): Fault => json(400, { error: code })

/**
 * An HTML page in place of the normal answer, as a proxy in trouble writes it.
 *
 * @since 0.1.0
 * @category constructors
 */
export const html = (status: number, body = "<html><body>Sorry</body></html>"): Fault =>
  answer(status, { headers: { "content-type": "text/html" }, body })

/**
 * The normal answer, late by `duration`. Sleeps on Effect's clock, so a test clock moves it.
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
 * No answer, for ever.
 *
 * @since 0.1.0
 * @category constructors
 */
export const hang = (moment: Moment = "before-handling"): Fault => ({ _tag: "Hang", moment })

/**
 * The connection breaks without an answer. With `"after-handling"` the pair or token exists and the answer is lost.
 *
 * @since 0.1.0
 * @category constructors
 */
export const reset = (moment: Moment = "before-handling"): Fault => ({ _tag: "Reset", moment })

/**
 * The normal answer breaks off after half of its body.
 *
 * @since 0.1.0
 * @category constructors
 */
export const truncate: Fault = { _tag: "Truncate" }

/**
 * The connection is never made and the emulator received nothing.
 *
 * @since 0.1.0
 * @category constructors
 */
export const refuse: Fault = { _tag: "Refuse" }
