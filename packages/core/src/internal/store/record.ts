import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import { AccessToken } from "../../AccessToken.js"
import { CredentialStoreError } from "../../AdobePassError.js"
import { ClientCredentials } from "../../ClientCredentials.js"
import * as Encryption from "../../Encryption.js"
import type { SessionKey } from "../../SessionKey.js"

/** What a record holds, and the record itself, which the next save expects to find. */
export interface Decoded {
  readonly credentials: ClientCredentials
  readonly token: AccessToken | undefined
  readonly encryptedWith: string | undefined
  readonly record: Redacted.Redacted<string>
}

const Stored = Schema.parseJson(
  Schema.Struct({
    version: Schema.Literal(1),
    credentials: ClientCredentials,
    token: Schema.optional(AccessToken)
  })
)
const decodeStored = Schema.decode(Stored)
const encodeStored = Schema.encodeSync(Stored)

const open = (
  encryption: Encryption.Encryption | undefined,
  key: SessionKey,
  record: string
): Effect.Effect<string, Encryption.Unopened> =>
  Encryption.keyOf(record) === undefined
    ? Effect.succeed(record)
    : encryption === undefined
      ? Effect.fail("UnknownKey")
      : encryption.open(key, record)

export const decode = (
  encryption: Encryption.Encryption | undefined,
  operation: CredentialStoreError["operation"],
  key: SessionKey,
  record: string
): Effect.Effect<Decoded, CredentialStoreError> => {
  const failed = (reason: CredentialStoreError["reason"]) => new CredentialStoreError({ operation, reason })
  return open(encryption, key, record).pipe(
    Effect.mapError((why) => failed(why === "UnknownKey" ? "Encrypted" : "Corrupt")),
    Effect.flatMap((text) => Effect.mapError(decodeStored(text), () => failed("Corrupt"))),
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
  const text = encodeStored({ version: 1, credentials, token })
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
