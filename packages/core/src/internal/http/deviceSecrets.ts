import * as Either from "effect/Either"
import * as Encoding from "effect/Encoding"
import * as Option from "effect/Option"
import * as Predicate from "effect/Predicate"
import * as Redacted from "effect/Redacted"
import type { Device } from "../../Device.js"
import { parseJson } from "../json.js"

/** Shorter texts of a header or description are words that many devices share, such as `Android` and `unknown`. */
const shortestText = 8

/** The texts of a JSON object in base64; none when it is something else. */
export const textsOfJson = (header: string): ReadonlyArray<string> => {
  const text = Encoding.decodeBase64String(header)
  const json = Either.isRight(text) ? Option.getOrUndefined(parseJson(text.right)) : undefined
  return Predicate.isRecord(json) ? Object.values(json).filter(Predicate.isString) : []
}

/** What must not be printed of a device: identifier, address, and what its headers say. */
export const deviceSecrets = (device: Device): ReadonlyArray<string> => {
  const headers = Redacted.value(device.callHeaders)
  return [
    Redacted.value(device.id),
    ...(device.ip === undefined ? [] : [Redacted.value(device.ip)]),
    ...[...Object.values(headers), ...textsOfJson(headers["x-device-info"] ?? "")].filter(
      ({ length }) => length >= shortestText
    )
  ]
}
