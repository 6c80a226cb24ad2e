import * as Either from "effect/Either"
import * as Encoding from "effect/Encoding"
import * as Option from "effect/Option"
import * as Predicate from "effect/Predicate"
import * as Redacted from "effect/Redacted"
import type { Device } from "../../Device.js"
import { parseJson } from "../json.js"

/** Shorter texts of a header or description are words that many devices share, such as `Android` and `unknown`. */
const shortestText = 8

/** What a device says of itself in `X-Device-Info`. */
const described = (header: string): ReadonlyArray<unknown> => {
  const info = Either.map(Encoding.decodeBase64String(header), parseJson)
  const json = Either.isRight(info) ? Option.getOrUndefined(info.right) : undefined
  return Predicate.isRecord(json) ? Object.values(json) : []
}

/** What must not be printed of a device: identifier, address, and what its headers say. */
export const deviceSecrets = (device: Device): ReadonlyArray<string> => {
  const headers = Redacted.value(device.callHeaders)
  return [
    Redacted.value(device.id),
    ...(device.ip === undefined ? [] : [Redacted.value(device.ip)]),
    ...[...Object.values(headers), ...described(headers["x-device-info"] ?? "")].filter(
      (value): value is string => typeof value === "string" && value.length >= shortestText
    )
  ]
}
