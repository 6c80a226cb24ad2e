/** Who may call the gateway. */
import { createHash, timingSafeEqual } from "node:crypto"
import type { IncomingMessage } from "node:http"
import { type BlockList, isIPv6, type Socket } from "node:net"
import * as Either from "effect/Either"
import * as Redacted from "effect/Redacted"
import { type Refused, refuse } from "./answer.js"
import { valuesOf } from "./headers.js"

/** The rules. */
export interface Admission {
  /** The address that the gateway was told to listen on. */
  readonly host: string
  /** Further names, with or without a port, in lower case. */
  readonly allowedHosts: ReadonlyArray<string>
  /** The addresses that may call; any when absent. */
  readonly allowed: BlockList | undefined
  readonly key: Redacted.Redacted<string> | undefined
}

/** An address as it is written in a URL. */
export const inUrl = (address: string): string => (isIPv6(address) ? `[${address}]` : address)

/** IPv4 addresses that came over an IPv6 socket are IPv4 addresses. */
export const plainAddress = (address: string | undefined): string =>
  (address ?? "").replace(/^::ffff:(?=[\d.]+$)/i, "")

/** Any other name may be one that a web page has pointed at this machine (DNS rebinding). */
const isOurs = (
  { allowedHosts, host }: Admission,
  { localAddress, localPort }: Socket,
  given: string
): boolean => {
  const name = given.toLowerCase()
  const known = [inUrl(host), "localhost", "127.0.0.1", "[::1]", inUrl(plainAddress(localAddress))]
  return (
    known.some((one) => name === `${one}:${localPort}` || (localPort === 80 && name === one)) ||
    allowedHosts.includes(name) ||
    allowedHosts.includes(name.replace(/:\d+$/, ""))
  )
}

const misdirected = refuse(
  421,
  "MisdirectedRequest",
  "The Host header does not name this gateway: call it by the address that it listens on, or start it with --allow-host."
)
const foreignPage = refuse(403, "ForeignOrigin", "Pages of other origins may not call the gateway.")
const foreignAddress = refuse(
  403,
  "AddressNotAllowed",
  "This address is not on the allow-list of the gateway: start it with --allow for this address."
)
const wrongKey = refuse(401, "KeyRequired", "Send the shared key of the gateway as X-Gateway-Key.", {
  "www-authenticate": 'X-Gateway-Key realm="adobe-pass gateway"'
})

const digest = (text: string): Buffer => createHash("sha256").update(text).digest()

const hasKey = (key: Redacted.Redacted<string>, given: ReadonlyArray<string>): boolean => {
  const [value = "", ...others] = given
  return timingSafeEqual(digest(value), digest(Redacted.value(key))) && others.length === 0
}

/** Browsers say which page a request comes from. */
const isFromOtherPage = (admission: Admission, socket: Socket, headers: ReadonlyArray<string>): boolean =>
  valuesOf(headers, "sec-fetch-site").some((site) => site === "cross-site" || site === "same-site") ||
  valuesOf(headers, "origin").some((origin) => {
    const host = /^https?:\/\/([^/]+)$/.exec(origin)?.[1]
    return host === undefined || !isOurs(admission, socket, host)
  })

/** Whether the request names this gateway, and no foreign page has sent it. */
export const checkHost = (
  admission: Admission,
  { rawHeaders, socket }: IncomingMessage
): Either.Either<void, Refused> => {
  const [host, ...others] = valuesOf(rawHeaders, "host")
  if (host === undefined || others.length > 0 || !isOurs(admission, socket, host)) {
    return Either.left(misdirected)
  }
  return isFromOtherPage(admission, socket, rawHeaders) ? Either.left(foreignPage) : Either.void
}

/** Whether the caller may call: by its address and its key, where the gateway has been given such rules. */
export const checkCaller = (
  { allowed, key }: Admission,
  { rawHeaders, socket }: IncomingMessage
): Either.Either<void, Refused> => {
  const address = plainAddress(socket.remoteAddress)
  if (allowed !== undefined && !allowed.check(address, isIPv6(address) ? "ipv6" : "ipv4")) {
    return Either.left(foreignAddress)
  }
  return key === undefined || hasKey(key, valuesOf(rawHeaders, "x-gateway-key"))
    ? Either.void
    : Either.left(wrongKey)
}
