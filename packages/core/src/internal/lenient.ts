import * as Either from "effect/Either"
import * as Schema from "effect/Schema"

/** A number, also as text, that nothing depends on: anything else counts as absent. @internal */
export const LenientNumber = Schema.optional(
  Schema.UndefinedOr(Schema.Union(Schema.Finite, Schema.NumberFromString.pipe(Schema.finite()))).annotations({
    decodingFallback: () => Either.right(undefined)
  })
)

/** A list of text that nothing depends on: anything else counts as empty. @internal */
export const LenientTexts = Schema.optionalWith(
  Schema.Array(Schema.String).annotations({ decodingFallback: () => Either.right([]) }),
  { default: () => [] }
)
