import * as Either from "effect/Either"
import * as Redacted from "effect/Redacted"
import type { Device } from "../../Device.js"
import * as DeviceInfo from "../../DeviceInfo.js"

/** Shorter texts of a header or description are words that many devices share, such as `Android` and `unknown`. */
const shortestText = 8

/** What must not be printed of a device: identifier, address, and what its headers say. */
export const deviceSecrets = (device: Device): ReadonlyArray<string> => {
  const header = Redacted.value(device.clientHeaders)["x-device-info"]
  const info = header === undefined ? undefined : Either.getOrUndefined(DeviceInfo.fromHeader(header))
  return [
    Redacted.value(device.id),
    ...(device.ip === undefined ? [] : [Redacted.value(device.ip)]),
    ...[...Object.values(Redacted.value(device.callHeaders)), ...Object.values(info ?? {})].filter(
      (value): value is string => typeof value === "string" && value.length >= shortestText
    )
  ]
}
