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

/**
 * An optional member. `null`, and a value that is not what was documented, count as absent: a client does not fail for
 * what it can do without.
 */
export const optional = <A, I>(schema: Schema.Schema<A, I>) =>
  Schema.optional(Schema.UndefinedOr(schema).annotations({ decodingFallback: () => Either.right(undefined) }))

/** Text, or a number or boolean where text is documented. */
export const Text = Schema.transform(
  Schema.Union(Schema.String, Schema.Number, Schema.Boolean).annotations({ jsonSchema: { type: "string" } }),
  Schema.String,
  { strict: true, decode: String, encode: (text) => text }
)

const Millis = Schema.Union(Schema.Finite, Schema.NumberFromString.pipe(Schema.finite()))

/** Milliseconds since the epoch, as a number; read from digits, too. */
export const Timestamp = Millis.annotations({ jsonSchema: { type: "integer", format: "int64" } })

/** Milliseconds since the epoch, as digits; read from a number, too. */
export const TimestampText = Schema.transform(
  Schema.Union(Schema.String, Schema.Number).annotations({
    jsonSchema: { type: "string", pattern: "^[0-9]+$" }
  }),
  Schema.Finite,
  { strict: true, decode: Number, encode: String }
)

/** `true`, or the text `"true"`. */
export const Flag = Schema.Union(
  Schema.Boolean,
  Schema.compose(Schema.Lowercase, Schema.BooleanFromString, { strict: false })
).annotations({ jsonSchema: { type: "boolean" } })

/** A segment of a path, which the router of a server has decoded already. Empty and dot segments change the path. */
export const Segment = Schema.transform(
  Schema.String,
  Schema.String.pipe(
    Schema.pattern(/^(?!\.{1,2}$)[^\u0000-\u001f\u007f]+$/, {
      jsonSchema: { minLength: 1 },
      message: () => "must be text without control characters, and not empty"
    })
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
