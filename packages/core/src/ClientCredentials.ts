/**
 * Client credentials: the pair that stands for one device, for ever.
 *
 * @since 0.1.0
 */
import * as Schema from "effect/Schema"
import { LenientNumber, LenientTexts } from "./internal/lenient.js"
import { SessionKey } from "./SessionKey.js"

/**
 * The pair, stamped with what it belongs to. Losing it signs the users of the device out.
 *
 * `issuedAt` is in milliseconds since the epoch, whatever unit Adobe used.
 *
 * @since 0.1.0
 * @category models
 */
export class ClientCredentials extends Schema.Class<ClientCredentials>("effect-adobe-pass/ClientCredentials")(
  {
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
) {}

/**
 * A time in seconds or in milliseconds, as milliseconds: Adobe has sent `client_id_issued_at` in both units. Values
 * from 1e11 on are milliseconds (as seconds they would lie beyond the year 5000).
 *
 * @since 0.1.0
 * @category conversions
 */
export const toMillis = (value: number): number => (value >= 1e11 ? value : value * 1000)

/**
 * The answer of `POST /o/client/register`. All but the pair may be missing or of another shape: older answers lack
 * `scopes`, nothing depends on the rest, and a pair that was made must not be lost over it.
 *
 * @see https://www.rfc-editor.org/rfc/rfc7591#section-3.2.1
 * @since 0.1.0
 * @category schemas
 */
export const RegistrationResponse = Schema.Struct({
  client_id: Schema.NonEmptyString,
  client_secret: Schema.NonEmptyString,
  client_id_issued_at: LenientNumber,
  redirect_uris: LenientTexts,
  grant_types: LenientTexts,
  scopes: LenientTexts
})
