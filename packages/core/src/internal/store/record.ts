import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Metric from "effect/Metric"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import { AccessToken } from "../../AccessToken.js"
import { CredentialStoreError } from "../../AdobePassError.js"
import { ClientCredentials } from "../../ClientCredentials.js"
import * as Encryption from "../../Encryption.js"
import * as Metrics from "../../Metrics.js"
import { SessionKey } from "../../SessionKey.js"

interface Content {
  readonly credentials: ClientCredentials
  readonly token: AccessToken | undefined
}

/** What a record holds, and the record itself, which the next save expects to find. */
export interface Decoded extends Content {
  readonly encryptedWith: string | undefined
  readonly record: Redacted.Redacted<string>
}

const version = 1

const Texts = Schema.Array(Schema.String)

const Stored = Schema.parseJson(
  Schema.Struct({
    version: Schema.Literal(version),
    credentials: Schema.Struct({
      clientId: Schema.String,
      clientSecret: Schema.String,
      issuedAt: Schema.Number,
      redirectUris: Texts,
      grantTypes: Texts,
      scopes: Texts,
      environment: Schema.String,
      statement: Schema.String,
      session: SessionKey
    }),
    token: Schema.optional(
      Schema.Struct({
        value: Schema.String,
        issuedAt: Schema.Number,
        expiresAt: Schema.Number,
        scopes: Texts
      })
    )
  })
)

const encodeStored = Schema.encodeSync(Stored)
const decodeStored = Schema.decodeEither(Stored)

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

/** What the text of a record says, if it belongs to the session. */
const read = (key: SessionKey, text: string): Either.Either<Content, Failure> => {
  const decoded = decodeStored(text)
  if (Either.isLeft(decoded)) return Either.left(Option.isSome(decodeNewer(text)) ? "Newer" : "Corrupt")
  const { credentials, token } = decoded.right
  return credentials.session === key
    ? Either.right({
        credentials: new ClientCredentials(credentials),
        token: token && new AccessToken(token)
      })
    : Either.left("Mismatch")
}

export const decode = (
  encryption: Encryption.Encryption | undefined,
  operation: CredentialStoreError["operation"],
  key: SessionKey,
  record: string
): Effect.Effect<Decoded, CredentialStoreError> =>
  Effect.mapBoth(
    Effect.flatMap(open(encryption, key, record), (text) => read(key, text)),
    {
      onFailure: (reason) => new CredentialStoreError({ operation, reason }),
      onSuccess: (content) => ({
        ...content,
        encryptedWith: Encryption.keyOf(record),
        record: Redacted.make(record)
      })
    }
  )

export const encode = (
  encryption: Encryption.Encryption | undefined,
  key: SessionKey,
  credentials: ClientCredentials,
  token: AccessToken | undefined
): Effect.Effect<Decoded> => {
  const text = encodeStored({
    version,
    credentials: { ...credentials, ...ClientCredentials.textsOf(credentials) },
    token: token && { ...token, value: AccessToken.textOf(token) }
  })
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
