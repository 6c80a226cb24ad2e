/**
 * The file of an export: a line for its head, a line for each session, and a line with their number. Each record is what
 * a store with the keys of the export would hold, so it belongs to its session, and nothing in the file is in clear but
 * keys of sessions and the id of the key.
 */
import * as Effect from "effect/Effect"
import type * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import { CredentialStoreError, type InvalidInput } from "effect-adobe-pass/AdobePassError"
import * as CredentialStore from "effect-adobe-pass/CredentialStore"
import * as Encryption from "effect-adobe-pass/Encryption"
import * as SessionKey from "effect-adobe-pass/SessionKey"
import * as StoreBackend from "effect-adobe-pass/StoreBackend"

const format = "adobe-pass-sessions"
const version = 1

/** The first line. `check` is sealed with the key of the export: who cannot open it has another key. */
export const Head = Schema.parseJson(
  Schema.Struct({ format: Schema.Literal(format), version: Schema.Int, check: Schema.String })
)

/** A session. */
export const Entry = Schema.parseJson(
  Schema.Struct({ session: SessionKey.SessionKey, record: Schema.String })
)

/** The last line, by which an import knows that the file is whole. */
export const End = Schema.parseJson(Schema.Struct({ sessions: Schema.Int }))

/** A key that no device has. */
const noSession = SessionKey.SessionKey.make("0".repeat(64))

export const head = (encryption: Encryption.Encryption): Effect.Effect<string> =>
  Effect.map(encryption.seal(noSession, format), (check) => JSON.stringify({ format, version, check }))

export const end = (sessions: number): string => JSON.stringify({ sessions })

/** Why the keys do not open an export. */
export const refusal = (
  encryption: Encryption.Encryption,
  { check, version: written }: { readonly check: string; readonly version: number }
): Effect.Effect<string | undefined> => {
  if (written > version)
    return Effect.succeed("was written by a newer version of adobe-pass: update this one")
  return Effect.match(encryption.open(noSession, check), {
    onFailure: (why) =>
      why === "UnknownKey"
        ? "is encrypted with a key that is not among these keys"
        : "is encrypted with another key of the same id, or is damaged",
    onSuccess: () => undefined
  })
}

/** A store for one session, sealed with the keys of the export; with a record it holds that one. */
const storeOf = (encryption: Encryption.Encryption, record?: string) =>
  Effect.flatMap(StoreBackend.memory, (backend) =>
    CredentialStore.make(
      record === undefined ? backend : { ...backend, read: () => Effect.succeedSome(record) },
      { encryption }
    )
  )

const found = (stored: Option.Option<CredentialStore.StoredSession>) => Effect.mapError(stored, damaged)

const damaged = () => new CredentialStoreError({ operation: "load", reason: "Corrupt" })

/** The line of a session. */
export const entry = (
  encryption: Encryption.Encryption,
  session: SessionKey.SessionKey,
  { credentials, token }: CredentialStore.StoredSession
): Effect.Effect<string, CredentialStoreError | InvalidInput> =>
  Effect.gen(function* () {
    const store = yield* storeOf(encryption)
    yield* store.saveCredentials(session, credentials)
    if (token !== undefined) yield* store.saveToken(session, credentials, token)
    const { record } = yield* Effect.flatMap(store.load(session), found)
    return JSON.stringify({ session, record: Redacted.value(record) })
  })

/** The session of a line. Only sealed records are opened: nobody without the key can have written them. */
export const open = (
  encryption: Encryption.Encryption,
  { record, session }: typeof Entry.Type
): Effect.Effect<CredentialStore.StoredSession, CredentialStoreError | InvalidInput> =>
  Effect.gen(function* () {
    if (Encryption.keyOf(record) === undefined) return yield* damaged()
    const store = yield* storeOf(encryption, record)
    return yield* Effect.flatMap(store.load(session), found)
  })
