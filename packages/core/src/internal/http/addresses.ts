import * as Redacted from "effect/Redacted"
import type { Device } from "../../Device.js"
import { type Environment, isLoopback } from "../../Environment.js"
import type { Warning } from "../../Warnings.js"

const loopbackAddress = /^(?:127\.|::1$)/

/** Addresses that only machines of one network have: no device on the Internet is seen under one. */
const privateAddress =
  /^(?:10\.|127\.|169\.254\.|192\.168\.|172\.(?:1[6-9]|2\d|3[01])\.|100\.(?:6[4-9]|[7-9]\d|1[01]\d|12[0-7])\.|::1$|f[cd][\da-f]{2}:|fe[89ab][\da-f]:)/

/** Proxies have few addresses. More are not watched. */
const maximumAddresses = 100

/** A process that runs on a device speaks for the device and an instance. */
const maximumWithoutAddress = 2

/** Watches the addresses of devices that request tokens, for what makes Adobe Pass take several for one. */
export class Addresses {
  readonly #isLocal: boolean
  readonly #withoutAddress = new Set<string>()
  /** The device that each private address was seen with first. */
  readonly #withAddress = new Map<string, string>()
  #isShared = false

  constructor(environment: Environment) {
    this.#isLocal = isLoopback(environment)
  }

  /** Notes a device, and returns what there is to warn about. */
  notice({ id, ip }: Device): Warning | undefined {
    return ip === undefined
      ? this.#noticeNone(Redacted.value(id))
      : this.#noticeOne(Redacted.value(id), Redacted.value(ip))
  }

  #noticeNone(id: string): Warning | undefined {
    if (this.#withoutAddress.has(id)) return undefined
    if (this.#withoutAddress.size === maximumWithoutAddress) return "DevicesWithoutAddress"
    this.#withoutAddress.add(id)
    return undefined
  }

  #noticeOne(id: string, ip: string): Warning | undefined {
    if (this.#isShared || !privateAddress.test(ip)) return undefined
    if (this.#isLocal && loopbackAddress.test(ip)) return undefined
    const first = this.#withAddress.get(ip)
    if (first === undefined && this.#withAddress.size < maximumAddresses) this.#withAddress.set(ip, id)
    if (first === undefined || first === id) return undefined
    this.#isShared = true
    this.#withAddress.clear()
    return "SharedPrivateAddress"
  }
}
