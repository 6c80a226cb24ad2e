/**
 * What an operator does with stored sessions: list, inspect, forget, and import from another system.
 *
 * @since 0.1.0
 */
import * as Chunk from "effect/Chunk"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import * as Stream from "effect/Stream"
import { type CredentialStoreError, InvalidInput } from "./AdobePassError.js"
import { ClientCredentials, CredentialText, sameCredentials } from "./ClientCredentials.js"
import { CredentialStore, type StoredSession } from "./CredentialStore.js"
import type { Device } from "./Device.js"
import { sha256Hex } from "./internal/sha256.js"
import type { RegisteredApplication } from "./RegisteredApplication.js"
import * as SessionKey from "./SessionKey.js"

/**
 * A stored session without its secrets. Times are in milliseconds since the epoch.
 *
 * @since 0.1.0
 * @category models
 */
export interface Summary {
  readonly _tag: "Session"
  readonly session: SessionKey.SessionKey
  readonly environment: string
  /** The fingerprint of the software statement, see `SoftwareStatement`. */
  readonly statement: string
  /** Twelve hexadecimal digits of a SHA-256 of the client identifier: enough to tell credentials apart. */
  readonly client: string
  readonly issuedAt: number
  readonly scopes: ReadonlyArray<string>
  readonly token: { readonly issuedAt: number; readonly expiresAt: number } | undefined
  /** The id of the key that the record is encrypted with, if it is. */
  readonly encryptedWith: string | undefined
}

/**
 * A record that is there and cannot be read.
 *
 * @since 0.1.0
 * @category models
 */
export interface Unreadable {
  readonly _tag: "Unreadable"
  readonly session: SessionKey.SessionKey
  readonly error: CredentialStoreError
}

const summarize = (
  session: SessionKey.SessionKey,
  { credentials, encryptedWith, token }: StoredSession
): Effect.Effect<Summary> =>
  Effect.map(sha256Hex(Redacted.value(credentials.clientId)), (client) => ({
    _tag: "Session",
    session,
    environment: credentials.environment,
    statement: credentials.statement,
    client: client.slice(0, 12),
    issuedAt: credentials.issuedAt,
    scopes: credentials.scopes,
    token: token === undefined ? undefined : { issuedAt: token.issuedAt, expiresAt: token.expiresAt },
    encryptedWith
  }))

/**
 * One stored session, without its secrets; `None` when there is none.
 *
 * @since 0.1.0
 * @category operations
 */
export const inspect = (
  session: SessionKey.SessionKey
): Effect.Effect<Option.Option<Summary>, CredentialStoreError, CredentialStore> =>
  Effect.flatMap(CredentialStore, (store) =>
    Effect.flatMap(
      store.load(session),
      Option.match({
        onNone: () => Effect.succeedNone,
        onSome: (stored) => Effect.asSome(summarize(session, stored))
      })
    )
  )

const isUnreadable = (error: CredentialStoreError): boolean => !error.retryable

/** Why a record was not among those that could be read; `None` when it was removed meanwhile. */
const lookAgain = (
  session: SessionKey.SessionKey
): Effect.Effect<Option.Option<Summary | Unreadable>, CredentialStoreError, CredentialStore> =>
  Effect.catchIf(inspect(session), isUnreadable, (error) =>
    Effect.succeedSome<Unreadable>({ _tag: "Unreadable", session, error })
  )

const page = 500

/**
 * All stored sessions, in no order, read in pages of 500; records that cannot be read are among them as `Unreadable`.
 * Fails with the reason `Unsupported` when the store cannot list its sessions.
 *
 * @since 0.1.0
 * @category operations
 */
export const list: Stream.Stream<Summary | Unreadable, CredentialStoreError, CredentialStore> = Stream.unwrap(
  Effect.map(CredentialStore, (store) =>
    Stream.mapConcatEffect(Stream.grouped(store.keys, page), (keys) =>
      Effect.gen(function* () {
        const readable = yield* store.loadMany(Chunk.toReadonlyArray(keys))
        const entries = yield* Effect.forEach(keys, (session) => {
          const stored = readable.get(session)
          return stored === undefined ? lookAgain(session) : Effect.asSome(summarize(session, stored))
        })
        return entries.flatMap(Option.toArray)
      })
    )
  )
)

