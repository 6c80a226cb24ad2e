/** How the session of a device obtains an access token: from the store, or from the token endpoint. */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Metric from "effect/Metric"
import * as Option from "effect/Option"
import type { AccessToken } from "../../AccessToken.js"
import { type CredentialStoreError, InvalidClient, type SessionError } from "../../AdobePassError.js"
import { type ClientCredentials, sameCredentials } from "../../ClientCredentials.js"
import type { StoredSession } from "../../CredentialStore.js"
import * as Metrics from "../../Metrics.js"
import { fraction } from "../../SessionKey.js"
import { mayBeReplaced, type TokenReason, tokenReason } from "../../SessionState.js"
import * as Credentials from "./credentials.js"
import * as Replacements from "./replacements.js"
import { remembering, type Session, type SessionServices } from "./session.js"

/** Writes credentials in memory back to a store that lost them. */
const putBack = (
  services: SessionServices,
  session: Session,
  stored: Option.Option<StoredSession>
): Effect.Effect<Option.Option<StoredSession>, CredentialStoreError> => {
  const { credentials, forgotten } = session.entry.state
  return Option.isSome(stored) || credentials === undefined || forgotten
    ? Effect.succeed(stored)
    : Effect.asSome(Credentials.save(services, session, credentials, { read: stored }))
}

/** What the store holds. A session that has credentials goes on when the store fails. */
const consult = (
  services: SessionServices,
  session: Session
): Effect.Effect<Option.Option<StoredSession>, CredentialStoreError> => {
  const { credentials, issued } = session.entry.state
  if (credentials === undefined) {
    return issued === undefined ? Credentials.consult(services, session) : Effect.succeedNone
  }
  return Credentials.consult(services, session).pipe(
    Effect.flatMap((stored) => putBack(services, session, stored)),
    Effect.catchAll((error) =>
      Effect.as(services.apply(session, { _tag: "StoreFailed", error }), Option.none<StoredSession>())
    )
  )
}

/** The token that was adopted from the store, if one was. */
const adopted = (session: Session, before: AccessToken | undefined): AccessToken | undefined => {
  const { token } = session.entry.state
  return token === before ? undefined : token
}

/**
 * Callers do not wait for the save of a token, but the service does not close before it. A token that cannot be saved is
 * used all the same.
 */
const saveInBackground = (
  { apply, scope, store }: SessionServices,
  session: Session,
  credentials: ClientCredentials,
  token: AccessToken,
  read: StoredSession | undefined
): Effect.Effect<void> =>
  store.saveToken(session.key, credentials, token, read).pipe(
    Effect.catchAll((error) =>
      Effect.zipRight(Metric.increment(Metrics.unsavedTokens), apply(session, { _tag: "StoreFailed", error }))
    ),
    Effect.forkIn(scope),
    Effect.uninterruptible,
    Effect.asVoid
  )

/**
 * `read`: the session as it was read from the store, for the save of the token. `wasRefused`: these credentials were
 * refused a moment ago.
 */
const request = (
  services: SessionServices,
  session: Session,
  credentials: ClientCredentials,
  reason: TokenReason,
  read: StoredSession | undefined,
  wasRefused = false
): Effect.Effect<AccessToken, SessionError> =>
  Effect.gen(function* () {
    yield* Metric.update(Metrics.tokenRequests, reason)
    const token = yield* services.tokenEndpoint.request(session.device, credentials)
    const before = session.entry.state
    yield* services.apply(session, { _tag: "Obtained", credentials, token, reason })
    if (wasRefused || before.failure?.error._tag === "InvalidClient") {
      // New credentials that are accepted say nothing about the old ones of other devices.
      yield* note(services, session, (state, at) =>
        mayBeReplaced(before, at) ? Replacements.acceptedAgain(state, at) : Replacements.proved(state, at)
      )
    }
    yield* saveInBackground(services, session, credentials, token, read)
    return token
  })

const note = (
  { replacing }: SessionServices,
  session: Session,
  change: (state: Replacements.Replacements, at: number) => Replacements.Replacements
): Effect.Effect<void> => replacing(session, (state, at) => [undefined, change(state, at)])

const deferred = ({ status }: InvalidClient, reason: "Incident" | "Untested"): InvalidClient =>
  new InvalidClient({ status, deferred: reason })

