/**
 * The state of the session of one device. It changes only through `next`, which keeps these invariants:
 *
 * 1. `credentials` is set only after the store had them.
 * 2. A token belongs to the credentials beside it, and is dropped when they change.
 * 3. The token that was refused last, and any older one, is not taken from the store again.
 * 4. Refusing a token that is not in use does not affect the one in use. One in use is dropped, unless it is so new that
 *    the refusal says little about it; each that is dropped makes the next one stay longer.
 * 5. Credentials that were issued and not stored stay until the store holds them, until it turns out to hold others, or
 *    until those they were to replace give a token again.
 * 6. Credentials that have not given a token yet are replaced no sooner than a minute after they were issued, and their
 *    successors later still.
 * 7. New credentials or a new token end a remembered failure.
 * 8. Adopting credentials or a token that the state has already emits no event.
 *
 * @since 0.1.0
 */
import * as Data from "effect/Data"
import { type AccessToken, isUsable, refreshAt, sameToken } from "./AccessToken.js"
import { type CredentialStoreError, ServiceUnavailable, type SessionError } from "./AdobePassError.js"
import { type ClientCredentials, sameCredentials } from "./ClientCredentials.js"
import type { StoredSession } from "./CredentialStore.js"
import { longestHold } from "./internal/throttle/tokenBucket.js"
import * as Options from "./Options.js"
import * as SessionKey from "./SessionKey.js"
import type * as Setting from "./Setting.js"

/**
 * A failure that is told again until `until` instead of asking again. Times are milliseconds since the epoch.
 *
 * @since 0.1.0
 * @category models
 */
export class Failure extends Data.Class<{
  readonly error: SessionError
  /** When the first of the failures in a row with this tag happened. */
  readonly first: number
  readonly since: number
  readonly until: number
}> {}

/**
 * Credentials that have not given a token yet: since when, and for how many milliseconds they are not replaced when they
 * are refused.
 *
 * @since 0.1.0
 * @category models
 */
export class Untested extends Data.Class<{
  readonly since: number
  readonly wait: number
}> {}

/**
 * The session of one device. Times are milliseconds since the epoch.
 *
 * @since 0.1.0
 * @category models
 */
export class SessionState extends Data.Class<{
  /** The client credentials, which the store holds. */
  readonly credentials: ClientCredentials | undefined
  /** The access token of these credentials. */
  readonly token: AccessToken | undefined
  /** When the token should be replaced. */
  readonly refreshAt: number
  /** Whether a protected API has accepted the token while it was new. */
  readonly accepted: boolean
  /** How many tokens in a row were dropped because they were refused. */
  readonly renewals: number
  /** The token that was refused last, while there is no other. */
  readonly rejected: AccessToken | undefined
  /** Credentials that were issued and that the store does not hold yet. */
  readonly issued: ClientCredentials | undefined
  /** Set until the credentials have given a token. */
  readonly untested: Untested | undefined
  readonly failure: Failure | undefined
  /** Whether the session is being removed. */
  readonly forgotten: boolean
}> {}

/**
 * Nothing is in memory, and the store has to be read.
 *
 * @since 0.1.0
 * @category constructors
 */
export const initial: SessionState = new SessionState({
  credentials: undefined,
  token: undefined,
  refreshAt: 0,
  accepted: false,
  renewals: 0,
  rejected: undefined,
  issued: undefined,
  untested: undefined,
  failure: undefined,
  forgotten: false
})

/**
 * Why a token is requested: none is known (`cold`), it is in its refresh window (`expiring`) or past it (`expired`), a
 * protected API refused it (`rejected`), or the credentials are new (`replaced`).
 *
 * @since 0.1.0
 * @category models
 */
export type TokenReason = "cold" | "expiring" | "expired" | "rejected" | "replaced"

/**
 * What happened to a session. Times are milliseconds since the epoch.
 *
 * @since 0.1.0
 * @category facts
 */