/**
 * Removes a stored session; succeeds when there is none. The users of the device must sign in again. Processes that
 * hold the session in memory go on with it and put it back with their next token: see `Sessions.forget` for those.
 *
 * @since 0.1.0
 * @category operations
 */
export const forget = (
  session: SessionKey.SessionKey
): Effect.Effect<void, CredentialStoreError, CredentialStore> =>
  Effect.flatMap(CredentialStore, (store) => store.remove(session))

/**
 * Client credentials that another system obtained with the same software statement, for one device.
 *
 * @since 0.1.0
 * @category models
 */
export interface Imported {
  readonly device: Device
  readonly clientId: Redacted.Redacted<string>
  readonly clientSecret: Redacted.Redacted<string>
  /** When Adobe Pass issued it, in milliseconds since the epoch. @default 0, unknown */
  readonly issuedAt?: number | undefined
  /** The scopes of the registration. @default none, unknown */
  readonly scopes?: ReadonlyArray<string> | undefined
  /** Whether they replace other credentials that are stored already; the logins of those are lost. @default false */
  readonly replace?: boolean | undefined
}

/**
 * What became of imported credentials. `Present`: they were stored before. `Kept`: the store holds others of this device,
 * which were kept. `Replaced`: the others were replaced.
 *
 * @since 0.1.0
 * @category models
 */
export type ImportOutcome = "Imported" | "Present" | "Kept" | "Replaced"

const isCredentialText = Schema.is(CredentialText)

const checked = (field: "clientId" | "clientSecret", value: Redacted.Redacted<string>) =>
  isCredentialText(Redacted.value(value))
    ? Effect.succeed(value)
    : Effect.fail(
        new InvalidInput({
          field,
          problem: "must be 1 to 4096 visible ASCII characters without spaces around them"
        })
      )

/**
 * Stores credentials that exist already, so that moving to this library signs nobody out. Nothing is sent to Adobe Pass.
 *
 * Run it before the device makes its first call here: afterwards the device has credentials of its own, which are
 * `Kept`. An import that broke off can be run again.
 *
 * @example
 * ```ts
 * import { Effect, Redacted, Stream } from "effect"
 * import { Device, type RegisteredApplication, StoredSessions } from "effect-adobe-pass"
 *
 * interface Row {
 *   readonly device: string
 *   readonly id: string
 *   readonly secret: string
 * }
 *
 * const importAll = (application: RegisteredApplication.RegisteredApplication, rows: Stream.Stream<Row>) =>
 *   Stream.runDrain(
 *     Stream.mapEffect(
 *       rows,
 *       (row) =>
 *         Effect.gen(function* () {
 *           const device = yield* Device.make({
 *             id: row.device,
 *             ip: "203.0.113.7",
 *             info: { model: "AFTM", version: "1", osName: "Android", osVersion: "9", connectionType: "WiFi" }
 *           })
 *           return yield* StoredSessions.importCredentials(application, {
 *             device,
 *             clientId: Redacted.make(row.id),
 *             clientSecret: Redacted.make(row.secret)
 *           })
 *         }),
 *       { concurrency: 16 }
 *     )
 *   )
 * ```
 *
 * @since 0.1.0
 * @category operations
 */
export const importCredentials = (
  application: RegisteredApplication,
  imported: Imported
): Effect.Effect<ImportOutcome, CredentialStoreError | InvalidInput, CredentialStore> =>
  Effect.gen(function* () {
    const store = yield* CredentialStore
    const session = yield* SessionKey.make(application, imported.device)
    const credentials = new ClientCredentials({
      clientId: yield* checked("clientId", imported.clientId),
      clientSecret: yield* checked("clientSecret", imported.clientSecret),
      issuedAt: imported.issuedAt ?? 0,
      redirectUris: [],
      grantTypes: ["client_credentials"],
      scopes: imported.scopes ?? [],
      environment: application.environment.name,
      statement: application.softwareStatement.fingerprint,
      session
    })
    const read = yield* store.load(session)
    const before = Option.getOrUndefined(read)
    if (before !== undefined && sameCredentials(before.credentials, credentials)) return "Present"
    if (before !== undefined && imported.replace !== true) return "Kept"
    const winner = yield* store.saveCredentials(session, credentials, { replaces: before?.credentials, read })
    if (!sameCredentials(winner.credentials, credentials)) return "Kept"
    return before === undefined ? "Imported" : "Replaced"
  })
