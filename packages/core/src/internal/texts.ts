/** The texts that credentials and tokens hold. */
import * as Arr from "effect/Array"
import * as Equivalence from "effect/Equivalence"
import * as Redacted from "effect/Redacted"

export type Secret = Redacted.Redacted<string> | string

export const textOf = (secret: Secret): string =>
  Redacted.isRedacted(secret) ? Redacted.value(secret) : secret

export const sameTexts = Arr.getEquivalence(Equivalence.string)
