/** Which headers cross the gateway. */
import * as Cookies from "@effect/platform/Cookies"
import type * as HttpClientResponse from "@effect/platform/HttpClientResponse"

/** The names and values of a message as they were received, in turn. */
export type RawHeaders = ReadonlyArray<string>

/** One connection each; RFC 9110, 7.6.1. */
const hopByHop = new Set([
  "connection",
  "http2-settings",
  "keep-alive",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade"
])

/** What belongs to the connection to the gateway, or is set by the library from the device and its session. */
const ours = new Set([
  "accept-encoding",
  "ap-device-identifier",
  "authorization",
  "content-length",
  "cookie",
  "cookie2",
  "expect",
  "forwarded",
  "host",
  "via",
  "x-client-ip",
  "x-device-info",
  "x-gateway-key",
  "x-real-ip",
  "true-client-ip"
])

/** Contexts of tracing systems: Adobe Pass is not part of them. */
const traces = new Set(["b3", "baggage", "traceparent", "tracestate", "uber-trace-id", "x-amzn-trace-id"])

const prefixes = ["proxy-", "x-forwarded-", "x-b3-", "x-datadog-", "x-cloud-trace-"]

const isDropped = (name: string): boolean =>
  hopByHop.has(name) ||
  ours.has(name) ||
  traces.has(name) ||
  prefixes.some((prefix) => name.startsWith(prefix))

function* pairs(headers: RawHeaders): Iterable<readonly [name: string, value: string]> {
  for (let index = 0; index + 1 < headers.length; index += 2) {
    yield [(headers[index] ?? "").toLowerCase(), headers[index + 1] ?? ""]
  }
}

/** All values of a header. */
export const valuesOf = (headers: RawHeaders, name: string): ReadonlyArray<string> =>
  Array.from(pairs(headers)).flatMap(([found, value]) => (found === name ? [value] : []))

/** The names that `Connection` adds to those of one connection. */
const namedIn = (connection: ReadonlyArray<string>): ReadonlySet<string> =>
  new Set(connection.flatMap((value) => value.toLowerCase().split(",")).map((name) => name.trim()))

/** The headers of a request that Adobe Pass gets, but for those of the device. Repeated ones are joined. */
export const ofRequest = (headers: RawHeaders): Readonly<Record<string, string>> => {
  const named = namedIn(valuesOf(headers, "connection"))
  const passed = new Map<string, string>()
  for (const [name, value] of pairs(headers)) {
    if (isDropped(name) || named.has(name)) continue
    const before = passed.get(name)
    passed.set(name, before === undefined ? value : `${before}, ${value}`)
  }
  // A range counts the bytes of the encoded body, which the caller does not get.
  passed.set("accept-encoding", passed.has("range") ? "identity" : "gzip, deflate, br")
  return Object.fromEntries(passed)
}

/** The headers of an answer that the caller gets. The transport has decoded the body. */
export const ofResponse = (
  response: Pick<HttpClientResponse.HttpClientResponse, "cookies" | "headers">
): ReadonlyArray<readonly [name: string, value: string | ReadonlyArray<string>]> => {
  const { headers } = response
  const named = namedIn([headers["connection"] ?? ""])
  const isDecoded = headers["content-encoding"] !== undefined
  const cookies = Cookies.toSetCookieHeaders(response.cookies)
  const passed = Object.entries(headers).filter(
    ([name]) =>
      !hopByHop.has(name) &&
      !named.has(name) &&
      !name.startsWith("proxy-") &&
      name !== "set-cookie" &&
      !(isDecoded && (name === "content-encoding" || name === "content-length"))
  )
  return cookies.length === 0 ? passed : [...passed, ["set-cookie", cookies]]
}
