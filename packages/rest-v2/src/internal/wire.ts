/** How values are written on the wire, and how leniently they are read. */
import * as Either from "effect/Either"
import * as Encoding from "effect/Encoding"
import * as ParseResult from "effect/ParseResult"
import * as Schema from "effect/Schema"

/** The values that are documented, and any other text: new ones may appear. */
export const openLiteral = <const Known extends ReadonlyArray<string>>(
  ...known: Known
): Schema.Schema<Known[number] | (string & {}), string> =>
  Schema.String.annotations({ jsonSchema: { type: "string", examples: known } })

/** An optional member. `lenient` reads answers in which it is `null`, or not what was documented. */
export const optional = <A, I>(schema: Schema.Schema<A, I>) => Schema.optionalWith(schema, { exact: true })

/** A number that is whole in practice. */
export const Integer = Schema.Finite.annotations({
  identifier: "Integer",
  title: "Integer",
  jsonSchema: { type: "integer" }
})

/** A member under an older name. */
export const deprecated = <A, I>(schema: Schema.Schema<A, I>, jsonSchema: object) =>
  optional(schema.annotations({ jsonSchema: { ...jsonSchema, deprecated: true } }))

/** An enhanced error in any of its shapes, which the client reads by itself. */
export const AnyEnhancedError = Schema.Unknown.annotations({
  jsonSchema: { $ref: "#/components/schemas/EnhancedError" }
})

/** Milliseconds since the epoch, as a number. */
export const Timestamp = Schema.Finite.annotations({
  identifier: "Timestamp",
  jsonSchema: { type: "integer", format: "int64", description: "Milliseconds since the epoch" }
})

/** Milliseconds since the epoch, as digits. */
export const TimestampText = Schema.NumberFromString.pipe(Schema.finite()).annotations({
  identifier: "TimestampText",
  jsonSchema: { type: "string", pattern: "^[0-9]+$", description: "Milliseconds since the epoch, as digits" }
})

/**
 * A segment of a path, which the router of a server has decoded already. Blank and dot segments change the path, and half
 * a surrogate pair cannot be encoded.
 */
export const Segment = Schema.transform(
  Schema.String,
  Schema.String.pipe(
    Schema.pattern(/^(?!\.{1,2}$)(?=.*\S)[^\p{Cc}\p{Cs}]+$/u, { jsonSchema: { minLength: 1 } })
  ),
  { strict: true, decode: (segment) => segment, encode: encodeURIComponent }
)

/** A JSON object in base64, on one line. */
export const base64Json = <A, I>(schema: Schema.Schema<A, I>): Schema.Schema<A, string> =>
  Schema.compose(
    Schema.transformOrFail(Schema.String, Schema.String, {
      strict: true,
      decode: (text, _, ast) =>
        Either.mapLeft(
          Encoding.decodeBase64String(text),
          () => new ParseResult.Type(ast, undefined, "is not base64")
        ),
      encode: (json) => ParseResult.succeed(Encoding.encodeBase64(json))
    }),
    Schema.parseJson(schema)
  )