export type Fact =
  /** The store holds these credentials and this token. */
  | { readonly _tag: "Loaded"; readonly stored: Stored; readonly at: number }
  /** As `Loaded`, before the session is used; emits no event. */
  | { readonly _tag: "Warmed"; readonly stored: Stored; readonly at: number }
  /** Adobe Pass registered the device. */
  | { readonly _tag: "Issued"; readonly credentials: ClientCredentials }
  /** The store holds these credentials after a save. */
  | { readonly _tag: "Saved"; readonly credentials: ClientCredentials; readonly at: number }
  /** The lock was taken over from a holder that was about to register the device, and may have done so. */
  | { readonly _tag: "LockTakenOver" }
  /** The credentials in the store were registered with another redirect URI. */
  | { readonly _tag: "RedirectUriDiffers" }
  /** The token endpoint gave a token for these credentials. */
  | {
      readonly _tag: "Obtained"
      readonly credentials: ClientCredentials
      readonly token: AccessToken
      readonly reason: TokenReason
    }
  /** A protected API refused this token. */
  | { readonly _tag: "Rejected"; readonly token: AccessToken; readonly at: number }
  /** A protected API accepted this token. */
  | { readonly _tag: "Accepted"; readonly token: AccessToken }
  /**
   * Credentials or a token could not be had; `background`: the valid token stays in use. `spread`, from 0 to 1, differs
   * between devices.
   */
  | {
      readonly _tag: "Failed"
      readonly error: SessionError
      readonly at: number
      readonly background: boolean
      readonly spread: number
    }
  /** The store failed, and the session goes on without it. */
  | { readonly _tag: "StoreFailed"; readonly error: CredentialStoreError }
  /** The session is about to be removed from the store. */
  | { readonly _tag: "Forgetting" }
  /** It could not be removed. */
  | { readonly _tag: "ForgettingFailed" }
  /** It was removed. */
  | { readonly _tag: "Forgotten" }

type Stored = Pick<StoredSession, "credentials" | "token">

/**
 * What is published when a session changes.
 *
 * `CredentialsReplaced`: the users of this device must sign in again. `RegistrationAbandoned`: Adobe Pass has, or may
 * have, a client that is not used. `RedirectUriChanged`: stored credentials were registered with another redirect URI than
 * the configured one, and stay in use; it is published once a process and application.
 *
 * @since 0.1.0
 * @category events
 */
export type Event =
  | { readonly _tag: "Registered" }
  | { readonly _tag: "CredentialsAdopted" }
  | { readonly _tag: "CredentialsReplaced" }
  | { readonly _tag: "RegistrationAbandoned" }
  | { readonly _tag: "RedirectUriChanged" }
  | { readonly _tag: "TokenObtained"; readonly reason: TokenReason }
  | { readonly _tag: "TokenAdopted" }
  | { readonly _tag: "RefreshFailed"; readonly error: SessionError }
  | { readonly _tag: "StoreFailed"; readonly error: CredentialStoreError }
  | { readonly _tag: "Forgotten" }

type Rules = Setting.Checked<typeof Options.sessions>

type Next = readonly [SessionState, ReadonlyArray<Event>]

const change = (state: SessionState, changes: Partial<SessionState>): SessionState =>
  new SessionState({ ...state, ...changes })

const tell = (condition: boolean, event: Event): ReadonlyArray<Event> => (condition ? [event] : [])

const isSame = (left: ClientCredentials | undefined, right: ClientCredentials): boolean =>
  left !== undefined && sameCredentials(left, right)

const withCredentials = (
  state: SessionState,
  credentials: ClientCredentials,
  untested: Untested | undefined
): SessionState =>
  change(state, {
    credentials,
    token: undefined,
    refreshAt: 0,
    accepted: false,
    renewals: 0,
    // A token that was refused before the credentials were loaded may belong to them.
    rejected: state.credentials === undefined ? state.rejected : undefined,
    issued: undefined,
    untested,
    failure: undefined
  })

