import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import type { Device } from "../../Device.js"

/** Addresses that only machines of one network have: no device on the Internet is seen under one. */
const privateAddress =
  /^(?:10\.|127\.|169\.254\.|192\.168\.|172\.(?:1[6-9]|2\d|3[01])\.|100\.(?:6[4-9]|[7-9]\d|1[01]\d|12[0-7])\.|::1$|f[cd][\da-f]{2}:|fe[89ab][\da-f]:)/

/** More private addresses than a few proxies have are those of the devices of a test. */
const maximumAddresses = 100

/**
 * Warns once when two devices have the same private address: it is then the address of a proxy, and Adobe Pass throttles
 * the devices as one.
 */
export const makeSharedAddress = (): ((device: Device) => Effect.Effect<void>) => {
  const devices = new Map<string, string>()
  let isDone = false
  return (device) =>
    Effect.suspend(() => {
      const ip = device.ip === undefined ? "" : Redacted.value(device.ip)
      if (isDone || !privateAddress.test(ip)) return Effect.void
      const id = Redacted.value(device.id)
      const first = devices.get(ip)
      if (first === undefined && devices.size < maximumAddresses) devices.set(ip, id)
      if (first === undefined || first === id) return Effect.void
      isDone = true
      devices.clear()
      return Effect.logWarning(
        "Several devices have the same private address, which is that of a proxy: Adobe Pass throttles them as one device. Find the address of each device with Device.forwardedAddress."
      )
    })
}
