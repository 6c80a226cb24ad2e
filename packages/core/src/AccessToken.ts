/**
 * Access tokens and the arithmetic of their lifetime.
 *
 * @since 0.1.0
 */
import * as Equal from "effect/Equal"
import * as Hash from "effect/Hash"
import * as Option from "effect/Option"
import * as ParseResult from "effect/ParseResult"
import * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import { LenientNumber } from "./internal/lenient.js"
import { type Secret, sameTexts, textOf } from "./internal/texts.js"
import * as Options from "./Options.js"
import type * as Setting from "./Setting.js"

/**
 * A bearer token. `issuedAt` (when the request was started) and `expiresAt` are milliseconds on the local clock;
 * `scopes` is what the token says about itself and is empty when it is opaque.
 *
 * @since 0.1.0
 * @category models
 */
export class AccessToken implements Equal.Equal {
  readonly issuedAt: number
  readonly expiresAt: number
  readonly scopes: ReadonlyArray<string>
  /** Never printed, as a private field. A `Redacted` is an entry of a weak map, which is too slow for a million. */
  readonly #value: string

  /** `value`: the token itself. */
  constructor({
    expiresAt,
    issuedAt,
    scopes,
    value
  }: {
    readonly value: Secret
    readonly issuedAt: number
    readonly expiresAt: number
    readonly scopes: ReadonlyArray<string>
  }) {
    this.#value = textOf(value)
    this.issuedAt = issuedAt
    this.expiresAt = expiresAt
    this.scopes = scopes
  }