const withToken = (state: SessionState, token: AccessToken, rules: Rules): SessionState => {
  const spread = state.credentials === undefined ? 0 : SessionKey.fraction(state.credentials.session)
  return change(state, {
    token,
    refreshAt: refreshAt(token, spread, rules.refreshWindow),
    accepted: false,
    rejected: undefined,
    untested: undefined,
    failure: undefined
  })
}

const shortestWait = 60_000
const longestWait = 14_400_000

/** The credentials that the store holds, without a token, are as old as they say. */
const untestedSince = ({ issuedAt }: ClientCredentials, at: number): Untested =>
  new Untested({ since: Math.min(at, issuedAt), wait: shortestWait })

/** The store holds these credentials, which this or another process saved. */
const adopted = (
  state: SessionState,
  credentials: ClientCredentials,
  untested: Untested | undefined
): Next => {
  if (isSame(state.credentials, credentials)) return [state, []]
  const isAbandoned = state.issued !== undefined && !isSame(state.issued, credentials)
  return [
    withCredentials(state, credentials, untested),
    [
      ...tell(isAbandoned, { _tag: "RegistrationAbandoned" }),
      ...tell(state.credentials !== undefined, { _tag: "CredentialsAdopted" })
    ]
  ]
}

const wasRejected = ({ rejected }: SessionState, token: AccessToken): boolean =>
  rejected !== undefined && (token.issuedAt < rejected.issuedAt || sameToken(rejected, token))

const loaded = (state: SessionState, { credentials, token }: Stored, at: number, rules: Rules): Next => {
  const untested = token === undefined ? untestedSince(credentials, at) : undefined
  const [adoption, events] = adopted(state, credentials, untested)
  if (token === undefined || !isUsable(token, at) || wasRejected(adoption, token)) return [adoption, events]
  const candidate = withToken(adoption, token, rules)
  const current = adoption.token
  const isBetter =
    current === undefined ||
    !isUsable(current, at) ||
    (!sameToken(current, token) && at < candidate.refreshAt)
  return isBetter ? [candidate, [...events, { _tag: "TokenAdopted" }]] : [adoption, events]
}

const saved = (state: SessionState, credentials: ClientCredentials, at: number): Next => {
  if (!isSame(state.issued, credentials)) {
    return adopted(state, credentials, untestedSince(credentials, at))
  }
  // Each pair in a row that is replaced before it gave a token makes the wait for the next one longer.
  const wait = state.untested === undefined ? shortestWait : Math.min(longestWait, state.untested.wait * 4)
  return [
    withCredentials(state, credentials, new Untested({ since: at, wait })),
    [{ _tag: state.credentials === undefined ? "Registered" : "CredentialsReplaced" }]
  ]
}

const obtained = (
  state: SessionState,
  { credentials, reason, token }: Extract<Fact, { _tag: "Obtained" }>,
  rules: Rules
): Next => {
  if (!isSame(state.credentials, credentials)) return [state, []]
  return [
    change(withToken(state, token, rules), {
      issued: undefined,
      renewals: reason === "rejected" ? state.renewals : 0
    }),
    [
      ...tell(state.issued !== undefined, { _tag: "RegistrationAbandoned" }),
      { _tag: "TokenObtained", reason }
    ]
  ]
}

/**
 * How long after its issue a token may be refused because not every server of Adobe Pass knows it yet, in milliseconds.
 *
 * @since 0.1.0
 * @category lifetimes
 */
export const settlingTime = 3000

const longestRenewal = 300_000

/**
 * How long a row stays when one of its tokens is accepted: an API that accepts and refuses by turns must not cost a token
 * each time, and a token that is revoked soon after must not be kept for minutes.
 */
const shortRow = 3

