/** What Adobe Pass and a partner say to each other, as little of SAML as an application passes on. */
import * as Crypto from "node:crypto"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import type { AuthenticationRequest } from "effect-adobe-pass-rest-v2/Session"
import type { Mvpd } from "../../World.js"
import { fromBase64 } from "../protectedApi.js"
import { personOf } from "./catalog.js"
import { type Refused, refuse } from "./emulated.js"

export const samlRequest = (): AuthenticationRequest => {
  const id = `_${Crypto.randomUUID()}`
  const xml = `<samlp:AuthnRequest xmlns:samlp="urn:oasis:names:tc:SAML:2.0:protocol" ID="${id}" Version="2.0"/>`
  return {
    type: "saml",
    request: Redacted.make(Buffer.from(xml, "utf8").toString("base64")),
    attributesNames: ["uid", "NameID"]
  }
}

const first = (xml: string, element: string): string | undefined =>
  new RegExp(`<(?:\\w+:)?${element}[^>]*>([^<]*)<`).exec(xml)?.[1]?.trim()

/** Who a SAML response is about. The emulator has no keys of partners, so that it checks no signature. */
export const personOfResponse = (samlResponse: string, mvpd: Mvpd): Effect.Effect<string, Refused> => {
  const xml = fromBase64(samlResponse)
  if (xml === undefined || !/<(?:\w+:)?Response[\s>]/.test(xml)) {
    return refuse("invalid_parameter_saml_response")
  }
  const issuer = first(xml, "Issuer")
  if (issuer !== undefined && issuer !== "" && issuer !== mvpd.id && issuer !== mvpd.platformMappingId) {
    return refuse("invalid_header_pfs_provider_id_mismatch")
  }
  const named = personOf(mvpd, first(xml, "NameID") ?? "") ?? mvpd.people[0]
  return Effect.succeed(named?.user ?? "unnamed")
}
