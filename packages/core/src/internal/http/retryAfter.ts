import { longestHold } from "../../Throttle.js"
import { httpDate } from "./httpDate.js"

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
