/** What distinguishes the platform of a device, and nothing of the single device. */
import * as Either from "effect/Either"
import * as Redacted from "effect/Redacted"
import type { Device } from "effect-adobe-pass/Device"
import * as DeviceInfo from "effect-adobe-pass/DeviceInfo"

/** What differs between devices of one platform: their connection, their screen, and the state of their software. */
const ofSingleDevices = /^(?:connection|display|diagonal)|version$/i

const shared = (header: string): unknown =>
  Either.match(DeviceInfo.fromHeader(header), {
    onLeft: () => header,
    onRight: (info) => Object.entries(info).filter(([key]) => !ofSingleDevices.test(key))
  })

/** The platform of a device as text: what its `X-Device-Info` and `User-Agent` say of it. */
export const platformOf = (device: Device): string => {
  const headers = Redacted.value(device.clientHeaders)
  const info = headers["x-device-info"]
  return JSON.stringify([info === undefined ? null : shared(info), headers["user-agent"] ?? null])
}
