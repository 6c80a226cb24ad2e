/** What an MVPD says about a person. */
import * as Crypto from "node:crypto"
import type { Attribute, Profile } from "effect-adobe-pass-rest-v2/Profile"
import type { Mvpd } from "../../World.js"
import { personOf } from "./catalog.js"

type Attributes = Profile["attributes"]

const plain = (value: unknown): Attribute => ({ value, state: "plain" })

/** Stands for a value that Adobe encrypts for the certificate of the programmer: nobody can read it. */
const sealed = (value: unknown): Attribute => ({
  value: Crypto.createHash("sha512").update(JSON.stringify(value)).digest("base64"),
  state: "enc"
})

const opaqueId = (...parts: ReadonlyArray<string>): string =>
  Crypto.createHash("sha256").update(JSON.stringify(parts)).digest("base64")

export const attributesOf = (mvpd: Mvpd, user: string): Attributes => ({
  userID: plain(opaqueId(mvpd.id, user)),
  ...Object.fromEntries(
    Object.entries(personOf(mvpd, user)?.attributes ?? {}).map(([name, { state, value }]) => [
      name,
      state === "enc" ? sealed(value) : plain(value)
    ])
  )
})

/** Adobe marks the ids of those whom it has not asked an MVPD about. */
export const degradedAttributes = (mvpd: string, device: string): Attributes => ({
  userID: plain(`95cf93bcd183214a${opaqueId(mvpd, device)}`)
})

export const temporaryAttributes = (
  holder: string,
  expires: number,
  promotion: { readonly remaining: number; readonly used: ReadonlyArray<string> } | undefined
): Attributes => ({
  userID: plain(`temppass_${opaqueId(holder)}`),
  expiration_date: plain(expires),
  ...(promotion === undefined
    ? {}
    : { remaining_resources: plain(promotion.remaining), used_assets: plain(promotion.used) })
})
