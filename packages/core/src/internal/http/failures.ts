/** What went wrong with a request, as typed errors. */
import type * as HttpClientError from "@effect/platform/HttpClientError"
import type * as HttpClientRequest from "@effect/platform/HttpClientRequest"
import type * as HttpClientResponse from "@effect/platform/HttpClientResponse"
import * as Cause from "effect/Cause"
import * as Predicate from "effect/Predicate"
import {
  type ExchangeError,
  type Operation,
  ServiceUnavailable,
  Throttled,
  TransportError,
  UnexpectedResponse
} from "../../AdobePassError.js"
import { longestHold, type Overloaded } from "../../Throttle.js"
import { Failure } from "../../Transport.js"
import { isOfCertificate } from "./describeTransport.js"
import { httpDate } from "./httpDate.js"
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
  if (Cause.isTimeoutException(cause)) return timeoutError(operation, attempts)
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

export const timeoutError = (operation: Operation, attempts: number): TransportError =>
  new TransportError({ operation, reason: "Timeout", attempts })

/**
 * How long the server asks to wait, in milliseconds, and at most as long as it is waited for: `Retry-After` in seconds or
 * as a date, or else `Expires`; dates are compared with the server's own `Date`, so a wrong local clock does not matter.
 */
export const retryAfterMillis = (
  headers: Readonly<Record<string, string | undefined>>,
  now: number
): number | undefined => {
  const retryAfter = headers["retry-after"]?.trim()
  const limited = (millis: number) => Math.min(Math.max(0, millis), longestHold)
  if (retryAfter !== undefined && /^\d+(?:\.\d*)?$/.test(retryAfter)) {
    return limited(Math.ceil(Number(retryAfter)) * 1000)
  }
  const from = httpDate(headers["date"], now) ?? now
  const until = httpDate(retryAfter, now)
  if (until !== undefined) return limited(until - from)
  const expires = httpDate(headers["expires"], now)
  // A distant expiry concerns caches, not throttling.
  return expires === undefined || expires - from > longestHold ? undefined : limited(expires - from)
}

/** What a body that is not valid JSON is. */
export const bodyKind = (
  text: string,
  contentType: string | undefined
): "EmptyBody" | "Html" | "Text" | "BrokenJson" => {
  const trimmed = text.trimStart()
  if (trimmed === "") return "EmptyBody"
  if (contentType?.includes("html") === true || /^<(?:!doctype|html)/i.test(trimmed)) return "Html"
  return trimmed.startsWith("{") || trimmed.startsWith("[") || contentType?.includes("json") === true
    ? "BrokenJson"
    : "Text"
}

/** A browser's fetch hides a redirect that it does not follow behind status 0. */
const redirects = new Set([0, 301, 302, 303, 307, 308])

/** A fault of the server, a request that it did not wait for, or one that came too early. */
export const isUnavailable = (status: number): boolean => status >= 500 || status === 408 || status === 425

/** The statuses that mean the same for every endpoint; undefined for the others. */
export const commonFailure = (
  operation: Operation,
  response: Pick<HttpClientResponse.HttpClientResponse, "status" | "headers">,
  now: number,
  attempts: number
): ExchangeError | undefined => {
  const { status } = response
  const wait = retryAfterMillis(response.headers, now)
  if (status === 429) {
    return new Throttled({ operation, status, retryAfterMillis: Math.max(1000, wait ?? 0), attempts })
  }
  if (isUnavailable(status)) {
    const asked = response.headers["retry-after"] === undefined ? undefined : wait
    return new ServiceUnavailable({
      operation,
      status,
      attempts,
      ...(asked === undefined ? {} : { retryAfterMillis: asked })
    })
  }
  if (redirects.has(status)) {
    return new UnexpectedResponse({ operation, status, reason: "Redirect", issues: [] })
  }
  return status < 200 || (status >= 300 && status < 400)
    ? new UnexpectedResponse({ operation, status, reason: "UnknownStatus", issues: [] })
    : undefined
}

/** A request that was not sent because too many wait for a permit. */
export const notSent = (operation: Operation, { waitMillis }: Overloaded, attempts: number): Throttled =>
  new Throttled({ operation, retryAfterMillis: waitMillis, attempts })