/** Registers the device once more, if the policy, the session and the other devices of the application allow it. */
const replace = (
  services: SessionServices,
  session: Session,
  refused: ClientCredentials,
  error: InvalidClient
): Effect.Effect<AccessToken, SessionError> =>
  Effect.gen(function* () {
    if (services.options.reregister === "never") return yield* error
    if (!mayBeReplaced(session.entry.state, yield* Clock.currentTimeMillis)) {
      return yield* deferred(error, "Untested")
    }
    if (!(yield* services.replacing(session, Replacements.request))) return yield* deferred(error, "Incident")
    const stored = yield* Effect.tapError(Credentials.register(services, session, refused), () =>
      note(services, session, Replacements.returned)
    )
    return yield* prove(services, session, stored)
  })

/** Requests a token with credentials that replaced refused ones. */
const prove = (
  services: SessionServices,
  session: Session,
  stored: StoredSession
): Effect.Effect<AccessToken, SessionError> =>
  request(services, session, stored.credentials, "replaced", stored).pipe(
    Effect.tap(note(services, session, Replacements.proved)),
    Effect.catchTag("InvalidClient", (error) =>
      Effect.zipRight(note(services, session, Replacements.failed), deferred(error, "Untested"))
    )
  )

/**
 * Asks once more after a pause: another node may have replaced the credentials, or the server may know them again. Only
 * credentials that are refused twice are replaced.
 */
const confirm = (
  services: SessionServices,
  session: Session,
  refused: ClientCredentials,
  reason: TokenReason
): Effect.Effect<AccessToken, SessionError> =>
  Effect.gen(function* () {
    yield* Effect.sleep(services.options.confirmAfter * (1 + fraction(session.key)))
    const before = session.entry.state.token
    const stored = Option.getOrUndefined(yield* Credentials.consult(services, session))
    const token = adopted(session, before)
    if (token !== undefined) return token
    const current = stored?.credentials ?? refused
    if (!sameCredentials(current, refused)) {
      return yield* Effect.catchTag(
        request(services, session, current, "replaced", stored),
        "InvalidClient",
        (error) => deferred(error, "Untested")
      )
    }
    const accepted = request(services, session, current, reason, stored, true)
    return yield* Effect.catchTag(accepted, "InvalidClient", (error) =>
      replace(services, session, refused, error)
    )
  })

/** What follows a first `invalid_client`: a second question after a pause, unless the refusals are an incident. */
const refusedOnce = (
  services: SessionServices,
  session: Session,
  refused: ClientCredentials,
  reason: TokenReason,
  error: InvalidClient
): Effect.Effect<AccessToken, SessionError> =>
  Effect.flatMap(services.replacing(session, Replacements.refused), (mayHelp) =>
    mayHelp || services.options.reregister === "never"
      ? confirm(services, session, refused, reason)
      : Effect.fail(deferred(error, "Incident"))
  )

/** The credentials to request a token with, and the session as it was read from the store, if it was. */
const credentialsForToken = (
  services: SessionServices,
  session: Session
): Effect.Effect<
  { readonly credentials: ClientCredentials; readonly read: StoredSession | undefined },
  SessionError
> =>
  Effect.flatMap(consult(services, session), (consulted) => {
    const { credentials } = session.entry.state
    return credentials === undefined
      ? Effect.map(Credentials.obtain(services, session, { consulted: true }), (read) => ({
          credentials: read.credentials,
          read
        }))
      : Effect.succeed({ credentials, read: Option.getOrUndefined(consulted) })
  })

const obtain = (services: SessionServices, session: Session): Effect.Effect<AccessToken, SessionError> =>
  Effect.gen(function* () {
    const before = session.entry.state.token
    const { credentials, read } = yield* credentialsForToken(services, session)
    const token = adopted(session, before)
    if (token !== undefined) return token
    const reason = tokenReason(session.entry.state, yield* Clock.currentTimeMillis)
    return yield* Effect.catchTag(
      request(services, session, credentials, reason, read),
      "InvalidClient",
      (error) => refusedOnce(services, session, credentials, reason, error)
    )
  })

/** The flight that obtains a token; `background` when the token in use stays valid meanwhile. */
export const start = (
  services: SessionServices,
  session: Session,
  { background }: { readonly background: boolean }
) =>
  session.entry.refreshing.start(
    services.scope,
    remembering(services, session, obtain(services, session), background)
  )
