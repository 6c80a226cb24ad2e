/**
 * Steps 3 and 4 of the protocol: client credentials are exchanged for an access token.
 *
 * @since 0.1.0
 */
import * as HttpBody from "@effect/platform/HttpBody"
import type * as HttpClient from "@effect/platform/HttpClient"
import * as UrlParams from "@effect/platform/UrlParams"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import { constTrue } from "effect/Function"
import * as Layer from "effect/Layer"
import * as Metric from "effect/Metric"
import * as Redacted from "effect/Redacted"
import { AccessToken, claimedScopes, maximumLifetime, TokenResponse } from "./AccessToken.js"
import {
  InvalidClient,
  type InvalidInput,
  InvalidRequest,
  type TokenError,
  UnauthorizedClient,
  UnsupportedGrantType
} from "./AdobePassError.js"
import { type ClientCredentials, toMillis } from "./ClientCredentials.js"
import type { Device } from "./Device.js"
import { current as currentHealth } from "./internal/health/healthRecord.js"
import { Addresses } from "./internal/http/addresses.js"
import { ClockSkew } from "./internal/http/clockSkew.js"
import * as OAuthEndpoint from "./internal/http/oauthEndpoint.js"
import { traced } from "./internal/http/tracing.js"
import * as Warnings from "./internal/warnings.js"
import * as Metrics from "./Metrics.js"
import type * as Options from "./Options.js"
import { RegisteredApplication } from "./RegisteredApplication.js"
import type { RetryQuota } from "./RetryQuota.js"
import type { Throttle } from "./Throttle.js"
import type { Warning } from "./Warnings.js"

/**
 * `POST /o/client/token`.
 *
 * @since 0.1.0
 * @category models
 */
export interface TokenEndpoint {
  /**
   * Requests a token with the client-credentials grant. Nothing is cached here: `Sessions` does that.
   *
   * Throttling, 5xx and transport failures are repeated within the attempts and the budget; a refusal is not. A request
   * may be interrupted at any time.
   */
  readonly request: (device: Device, credentials: ClientCredentials) => Effect.Effect<AccessToken, TokenError>
}

/**
 * @since 0.1.0
 * @category tags
 */
export const TokenEndpoint: Context.Tag<TokenEndpoint, TokenEndpoint> = Context.GenericTag<TokenEndpoint>(
  "effect-adobe-pass/TokenEndpoint"
)

const refused = (code: string, status: number) => {
  switch (code) {
    case "invalid_request":
      return new InvalidRequest({ operation: "token", status })
    case "invalid_client":
      return new InvalidClient({ status })
    case "unauthorized_client":
      return new UnauthorizedClient({ status })
    case "unsupported_grant_type":
      return new UnsupportedGrantType({ status })
    default:
      return undefined
  }
}

const grant = (credentials: ClientCredentials): HttpBody.HttpBody =>
  HttpBody.urlParams(
    UrlParams.fromInput({
      grant_type: "client_credentials",
      client_id: Redacted.value(credentials.clientId),
      client_secret: Redacted.value(credentials.clientSecret)
    })
  )

/**
 * The token step of the registered application; `InvalidInput` when an option cannot be used.
 *
 * The expiry is the local time at the start of the request plus `expires_in`. The server's clock is only compared with
 * the local one, and the difference measured.
 *
 * @see https://www.rfc-editor.org/rfc/rfc6749#section-4.4
 * @since 0.1.0
 * @category constructors
 */
export const make = (
  options: Options.RequestOptions = {}
): Effect.Effect<
  TokenEndpoint,
  InvalidInput,
  HttpClient.HttpClient | RegisteredApplication | RetryQuota | Throttle
> =>
  Effect.gen(function* () {
    const post = yield* OAuthEndpoint.make(options, {
      operation: "token",
      path: "/o/client/token",
      response: TokenResponse,
      refused,
      mayRepeat: constTrue
    })
    const application = yield* RegisteredApplication
    const warn = yield* Warnings.make(application)
    const addresses = new Addresses(application.environment)
    const clockSkew = new ClockSkew()
    const warnOf = (warning: Warning | undefined) => (warning === undefined ? Effect.void : warn(warning))
    const health = yield* currentHealth
    const measureSkew = (serverTime: number, localTime: number) => {
      const skew = Math.round(serverTime - localTime)
      health.clockSkew = skew
      const told =
        Math.abs(skew) > 60_000
          ? Effect.logDebug(`The clock of Adobe Pass differs from the local one by ${skew} ms`)
          : Effect.void
      const warned = warnOf(clockSkew.notice(skew, serverTime))
      return Effect.all([Metric.set(Metrics.clockSkew, skew), told, warned], { discard: true })
    }
    const request = (device: Device, credentials: ClientCredentials) =>
      Effect.gen(function* () {
        yield* warnOf(addresses.notice(device))
        const { body, endedAt, startedAt } = yield* post(device, grant(credentials))
        if (body.created_at !== undefined) {
          yield* measureSkew(toMillis(body.created_at), (startedAt + endedAt) / 2)
        }
        return new AccessToken({
          value: body.access_token,
          issuedAt: startedAt,
          expiresAt: startedAt + Math.min(body.expires_in * 1000, maximumLifetime),
          scopes: claimedScopes(body.access_token)
        })
      }).pipe(Effect.tapError((error) => Metric.update(Metrics.tokenFailures, error._tag)))
    return {
      request: (device, credentials) => traced("TokenEndpoint.request", request(device, credentials))
    }
  })

/**
 * `make` as a layer.
 *
 * @since 0.1.0
 * @category layers
 */
export const layer = (options?: Options.RequestOptions) => Layer.effect(TokenEndpoint, make(options))
