/** What went wrong with a request, as typed errors. */
import type * as HttpClientError from "@effect/platform/HttpClientError"
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
import { httpDate } from "./httpDate.js"

/** Codes of failures before the connection was made, so that nothing was sent. */
const notConnected = new Set([
  "ECONNREFUSED",
  "ENOTFOUND",
  "EAI_AGAIN",
  "EHOSTUNREACH",
  "ENETUNREACH",
  "ENETDOWN",
  "EADDRNOTAVAIL",
  "UND_ERR_CONNECT_TIMEOUT",
  "DEPTH_ZERO_SELF_SIGNED_CERT",
  "SELF_SIGNED_CERT_IN_CHAIN",
  "UNABLE_TO_VERIFY_LEAF_SIGNATURE",
  "UNABLE_TO_GET_ISSUER_CERT_LOCALLY",
  "CERT_HAS_EXPIRED",
  "ERR_TLS_CERT_ALTNAME_INVALID"
])

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
  const inner =
    Predicate.hasProperty(error, "errors") && Array.isArray(error.errors)
      ? error.errors[0]
      : Predicate.hasProperty(error, "cause")
        ? error.cause
        : undefined
  return systemCode(inner, depth + 1)
}

export const transportError = (
  operation: Operation,
  error: HttpClientError.HttpClientError,
  attempts: number
): TransportError => {
  if (Cause.isTimeoutException(error.cause)) return timeoutError(operation, attempts)
  const code = systemCode(error.cause)
  return new TransportError({
    operation,
    reason: code !== undefined && notConnected.has(code) ? "NotConnected" : "ConnectionLost",
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
  if (status >= 500) {
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
