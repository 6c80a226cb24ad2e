/**
 * Client credentials: the client identifier and secret of one device. They never expire.
 *
 * @since 0.1.0
 */
import * as Equal from "effect/Equal"
import * as Equivalence from "effect/Equivalence"
import * as Hash from "effect/Hash"
import * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import { LenientNumber, LenientTexts } from "./internal/lenient.js"
import { type Secret, sameTexts, textOf } from "./internal/texts.js"
import type { SessionKey } from "./SessionKey.js"

/** What client credentials consist of besides the identifier and the secret. */
interface Registration {
  readonly issuedAt: number
  readonly redirectUris: ReadonlyArray<string>
  readonly grantTypes: ReadonlyArray<string>
  readonly scopes: ReadonlyArray<string>
  readonly environment: string
  readonly statement: string
  readonly session: SessionKey
}

/**
 * Client credentials, with the environment, statement and session that they belong to. Losing them signs the users of
 * the device out.
 *
 * `issuedAt` is in milliseconds since the epoch, whatever unit Adobe used.
 *
 * @since 0.1.0
 * @category models
 */
export class ClientCredentials implements Registration, Equal.Equal {
  readonly issuedAt: number
  readonly redirectUris: ReadonlyArray<string>
  readonly grantTypes: ReadonlyArray<string>
  readonly scopes: ReadonlyArray<string>
  readonly environment: string
  readonly statement: string
  readonly session: SessionKey
  /** As in `AccessToken`. */
  readonly #clientId: string
  readonly #clientSecret: string

  constructor(properties: Registration & { readonly clientId: Secret; readonly clientSecret: Secret }) {
    this.#clientId = textOf(properties.clientId)
    this.#clientSecret = textOf(properties.clientSecret)
    this.issuedAt = properties.issuedAt
    this.redirectUris = properties.redirectUris
    this.grantTypes = properties.grantTypes
    this.scopes = properties.scopes
    this.environment = properties.environment
    this.statement = properties.statement
    this.session = properties.session
  }

  get clientId(): Redacted.Redacted<string> {
    return Redacted.make(this.#clientId)
  }
  get clientSecret(): Redacted.Redacted<string> {
    return Redacted.make(this.#clientSecret)
  }

  /** @internal */
  static textsOf(credentials: ClientCredentials): {
    readonly clientId: string
    readonly clientSecret: string
  } {
    return { clientId: credentials.#clientId, clientSecret: credentials.#clientSecret }
  }

  /** Equal by value, the lists included. */
  [Equal.symbol](that: Equal.Equal): boolean {
    return that instanceof ClientCredentials && sameCredentials(this, that) && sameRegistration(this, that)
  }
  [Hash.symbol](): number {
    return Hash.string(this.#clientId)
  }
}

const sameRegistration: Equivalence.Equivalence<Registration> = Equivalence.struct({
  issuedAt: Equivalence.number,
  redirectUris: sameTexts,
  grantTypes: sameTexts,
  scopes: sameTexts,
  environment: Equivalence.string,
  statement: Equivalence.string,
  session: Equivalence.string
})

/**
 * A time in seconds or in milliseconds, as milliseconds: Adobe has sent `client_id_issued_at` in both units. Values
 * from 1e11 on are milliseconds (as seconds they would lie beyond the year 5000).
 *
 * @since 0.1.0
 * @category conversions
 */
export const toMillis = (value: number): number => (value >= 1e11 ? value : value * 1000)

/**
 * Visible ASCII characters and inner spaces (RFC 6749, appendix A.1 and A.2): what identifier and secret consist of,
 * wherever they come from.
 *
 * @internal
 */
export const CredentialText = Schema.String.pipe(
  Schema.pattern(/^[\u0021-\u007e](?:[\u0020-\u007e]*[\u0021-\u007e])?$/),
  Schema.maxLength(4096)
)

/** A number is read as text, unless JSON has rounded it. */
const Issued = Schema.Union(
  CredentialText,
  Schema.transform(Schema.Int.pipe(Schema.filter(Number.isSafeInteger)), CredentialText, {
    strict: true,
    decode: String,
    encode: Number
  })
)

/**
 * The answer of `POST /o/client/register`. Only the identifier and the secret are required: older answers lack `scopes`,
 * and credentials that were issued must not be lost because of a field that nothing depends on. Both may be numbers.
 *
 * @see https://www.rfc-editor.org/rfc/rfc7591#section-3.2.1
 * @since 0.1.0
 * @category schemas
 */
export const RegistrationResponse = Schema.Struct({
  client_id: Issued,
  client_secret: Issued,
  client_id_issued_at: LenientNumber,
  redirect_uris: LenientTexts,
  grant_types: LenientTexts,
  scopes: LenientTexts
})

/**
 * Whether identifier and secret are the same.
 *
 * @since 0.1.0
 * @category guards
 */
export const sameCredentials = (left: ClientCredentials, right: ClientCredentials): boolean => {
  if (left === right) return true
  const [one, other] = [ClientCredentials.textsOf(left), ClientCredentials.textsOf(right)]
  return one.clientId === other.clientId && one.clientSecret === other.clientSecret
}
