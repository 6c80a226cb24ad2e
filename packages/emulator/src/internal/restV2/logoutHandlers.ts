/** The operation of the group `logout`. */
import * as Crypto from "node:crypto"
import * as HttpApiBuilder from "@effect/platform/HttpApiBuilder"
import * as Effect from "effect/Effect"
import type { Logout, Logouts } from "effect-adobe-pass-rest-v2/Logout"
import { RestV2Api } from "effect-adobe-pass-rest-v2/RestV2Api"
import type { Profile as StoredProfile, Subjects } from "../../SavedState.js"
import type { Mvpd } from "../../World.js"
import { answering } from "./answering.js"
import { type Caller, caller } from "./caller.js"
import { isRedirectUrl, mvpdOf, serviceProviderOf } from "./catalog.js"
import { isOpenToAll } from "./degraded.js"
import { Emulated, failing, now, type Refused, refuse } from "./emulated.js"
import { isValid } from "./profileStore.js"
import { shared } from "./signedIn.js"
import { subjectsOf } from "./subjects.js"

/** Ends the session of the MVPD itself, which only a browser has. */
const logoutUrl = (from: Caller, serviceProvider: string, mvpd: Mvpd, redirectUrl: string | undefined) => {
  const query = new URLSearchParams({
    requestor_id: serviceProvider,
    mso_id: mvpd.id,
    pt_device_id: Crypto.createHash("sha256").update(from.device).digest("hex").slice(0, 32),
    ...(redirectUrl === undefined ? {} : { redirect_url: redirectUrl })
  })
  return `/adobe-services/logout?${query}`
}

const complete = (mvpd: string): Logout => ({
  _tag: "LogoutComplete",
  actionName: "complete",
  actionType: "none",
  mvpd
})

const notSignedIn = (mvpd: string): Logout => ({
  _tag: "NotSignedIn",
  actionName: "invalid",
  actionType: "none",
  mvpd
})

const atPartner = (mvpd: string): Logout => ({
  _tag: "LogoutAtPartner",
  actionName: "partner_logout",
  actionType: "partner_interactive",
  mvpd
})

const atMvpd = (mvpd: string, url: string): Logout => ({
  _tag: "LogoutAtMvpd",
  actionName: "logout",
  actionType: "interactive",
  mvpd,
  url
})

/** What is left to do after these profiles have been removed. */
const remaining = (mvpd: Mvpd, removed: ReadonlyArray<StoredProfile>, url: string): Logout => {
  if (removed.length === 0) return notSignedIn(mvpd.id)
  if (removed.some(({ type }) => type === "appleSSO")) return atPartner(mvpd.id)
  return mvpd.logout ? atMvpd(mvpd.id, url) : complete(mvpd.id)
}

/** The device's own profile, and with tokens of single sign-on those of others with them. */
const remove = (from: Caller, serviceProvider: string, mvpd: string, subjects: Subjects) =>
  Effect.gen(function* () {
    const { restV2 } = yield* Emulated
    const nowMillis = yield* now
    const own = restV2.profiles.find({ ...from, serviceProvider }, mvpd)
    const found = [
      ...(own === undefined ? [] : [own]),
      ...shared(restV2, mvpd, subjects, nowMillis).map(({ stored }) => stored)
    ]
    for (const profile of found) restV2.profiles.remove(profile)
    return found.filter((profile) => isValid(profile, nowMillis))
  })

const initiate = (
  from: Caller,
  path: { readonly serviceProvider: string; readonly mvpd: string },
  redirectUrl: string | undefined,
  subjects: Subjects
): Effect.Effect<Logouts, Refused, Emulated> =>
  Effect.gen(function* () {
    const { restV2 } = yield* Emulated
    const provider = yield* serviceProviderOf(path.serviceProvider)
    const mvpd = yield* mvpdOf(provider, path.mvpd)
    if (redirectUrl !== undefined && !isRedirectUrl(provider, redirectUrl)) {
      return yield* refuse("invalid_parameter_redirect_url")
    }
    yield* failing(mvpd.id, "logout")
    const removed = yield* remove(from, provider.id, mvpd.id, subjects)
    const needsNobody = mvpd.tempPass !== undefined || isOpenToAll(restV2.world, mvpd)
    const url = logoutUrl(from, provider.id, mvpd, redirectUrl)
    return { logouts: { [mvpd.id]: needsNobody ? complete(mvpd.id) : remaining(mvpd, removed, url) } }
  })

export const logoutHandlers = HttpApiBuilder.group(RestV2Api, "logout", (handlers) =>
  handlers.handle("initiate", ({ headers, path, request, urlParams }) =>
    answering(
      Effect.flatMap(caller(request), (from) =>
        initiate(from, path, urlParams.redirectUrl, subjectsOf(headers))
      )
    )
  )
)
