/** What a status means, whatever the endpoint. */
import type * as HttpClientResponse from "@effect/platform/HttpClientResponse"
import {
  type ExchangeError,
  type Operation,
  ServiceUnavailable,
  Throttled,
  UnexpectedResponse
} from "../../AdobePassError.js"
import { retryAfterMillis } from "./retryAfter.js"

/** A browser's fetch hides a redirect that it does not follow behind status 0. */
const redirects = new Set([0, 301, 302, 303, 307, 308])

/** A fault of the server, a request that it did not wait for, or one that came too early. */
export const isUnavailable = (status: number): boolean => status >= 500 || status === 408 || status === 425

/** The failure of a status that means the same for every endpoint; undefined for the others. */
export const statusFailure = (
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
