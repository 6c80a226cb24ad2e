/** What the gateway warns about: calls that work, and for which Adobe Pass takes a device for something else. */
import * as Effect from "effect/Effect"
import * as Metric from "effect/Metric"
import type { Device } from "effect-adobe-pass/Device"
import * as Metrics from "effect-adobe-pass/Metrics"
import { type RawHeaders, valuesOf } from "./headers.js"

/** The sentence of each warning. */
export const messages = {
  CallWithoutAddress:
    "A call for a device came without X-Forwarded-For, so Adobe Pass throttles the device by the address of the gateway, together with all others of the kind: send the address of each device.",
  CallWithoutDeviceInfo:
    "A call for a device came without X-Device-Info and not from a browser, but Adobe Pass takes the device for one: describe it in X-Device-Info."
} as const

type Warning = keyof typeof messages

/** Every browser says so at the start of its `User-Agent`. */
const browser = /^Mozilla\//

/** Warns about a call for a device. */
export type Warn = (device: Device, headers: RawHeaders) => Effect.Effect<void>

/** Gives each warning once. */
export const make = (): Warn => {
  const given = new Set<Warning>()
  const warn = (warning: Warning) =>
    Effect.suspend(() => {
      if (given.has(warning)) return Effect.void
      given.add(warning)
      return Effect.zipRight(
        Metric.update(Metrics.warnings, warning),
        Effect.annotateLogs(Effect.logWarning(messages[warning]), "warning", warning)
      )
    })
  return ({ ip }, headers) => {
    const [userAgent = ""] = valuesOf(headers, "user-agent")
    const isDescribed = valuesOf(headers, "x-device-info").length > 0 || browser.test(userAgent)
    return Effect.zipRight(
      ip === undefined ? warn("CallWithoutAddress") : Effect.void,
      isDescribed ? Effect.void : warn("CallWithoutDeviceInfo")
    )
  }
}
