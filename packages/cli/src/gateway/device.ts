/** For which device a request is made: what its headers say. */
import * as Either from "effect/Either"
import * as Encoding from "effect/Encoding"
import type { InvalidInput } from "effect-adobe-pass/AdobePassError"
import * as Device from "effect-adobe-pass/Device"
import * as DeviceInfo from "effect-adobe-pass/DeviceInfo"
import { type Refused, refuse } from "./answer.js"
import { type RawHeaders, valuesOf } from "./headers.js"

/** What is known of the request besides its headers. */
export interface Peer {
  readonly address: string
  /** The proxies in front of the gateway, which append to `X-Forwarded-For`; undefined: the caller itself writes it. */
  readonly trustedProxies: number | undefined
}

const invalid = (message: string): Refused => refuse(400, "InvalidDevice", message)

/** The only value of a header that may not be repeated. */
const single = (headers: RawHeaders, name: string): Either.Either<string | undefined, Refused> => {
  const [value, ...others] = valuesOf(headers, name)
  return others.length === 0
    ? Either.right(value)
    : Either.left(invalid(`${name} is there more than once: send it once.`))
}

/**
 * The id in `AP-Device-Identifier`. Another spelling of the same id would be another device for Adobe Pass, so only the
 * one that is sent on is accepted.
 */
const idOf = (header: string): Either.Either<string, Refused> => {
  const encoded = /^fingerprint (\S+)$/.exec(header)?.[1]
  const id = encoded === undefined ? Either.left(undefined) : Encoding.decodeBase64String(encoded)
  return Either.isRight(id) && Encoding.encodeBase64(id.right) === encoded
    ? Either.right(id.right)
    : Either.left(
        invalid(
          'AP-Device-Identifier must be "fingerprint ", and the stable id of the device in base64 (UTF-8, with padding).'
        )
      )
}

/** The address of the device: what stands first, unless proxies vouch for another one. */
const addressOf = (
  forwardedFor: ReadonlyArray<string>,
  { address, trustedProxies }: Peer
): Either.Either<string | undefined, InvalidInput> => {
  const all = forwardedFor.join(",")
  if (trustedProxies !== undefined) {
    return Device.forwardedAddress({ forwardedFor: all, remoteAddress: address, trustedProxies })
  }
  if (all.trim() === "") return Either.right(undefined)
  const [first = ""] = all.split(",", 1)
  return Device.forwardedAddress({ forwardedFor: undefined, remoteAddress: first.trim(), trustedProxies: 0 })
}

const names: { readonly [field: string]: string } = {
  "device.id": "AP-Device-Identifier",
  "device.info": "X-Device-Info",
  "device.ip": "X-Forwarded-For",
  "device.userAgent": "User-Agent",
  forwardedFor: "X-Forwarded-For"
}

const described = ({ field, problem }: InvalidInput): Refused =>
  invalid(`${names[field] ?? field} ${problem}.`)

/** The device of a request; undefined when none is named, and the call is made as an instance. */
export const deviceOf = (
  headers: RawHeaders,
  peer: Peer
): Either.Either<Device.Device | undefined, Refused> =>
  Either.gen(function* () {
    const identifier = yield* single(headers, "ap-device-identifier")
    const info = yield* single(headers, "x-device-info")
    const userAgent = yield* single(headers, "user-agent")
    if (identifier === undefined) {
      return info === undefined
        ? undefined
        : yield* Either.left(invalid("X-Device-Info describes a device: send AP-Device-Identifier with it."))
    }
    const id = yield* idOf(identifier)
    if (info === undefined && userAgent === undefined) {
      return yield* Either.left(
        invalid("Describe the device: send X-Device-Info, or for a browser its User-Agent.")
      )
    }
    const description: Either.Either<Device.Description, InvalidInput> =
      info === undefined
        ? Either.right({ info: "browser", userAgent: userAgent ?? "" })
        : Either.map(DeviceInfo.fromHeader(info), (info) => ({ info, userAgent }))
    return yield* Either.gen(function* () {
      const what = yield* description
      return yield* Device.make({
        ...what,
        id,
        ip: yield* addressOf(valuesOf(headers, "x-forwarded-for"), peer)
      })
    }).pipe(Either.mapLeft(described))
  })
