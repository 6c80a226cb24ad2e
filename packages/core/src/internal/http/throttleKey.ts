import * as Redacted from "effect/Redacted"
import type { Device } from "../../Device.js"
import type { RegisteredApplication } from "../../RegisteredApplication.js"

/** The bucket of a device: its address in its environment; all that have no address share one. */
export const throttleKey = ({ environment }: RegisteredApplication, ip: Device["ip"]): string =>
  ip === undefined ? environment.sp : `${environment.sp}|${Redacted.value(ip)}`
