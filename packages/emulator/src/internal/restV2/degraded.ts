/** What everybody has while an MVPD is degraded, whoever has signed in. */
import type { Profile } from "effect-adobe-pass-rest-v2/Profile"
import type { Mvpd, World } from "../../World.js"
import { degradedAttributes } from "./attributes.js"
import { degradationOf } from "./catalog.js"

/** Whether Adobe Pass asks nobody to sign in with the MVPD. */
export const isOpenToAll = (world: World, mvpd: Mvpd): boolean =>
  degradationOf(world, mvpd.id)?.rule === "AuthNAll"

export const degradedProfile = (mvpd: Mvpd, device: string, nowMillis: number): Profile => ({
  notBefore: nowMillis,
  notAfter: nowMillis + mvpd.decisionSeconds * 1000,
  issuer: "Adobe",
  type: "degraded",
  attributes: degradedAttributes(mvpd.id, device)
})
