import * as Data from "effect/Data"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import type { YieldWrap } from "effect/Utils"
import type { CredentialStoreError } from "../../AdobePassError.js"

/**
 * A law that does not hold.
 *
 * @since 0.1.0
 * @category errors
 */
export class ContractViolation extends Data.TaggedError("ContractViolation")<{
  readonly message: string
}> {}

/** What a check needs to be yielded: effects that end when the store fails or breaks the law. */
export type Check<A = void> = Effect.Effect<A, ContractViolation | CredentialStoreError, Scope.Scope>

/** A promise about a subject: one store, or two processes on one storage. */
export interface LawOf<Subject> {
  readonly name: string
  readonly check: (subject: Subject) => Check
}

export const law = <Subject>(
  name: string,
  check: (subject: Subject) => Generator<YieldWrap<Check<unknown>>, void, never>
): LawOf<Subject> => ({ name, check: (subject) => Effect.gen(() => check(subject)) })

export const ensure = (holds: boolean, message: string): Effect.Effect<void, ContractViolation> =>
  holds ? Effect.void : Effect.fail(new ContractViolation({ message }))

export const same = (
  actual: unknown,
  expected: unknown,
  what: string
): Effect.Effect<void, ContractViolation> => {
  const [found, wanted] = [JSON.stringify(actual), JSON.stringify(expected)]
  return ensure(found === wanted, `${what}: expected ${wanted}, got ${found}`)
}
