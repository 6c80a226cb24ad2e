import * as Redacted from "effect/Redacted"
import type { Device } from "../../Device.js"
import type { RegisteredApplication } from "../../RegisteredApplication.js"

/** The bucket of a device: its address in its environment; all devices without an address share one. */
export const throttleKey = (application: RegisteredApplication, device: Device): string =>
  device.ip === undefined
    ? application.environment.sp
    : `${application.environment.sp}|${Redacted.value(device.ip)}`
