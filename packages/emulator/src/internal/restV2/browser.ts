/** What a browser does for a session, for the pages that show it: signs a person in, or takes a code. */
import * as Either from "effect/Either"
import type { Parameters, Profile as StoredProfile, Session as StoredSession } from "../../SavedState.js"
import type { SignIn, SignInRefused } from "../../Script.js"
import type { Person } from "../../World.js"
import { findMvpd, integrated, isDomain, isRedirectUrl, personOf } from "./catalog.js"
import { missingOf } from "./nextStep.js"
import { isOpen } from "./sessionStore.js"
import type { RestV2State } from "./state.js"

/** Why a code leads nowhere: it is unknown, no longer good, or its session does not know its MVPD yet. */
export type CodeError = "unknown" | "ended" | "incomplete"

export interface ShownMvpd {
  readonly id: string
  readonly displayName: string
  readonly logoUrl: string | undefined
}

/** What a login page shows. */
export interface Login {
  readonly code: string
  readonly serviceProvider: { readonly id: string; readonly name: string }
  readonly mvpd: ShownMvpd
  readonly people: ReadonlyArray<Pick<Person, "user" | "password" | "about">>
  readonly domainName: string
  readonly redirectUrl: string
}

const shown = ({
  displayName,
  id,
  logoUrl
}: ShownMvpd | { id: string; displayName: string; logoUrl?: string }) => ({
  id,
  displayName,
  logoUrl
})

const openSession = (
  { sessions }: RestV2State,
  code: string,
  nowMillis: number
): Either.Either<StoredSession, "unknown" | "ended"> => {
  const session = sessions.find(code)
  if (session === undefined) return Either.left("unknown")
  return isOpen(session, nowMillis) ? Either.right(session) : Either.left("ended")
}

/** The session of a code, with the MVPD that it is for. */
const readySession = (state: RestV2State, code: string, nowMillis: number) =>
  Either.flatMap(openSession(state, code, nowMillis), (session) => {
    const { domainName, mvpd: id, redirectUrl } = session.parameters
    const mvpd = findMvpd(state.world, id ?? "")
    return mvpd === undefined || domainName === undefined || redirectUrl === undefined
      ? Either.left("incomplete" as const)
      : Either.right({ session, mvpd, domainName, redirectUrl })
  })

const providerOf = ({ world }: RestV2State, id: string) =>
  world.serviceProviders.find((provider) => provider.id === id)

/** The login page of a code. */
export const login = (state: RestV2State, code: string, nowMillis: number): Either.Either<Login, CodeError> =>
  Either.map(readySession(state, code, nowMillis), ({ domainName, mvpd, redirectUrl, session }) => ({
    code,
    serviceProvider: {
      id: session.serviceProvider,
      name: providerOf(state, session.serviceProvider)?.name ?? session.serviceProvider
    },
    mvpd: shown(mvpd),
    people: mvpd.people,
    domainName,
    redirectUrl
  }))

/** Makes the profile of a session's device, which takes the place of the one that was there. */
const makeProfile = (
  state: RestV2State,
  session: StoredSession,
  mvpd: { readonly id: string; readonly profileSeconds: number },
  user: string,
  nowMillis: number
): StoredProfile => {
  const profile: StoredProfile = {
    clientId: session.clientId,
    device: session.device,
    serviceProvider: session.serviceProvider,
    mvpd: mvpd.id,
    type: "regular",
    user,
    subjects: session.subjects,
    notBefore: nowMillis,
    notAfter: nowMillis + mvpd.profileSeconds * 1000,
    invalidated: false
  }
  state.profiles.put(profile)
  return profile
}

/** Signs a person in, and returns where the browser goes. Left when there is nobody with this password. */
export const signIn = (
  state: RestV2State,
  { code, password, user }: { readonly code: string; readonly user: string; readonly password: string },
  nowMillis: number
): Either.Either<{ readonly redirectUrl: string }, CodeError | "wrong"> =>
  Either.flatMap(readySession(state, code, nowMillis), ({ mvpd, redirectUrl, session }) => {
    const person = personOf(mvpd, user)
    if (person === undefined || person.password !== password) return Either.left("wrong" as const)
    makeProfile(state, session, mvpd, user, nowMillis)
    return Either.right({ redirectUrl })
  })

