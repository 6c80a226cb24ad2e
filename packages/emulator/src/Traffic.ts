/**
 * What the emulator received, for the assertions of a test.
 *
 * @since 0.1.0
 */
import * as Inspectable from "effect/Inspectable"
import * as Schema from "effect/Schema"

/**
 * The parts of the service that a script can tell apart. `api` is everything under `/api/v2/`, `management` is
 * `/reset-tempass/v3/`, `other` is what is answered 404.
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
 * A request, whole: header names are in lower case, `query` is raw and without its question mark.
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
 * The address that the throttle keys on: the first one of `X-Forwarded-For`.
 *
 * @since 0.1.0
 * @category accessors
 */
export const forwardedFor = (request: ReceivedRequest): string | undefined => {
  const first = request.headers["x-forwarded-for"]?.split(",", 1)[0]?.trim()
  return first === "" ? undefined : first
}

/**
 * What became of a request. `abandoned`: the caller went away before the answer.
 *
 * @since 0.1.0
 * @category models
 */
export type Outcome = "pending" | "answered" | "truncated" | "reset" | "abandoned"

/**
 * One entry of the log.
 *
 * It holds headers and body, secrets included, because a test must be able to look at them. Printing an entry shows
 * neither, nor the query.
 *
 * @since 0.1.0
 * @category models
 */
export class LoggedRequest extends Inspectable.Class implements ReceivedRequest {
  /** When it arrived, by Effect's clock and not by the skewed one. */
  readonly at: number
  readonly route: Route
  readonly method: string
  readonly path: string
  readonly query: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
  readonly forwardedFor: string | undefined
  readonly outcome: Outcome
  /** The status that was answered, when there was an answer. */
  readonly status: number | undefined

  constructor(
    at: number,
    route: Route,
    request: ReceivedRequest,
    result: { readonly outcome: Outcome; readonly status: number | undefined }
  ) {
    super()
    this.at = at
    this.route = route
    this.method = request.method
    this.path = request.path
    this.query = request.query
    this.headers = request.headers
    this.body = request.body
    this.forwardedFor = forwardedFor(request)
    this.outcome = result.outcome
    this.status = result.status
  }

  override toJSON(): unknown {
    return {
      at: this.at,
      route: this.route,
      method: this.method,
      path: this.path,
      outcome: this.outcome,
      status: this.status
    }
  }
}

/**
 * How many requests arrived per route, throttled ones included, and how many of all were throttled. `clearLog` starts
 * the count again; unlike the log it is not bounded.
 *
 * @since 0.1.0
 * @category models
 */
export type Counts = { readonly [R in Route | "throttled"]: number }
