/** What a device has to do next to have a profile. */
import * as Crypto from "node:crypto"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import type { Session } from "effect-adobe-pass-rest-v2/Session"
import type { Parameters, Session as StoredSession } from "../../SavedState.js"
import type { Mvpd, ServiceProvider } from "../../World.js"
import { isDomain, isRedirectUrl, mvpdOf } from "./catalog.js"
import { isOpenToAll } from "./degraded.js"
import { type Emulated, type Refused, refuse } from "./emulated.js"
import type { Holder } from "./profileStore.js"
import { isOpen } from "./sessionStore.js"
import { type Identity, signedInWith } from "./signedIn.js"
import type { RestV2State } from "./state.js"

const needed = ["mvpd", "domainName", "redirectUrl"] as const

export const missingOf = (parameters: Parameters): ReadonlyArray<(typeof needed)[number]> =>
  needed.filter((name) => parameters[name] === undefined)

/** What a form may say: an empty value says nothing. */
export interface Form {
  readonly mvpd?: string | undefined
  readonly domainName?: string | undefined
  readonly redirectUrl?: string | undefined
}

const given = (form: Form): Parameters =>
  Object.fromEntries(needed.flatMap((name) => (form[name] ? [[name, form[name]]] : [])))

/** The parameters of a form, over those that a session has already, and the MVPD that they name. */
export const checkedParameters = (
  provider: ServiceProvider,
  form: Form,
  existing: Parameters = {}
): Effect.Effect<{ readonly parameters: Parameters; readonly mvpd: Mvpd | undefined }, Refused, Emulated> =>
  Effect.gen(function* () {
    const { domainName, ...parameters } = { ...existing, ...given(form) }
    const mvpd = parameters.mvpd === undefined ? undefined : yield* mvpdOf(provider, parameters.mvpd)
    if (parameters.redirectUrl !== undefined && !isRedirectUrl(provider, parameters.redirectUrl)) {
      return yield* refuse("invalid_parameter_redirect_url")
    }
    const isKnown = domainName !== undefined && isDomain(provider, domainName)
    return { mvpd, parameters: isKnown ? { ...parameters, domainName } : parameters }
  })

export type Known = "degraded" | "temporary" | "authenticated" | "authenticatedSSO"

/** Why nobody needs to sign in with an MVPD. */
export const knownWith = (
  state: RestV2State,
  holder: Holder,
  mvpd: Mvpd,
  identity: Identity,
  nowMillis: number
): Known | undefined => {
  if (mvpd.tempPass !== undefined) return "temporary"
  if (isOpenToAll(state.world, mvpd)) return "degraded"
  const signedIn = signedInWith(state, holder, mvpd.id, identity, nowMillis)
  if (Either.isLeft(signedIn)) return undefined
  return signedIn.right.type === "regular" ? "authenticated" : "authenticatedSSO"
}

const segment = encodeURIComponent

/** Ask for a decision. */
export const authorize = (
  { serviceProvider }: Holder,
  mvpd: Mvpd,
  reasonType: Known,
  sessionId: string = Crypto.randomUUID()
): Session => ({
  _tag: "Authorize",
  actionName: "authorize",
  actionType: "direct",
  reasonType,
  url: `/api/v2/${segment(serviceProvider)}/decisions/authorize/${segment(mvpd.id)}`,
  sessionId,
  mvpd: mvpd.id,
  serviceProvider
})

const ofSession = ({ code, notAfter, notBefore, parameters, serviceProvider, sessionId }: StoredSession) => ({
  code,
  sessionId,
  ...(parameters.mvpd === undefined ? {} : { mvpd: parameters.mvpd }),
  serviceProvider,
  notBefore,
  notAfter
})

/** Sign in, in a browser. */
export const authenticate = (
  session: StoredSession,
  reasonType: Session["reasonType"] = "none"
): Session => ({
  _tag: "Authenticate",
  actionName: "authenticate",
  actionType: "interactive",
  reasonType,
  url: `/api/v2/authenticate/${segment(session.serviceProvider)}/${session.code}`,
  ...ofSession(session)
})

/** Say what is missing. */
export const resume = (
  session: StoredSession,
  action: "resume" | "retry",
  reasonType: Session["reasonType"] = "none"
): Session => ({
  ...(action === "resume"
    ? { _tag: "Resume", actionName: "resume" }
    : { _tag: "Retry", actionName: "retry" }),
  actionType: "direct",
  reasonType,
  url: `/api/v2/${segment(session.serviceProvider)}/sessions/${session.code}`,
  missingParameters: missingOf(session.parameters),
  ...ofSession(session)
})

/** The session that a code of a call means, as long as it can go on. */
export const openSession = (
  { sessions }: RestV2State,
  provider: ServiceProvider,
  code: string,
  nowMillis: number
): Effect.Effect<StoredSession, Refused> => {
  const session = sessions.find(code)
  if (session === undefined || session.serviceProvider !== provider.id) {
    return refuse("invalid_parameter_code")
  }
  return isOpen(session, nowMillis) ? Effect.succeed(session) : refuse("invalid_authentication_session")
}
