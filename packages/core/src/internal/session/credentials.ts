/** How the session of a device obtains client credentials: from the store, or by registering once. */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Option from "effect/Option"
import * as Schedule from "effect/Schedule"
import type { CredentialStoreError, SessionError } from "../../AdobePassError.js"
import { type ClientCredentials, sameCredentials } from "../../ClientCredentials.js"
import type { SaveOptions, StoredSession } from "../../CredentialStore.js"
import { isLoopback } from "../../Environment.js"
import type { RegisteredApplication } from "../../RegisteredApplication.js"
import { leaseLost, toError } from "../../StoreBackend.js"
import { poll } from "../poll.js"
import { raceLate } from "../raceLate.js"
import { retryLate } from "../retryLate.js"
import { remembering, type Session, type SessionServices } from "./session.js"

const isLeaseLost = (error: SessionError): boolean =>
  error._tag === "CredentialStoreError" && error.code === leaseLost

/** How failed store operations are repeated. */
export const storeRetry = Schedule.exponential(100).pipe(
  Schedule.jittered,
  Schedule.intersect(Schedule.recurs(3)),
  Schedule.whileInput((error: CredentialStoreError) => error.retryable && !isLeaseLost(error))
)

/** Applications of which it was told that stored credentials have another redirect URI. */
const toldOfRedirectUri = new WeakSet<RegisteredApplication>()

/** Credentials of another redirect URI are used: to register again would sign users out. Once it is told. */
const tellOfRedirectUri = (
  { application, apply }: SessionServices,
  session: Session,
  { redirectUris }: ClientCredentials
): Effect.Effect<void> =>
  Effect.suspend(() => {
    const { redirectUri } = application
    // Imported credentials do not say what they were registered with.
    if (redirectUri === undefined || redirectUris.length === 0 || redirectUris.includes(redirectUri))
      return Effect.void
    if (toldOfRedirectUri.has(application)) return Effect.void
    toldOfRedirectUri.add(application)
    return apply(session, { _tag: "RedirectUriDiffers" })
  })

/** Updates the state in memory with what was read from the store. */
const noticed = (
  services: SessionServices,
  session: Session,
  stored: Option.Option<StoredSession>
): Effect.Effect<void> =>
  Option.isNone(stored)
    ? Effect.void
    : Effect.flatMap(Clock.currentTimeMillis, (at) =>
        services.apply(session, { _tag: "Loaded", stored: stored.value, at })
      ).pipe(Effect.zipRight(tellOfRedirectUri(services, session, stored.value.credentials)))

/** Reads the store, and updates the state in memory. */
export const consult = (
  services: SessionServices,
  session: Session
): Effect.Effect<Option.Option<StoredSession>, CredentialStoreError> =>
  Effect.tap(services.store.load(session.key), (stored) => noticed(services, session, stored))

/** Saves credentials, and updates the state in memory with what the store holds afterwards. */
export const save = (
  { apply, store }: SessionServices,
  session: Session,
  credentials: ClientCredentials,
  options: SaveOptions
): Effect.Effect<StoredSession, CredentialStoreError> =>
  Effect.tap(store.saveCredentials(session.key, credentials, options), (stored) =>
    Effect.flatMap(Clock.currentTimeMillis, (at) =>
      apply(session, { _tag: "Saved", credentials: stored.credentials, at })
    )
  )

const isOtherThan = (replaces: ClientCredentials | undefined) => (stored: StoredSession) =>
  replaces === undefined || !sameCredentials(stored.credentials, replaces)

/**
 * Registers a device, unless the store turns out to hold credentials other than those to be replaced: while the lock of
 * the session is not free, it is watched for what its holder saves.
 */
export const register = (
  services: SessionServices,
  session: Session,
  replaces?: ClientCredentials
): Effect.Effect<StoredSession, SessionError> => {
  const isOther = isOtherThan(replaces)
  const consulted = consult(services, session)
  const savedElsewhere = poll(Effect.map(consulted, Option.filter(isOther)))
  const registering = Effect.gen(function* () {
    const expected = replaces === undefined ? Option.none() : yield* consulted
    if (Option.isSome(expected) && isOther(expected.value)) return expected.value
    const turn = yield* raceLate(
      Effect.map(services.store.lock(session.key, Option.getOrUndefined(expected)), Either.right),
      Effect.map(Effect.delay(savedElsewhere, 100), Either.left)
    )
    if (Either.isLeft(turn)) return turn.left
    const { isExpected, lease, stored } = turn.right
    yield* noticed(services, session, stored)
    if (Option.isSome(stored) && isOther(stored.value)) return stored.value
    if (lease.unfinished) yield* services.apply(session, { _tag: "LockTakenOver" })
    if (!isExpected) return yield* toError("lock", { reason: "Locked", code: leaseLost })
    return yield* Effect.uninterruptibleMask((restore) =>
      Effect.flatMap(issue(services, session, restore), (issued) =>
        retryLate(save(services, session, issued, { replaces, read: stored, lease }), storeRetry)
      )
    )
  }).pipe(Effect.scoped)
  // The issued credentials are kept. Under a new lock they are saved, or those of the other holder are adopted.
  return Effect.catchIf(registering, isLeaseLost, () => registering)
}

/** The device was registered, which it is again after each start where the store does not last. */
const noticeIssued = (
  { application, apply, isInMemory, warn }: SessionServices,
  session: Session,
  credentials: ClientCredentials
): Effect.Effect<void> => {
  const noticed = apply(session, { _tag: "Issued", credentials })
  const isLost = isInMemory && !isLoopback(application.environment)
  return isLost ? Effect.zipLeft(noticed, warn("CredentialsInMemory")) : noticed
}

/** The credentials that were issued before and not stored, or new ones. */
const issue = (
  services: SessionServices,
  session: Session,
  restore: <A, E, R>(effect: Effect.Effect<A, E, R>) => Effect.Effect<A, E, R>
): Effect.Effect<ClientCredentials, SessionError> => {
  const { issued } = session.entry.state
  return issued !== undefined
    ? Effect.succeed(issued)
    : Effect.tap(restore(services.registration.register(session.device)), (credentials) =>
        noticeIssued(services, session, credentials)
      )
}

/**
 * The credentials of the store, or new ones, in the flight that all callers share. With `consulted`, the store was just
 * read and has none.
 */
export const obtain = (
  services: SessionServices,
  session: Session,
  { consulted = false }: { readonly consulted?: boolean } = {}
): Effect.Effect<StoredSession, SessionError> => {
  const work =
    consulted || session.entry.state.issued !== undefined
      ? register(services, session)
      : Effect.flatMap(
          consult(services, session),
          Option.match({ onNone: () => register(services, session), onSome: Effect.succeed })
        )
  return session.entry.registering.join(services.scope, remembering(services, session, work))
}
