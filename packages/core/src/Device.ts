/**
 * The streaming device a call is made for.
 *
 * @since 0.1.0
 */
import * as Context from "effect/Context"
import * as Either from "effect/Either"
import * as Encoding from "effect/Encoding"
import * as Inspectable from "effect/Inspectable"
import * as Redacted from "effect/Redacted"
import { InvalidInput } from "./AdobePassError.js"
import * as DeviceInfo from "./DeviceInfo.js"

/**
 * A streaming device: a stable identifier, its IP address and the encoded headers that describe it.
 *
 * It prints as `Device(<redacted>)`, so it can stand in a log annotation.
 *
 * @since 0.1.0
 * @category models
 */
export interface Device extends Inspectable.Inspectable {
  readonly id: Redacted.Redacted<string>
  readonly ip: Redacted.Redacted<string> | undefined
  /** Headers of `/o/client/*`: `X-Device-Info`, `X-Forwarded-For` and `User-Agent`, where the device has them. */
  readonly clientHeaders: Redacted.Redacted<Readonly<Record<string, string>>>
  /** Headers of a protected call: those, and `AP-Device-Identifier`. */
  readonly callHeaders: Redacted.Redacted<Readonly<Record<string, string>>>
}

/**
 * The device that protected calls are made for. It is part of their requirements, so a forgotten device does not
 * compile: provide it per request in a backend, once at the edge in an application.
 *
 * @since 0.1.0
 * @category tags
 */
export class CurrentDevice extends Context.Tag("effect-adobe-pass/CurrentDevice")<CurrentDevice, Device>() {}

/**
 * The application instance that makes calls which are not made for a streaming device, see
 * `ProtectedClient.withoutDevice`: a second screen, a job. Its `id` names the credentials and the token of these calls;
 * its headers are sent to `/o/client/*` alone.
 *
 * @since 0.1.0
 * @category tags
 */
export class CurrentInstance extends Context.Tag("effect-adobe-pass/CurrentInstance")<
  CurrentInstance,
  Device
>() {}

const control = /[\u0000-\u001f\u007f]/
const ipv4 = /^(?:(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)(?:\.(?!$)|$)){4}$/
const maximumIdLength = 1024
const printable = /^[\u0021-\u007e](?:[\u0020-\u007e]{0,2046}[\u0021-\u007e])?$/

const invalid = (field: string, problem: string): Either.Either<never, InvalidInput> =>
  Either.left(new InvalidInput({ field, problem }))

/** The canonical text of an address, so that one device has one throttle bucket however its address was written. */
const canonicalIp = (input: string): Either.Either<string, InvalidInput> => {
  const ip = input.trim()
  if (ipv4.test(ip)) return Either.right(ip)
  if (!/^[\da-f:.]+$/i.test(ip) || !URL.canParse(`http://[${ip}]`)) {
    return invalid("device.ip", "is not an IPv4 or IPv6 address (one address, without port)")
  }
  const address = new URL(`http://[${ip}]`).hostname.slice(1, -1)
  const mapped = /^::ffff:([\da-f]{1,4}):([\da-f]{1,4})$/.exec(address)
  if (mapped === null) return Either.right(address)
  const bits = (Number.parseInt(mapped[1] ?? "", 16) << 16) | Number.parseInt(mapped[2] ?? "", 16)
  return Either.right([24, 16, 8, 0].map((shift) => (bits >>> shift) & 255).join("."))
}

/** An address with or without the port that some proxies write behind it. */
const withoutPort = (text: string): string =>
  /^\[([^\]]*)\](?::\d+)?$/.exec(text)?.[1] ?? /^([\d.]+):\d+$/.exec(text)?.[1] ?? text

/**
 * The address of a client behind `trustedProxies` proxies of yours, each of which appends the address that it was called
 * from to `X-Forwarded-For`. What stands further to the left was written by the client, and is not believed.
 *
 * `InvalidInput` when there are fewer addresses than proxies, or when the address is none.
 *
 * @example
 * ```ts
 * import { Device } from "effect-adobe-pass"
 *
 * // Behind a CDN and a load balancer: 203.0.113.7
 * const ip = Device.forwardedAddress({
 *   forwardedFor: "10.9.9.9, 203.0.113.7, 198.51.100.4",
 *   remoteAddress: "10.0.0.12",
 *   trustedProxies: 2
 * })
 * ```
 *
 * @since 0.1.0
 * @category conversions
 */
export const forwardedAddress = (options: {
  /** The value of `X-Forwarded-For`, where there is one. */
  readonly forwardedFor: string | undefined
  /** The address that the request came from. */
  readonly remoteAddress: string
  readonly trustedProxies: number
}): Either.Either<string, InvalidInput> => {
  const { forwardedFor = "", remoteAddress, trustedProxies } = options
  if (!Number.isInteger(trustedProxies) || trustedProxies < 0) {
    return invalid("trustedProxies", "must be a whole number of at least 0")
  }
  const forwarded = forwardedFor.trim() === "" ? [] : forwardedFor.split(",")
  const address = [...forwarded, remoteAddress].at(-1 - trustedProxies)
  return address === undefined
    ? invalid("forwardedFor", "has fewer addresses than there are trusted proxies")
    : canonicalIp(withoutPort(address.trim()))
}

