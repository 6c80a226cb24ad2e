import * as Either from "effect/Either"
import * as Schema from "effect/Schema"

/** An optional number, also as text; anything else decodes as absent. */
export const LenientNumber = Schema.optional(
  Schema.UndefinedOr(Schema.Union(Schema.Finite, Schema.NumberFromString.pipe(Schema.finite()))).annotations({
    decodingFallback: () => Either.right(undefined)
  })
)

/** A list of text; anything else decodes as an empty list. */
export const LenientTexts = Schema.optionalWith(
  Schema.Array(Schema.String).annotations({ decodingFallback: () => Either.right([]) }),
  { default: () => [] }
)
