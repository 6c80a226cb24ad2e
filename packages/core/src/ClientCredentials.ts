/**
 * Client credentials: the client identifier and secret of one device. They never expire.
 *
 * @since 0.1.0
 */
import * as Equal from "effect/Equal"
import * as Hash from "effect/Hash"
import * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import { LenientNumber, LenientTexts } from "./internal/lenient.js"
import { SessionKey } from "./SessionKey.js"

const noText = Redacted.make("")

const fields = {
  clientId: Schema.Redacted(Schema.String),
  clientSecret: Schema.Redacted(Schema.String),
  issuedAt: Schema.Number,
  redirectUris: Schema.Array(Schema.String),
  grantTypes: Schema.Array(Schema.String),
  scopes: Schema.Array(Schema.String),
  environment: Schema.String,
  statement: Schema.String,
  session: SessionKey
}

interface Texts {
  readonly clientId: string
  readonly clientSecret: string
}

type Fields = Schema.Struct.Type<typeof fields>

/**
 * Client credentials, with the environment, statement and session that they belong to. Losing them signs the users of
 * the device out.
 *
 * `issuedAt` is in milliseconds since the epoch, whatever unit Adobe used.
 *
 * @since 0.1.0
 * @category models
 */
export class ClientCredentials extends Schema.Class<ClientCredentials>("effect-adobe-pass/ClientCredentials")(
  fields
) {
  /** As in `AccessToken`. */
  #clientId: string
  #clientSecret: string

  // It takes what the constructor of the base class takes, so decoding works as ever.
  // @effect-diagnostics-next-line overriddenSchemaConstructor:off
  constructor(props: Fields, options?: Schema.MakeOptions) {
    super(props, options)
    this.#clientId = Redacted.value(props.clientId)
    this.#clientSecret = Redacted.value(props.clientSecret)
  }

  override get clientId(): Redacted.Redacted<string> {
    return Redacted.make(this.#clientId)
  }
  /** Lets the base class assign what it was given. */
  override set clientId(_: Redacted.Redacted<string>) {}

  override get clientSecret(): Redacted.Redacted<string> {
    return Redacted.make(this.#clientSecret)
  }
  /** Lets the base class assign what it was given. */
  override set clientSecret(_: Redacted.Redacted<string>) {}

  /** @internal */
  static textsOf(credentials: ClientCredentials): Texts {
    return { clientId: credentials.#clientId, clientSecret: credentials.#clientSecret }
  }

  /** Credentials of texts that are not in a `Redacted`. @internal */
  static ofTexts(
    { clientId, clientSecret }: Texts,
    others: Omit<Fields, "clientId" | "clientSecret">
  ): ClientCredentials {
    const credentials = new ClientCredentials({ ...others, clientId: noText, clientSecret: noText }, true)
    credentials.#clientId = clientId
    credentials.#clientSecret = clientSecret
    return credentials
  }

  /** Equal by value, the lists included. */
  [Equal.symbol](that: Equal.Equal): boolean {
    return that instanceof ClientCredentials && equivalence(this, that)
  }
  [Hash.symbol](): number {
    return Hash.string(this.#clientId)
  }
}

const equivalence = Schema.equivalence(Schema.typeSchema(Schema.Struct(fields)))

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
