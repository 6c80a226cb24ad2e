/** The service and the device of a scenario. */
import * as Either from "effect/Either"
import * as Redacted from "effect/Redacted"
import * as Device from "effect-adobe-pass/Device"
import type { Target } from "./contender.js"

const base64 = (text: string) => Buffer.from(text).toString("base64url")

/** A statement that the stand-in takes: its signature is not looked at. */
export const softwareStatement = [
  base64('{"alg":"RS256"}'),
  base64('{"iss":"auth.adobe.com","sub":"an-application","iat":1700000000,"scopes":"api:client:v2"}'),
  base64("signature")
].join(".")

/** The device of a target. */
export const deviceOf = ({ deviceId, ip }: Pick<Target, "deviceId" | "ip">): Device.Device =>
  Either.getOrThrow(
    Device.make({
      id: deviceId,
      ip,
      info: {
        model: "AFTM",
        version: "montoya",
        osName: "Android",
        osVersion: "5.1.1",
        connectionType: "WiFi"
      }
    })
  )

/** The service at an origin, for a device of this address. */
export const targetOf = (baseUrl: string, statement = softwareStatement, ip = "203.0.113.7"): Target => {
  const deviceId = `device-at-${ip}`
  const { callHeaders } = deviceOf({ deviceId, ip })
  return { baseUrl, softwareStatement: statement, ip, deviceId, deviceHeaders: Redacted.value(callHeaders) }
}