/** Signs a person in for a script, which needs no password, and no page that the MVPD is chosen on. */
export const signInAs = (
  state: RestV2State,
  { code, mvpd: chosen, user }: SignIn,
  nowMillis: number
): Either.Either<StoredProfile, SignInRefused["reason"]> =>
  Either.gen(function* () {
    const session = yield* Either.mapLeft(openSession(state, code, nowMillis), (error) =>
      error === "unknown" ? "unknown code" : "session ended"
    )
    const id = chosen ?? session.parameters.mvpd
    const provider = providerOf(state, session.serviceProvider)
    const mvpd = provider && integrated(state.world, provider).find((offered) => offered.id === id)
    if (mvpd === undefined || mvpd.tempPass !== undefined) return yield* Either.left("no MVPD" as const)
    const person = user === undefined ? mvpd.people[0] : personOf(mvpd, user)
    if (person === undefined) return yield* Either.left("no such person" as const)
    const ready = { ...session, parameters: { ...session.parameters, mvpd: mvpd.id } }
    state.sessions.update(ready)
    return makeProfile(state, ready, mvpd, person.user, nowMillis)
  })

/** Leaves the login page: nobody is signed in, and the browser goes where it would have gone. */
export const cancel = (
  state: RestV2State,
  code: string,
  nowMillis: number
): Either.Either<{ readonly redirectUrl: string }, CodeError> =>
  Either.map(readySession(state, code, nowMillis), ({ redirectUrl }) => ({ redirectUrl }))

/** What the page of a second screen shows of a code. */
export interface EnteredCode {
  readonly code: string
  readonly serviceProvider: {
    readonly id: string
    readonly name: string
    readonly domains: ReadonlyArray<string>
  }
  /** Those that a person can choose: no TempPass. */
  readonly mvpds: ReadonlyArray<ShownMvpd>
  readonly parameters: Parameters
  readonly missing: ReadonlyArray<"mvpd" | "domainName" | "redirectUrl">
}

/** A person types a code, perhaps in small letters or with blanks. */
export const enterCode = (
  state: RestV2State,
  typed: string,
  nowMillis: number
): Either.Either<EnteredCode, "unknown" | "ended"> =>
  Either.flatMap(openSession(state, typed.replaceAll(/\s/g, "").toUpperCase(), nowMillis), (session) => {
    const provider = providerOf(state, session.serviceProvider)
    if (provider === undefined) return Either.left("unknown" as const)
    const { domains, id, name } = provider
    return Either.right({
      code: session.code,
      serviceProvider: { id, name, domains },
      mvpds: integrated(state.world, provider)
        .filter(({ tempPass }) => tempPass === undefined)
        .map(shown),
      parameters: session.parameters,
      missing: missingOf(session.parameters)
    })
  })

/** Says what a session lacks, as a second screen does, and returns where its browser goes next. */
export const resume = (
  state: RestV2State,
  code: string,
  parameters: Parameters,
  nowMillis: number
): Either.Either<{ readonly url: string }, CodeError | "not_usable"> =>
  Either.flatMap(openSession(state, code, nowMillis), (session) => {
    const provider = providerOf(state, session.serviceProvider)
    const all = { ...session.parameters, ...parameters }
    if (
      provider === undefined ||
      (all.mvpd !== undefined && !provider.mvpds.includes(all.mvpd)) ||
      (all.domainName !== undefined && !isDomain(provider, all.domainName)) ||
      (all.redirectUrl !== undefined && !isRedirectUrl(provider, all.redirectUrl))
    ) {
      return Either.left("not_usable" as const)
    }
    state.sessions.update({ ...session, parameters: all })
    return missingOf(all).length > 0
      ? Either.left("incomplete" as const)
      : Either.right({ url: `/api/v2/authenticate/${encodeURIComponent(provider.id)}/${session.code}` })
  })

/** What the page of an MVPD's logout shows, and where it leads. */
export interface LoggedOut {
  readonly serviceProvider: string
  readonly mvpd: ShownMvpd | undefined
  readonly redirectUrl: string | undefined
}

/** Ends the session of the MVPD in the browser: the profile is gone since the call for logout. */
export const loggedOut = (state: RestV2State, query: URLSearchParams): LoggedOut => {
  const serviceProvider = query.get("requestor_id") ?? ""
  const mvpd = findMvpd(state.world, query.get("mso_id") ?? "")
  const provider = providerOf(state, serviceProvider)
  const redirectUrl = query.get("redirect_url")
  return {
    serviceProvider: provider?.name ?? serviceProvider,
    mvpd: mvpd === undefined ? undefined : shown(mvpd),
    redirectUrl:
      provider !== undefined && redirectUrl !== null && isRedirectUrl(provider, redirectUrl)
        ? redirectUrl
        : undefined
  }
}
