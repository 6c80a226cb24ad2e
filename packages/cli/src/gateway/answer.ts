/** The answers that the gateway gives by itself, and those that errors of the library become. */
import * as Data from "effect/Data"
import type { RawCallError } from "effect-adobe-pass/AdobePassError"

/** A request that is not answered by Adobe Pass: the status, and the members of the JSON body. */
export class Refused extends Data.TaggedError("Refused")<{
  readonly status: number
  readonly error: string
  readonly message: string
  readonly retryable: boolean
  /** Whole seconds. */
  readonly retryAfter?: number | undefined
  readonly headers?: Readonly<Record<string, string>>
}> {}

/** A fault of the request, which its sender has to correct. */
export const refuse = (
  status: number,
  error: string,
  message: string,
  headers: Readonly<Record<string, string>> = {}
): Refused => new Refused({ status, error, message, retryable: false, headers })

/** Something that ends by itself. */
export const unavailable = (error: string, message: string, retryAfter?: number): Refused =>
  new Refused({ status: 503, error, message, retryable: true, retryAfter })

/** What a request is told that comes, or still waits, while the gateway ends. */
export const shuttingDown: Refused = unavailable(
  "ShuttingDown",
  "The gateway is shutting down: send the request again.",
  1
)

/** A streamed body is not sent twice, so the 401 of a token that Adobe Pass has dropped cannot be cured in this call. */
export const tokenDropped: Refused = unavailable(
  "AccessTokenRejected",
  "Adobe Pass refused the access token, and a body of more than 64 KiB is not sent twice: send the request again.",
  1
)

const statusOf = (error: RawCallError): number => {
  switch (error._tag) {
    case "InvalidInput":
    case "ForeignOrigin":
      return 400
    case "Throttled":
    case "ServiceUnavailable":
    case "CredentialStoreError":
      return 503
    case "TransportError":
      if (error.operation !== "call" || error.reason === "NotConnected") return 503
      return error.reason === "ConnectionLost" ? 502 : 504
    case "InvalidClient":
    case "AccessTokenRejected":
      return error.retryable ? 503 : 502
    case "UnexpectedResponse":
      return error.operation === "call" ? 502 : error.retryable ? 503 : 502
    default:
      return 502
  }
}

/** The answer that an error of the library becomes. */
export const ofError = (error: RawCallError): Refused => {
  const millis = "retryAfterMillis" in error ? error.retryAfterMillis : undefined
  return new Refused({
    status: statusOf(error),
    error: error._tag,
    message: error.message,
    retryable: error.retryable,
    retryAfter: millis === undefined ? undefined : Math.max(1, Math.ceil(millis / 1000))
  })
}

/** The body of an answer. */
export const bodyOf = ({ error, message, retryable }: Refused): string =>
  `${JSON.stringify({ error, message, retryable })}\n`

/** The headers of an answer. */
export const headersOf = (refused: Refused): Readonly<Record<string, string>> => ({
  "content-type": "application/json;charset=utf-8",
  "content-length": String(Buffer.byteLength(bodyOf(refused))),
  "cache-control": "no-store",
  ...(refused.retryAfter === undefined ? {} : { "retry-after": String(refused.retryAfter) }),
  ...refused.headers
})
