/**
 * The software statement: the signed JWT that stands for a registered application.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Option from "effect/Option"
import * as Predicate from "effect/Predicate"
import * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import { InvalidInput } from "./AdobePassError.js"
import { parseJson } from "./internal/json.js"
import { LenientNumber } from "./internal/lenient.js"
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
  iat: LenientNumber,
  nbf: LenientNumber
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

const howToGetIt = "use the content of the file downloaded from the TVE Dashboard"

/** What is in a text that is certainly the statement in another form: a shell's assignment, a JSON value, quotes. */
const unwrapped = (text: string): Either.Either<string, InvalidInput> => {
  const assigned = /^(?:export\s+)?\w*software_?statement\s*[=:]\s*([^=:]+)$/i.exec(text)?.[1] ?? text
  const json = Option.getOrUndefined(parseJson(assigned.replace(/[\r\n]+\s*/g, "")))
  if (Predicate.isRecord(json)) {
    const member = json["software_statement"] ?? json["softwareStatement"]
    return typeof member === "string"
      ? Either.right(member)
      : Either.left(invalid("is JSON without a member software_statement"))
  }
  return Either.right(typeof json === "string" ? json : assigned.replace(/^(['"`])(.*)\1$/s, "$2"))
}

/** What a text that is no JWT is, where that can be told. */
const knownMistake = (text: string): string | undefined => {
  if (text.startsWith("<")) {
    return "is an HTML page: the download failed, which it may do for two minutes after the application was created"
  }
  return /^(?:\.{0,2}\/|[a-z]:\\|[\w-]+\.(?:txt|jwt|json)$)/i.test(text)
    ? "is the name of a file: set ADOBE_PASS_SOFTWARE_STATEMENT_FILE to it, or use its content"
    : undefined
}

/**
 * Reads a software statement, offline.
 *
 * White space anywhere is dropped, so a file with a trailing newline or a statement folded over lines is accepted. So is
 * one in quotes, in JSON under `software_statement`, after `software_statement=`, or from a file in UTF-16. Anything that
 * is not a signed compact JWT fails with `InvalidInput`, which never repeats the statement.
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
    const given = Redacted.isRedacted(input) ? Redacted.value(input) : input
    // UTF-16 that was read as UTF-8 is ASCII with zero bytes, after a mark that could not be decoded.
    const readable = given.includes("\u0000") ? given.replace(/[\u0000\ufffd]/g, "") : given
    if (readable.length > 32_768) return yield* invalid("is longer than 16 KB, which no statement is")
    const text = (yield* unwrapped(readable.trim())).replace(/\s+/g, "")
    if (text === "") return yield* invalid(`is empty: ${howToGetIt}`)
    if (text.length > 16_384) return yield* invalid("is longer than 16 KB, which no statement is")
    const parts = text.split(".")
    const [header, payload, signature] = parts
    if (parts.length !== 3 || header === undefined || payload === undefined || signature === undefined) {
      return yield* invalid(
        knownMistake(text) ?? `is not a JWT (three parts separated by dots): ${howToGetIt}`
      )
    }
    if (!segment.test(header) || !segment.test(payload) || !segment.test(signature)) {
      return yield* invalid(
        knownMistake(text) ?? "is not a signed JWT: a part is empty or holds characters outside base64url"
      )
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
