/** Media tokens: the proof of a permit, signed as the rest of what an emulator issues. */
import * as Crypto from "node:crypto"
import * as Redacted from "effect/Redacted"
import type { MediaToken } from "effect-adobe-pass-rest-v2/Decision"
import { signed } from "../jws.js"

const lifetimeMillis = 7 * 60_000

const escaped = (text: string): string =>
  text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;")

/** SHA256withRSA over the token, in base64 of an XML text: an application passes it on as it is. */
export const mediaToken = (
  permit: { readonly serviceProvider: string; readonly mvpd: string; readonly resource: string },
  nowMillis: number
): MediaToken => {
  const members: ReadonlyArray<readonly [string, string | number]> = [
    ["sessionGUID", Crypto.randomUUID()],
    ["requestorID", permit.serviceProvider],
    ["resourceID", permit.resource],
    ["ttl", lifetimeMillis],
    ["issueTime", nowMillis],
    ["mvpdId", permit.mvpd]
  ]
  const token = `<shortAuthorizationToken>${members
    .map(([name, value]) => `<${name}>${escaped(String(value))}</${name}>`)
    .join("")}</shortAuthorizationToken>`
  const text = `<signatureInfo>${signed(token).toString("base64")}</signatureInfo>${token}`
  return {
    notBefore: nowMillis,
    notAfter: nowMillis + lifetimeMillis,
    serializedToken: Redacted.make(Buffer.from(text, "utf8").toString("base64"))
  }
}
