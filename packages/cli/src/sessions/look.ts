/** One stored session without its secrets. */
import * as Effect from "effect/Effect"
import type * as Option from "effect/Option"
import type { CredentialStoreError } from "effect-adobe-pass/AdobePassError"
import type { CredentialStore } from "effect-adobe-pass/CredentialStore"
import type { SessionKey } from "effect-adobe-pass/SessionKey"
import * as StoredSessions from "effect-adobe-pass/StoredSessions"

/** What the store holds, readable or not; `None` when it holds nothing. */
export const look = (
  session: SessionKey
): Effect.Effect<
  Option.Option<StoredSessions.Summary | StoredSessions.Unreadable>,
  CredentialStoreError,
  CredentialStore
> =>
  Effect.catchIf(
    StoredSessions.inspect(session),
    ({ retryable }) => !retryable,
    (error) => Effect.succeedSome<StoredSessions.Unreadable>({ _tag: "Unreadable", session, error })
  )
