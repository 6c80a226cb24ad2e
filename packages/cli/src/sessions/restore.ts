/** Sessions of an export of ours, put into the store. */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import type { CredentialStoreError } from "effect-adobe-pass/AdobePassError"
import { sameCredentials } from "effect-adobe-pass/ClientCredentials"
import { CredentialStore, type StoredSession } from "effect-adobe-pass/CredentialStore"
import type { SessionKey } from "effect-adobe-pass/SessionKey"
import type { ImportOutcome } from "effect-adobe-pass/StoredSessions"

/** Saves the token of an export that is still valid, unless the store has a later one. */
const restoreToken = (session: SessionKey, { credentials, token }: StoredSession, current: StoredSession) =>
  Effect.gen(function* () {
    const now = yield* Clock.currentTimeMillis
    if (token === undefined || token.expiresAt <= now) return
    if (current.token !== undefined && current.token.expiresAt >= token.expiresAt) return
    const store = yield* CredentialStore
    yield* store.saveToken(session, credentials, token, current)
  })

/** Stores a session with its token; other credentials of the device are only replaced where that is asked for. */
export const restore = (
  session: SessionKey,
  exported: StoredSession,
  replace: boolean
): Effect.Effect<ImportOutcome, CredentialStoreError, CredentialStore> =>
  Effect.gen(function* () {
    const store = yield* CredentialStore
    const { credentials } = exported
    const read = yield* store.load(session)
    const before = Option.getOrUndefined(read)
    if (before !== undefined && sameCredentials(before.credentials, credentials)) {
      yield* restoreToken(session, exported, before)
      return "Present"
    }
    if (before !== undefined && !replace) return "Kept"
    const saved = yield* store.saveCredentials(session, credentials, { replaces: before?.credentials, read })
    if (!sameCredentials(saved.credentials, credentials)) return "Kept"
    yield* restoreToken(session, exported, saved)
    return before === undefined ? "Imported" : "Replaced"
  })