/** How long a token is kept when it replaced others that were refused, in milliseconds. */
const renewalInterval = (renewals: number): number =>
  renewals === 0 ? 0 : Math.min(longestRenewal, settlingTime * 2 ** (renewals - 1))

/** Whether a refusal at `at` says too little about the token in use, or comes too soon after others, to drop it. */
const isKept = ({ accepted, renewals }: SessionState, { issuedAt }: AccessToken, at: number): boolean => {
  const age = at - issuedAt
  return age >= 0 && age < Math.max(accepted ? 0 : settlingTime, renewalInterval(renewals))
}

/** The row of refused tokens with this one, or a new row when it was in use for long. */
const renewalsWith = ({ renewals }: SessionState, { issuedAt }: AccessToken, at: number): number =>
  at - issuedAt > 10 * renewalInterval(renewals) ? 1 : renewals + 1

const rejected = (state: SessionState, token: AccessToken, at: number): SessionState => {
  if (state.token !== undefined) {
    return sameToken(state.token, token) && !isKept(state, token, at)
      ? change(state, {
          token: undefined,
          refreshAt: 0,
          accepted: false,
          rejected: token,
          renewals: renewalsWith(state, token, at)
        })
      : state
  }
  const isNewest = token.issuedAt >= (state.rejected?.issuedAt ?? Number.NEGATIVE_INFINITY)
  return isNewest ? change(state, { rejected: token }) : state
}

const accepted = (state: SessionState, token: AccessToken): SessionState => {
  const isInUse = state.token !== undefined && sameToken(state.token, token)
  const isNews = !state.accepted || state.renewals > shortRow
  return isInUse && isNews
    ? change(state, { accepted: true, renewals: Math.min(shortRow, state.renewals) })
    : state
}

/** Whether Adobe Pass may have registered the device although the registration failed. */
const mayHaveRegistered = (error: SessionError): boolean => {
  switch (error._tag) {
    case "ServiceUnavailable":
      return error.operation === "register" && error.status >= 500 && error.status !== 503
    case "TransportError":
      return error.operation === "register" && error.reason !== "NotConnected"
    case "UnexpectedResponse":
      return error.operation === "register" && error.status >= 200 && error.status < 300
    default:
      return false
  }
}

/** How long a device that waits for its turn to be replaced is left alone at most. */
const longestDeferral = 30_000

/** A wait that grows with the time for which the same failure has lasted, from the cooldown of an outage on. */
const growing = (wait: number, spread: number, { outageCooldown }: Rules, longest: number): number =>
  Math.max(outageCooldown, Math.min(wait, longest)) * (1 + spread / 2)

/** `lasting`: for how long the same failure has lasted, in milliseconds. */
const cooldown = (
  state: SessionState,
  { error, spread }: Extract<Fact, { _tag: "Failed" }>,
  lasting: number,
  rules: Rules
): number => {
  switch (error._tag) {
    // The address is throttled: a device that changes its address need not wait long.
    case "Throttled":
    case "CredentialStoreError":
      return rules.throttleCooldown
    case "ServiceUnavailable":
    case "TransportError":
    case "UnexpectedResponse": {
      const asked = error._tag === "ServiceUnavailable" ? (error.retryAfterMillis ?? 0) : 0
      // Each repetition may register the device once more.
      const own = mayHaveRegistered(error)
        ? growing(lasting * 2, spread, rules, longestHold)
        : rules.outageCooldown
      return Math.max(own, Math.min(asked, longestHold))
    }
    default: {
      if (state.credentials === undefined) return Number.POSITIVE_INFINITY
      const longest = error.retryable
        ? Math.min(longestDeferral, rules.refusalCooldown)
        : rules.refusalCooldown
      // Half, so that what is remembered ends soon after its cause.
      return growing(lasting / 2, spread, rules, longest)
    }
  }
}

