/** A store that is read, and not written to. */
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import type { CredentialStore } from "effect-adobe-pass/CredentialStore"

/** The same store to everybody who reads; saves succeed and do nothing. */
export const dryRun = (store: CredentialStore): CredentialStore => ({
  ...store,
  saveCredentials: (_, credentials) =>
    Effect.succeed({
      credentials,
      token: undefined,
      encryptedWith: undefined,
      record: Redacted.make("")
    }),
  saveToken: () => Effect.void,
  remove: () => Effect.void
})