/** The values are in private fields, out of reach of `inspect` and JSON; a getter for each object would make each slow. */
class Known extends Inspectable.Class implements Device {
  readonly #id: Redacted.Redacted<string>
  readonly #ip: Redacted.Redacted<string> | undefined
  readonly #info: string | undefined
  readonly #userAgent: string | undefined
  #clientHeaders: Device["clientHeaders"] | undefined = undefined
  #callHeaders: Device["callHeaders"] | undefined = undefined

  constructor(id: string, ip: string | undefined, info: string | undefined, userAgent: string | undefined) {
    super()
    this.#id = Redacted.make(id)
    this.#ip = ip === undefined ? undefined : Redacted.make(ip)
    this.#info = info
    this.#userAgent = userAgent
  }
  get id() {
    return this.#id
  }
  get ip() {
    return this.#ip
  }
  // On demand, because each `Redacted` adds an entry to a weak map, which slows the garbage collector down.
  get clientHeaders() {
    this.#clientHeaders ??= Redacted.make({
      ...(this.#info === undefined ? {} : { "x-device-info": this.#info }),
      ...(this.#ip === undefined ? {} : { "x-forwarded-for": Redacted.value(this.#ip) }),
      ...(this.#userAgent === undefined ? {} : { "user-agent": this.#userAgent })
    })
    return this.#clientHeaders
  }
  get callHeaders() {
    this.#callHeaders ??= Redacted.make({
      "ap-device-identifier": `fingerprint ${Encoding.encodeBase64(Redacted.value(this.#id))}`,
      ...Redacted.value(this.clientHeaders)
    })
    return this.#callHeaders
  }
  toJSON() {
    return { _id: "Device", id: "<redacted>" }
  }
  override toString() {
    return "Device(<redacted>)"
  }
  override [Inspectable.NodeInspectSymbol]() {
    return "Device(<redacted>)"
  }
}

/**
 * What a device is. A web browser is described by its own `User-Agent`, which is then required; any other device by its
 * `info`.
 *
 * @since 0.1.0
 * @category models
 */
export type Description =
  | {
      readonly info: DeviceInfo.DeviceInfo
      /** Sent as `User-Agent` with everything that is sent for the device. @default that of the application */
      readonly userAgent?: string | undefined
    }
  | {
      readonly info: "browser"
      /** The `User-Agent` that the browser sent to you. */
      readonly userAgent: string
    }

/**
 * A device.
 *
 * `id` identifies the streaming device for ever (a change signs its users out): 1 to 1024 characters. `info`
 * describes it; only a web browser may do without, by saying `"browser"`, because Adobe Pass then reads the platform in
 * its `userAgent`. `ip` is the device's public address; it may be left out only where this process runs on the device
 * itself, since Adobe Pass throttles by address.
 *
 * Fails with `InvalidInput` that names the field and never repeats the value.
 *
 * @example
 * ```ts
 * import { Device } from "effect-adobe-pass"
 *
 * const device = Device.make({
 *   id: "ba23d141-d715-561c-94f4-e9e4c966b1eb",
 *   ip: "203.0.113.7",
 *   info: { model: "AFTM", version: "montoya", osName: "Android", osVersion: "5.1.1", connectionType: "WiFi" }
 * })
 * ```
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = (
  options: Description & { readonly id: string; readonly ip?: string | undefined }
): Either.Either<Device, InvalidInput> =>
  Either.gen(function* () {
    const { id, info, userAgent } = options
    if (id.trim() === "") return yield* invalid("device.id", "is empty")
    if (id.length > maximumIdLength) {
      return yield* invalid("device.id", `is longer than ${maximumIdLength} characters: hash it first`)
    }
    if (control.test(id)) return yield* invalid("device.id", "contains control characters")
    const ip = options.ip === undefined ? undefined : yield* canonicalIp(options.ip)
    if (info === "browser" && userAgent === undefined) {
      return yield* invalid("device.userAgent", "is missing: a browser is recognized by it")
    }
    if (userAgent !== undefined && !printable.test(userAgent)) {
      return yield* invalid("device.userAgent", "must be 1 to 2048 printable ASCII characters")
    }
    return new Known(id, ip, info === "browser" ? undefined : yield* DeviceInfo.toHeader(info), userAgent)
  })

/**
 * A device that a server speaks for: its address and source port, as the server sees them, are required. They are
 * forwarded in `X-Forwarded-For` on every request and as `connectionIp` and `connectionPort` in `X-Device-Info`,
 * which home-based authentication needs.
 *
 * @example
 * ```ts
 * import { Device } from "effect-adobe-pass"
 *
 * const device = Device.onBehalfOf({
 *   id: "ba23d141-d715-561c-94f4-e9e4c966b1eb",
 *   ip: "203.0.113.7",
 *   port: 51617,
 *   info: { model: "AFTM", version: "montoya", osName: "Android", osVersion: "5.1.1", connectionType: "WiFi" }
 * })
 * ```
 *
 * @since 0.1.0
 * @category constructors
 */
export const onBehalfOf = (options: {
  readonly id: string
  readonly ip: string
  readonly port: number
  readonly info: DeviceInfo.DeviceInfo
  readonly userAgent?: string | undefined
}): Either.Either<Device, InvalidInput> => {
  if (!Number.isInteger(options.port) || options.port < 1 || options.port > 65_535) {
    return invalid("device.port", "must be a whole number from 1 to 65535")
  }
  return Either.flatMap(canonicalIp(options.ip), (ip) =>
    make({
      id: options.id,
      ip,
      info: { ...options.info, connectionIp: ip, connectionPort: String(options.port) },
      userAgent: options.userAgent
    })
  )
}