  get value(): Redacted.Redacted<string> {
    return Redacted.make(this.#value)
  }

  /** @internal */
  static textOf(token: AccessToken): string {
    return token.#value
  }

  /** Equal by value, the list of scopes included. */
  [Equal.symbol](that: Equal.Equal): boolean {
    return (
      that instanceof AccessToken &&
      sameToken(this, that) &&
      this.issuedAt === that.issuedAt &&
      this.expiresAt === that.expiresAt &&
      sameTexts(this.scopes, that.scopes)
    )
  }
  [Hash.symbol](): number {
    return Hash.string(this.#value)
  }
}

/**
 * No token is trusted for longer than this, in milliseconds: 24 hours, the longest lifetime Adobe documents. A larger
 * `expires_in` (milliseconds sent by mistake, say) is cut to it.
 *
 * @since 0.1.0
 * @category lifetimes
 */
export const maximumLifetime = 86_400_000

const Claims = Schema.Struct({
  scopes: Schema.optional(Schema.Unknown),
  exp: LenientNumber,
  iat: LenientNumber,
  nbf: LenientNumber
})

const decodeClaims = Schema.decodeOption(Schema.compose(Schema.StringFromBase64Url, Schema.parseJson(Claims)))

const isTexts = Schema.is(Schema.Array(Schema.String))

/** What a JWT says about itself; nothing for an opaque token. */
const claims = (token: string): typeof Claims.Type =>
  Option.getOrElse(decodeClaims(token.split(".")[1] ?? ""), (): typeof Claims.Type => ({}))

/** A scope goes into messages, and a token may claim anything. */
const isScope = (text: string): boolean => /^[!-~]{1,64}$/.test(text)

const maximumScopes = 32

/**
 * The scopes that a JWT claims under `scopes`: a string with commas, with spaces as OAuth has them, or a list of such;
 * empty for an opaque token, and for one that claims more than 32. What is longer than 64 characters or not visible ASCII
 * is no scope.
 *
 * @since 0.1.0
 * @category conversions
 */
export const claimedScopes = (token: string): ReadonlyArray<string> => {
  const { scopes } = claims(token)
  const texts = typeof scopes === "string" ? [scopes] : isTexts(scopes) ? scopes : []
  const found = texts.flatMap((text) => text.split(/[\s,]+/)).filter(isScope)
  // A part of them would look as if the others were lacking.
  return found.length > maximumScopes ? [] : found
}

/** How long a JWT lasts by its own claims, in seconds. */
const claimedLifetime = (token: string): number | undefined => {
  const { exp, iat, nbf } = claims(token)
  const from = iat ?? nbf
  return exp === undefined || from === undefined || exp <= from ? undefined : exp - from
}

const Answer = Schema.Struct({
  // Servers accept 8 to 16 KB of headers, and a longer token would make every call fail with 431.
  access_token: Schema.String.pipe(Schema.pattern(/^[\u0021-\u007e]+$/), Schema.maxLength(8192)),
  expires_in: Schema.optionalWith(
    Schema.Union(Schema.Number, Schema.NumberFromString).pipe(Schema.finite(), Schema.positive()),
    { nullable: true }
  ),
  created_at: LenientNumber,
  token_type: Schema.optionalWith(Schema.String.pipe(Schema.pattern(/^bearer$/i)), { nullable: true })
})

/**
 * The answer of `POST /o/client/token`. `expires_in` is in seconds and may be a numeric string; it has to be positive,
 * and may be absent when the token is a JWT that says how long it lasts. `created_at` is read in seconds or milliseconds
 * and used to estimate the clock skew, nothing else.
 *
 * @see https://www.rfc-editor.org/rfc/rfc6749#section-5.1
 * @since 0.1.0
 * @category schemas
 */
export const TokenResponse = Schema.transformOrFail(
  Answer,
  Schema.typeSchema(Schema.Struct({ ...Answer.fields, expires_in: Schema.Number })),
  {
    strict: true,
    decode: (answer, _, ast) => {
      const expires_in = answer.expires_in ?? claimedLifetime(answer.access_token)
      return expires_in === undefined
        ? ParseResult.fail(
            new ParseResult.Pointer("expires_in", answer, new ParseResult.Type(ast, undefined, "is missing"))
          )
        : ParseResult.succeed({ ...answer, expires_in })
    },
    encode: ParseResult.succeed
  }
)

/**
 * When a token should be refreshed. `fraction` is the part of the lifetime that makes the window, `minimum` and `maximum`
 * are its limits in milliseconds.
 *
 * @since 0.1.0
 * @category lifetimes
 */
export type RefreshWindow = Setting.Checked<typeof Options.refreshWindow>

/**
 * The moment from which a token is refreshed in the background, in milliseconds.
 *
 * It lies one window before the expiry, and up to one more window earlier by `slot`, a number in [0, 1) that is
 * stable per device: a fleet that started together does not refresh together. Window and slot never take more than
 * half of the lifetime, so a short-lived token is not refreshed all the time.
 *
 * @since 0.1.0
 * @category lifetimes
 */
export const refreshAt = (
  token: Pick<AccessToken, "issuedAt" | "expiresAt">,
  slot: number,
  window: RefreshWindow = Options.refreshWindow.fallback
): number => {
  const lifetime = token.expiresAt - token.issuedAt
  const size = Math.min(
    Math.max(window.minimum, Math.min(window.maximum, lifetime * window.fraction)),
    lifetime / 4
  )
  return token.expiresAt - size - Math.floor(size * slot)
}

/** How far in the future a token may have been issued before the local clock is taken to have been set back. */
const clockTolerance = 3_600_000

/**
 * Whether a token may be used at `now` (milliseconds). A token issued more than an hour in the future is not used:
 * the local clock was set back, and its expiry means nothing any more.
 *
 * @since 0.1.0
 * @category lifetimes
 */
export const isUsable = (token: Pick<AccessToken, "issuedAt" | "expiresAt">, now: number): boolean =>
  now < token.expiresAt && now >= token.issuedAt - clockTolerance

/**
 * Whether two tokens are the same bearer token.
 *
 * @since 0.1.0
 * @category guards
 */
export const sameToken = (left: AccessToken, right: AccessToken): boolean =>
  AccessToken.textOf(left) === AccessToken.textOf(right)
