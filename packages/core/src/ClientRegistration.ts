/**
 * Steps 1 and 2 of the protocol: the software statement is exchanged for client credentials.
 *
 * @since 0.1.0
 */
import * as HttpBody from "@effect/platform/HttpBody"
import type * as HttpClient from "@effect/platform/HttpClient"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Metric from "effect/Metric"
import * as Redacted from "effect/Redacted"
import {
  type InvalidInput,
  InvalidRedirectUri,
  InvalidRequest,
  InvalidSoftwareStatement,
  type RegistrationError,
  UnapprovedSoftwareStatement
} from "./AdobePassError.js"
import { ClientCredentials, RegistrationResponse, toMillis } from "./ClientCredentials.js"
import type { Device } from "./Device.js"
import * as OAuthEndpoint from "./internal/http/oauthEndpoint.js"
import { traced } from "./internal/http/tracing.js"
import * as Metrics from "./Metrics.js"
import type * as Options from "./Options.js"
import { RegisteredApplication } from "./RegisteredApplication.js"
import type { RetryQuota } from "./RetryQuota.js"
import * as SessionKey from "./SessionKey.js"
import type { Throttle } from "./Throttle.js"

/**
 * `POST /o/client/register`.
 *
 * @since 0.1.0
 * @category models
 */
export interface ClientRegistration {
  /**
   * Registers the application for a device and returns the new credentials. Each success creates another client at Adobe
   * Pass, and nothing is stored here: `Sessions` does that, and reads the store first.
   *
   * A registration is repeated only when the server cannot have created a client: the connection was never made, or the
   * answer was 429 or 503. It may be interrupted; credentials that arrive later were never used and are lost.
   */
  readonly register: (device: Device) => Effect.Effect<ClientCredentials, RegistrationError>
}

/**
 * @since 0.1.0
 * @category tags
 */
export const ClientRegistration: Context.Tag<ClientRegistration, ClientRegistration> =
  Context.GenericTag<ClientRegistration>("effect-adobe-pass/ClientRegistration")

const refused = (code: string, status: number) => {
  switch (code) {
    case "invalid_request":
      return new InvalidRequest({ operation: "register", status })
    case "invalid_redirect_uri":
      return new InvalidRedirectUri({ status })
    case "invalid_software_statement":
      return new InvalidSoftwareStatement({ status })
    case "unapproved_software_statement":
      return new UnapprovedSoftwareStatement({ status })
    default:
      return undefined
  }
}

const nothingWasCreated = (error: RegistrationError): boolean =>
  error._tag === "Throttled" ||
  (error._tag === "ServiceUnavailable" && error.status === 503) ||
  (error._tag === "TransportError" && error.reason === "NotConnected")

const requestBody = (application: RegisteredApplication): HttpBody.HttpBody =>
  HttpBody.text(
    JSON.stringify({
      software_statement: Redacted.value(application.softwareStatement.value),
      ...(application.redirectUri === undefined ? {} : { redirect_uri: application.redirectUri })
    }),
    "application/json;charset=utf-8"
  )

/**
 * The registration step of the registered application; `InvalidInput` when an option cannot be used.
 *
 * @see https://www.rfc-editor.org/rfc/rfc7591#section-3
 * @since 0.1.0
 * @category constructors
 */
export const make = (
  options: Options.RequestOptions = {}
): Effect.Effect<
  ClientRegistration,
  InvalidInput,
  HttpClient.HttpClient | RegisteredApplication | RetryQuota | Throttle
> =>
  Effect.gen(function* () {
    const application = yield* RegisteredApplication
    const post = yield* OAuthEndpoint.make(options, {
      operation: "register",
      path: "/o/client/register",
      response: RegistrationResponse,
      refused,
      mayRepeat: nothingWasCreated
    })
    const register = (device: Device) =>
      Effect.gen(function* () {
        const session = yield* SessionKey.make(application, device)
        const { body, startedAt } = yield* post(device, requestBody(application))
        return new ClientCredentials({
          clientId: body.client_id,
          clientSecret: body.client_secret,
          issuedAt: body.client_id_issued_at === undefined ? startedAt : toMillis(body.client_id_issued_at),
          redirectUris: body.redirect_uris,
          grantTypes: body.grant_types,
          scopes: body.scopes,
          environment: application.environment.name,
          statement: application.softwareStatement.fingerprint,
          session
        })
      }).pipe(
        Effect.tapBoth({
          onSuccess: () => Metric.update(Metrics.registrations, "success"),
          onFailure: (error) => Metric.update(Metrics.registrations, error._tag)
        })
      )
    return { register: (device) => traced("ClientRegistration.register", register(device)) }
  })

/**
 * `make` as a layer.
 *
 * @since 0.1.0
 * @category layers
 */
export const layer = (options?: Options.RequestOptions) => Layer.effect(ClientRegistration, make(options))
