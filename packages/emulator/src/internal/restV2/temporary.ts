/** Temporary access, which needs no session and no login. */

import * as Effect from "effect/Effect"
import type { Profile } from "effect-adobe-pass-rest-v2/Profile"
import type { Mvpd, TempPass } from "../../World.js"
import { temporaryAttributes } from "./attributes.js"
import { Emulated, now, type Refused, refuse } from "./emulated.js"
import { endOf, holderOf, limitOf, type Use } from "./tempPassUse.js"

/** Whose temporary access a call is about. */
export interface Traveller {
  readonly serviceProvider: string
  readonly device: string
  readonly identity: Readonly<Record<string, string>> | undefined
}

/** Promotional access belongs to an identity and not to the device. */
const isNameless = (pass: TempPass, { identity }: Traveller): boolean =>
  pass.resources !== undefined && (identity === undefined || Object.keys(identity).length === 0)

const ownerOf = (mvpd: Mvpd, pass: TempPass, who: Traveller): string =>
  holderOf(who.serviceProvider, mvpd, who.device, pass.resources === undefined ? undefined : who.identity)

const profileOf = (pass: TempPass, use: Use): Profile => ({
  notBefore: use.since,
  notAfter: endOf(pass, use),
  issuer: "Adobe",
  type: "temporary",
  attributes: temporaryAttributes(
    use.holder,
    endOf(pass, use),
    pass.resources === undefined ? undefined : { remaining: pass.resources - use.used.length, used: use.used }
  )
})

/** The profile of a temporary access: none before its first use. */
export const temporaryProfile = (
  mvpd: Mvpd,
  pass: TempPass,
  who: Traveller
): Effect.Effect<Profile | undefined, Refused, Emulated> =>
  Effect.gen(function* () {
    const { restV2 } = yield* Emulated
    if (isNameless(pass, who)) return yield* refuse("invalid_header_identity_for_temporary_access")
    const use = restV2.tempPasses.find(ownerOf(mvpd, pass, who))
    if (use === undefined) return undefined
    const limit = limitOf(pass, use, yield* now)
    return limit === undefined ? profileOf(pass, use) : yield* refuse(limit)
  })

/** Uses a temporary access for a resource, or says which limit it has reached. */
export const useTemporary = (mvpd: Mvpd, pass: TempPass, who: Traveller, resource: string) =>
  Effect.gen(function* () {
    const { restV2 } = yield* Emulated
    if (isNameless(pass, who)) return "invalid_header_identity_for_temporary_access" as const
    const holder = ownerOf(mvpd, pass, who)
    const nowMillis = yield* now
    const use = restV2.tempPasses.find(holder) ?? { holder, since: nowMillis, used: [] }
    const limit = limitOf(pass, use, nowMillis, resource)
    if (limit !== undefined) return limit
    const used =
      pass.resources === undefined || use.used.includes(resource) ? use.used : [...use.used, resource]
    restV2.tempPasses.put({ ...use, used })
    return undefined
  })
