import { describe, it } from "@effect/vitest"
import { type Backend, laws } from "effect-adobe-pass/testing/CredentialStoreContract"

/** Checks every law of a credential store on a backend. */
export const contract = <E>(name: string, backend: Backend<E>): void => {
  describe(`${name}, as a credential store`, () => {
    for (const { check, name: law, skipped } of laws(backend)) {
      if (skipped === undefined) it.scopedLive(law, () => check)
      else it.skip(`${law} (${skipped})`)
    }
  })
}
