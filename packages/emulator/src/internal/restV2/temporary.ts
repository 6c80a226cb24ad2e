/** Temporary access, which needs no session and no login. */
import * as Effect from "effect/Effect"
import type { Profile } from "effect-adobe-pass-rest-v2/Profile"
import type { TempPassUse } from "../../SavedState.js"
import type { Mvpd, TempPass } from "../../World.js"
import { temporaryAttributes } from "./attributes.js"
import { Emulated, now, type Refused, refuse } from "./emulated.js"
import { deviceHolder, endOf, type Holding, identityHolder, limitOf } from "./tempPassUse.js"

/** Whose temporary access a call is about. */
export interface Traveller {
  readonly serviceProvider: string
  readonly device: string
  readonly identity: Readonly<Record<string, string>> | undefined
}

/** Undefined when promotional access, which belongs to an identity and not to a device, comes without one. */
const holdingOf = (mvpd: Mvpd, pass: TempPass, who: Traveller): Holding | undefined => {
  const of = { serviceProvider: who.serviceProvider, mvpd: mvpd.id }
  if (pass.resources === undefined) return { ...of, holder: deviceHolder(who.device) }
  const [attribute] = Object.values(who.identity ?? {})
  return attribute === undefined || attribute === ""
    ? undefined
    : { ...of, holder: identityHolder(attribute) }
}

const profileOf = (pass: TempPass, use: TempPassUse): Profile => ({
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
    const holding = holdingOf(mvpd, pass, who)
    if (holding === undefined) return yield* refuse("invalid_header_identity_for_temporary_access")
    const use = restV2.tempPasses.find(holding)
    if (use === undefined) return undefined
    const limit = limitOf(pass, use, yield* now)
    return limit === undefined ? profileOf(pass, use) : yield* refuse(limit)
  })

/** Uses a temporary access for a resource, or says which limit it has reached. */
export const useTemporary = (mvpd: Mvpd, pass: TempPass, who: Traveller, resource: string) =>
  Effect.gen(function* () {
    const { restV2 } = yield* Emulated
    const holding = holdingOf(mvpd, pass, who)
    if (holding === undefined) return "invalid_header_identity_for_temporary_access" as const
    const nowMillis = yield* now
    const use = restV2.tempPasses.find(holding) ?? { ...holding, since: nowMillis, used: [] }
    const limit = limitOf(pass, use, nowMillis, resource)
    if (limit !== undefined) return limit
    const used =
      pass.resources === undefined || use.used.includes(resource) ? use.used : [...use.used, resource]
    restV2.tempPasses.put({ ...use, used })
    return undefined
  })
