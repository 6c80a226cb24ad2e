import * as Effect from "effect/Effect"
import * as Metric from "effect/Metric"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import { AccessToken } from "../../AccessToken.js"
import { CredentialStoreError } from "../../AdobePassError.js"
import { ClientCredentials } from "../../ClientCredentials.js"
import * as Encryption from "../../Encryption.js"
import * as Metrics from "../../Metrics.js"
import type { SessionKey } from "../../SessionKey.js"

/** What a record holds, and the record itself, which the next save expects to find. */
export interface Decoded {
  readonly credentials: ClientCredentials
  readonly token: AccessToken | undefined
  readonly encryptedWith: string | undefined
  readonly record: Redacted.Redacted<string>
}

const version = 1

const Stored = Schema.parseJson(
  Schema.Struct({
    version: Schema.Literal(version),
    credentials: ClientCredentials,
    token: Schema.optional(AccessToken)
  })
)
const decodeStored = Schema.decode(Stored)
const encodeStored = Schema.encodeSync(Stored)

const decodeNewer = Schema.decodeOption(
  Schema.parseJson(Schema.Struct({ version: Schema.Int.pipe(Schema.greaterThan(version)) }))
)

type Failure = CredentialStoreError["reason"]

const inClear = (
  encryption: Encryption.Encryption | undefined,
  record: string
): Effect.Effect<string, Failure> => {
  if (encryption === undefined) return Effect.succeed(record)
  return encryption.plaintext === "refuse"
    ? Effect.fail("Plaintext")
    : Effect.as(Metric.increment(Metrics.plaintextRecords), record)
}

const open = (
  encryption: Encryption.Encryption | undefined,
  key: SessionKey,
  record: string
): Effect.Effect<string, Failure> => {
  if (Encryption.keyOf(record) === undefined) return inClear(encryption, record)
  return encryption === undefined
    ? Effect.fail("Encrypted")
    : Effect.mapError(encryption.open(key, record), (why) => (why === "UnknownKey" ? "Encrypted" : "Corrupt"))
}

export const decode = (
  encryption: Encryption.Encryption | undefined,
  operation: CredentialStoreError["operation"],
  key: SessionKey,
  record: string
): Effect.Effect<Decoded, CredentialStoreError> => {
  const failed = (reason: Failure) => new CredentialStoreError({ operation, reason })
  return open(encryption, key, record).pipe(
    Effect.flatMap((text) =>
      Effect.mapError(
        decodeStored(text),
        (): Failure => (Option.isSome(decodeNewer(text)) ? "Newer" : "Corrupt")
      )
    ),
    Effect.mapError(failed),
    Effect.filterOrFail(
      ({ credentials }) => credentials.session === key,
      () => failed("Mismatch")
    ),
    Effect.map(({ credentials, token }) => ({
      credentials,
      token,
      encryptedWith: Encryption.keyOf(record),
      record: Redacted.make(record)
    }))
  )
}

export const encode = (
  encryption: Encryption.Encryption | undefined,
  key: SessionKey,
  credentials: ClientCredentials,
  token: AccessToken | undefined
): Effect.Effect<Decoded> => {
  const text = encodeStored({ version, credentials, token })
  return Effect.map(
    encryption === undefined ? Effect.succeed(text) : encryption.seal(key, text),
    (record) => ({
      credentials,
      token,
      encryptedWith: Encryption.keyOf(record),
      record: Redacted.make(record)
    })
  )
}
