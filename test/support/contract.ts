import { describe, it } from "@effect/vitest"
import type { Effect } from "effect"
import { type Backend, laws } from "effect-adobe-pass/testing/CredentialStoreContract"

/** Checks every law of a credential store on a backend, with `surroundings` around each check. */
export const contract = <E>(
  name: string,
  backend: Backend<E>,
  surroundings: <A, F, R>(check: Effect.Effect<A, F, R>) => Effect.Effect<A, F, R> = (check) => check
): void => {
  describe(`${name}, as a credential store`, () => {
    for (const { check, name: law, skipped } of laws(backend)) {
      if (skipped === undefined) it.scopedLive(law, () => surroundings(check))
      else it.skip(`${law} (${skipped})`)
    }
  })
}
