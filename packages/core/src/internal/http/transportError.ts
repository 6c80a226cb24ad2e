/** What a request becomes whose connection failed, or the body of its answer. */
import type * as HttpClientError from "@effect/platform/HttpClientError"
import type * as HttpClientRequest from "@effect/platform/HttpClientRequest"
import * as Cause from "effect/Cause"
import * as Predicate from "effect/Predicate"
import { type Operation, TransportError, UnexpectedResponse } from "../../AdobePassError.js"
import { Failure } from "../../Transport.js"
import { isOfCertificate } from "./describeTransport.js"
import { identifyingHeaders } from "./identifyingHeaders.js"

const innerError = (error: object): unknown =>
  Predicate.hasProperty(error, "errors") && Array.isArray(error.errors)
    ? error.errors[0]
    : Predicate.hasProperty(error, "cause")
      ? error.cause
      : undefined

/** The first system code in a chain of causes. Codes have an alphabet of their own, so that no data is copied. */
const systemCode = (error: unknown, depth = 0): string | undefined => {
  if (depth > 5 || !Predicate.isObject(error)) return undefined
  if (
    Predicate.hasProperty(error, "code") &&
    typeof error.code === "string" &&
    /^[A-Z][A-Z0-9_]{2,40}$/.test(error.code)
  ) {
    return error.code
  }
  return systemCode(innerError(error), depth + 1)
}

const connecting = new Set<unknown>(["connect", "getaddrinfo"])

/** Whether an error of Node.js is one of looking a host up, of connecting, or of the certificate of a new connection. */
const isOfConnecting = (error: unknown, depth = 0): boolean => {
  if (depth > 5 || !Predicate.isObject(error)) return false
  if (Predicate.hasProperty(error, "syscall") && connecting.has(error.syscall)) return true
  if (Predicate.hasProperty(error, "code") && typeof error.code === "string") {
    if (error.code === "UND_ERR_CONNECT_TIMEOUT" || isOfCertificate(error.code)) return true
  }
  return isOfConnecting(innerError(error), depth + 1)
}

/** Where a request carries secrets: what stands there is not copied from the answer. */
const isSent = (request: HttpClientRequest.HttpClientRequest, text: string): boolean =>
  identifyingHeaders.some((name) => request.headers[name]?.includes(text) === true) ||
  (request.body._tag === "Uint8Array" && new TextDecoder().decode(request.body.body).includes(text))

const encodingError = (
  operation: Operation,
  { request, response }: HttpClientError.ResponseError,
  encoding: string | undefined
): UnexpectedResponse => {
  const isNamed = encoding !== undefined && /^[a-z][a-z0-9-]{0,15}$/.test(encoding)
  return new UnexpectedResponse({
    operation,
    status: response.status,
    reason: "Encoding",
    issues: [],
    ...(isNamed && !isSent(request, encoding) ? { code: encoding } : {})
  })
}

/** The failure of a request, or of the body of its answer. */
export const transportError = (
  operation: Operation,
  error: HttpClientError.HttpClientError,
  attempts: number
): TransportError | UnexpectedResponse => {
  const { cause } = error
  if (Cause.isTimeoutException(cause)) return new TransportError({ operation, reason: "Timeout", attempts })
  const failure = cause instanceof Failure ? cause : undefined
  const code = failure?.code ?? systemCode(cause)
  // Codes of zlib, by which other clients tell that they cannot decode.
  if (error._tag === "ResponseError" && (failure?.reason === "Encoding" || code?.startsWith("Z_") === true)) {
    return encodingError(operation, error, failure?.code ?? error.response.headers["content-encoding"])
  }
  const isConnected = error._tag === "ResponseError" || !isOfConnecting(cause)
  const judged = isConnected ? "ConnectionLost" : "NotConnected"
  return new TransportError({
    operation,
    reason: failure === undefined || failure.reason === "Encoding" ? judged : failure.reason,
    attempts,
    ...(code === undefined ? {} : { code })
  })
}
