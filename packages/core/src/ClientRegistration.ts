/**
 * Steps 1 and 2 of the protocol: the software statement is exchanged for client credentials.
 *
 * @since 0.1.0
 */
import * as HttpBody from "@effect/platform/HttpBody"
import type * as HttpClient from "@effect/platform/HttpClient"
import * as Context from "effect/Context"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
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
import * as OAuthEndpoint from "./internal/oauthEndpoint.js"
import * as Metrics from "./Metrics.js"
import type { RegisteredApplication } from "./RegisteredApplication.js"
import * as SessionKey from "./SessionKey.js"
import type * as Throttle from "./Throttle.js"

/**
 * `POST /o/client/register`.
 *
 * @since 0.1.0
 * @category tags
 */
export class ClientRegistration extends Context.Tag("effect-adobe-pass/ClientRegistration")<
  ClientRegistration,
  {
    /**
     * Registers the application for a device and returns the new pair. Each success mints another pair, and nothing
     * here stores it: `Sessions` does, and asks the store first.
     *
     * Repeated only where the server surely made no pair: the connection was never made, or the answer was 429 or
     * 503. May be interrupted while it waits; a pair made meanwhile has never been used and is lost without harm.
     */
    readonly register: (device: Device) => Effect.Effect<ClientCredentials, RegistrationError>
  }
>() {}

/**
 * How requests to `/o/client/*` are made.
 *
 * @since 0.1.0
 * @category models
 */
export interface Options {
  /** Limit of one attempt, body included. @default 10 seconds */
  readonly timeout?: Duration.DurationInput | undefined
  /** Attempts, delays and budget. */
  readonly retry?: Throttle.ScheduleOptions | undefined
}

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

const nothingWasMinted = (error: RegistrationError): boolean =>
  error._tag === "Throttled" ||
  (error._tag === "ServiceUnavailable" && error.status === 503) ||
  (error._tag === "TransportError" && error.reason === "NotConnected")

/**
 * The registration step of one registered application; `InvalidInput` when an option cannot be used.
 *
 * @see https://www.rfc-editor.org/rfc/rfc7591#section-3
 * @since 0.1.0
 * @category constructors
 */
export const make = (
  application: RegisteredApplication,
  options: Options = {}
): Effect.Effect<
  Context.Tag.Service<ClientRegistration>,
  InvalidInput,
  HttpClient.HttpClient | Throttle.Throttle
> =>
  Effect.gen(function* () {
    const post = yield* OAuthEndpoint.make(application, options, {
      operation: "register",
      path: "/o/client/register",
      response: RegistrationResponse,
      refused,
      mayRepeat: nothingWasMinted
    })
    const statement = () =>
      HttpBody.text(
        JSON.stringify({
          software_statement: Redacted.value(application.softwareStatement.value),
          ...(application.redirectUri === undefined ? {} : { redirect_uri: application.redirectUri })
        }),
        "application/json;charset=utf-8"
      )

    const register = Effect.fn("ClientRegistration.register")(function* (device: Device) {
      const { body, startedAt } = yield* post(device, statement())
      return new ClientCredentials({
        clientId: Redacted.make(body.client_id),
        clientSecret: Redacted.make(body.client_secret),
        issuedAt: body.client_id_issued_at === undefined ? startedAt : toMillis(body.client_id_issued_at),
        redirectUris: body.redirect_uris,
        grantTypes: body.grant_types,
        scopes: body.scopes,
        environment: application.environment.name,
        statement: application.softwareStatement.fingerprint,
        session: yield* SessionKey.make(application, device)
      })
    })

    return {
      register: (device) =>
        register(device).pipe(
          Effect.tapBoth({
            onSuccess: () => Metric.update(Metrics.registrations, "success"),
            onFailure: (error) => Metric.update(Metrics.registrations, error._tag)
          })
        )
    }
  })
