/**
 * What the emulator received, for assertions in tests.
 *
 * @since 0.1.0
 */
import * as Data from "effect/Data"
import * as Inspectable from "effect/Inspectable"
import * as Schema from "effect/Schema"

/**
 * The routes that a script distinguishes. `api` is everything under `/api/v2/`, `management` everything under
 * `/reset-tempass/v3/` and `/esm/v3`, and `other` the rest: the pages of a login, and what is answered with 404.
 *
 * @since 0.1.0
 * @category models
 */
export const Route = Schema.Literal("register", "token", "api", "management", "other")

/**
 * @since 0.1.0
 * @category models
 */
export type Route = typeof Route.Type

/**
 * A request. Header names are in lower case; `query` is raw, without the question mark.
 *
 * @since 0.1.0
 * @category models
 */
export interface ReceivedRequest {
  readonly method: string
  readonly path: string
  readonly query: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

/**
 * The key of the throttle: the first address of `X-Forwarded-For`.
 *
 * @since 0.1.0
 * @category accessors
 */
export const forwardedFor = (request: Pick<ReceivedRequest, "headers">): string | undefined => {
  const first = request.headers["x-forwarded-for"]?.split(",", 1)[0]?.trim()
  return first === "" ? undefined : first
}

/**
 * How a request ended. `abandoned`: the caller disconnected before the response.
 *
 * @since 0.1.0
 * @category models
 */
export type Outcome = "pending" | "answered" | "truncated" | "reset" | "abandoned"

/**
 * One entry of the log.
 *
 * Its members contain secrets, because a test must be able to check them. Printing or serializing an entry shows no
 * query, header or body.
 *
 * @since 0.1.0
 * @category models
 */
export class LoggedRequest extends Data.Class<
  ReceivedRequest & {
    /** When it arrived, by Effect's clock and not by the skewed one. */
    readonly at: number
    readonly route: Route
    readonly forwardedFor: string | undefined
    readonly outcome: Outcome
    /** Undefined when there was no response. */
    readonly status: number | undefined
  }
> {
  toJSON(): unknown {
    const { at, method, outcome, path, route, status } = this
    return { at, route, method, path, outcome, status }
  }

  override toString(): string {
    return Inspectable.format(this.toJSON())
  }

  [Inspectable.NodeInspectSymbol](): unknown {
    return this.toJSON()
  }
}

/**
 * The number of requests per route, including throttled ones, and the number of throttled requests. Unlike the log,
 * the counts are not bounded; `clearLog` resets them.
 *
 * @since 0.1.0
 * @category models
 */
export type Counts = { readonly [R in Route | "throttled"]: number }