const failed = (state: SessionState, fact: Extract<Fact, { _tag: "Failed" }>, rules: Rules): Next => {
  const { at, background, error } = fact
  const before = state.failure
  const isRow =
    before !== undefined &&
    before.error._tag === error._tag &&
    before.since <= at &&
    // One that ended long ago was the failure of another cause.
    at < before.until + longestHold
  const first = isRow ? before.first : at
  const until = at + cooldown(state, fact, at - first, rules)
  return [
    change(state, { failure: new Failure({ error, first, since: at, until }) }),
    [
      // The flight for the token reports the failure of the registration as well.
      ...tell(mayHaveRegistered(error) && before?.error !== error, { _tag: "RegistrationAbandoned" }),
      ...tell(background, { _tag: "RefreshFailed", error })
    ]
  ]
}

/**
 * The state after a fact, and the events to publish.
 *
 * @since 0.1.0
 * @category transitions
 */
export const next = (state: SessionState, fact: Fact, rules: Rules = Options.sessions.fallback): Next => {
  switch (fact._tag) {
    case "Loaded":
      return loaded(state, fact.stored, fact.at, rules)
    case "Warmed":
      return [loaded(state, fact.stored, fact.at, rules)[0], []]
    case "Issued":
      return [change(state, { issued: fact.credentials }), []]
    case "Saved":
      return saved(state, fact.credentials, fact.at)
    case "LockTakenOver":
      return [state, [{ _tag: "RegistrationAbandoned" }]]
    case "RedirectUriDiffers":
      return [state, [{ _tag: "RedirectUriChanged" }]]
    case "Obtained":
      return obtained(state, fact, rules)
    case "Rejected":
      return [rejected(state, fact.token, fact.at), []]
    case "Accepted":
      return [accepted(state, fact.token), []]
    case "Failed":
      return failed(state, fact, rules)
    case "StoreFailed":
      return [state, [{ _tag: "StoreFailed", error: fact.error }]]
    case "Forgetting":
      return [change(state, { forgotten: true }), []]
    case "ForgettingFailed":
      return [change(state, { forgotten: false }), []]
    case "Forgotten":
      return [initial, [{ _tag: "Forgotten" }]]
  }
}

/**
 * What a caller that needs a token does at `now`: `Use` the token, use it and `Refresh` it in the background, or
 * `Obtain` one and wait.
 *
 * @since 0.1.0
 * @category decisions
 */
export const step = (
  { refreshAt, token }: Pick<SessionState, "refreshAt" | "token">,
  now: number
): "Use" | "Refresh" | "Obtain" =>
  token === undefined || !isUsable(token, now) ? "Obtain" : now < refreshAt ? "Use" : "Refresh"

/**
 * The remembered failure, while it counts, with what is left of its wait.
 *
 * @since 0.1.0
 * @category decisions
 */
export const failureAt = ({ failure }: SessionState, now: number): SessionError | undefined => {
  // A failure in the future means that the clock was set back.
  if (failure === undefined || now < failure.since || now >= failure.until) return undefined
  const { error, until } = failure
  return error._tag === "ServiceUnavailable" && error.retryAfterMillis !== undefined
    ? new ServiceUnavailable({ ...error, retryAfterMillis: until - now })
    : error
}

/**
 * Why a token would be requested at `now`.
 *
 * @since 0.1.0
 * @category decisions
 */
export const tokenReason = ({ rejected, token }: SessionState, now: number): TokenReason => {
  if (token !== undefined) return isUsable(token, now) ? "expiring" : "expired"
  return rejected === undefined ? "cold" : "rejected"
}

/**
 * Whether the device may be registered again at `now` when the token endpoint refuses its credentials.
 *
 * @since 0.1.0
 * @category decisions
 */
export const mayBeReplaced = ({ untested }: SessionState, now: number): boolean =>
  // Credentials from the future mean that the clock was set back.
  untested === undefined || now < untested.since || now >= untested.since + untested.wait
