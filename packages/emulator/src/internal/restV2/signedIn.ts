/** Which profile a call can use: the device's own, or one of single sign-on. */
import * as Either from "effect/Either"
import type { PartnerFrameworkStatus } from "effect-adobe-pass-rest-v2/Identity"
import type { Profile } from "effect-adobe-pass-rest-v2/Profile"
import type { Profile as StoredProfile, Subjects } from "../../SavedState.js"
import type { Mvpd } from "../../World.js"
import { attributesOf } from "./attributes.js"
import { chosenMvpd, type StatusError } from "./partnerStatus.js"
import { type Holder, isValid } from "./profileStore.js"
import type { RestV2State } from "./state.js"
import { subjectsOf, type Tokens } from "./subjects.js"

/** What a call says about its person. */
export interface Identity {
  readonly subjects: Subjects
  readonly status: PartnerFrameworkStatus | undefined
}

export const identityOf = (
  headers: Tokens & { readonly "ap-partner-framework-status"?: PartnerFrameworkStatus | undefined }
): Identity => ({ subjects: subjectsOf(headers), status: headers["ap-partner-framework-status"] })

export interface SignedIn {
  readonly stored: StoredProfile
  readonly type: "regular" | "appleSSO" | "platformSSO" | "serviceTokenSSO"
}

/** Why nobody is signed in. */
export type Absence =
  | "authenticated_profile_missing"
  | "authenticated_profile_expired"
  | "authenticated_profile_invalidated"

const sharedType = (profile: StoredProfile, subjects: Subjects): SignedIn["type"] | undefined => {
  if (subjects.service !== undefined && profile.subjects.service === subjects.service) {
    return "serviceTokenSSO"
  }
  return subjects.platform !== undefined && profile.subjects.platform === subjects.platform
    ? "platformSSO"
    : undefined
}

/** The profiles with an MVPD that the tokens of a call share with other devices and service providers. */
export const shared = (
  { profiles }: RestV2State,
  mvpd: string,
  subjects: Subjects,
  nowMillis: number
): ReadonlyArray<SignedIn> =>
  subjects.platform === undefined && subjects.service === undefined
    ? []
    : profiles.all().flatMap((stored) => {
        const type = sharedType(stored, subjects)
        return type !== undefined && stored.mvpd === mvpd && isValid(stored, nowMillis)
          ? [{ stored, type }]
          : []
      })

const absenceOf = (own: StoredProfile | undefined): Absence => {
  if (own === undefined) return "authenticated_profile_missing"
  return own.invalidated ? "authenticated_profile_invalidated" : "authenticated_profile_expired"
}

/** Left says why the profile is not there, or what keeps a partner's profile from being used. */
export const signedInWith = (
  state: RestV2State,
  holder: Holder,
  mvpd: string,
  identity: Identity,
  nowMillis: number
): Either.Either<SignedIn, Absence | StatusError> => {
  const own = state.profiles.find(holder, mvpd)
  const isOwn = own !== undefined && isValid(own, nowMillis)
  if (isOwn && own.type === "regular") return Either.right({ stored: own, type: "regular" })
  const [other] = shared(state, mvpd, identity.subjects, nowMillis)
  if (other !== undefined) return Either.right(other)
  if (!isOwn) return Either.left(absenceOf(own))
  return Either.map(chosenMvpd(state.world, identity.status, nowMillis, mvpd), () => ({
    stored: own,
    type: "appleSSO" as const
  }))
}

/** A profile as a call sees it. */
export const shownProfile = (mvpd: Mvpd, { stored, type }: SignedIn): Profile => ({
  notBefore: stored.notBefore,
  notAfter: stored.notAfter,
  issuer: type === "appleSSO" ? "Apple" : mvpd.id,
  type,
  attributes: attributesOf(mvpd, stored.user)
})
