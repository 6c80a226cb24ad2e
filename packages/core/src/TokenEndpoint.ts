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
import type { Options } from "./ClientRegistration.js"
import type { Device } from "./Device.js"
import * as OAuthEndpoint from "./internal/oauthEndpoint.js"
import * as Metrics from "./Metrics.js"
import type { RegisteredApplication } from "./RegisteredApplication.js"
import type * as Throttle from "./Throttle.js"

/**
 * `POST /o/client/token`.
 *
 * @since 0.1.0
 * @category tags
 */
export class TokenEndpoint extends Context.Tag("effect-adobe-pass/TokenEndpoint")<
  TokenEndpoint,
  {
    /**
     * Requests a token with the client-credentials grant. Nothing is cached here: `Sessions` does that.
     *
     * Throttling, 5xx and transport failures are repeated within the attempts and the budget; a refusal is not. May
     * be interrupted at any time.
     */
    readonly request: (
      device: Device,
      credentials: ClientCredentials
    ) => Effect.Effect<AccessToken, TokenError>
  }
>() {}

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

/**
 * The token step of one registered application; `InvalidInput` when an option cannot be used.
 *
 * The expiry is the local time at the start of the request plus `expires_in`; the server's clock is only compared
 * with the local one, and the difference measured.
 *
 * @see https://www.rfc-editor.org/rfc/rfc6749#section-4.4
 * @since 0.1.0
 * @category constructors
 */
export const make = (
  application: RegisteredApplication,
  options: Options = {}
): Effect.Effect<
  Context.Tag.Service<TokenEndpoint>,
  InvalidInput,
  HttpClient.HttpClient | Throttle.Throttle
> =>
  Effect.gen(function* () {
    const post = yield* OAuthEndpoint.make(application, options, {
      operation: "token",
      path: "/o/client/token",
      response: TokenResponse,
      refused,
      mayRepeat: constTrue
    })
    const grant = (credentials: ClientCredentials) =>
      HttpBody.urlParams(
        UrlParams.fromInput({
          grant_type: "client_credentials",
          client_id: Redacted.value(credentials.clientId),
          client_secret: Redacted.value(credentials.clientSecret)
        })
      )

    const measureSkew = (createdAt: number | undefined, startedAt: number, endedAt: number) => {
      if (createdAt === undefined) return Effect.void
      const skew = Math.round(toMillis(createdAt) - (startedAt + endedAt) / 2)
      return Effect.zipRight(
        Metric.set(Metrics.clockSkew, skew),
        Math.abs(skew) > 60_000
          ? Effect.logDebug(`The clock of Adobe Pass differs from the local one by ${skew} ms`)
          : Effect.void
      )
    }

    const request = Effect.fn("TokenEndpoint.request")(function* (
      device: Device,
      credentials: ClientCredentials
    ) {
      const { body, endedAt, startedAt } = yield* post(device, grant(credentials))
      yield* measureSkew(body.created_at, startedAt, endedAt)
      return new AccessToken({
        value: Redacted.make(body.access_token),
        issuedAt: startedAt,
        expiresAt: startedAt + Math.min(body.expires_in * 1000, maximumLifetime),
        scopes: claimedScopes(body.access_token)
      })
    })

    return {
      request: (device, credentials) =>
        Effect.tapError(request(device, credentials), (error) =>
          Metric.update(Metrics.tokenFailures, error._tag)
        )
    }
  })
