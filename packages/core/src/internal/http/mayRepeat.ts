/** Which calls may be sent again. */
import type * as HttpClientRequest from "@effect/platform/HttpClientRequest"
import type { ProtectedCallError } from "../../AdobePassError.js"

/** Whether the body of a request can be sent twice. Other kinds may contain a stream. */
export const isReplayable = ({ body }: HttpClientRequest.HttpClientRequest): boolean =>
  body._tag !== "Stream" && (body._tag !== "Raw" || typeof body.body === "string")

const idempotentMethods = new Set(["GET", "HEAD", "PUT", "DELETE", "OPTIONS"])

const hadNoConnection = (error: ProtectedCallError): boolean =>
  error._tag === "TransportError" && error.reason === "NotConnected"

/** Whether a call may be sent again after a retryable error; `always` when its POST may be sent twice. */
export const mayRepeat = (
  request: HttpClientRequest.HttpClientRequest,
  always: boolean,
  error: ProtectedCallError
): boolean => {
  if (!isReplayable(request)) return false
  switch (error._tag) {
    case "Throttled":
      return error.operation === "call" && error.status !== undefined
    case "TemporaryFailure":
      return true
    case "ServiceUnavailable":
    case "TransportError":
      return (
        error.operation === "call" &&
        (always || hadNoConnection(error) || idempotentMethods.has(request.method))
      )
    default:
      return false
  }
}
