/** Credentials that another system has obtained, as JSON on each line. */
import * as Effect from "effect/Effect"
import * as ParseResult from "effect/ParseResult"
import * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import type { CredentialStoreError, InvalidInput } from "effect-adobe-pass/AdobePassError"
import { toMillis } from "effect-adobe-pass/ClientCredentials"
import type { CredentialStore } from "effect-adobe-pass/CredentialStore"
import type { RegisteredApplication } from "effect-adobe-pass/RegisteredApplication"
import * as StoredSessions from "effect-adobe-pass/StoredSessions"
import * as Caller from "../Caller.js"
import { type CommandFailed, misconfigured } from "../ExitCode.js"

/** In seconds or milliseconds, as Adobe has sent it, or as ISO 8601 has it; nothing else counts. */
const millis = (value: unknown): number | undefined => {
  const time =
    typeof value === "number" ? toMillis(value) : typeof value === "string" ? Date.parse(value) : Number.NaN
  return Number.isFinite(time) && time > 0 ? time : undefined
}

const isTexts = Schema.is(Schema.Array(Schema.String))

/** A list, or a text with spaces or commas. */
const scopes = (value: unknown): ReadonlyArray<string> | undefined =>
  isTexts(value)
    ? value
    : typeof value === "string"
      ? value.split(/[\s,]+/).filter((scope) => scope !== "")
      : undefined

/** Others have stored identifiers as numbers. */
const Text = Schema.Union(Schema.String, Schema.Int)

const Row = Schema.parseJson(
  Schema.Struct({
    device: Schema.NonEmptyString,
    client_id: Text,
    client_secret: Text,
    issued_at: Schema.optional(Schema.Unknown),
    scopes: Schema.optional(Schema.Unknown)
  })
)

const decode = Schema.decode(Row)

/** What is wrong with a row, without its values. */
const problem = (error: ParseResult.ParseError): CommandFailed => {
  const name = ParseResult.ArrayFormatter.formatErrorSync(error)[0]?.path[0]
  return misconfigured(
    name === undefined
      ? "it is not a JSON object with device, client_id and client_secret."
      : `${String(name)} is missing, or is not text.`
  )
}

/** Stores the credentials of a row for the device that it names. */
export const importRow = (
  application: RegisteredApplication,
  text: string,
  replace: boolean
): Effect.Effect<
  StoredSessions.ImportOutcome,
  CommandFailed | CredentialStoreError | InvalidInput,
  CredentialStore
> =>
  Effect.gen(function* () {
    const row = yield* Effect.mapError(decode(text), problem)
    return yield* StoredSessions.importCredentials(application, {
      device: yield* Caller.identity(row.device),
      clientId: Redacted.make(`${row.client_id}`),
      clientSecret: Redacted.make(`${row.client_secret}`),
      issuedAt: millis(row.issued_at),
      scopes: scopes(row.scopes),
      replace
    })
  })
