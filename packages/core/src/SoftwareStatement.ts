/**
 * The software statement: the signed JWT that stands for a registered application.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import { InvalidInput } from "./AdobePassError.js"
import { sha256Hex } from "./internal/sha256.js"

/**
 * What a statement says about itself. Real statements carry `sub` (the application), `iss`, `iat` and `nbf` (both in
 * seconds) and never expire; everything is optional here because nothing depends on it but the fingerprint.
 *
 * @since 0.1.0
 * @category schemas
 */
export const Claims = Schema.Struct({
  sub: Schema.optional(Schema.String),
  software_id: Schema.optional(Schema.String),
  client_name: Schema.optional(Schema.String),
  iss: Schema.optional(Schema.String),
  iat: Schema.optional(Schema.Number),
  nbf: Schema.optional(Schema.Number)
})

/**
 * A statement that is well formed. Whether Adobe signed and approved it, only Adobe can tell.
 *
 * `fingerprint` names the application behind the statement: two downloads for one application have the same
 * fingerprint, so a fresh download keeps the stored credentials.
 *
 * @since 0.1.0
 * @category models
 */
export interface SoftwareStatement {
  readonly value: Redacted.Redacted<string>
  readonly claims: typeof Claims.Type
  readonly fingerprint: string
}

const segment = /^[\w-]+$/

/** Decodes a part of a JWT. */
const decoder = <A, I>(schema: Schema.Schema<A, I>) =>
  Schema.decode(Schema.compose(Schema.StringFromBase64Url, Schema.parseJson(schema)))

const decodeHeader = decoder(Schema.Struct({ alg: Schema.String }))
const decodeClaims = decoder(Claims)

const invalid = (problem: string) => new InvalidInput({ field: "softwareStatement", problem })

/**
 * Reads a software statement, offline.
 *
 * White space anywhere is dropped, so a file with a trailing newline or a statement folded over lines is accepted;
 * anything that is not a signed compact JWT fails with `InvalidInput`, which never repeats the statement.
 *
 * @example
 * ```ts
 * import { SoftwareStatement } from "effect-adobe-pass"
 * import { Redacted } from "effect"
 *
 * const statement = SoftwareStatement.make(Redacted.make("eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiIuLi4ifQ.c2ln"))
 * ```
 *
 * @see https://www.rfc-editor.org/rfc/rfc7591#section-2.3
 * @since 0.1.0
 * @category constructors
 */
export const make = (
  input: string | Redacted.Redacted<string>
): Effect.Effect<SoftwareStatement, InvalidInput> =>
  Effect.gen(function* () {
    const text = (Redacted.isRedacted(input) ? Redacted.value(input) : input).replace(/\s+/g, "")
    if (text === "")
      return yield* invalid("is empty: use the content of the file downloaded from the TVE Dashboard")
    if (text.length > 16_384) return yield* invalid("is longer than 16 KB, which no statement is")
    const parts = text.split(".")
    const [header, payload, signature] = parts
    if (parts.length !== 3 || header === undefined || payload === undefined || signature === undefined) {
      return yield* invalid(
        "is not a JWT (three parts separated by dots): use the content of the file downloaded from the TVE Dashboard"
      )
    }
    if (!segment.test(header) || !segment.test(payload) || !segment.test(signature)) {
      return yield* invalid("is not a signed JWT: a part is empty or holds characters outside base64url")
    }
    const { alg } = yield* Effect.mapError(decodeHeader(header), () =>
      invalid("is not a JWT: its header cannot be decoded")
    )
    if (alg.toLowerCase() === "none") return yield* invalid("is not signed (alg none)")
    const claims = yield* Effect.mapError(decodeClaims(payload), () =>
      invalid("is not a JWT: its claims cannot be decoded")
    )
    const application = claims.sub ?? claims.software_id
    const fingerprint = yield* sha256Hex(
      application === undefined ? text : `${claims.iss ?? ""}\n${application}`
    )
    return { value: Redacted.make(text), claims, fingerprint: fingerprint.slice(0, 32) }
  })
