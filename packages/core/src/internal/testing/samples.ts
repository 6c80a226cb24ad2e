import * as Effect from "effect/Effect"
import * as Encoding from "effect/Encoding"
import * as Redacted from "effect/Redacted"
import { AccessToken } from "../../AccessToken.js"
import { ClientCredentials } from "../../ClientCredentials.js"
import * as Encryption from "../../Encryption.js"
import { SessionKey } from "../../SessionKey.js"

/**
 * A session for tests, by a hexadecimal digit.
 *
 * @since 0.1.0
 * @category samples
 */
export const sampleKey = (digit: string): SessionKey => SessionKey.make(digit.repeat(64))

/**
 * The credentials number `n` of a session.
 *
 * @since 0.1.0
 * @category samples
 */
export const sampleCredentials = (session: SessionKey, n: number): ClientCredentials =>
  new ClientCredentials({
    clientId: Redacted.make(`client-${n}`),
    clientSecret: Redacted.make(`secret-${n}`),
    issuedAt: 1_700_000_000_000 + n,
    redirectUris: ["app://callback"],
    grantTypes: ["client_credentials"],
    scopes: ["api:client:v2"],
    environment: "release-staging",
    statement: "0123456789abcdef",
    session
  })

/**
 * A token with this value.
 *
 * @since 0.1.0
 * @category samples
 */
export const sampleToken = (value: string): AccessToken =>
  new AccessToken({
    value: Redacted.make(value),
    issuedAt: 1_700_000_000_000,
    expiresAt: 1_700_021_600_000,
    scopes: ["api:client:v2"]
  })

export const keyId = "contract"

export const encryption: Effect.Effect<Encryption.Encryption> = Effect.orDie(
  Encryption.make([{ id: keyId, secret: Redacted.make(Encoding.encodeBase64(new Uint8Array(32).fill(7))) }])
)
