/**
 * The state of one device, and the only ways in which it can change.
 *
 * @since 0.1.0
 */
import * as Data from "effect/Data"
import * as Redacted from "effect/Redacted"
import { type AccessToken, isUsable, type RefreshWindow, refreshAt, sameToken } from "./AccessToken.js"
import type { ClientCredentials } from "./ClientCredentials.js"
import { Resting } from "./internal/resting.js"

/**
 * `Unregistered`: nothing is known in memory, the store has to be asked. `Registered`: the pair is known.
 * `Authorized`: there is a token, too; `refreshAt` is when it should be replaced, in milliseconds. `rejected` is the
 * newest token that was refused, so that it is not taken from the store again.
 *
 * An `Authorized` state keeps its pair as bare text in private fields, and makes an object of it when it is read: so a
 * million devices that rest cost half the memory.
 *
 * @since 0.1.0
 * @category models
 */
export type SessionState = Data.TaggedEnum<{
  Unregistered: { readonly rejected: AccessToken | undefined }
  Registered: { readonly credentials: ClientCredentials; readonly rejected: AccessToken | undefined }
  Authorized: {
    readonly credentials: ClientCredentials
    readonly token: AccessToken
    readonly refreshAt: number
  }
}>

const { Registered, Unregistered } = Data.taggedEnum<SessionState>()

/**
 * @since 0.1.0
 * @category constructors
 */
export const unregistered: SessionState = Unregistered({ rejected: undefined })

/**
 * Whether two pairs are the same.
 *
 * @since 0.1.0
 * @category guards
 */
export const samePair = (left: ClientCredentials, right: ClientCredentials): boolean =>
  left === right ||
  (Redacted.value(left.clientId) === Redacted.value(right.clientId) &&
    Redacted.value(left.clientSecret) === Redacted.value(right.clientSecret))

/**
 * A pair is known now. The token of the same pair stays; the token of another pair goes.
 *
 * @since 0.1.0
 * @category transitions
 */
export const registered = (state: SessionState, credentials: ClientCredentials): SessionState => {
  if (state._tag === "Unregistered") return Registered({ credentials, rejected: state.rejected })
  return samePair(state.credentials, credentials) ? state : Registered({ credentials, rejected: undefined })
}

/**
 * A token was obtained for a pair. `slot` spreads the refresh of a fleet, see `AccessToken.refreshAt`.
 *
 * @since 0.1.0
 * @category transitions
 */
export const authorized = (
  credentials: ClientCredentials,
  token: AccessToken,
  slot: number,
  window?: RefreshWindow
): SessionState => new Resting(credentials, token, refreshAt(token, slot, window))

const newest = (known: AccessToken | undefined, token: AccessToken): AccessToken =>
  known === undefined || token.issuedAt >= known.issuedAt ? token : known

/**
 * A protected API refused a token. Only that very token is dropped: when the session already holds another one,
 * nothing changes, so any number of late 401s cost one token request. The newest refused token is remembered.
 *
 * @since 0.1.0
 * @category transitions
 */
export const rejected = (state: SessionState, token: AccessToken): SessionState => {
  switch (state._tag) {
    case "Unregistered":
      return Unregistered({ rejected: newest(state.rejected, token) })
    case "Registered":
      return Registered({ credentials: state.credentials, rejected: newest(state.rejected, token) })
    case "Authorized":
      return sameToken(state.token, token)
        ? Registered({ credentials: state.credentials, rejected: token })
        : state
  }
}

/**
 * Whether this is the token that was refused last, or an older one, which cannot be better.
 *
 * @since 0.1.0
 * @category guards
 */
export const wasRejected = (state: SessionState, token: AccessToken): boolean =>
  state._tag !== "Authorized" &&
  state.rejected !== undefined &&
  (token.issuedAt < state.rejected.issuedAt || sameToken(state.rejected, token))

/**
 * What a caller that needs a token does next: `Use` the token, use it and `Refresh` it in the background, or
 * `Obtain` one and wait.
 *
 * @since 0.1.0
 * @category models
 */
export type Step = "Use" | "Refresh" | "Obtain"

/**
 * The next step of a session at `now`, in milliseconds.
 *
 * @since 0.1.0
 * @category transitions
 */
export const step = (state: SessionState, now: number): Step =>
  state._tag !== "Authorized" || !isUsable(state.token, now)
    ? "Obtain"
    : now < state.refreshAt
      ? "Use"
      : "Refresh"
