/** The operations of the group `profiles`. */
import * as HttpApiBuilder from "@effect/platform/HttpApiBuilder"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import type { Profile, Profiles } from "effect-adobe-pass-rest-v2/Profile"
import { RestV2Api } from "effect-adobe-pass-rest-v2/RestV2Api"
import type { Mvpd } from "../../World.js"
import { answering } from "./answering.js"
import { type Caller, caller, optionalDevice } from "./caller.js"
import { findMvpd, integrated, mvpdOf, serviceProviderOf } from "./catalog.js"
import { degradedProfile, isOpenToAll } from "./degraded.js"
import { Emulated, failing, now, type Refused, refuse } from "./emulated.js"
import { openSession } from "./nextStep.js"
import type { Holder } from "./profileStore.js"
import { type Identity, identityOf, shownProfile, signedInWith } from "./signedIn.js"
import { temporaryProfile } from "./temporary.js"

const noProfiles: Profiles = { profiles: {} }

const only = (mvpd: string, profile: Profile | undefined): Profiles =>
  profile === undefined ? noProfiles : { profiles: { [mvpd]: profile } }

/** The profiles that a person has made: those of degradation and TempPass are found by MVPD only. */
const all = (
  from: Caller,
  serviceProvider: string,
  identity: Identity
): Effect.Effect<Profiles, Refused, Emulated> =>
  Effect.gen(function* () {
    const { restV2 } = yield* Emulated
    const provider = yield* serviceProviderOf(serviceProvider)
    const nowMillis = yield* now
    const holder = { ...from, serviceProvider }
    return {
      profiles: Object.fromEntries(
        integrated(restV2.world, provider).flatMap((mvpd) =>
          Either.match(signedInWith(restV2, holder, mvpd.id, identity, nowMillis), {
            onLeft: () => [],
            onRight: (signedIn) => [[mvpd.id, shownProfile(mvpd, signedIn)]]
          })
        )
      )
    }
  })

/** What everybody has, whoever has signed in: while an MVPD is degraded, and with a TempPass. */
const withoutLogin = (
  mvpd: Mvpd,
  holder: Omit<Holder, "clientId">,
  tempPassIdentity: Readonly<Record<string, string>> | undefined
): Effect.Effect<Profiles | undefined, Refused, Emulated> =>
  Effect.gen(function* () {
    const { restV2 } = yield* Emulated
    const nowMillis = yield* now
    if (mvpd.tempPass !== undefined) {
      const who = { ...holder, identity: tempPassIdentity }
      return only(mvpd.id, yield* temporaryProfile(mvpd, mvpd.tempPass, who))
    }
    return isOpenToAll(restV2.world, mvpd)
      ? only(mvpd.id, degradedProfile(mvpd, holder.device, nowMillis))
      : undefined
  })

const forMvpd = (
  from: Caller,
  serviceProvider: string,
  id: string,
  identity: Identity,
  tempPassIdentity: Readonly<Record<string, string>> | undefined
): Effect.Effect<Profiles, Refused, Emulated> =>
  Effect.gen(function* () {
    const { restV2 } = yield* Emulated
    const mvpd = yield* mvpdOf(yield* serviceProviderOf(serviceProvider), id)
    yield* failing(id, "profiles")
    const holder = { ...from, serviceProvider }
    const general = yield* withoutLogin(mvpd, holder, tempPassIdentity)
    if (general !== undefined) return general
    const signedIn = signedInWith(restV2, holder, id, identity, yield* now)
    if (Either.isRight(signedIn)) return only(id, shownProfile(mvpd, signedIn.right))
    return signedIn.left.startsWith("authenticated_profile_") ? noProfiles : yield* refuse(signedIn.left)
  })

/** The profile of the device that a session belongs to, with the MVPD that it was for. */
const forCode = (
  serviceProvider: string,
  code: string,
  tempPassIdentity: Readonly<Record<string, string>> | undefined
): Effect.Effect<Profiles, Refused, Emulated> =>
  Effect.gen(function* () {
    const { restV2 } = yield* Emulated
    const provider = yield* serviceProviderOf(serviceProvider)
    const nowMillis = yield* now
    const session = yield* openSession(restV2, provider, code, nowMillis)
    const mvpd = findMvpd(restV2.world, session.parameters.mvpd ?? "")
    if (mvpd === undefined) return noProfiles
    yield* failing(mvpd.id, "profiles")
    const general = yield* withoutLogin(mvpd, session, tempPassIdentity)
    if (general !== undefined) return general
    const nobody = { subjects: {}, status: undefined }
    return Either.match(signedInWith(restV2, session, mvpd.id, nobody, nowMillis), {
      onLeft: () => noProfiles,
      onRight: (signedIn) => only(mvpd.id, shownProfile(mvpd, signedIn))
    })
  })

export const profileHandlers = HttpApiBuilder.group(RestV2Api, "profiles", (handlers) =>
  handlers
    .handle("all", ({ headers, path, request }) =>
      answering(
        Effect.flatMap(caller(request), (from) => all(from, path.serviceProvider, identityOf(headers)))
      )
    )
    .handle("forCode", ({ headers, path, request }) =>
      answering(
        Effect.zipRight(
          optionalDevice(request),
          forCode(path.serviceProvider, path.code, headers["ap-temppass-identity"])
        )
      )
    )
    .handle("forMvpd", ({ headers, path, request }) =>
      answering(
        Effect.flatMap(caller(request), (from) =>
          forMvpd(from, path.serviceProvider, path.mvpd, identityOf(headers), headers["ap-temppass-identity"])
        )
      )
    )
)
