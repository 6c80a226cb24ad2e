import { HttpClient, HttpClientResponse } from "@effect/platform"
import { Effect, Either, Redacted } from "effect"
import {
  ClientCredentials,
  ClientRegistration,
  Device,
  type Options,
  RegisteredApplication,
  RetryQuota,
  SessionKey,
  Throttle,
  TokenEndpoint
} from "effect-adobe-pass"
import { Emulator } from "effect-adobe-pass-emulator"
import { emulatorEnvironment, info } from "./system.js"

/** A statement without a valid signature, for what never asks a server. */
export const unsigned = (claims: unknown, header: unknown = { alg: "RS256" }): string =>
  [header, claims]
    .map((part) => Buffer.from(JSON.stringify(part)).toString("base64url"))
    .concat("c2lnbmF0dXJl")
    .join(".")

export const streamer = Either.getOrThrow(
  Device.onBehalfOf({ id: "a-streaming-device", ip: "203.0.113.7", port: 51617, info })
)

/** The application of the emulator's ready statement. */
export const application = (options: Partial<RegisteredApplication.ApplicationOptions> = {}) =>
  Effect.flatMap(Emulator.Emulator, ({ softwareStatement }) =>
    RegisteredApplication.make({
      environment: emulatorEnvironment,
      softwareStatement: Redacted.make(softwareStatement),
      ...options
    })
  )

export interface ExchangeOptions extends Options.RequestOptions {
  readonly retryQuota?: number
  readonly application?: Partial<RegisteredApplication.ApplicationOptions>
  readonly throttle?: Throttle.ThrottleOptions
}

/** The application of the emulator, a quota, and a throttle that is as good as none unless one is asked for. */
const around =
  (options: ExchangeOptions) =>
  <A, E, R>(make: Effect.Effect<A, E, R>) =>
    make.pipe(
      Effect.provideServiceEffect(Throttle.Throttle, Throttle.make(options.throttle ?? { burst: 1_000_000 })),
      Effect.provideServiceEffect(RetryQuota.RetryQuota, RetryQuota.make(options.retryQuota)),
      Effect.provideServiceEffect(
        RegisteredApplication.RegisteredApplication,
        application(options.application)
      )
    )

/** The registration step alone, on the emulator's client. */
export const registration = (options: ExchangeOptions = {}) =>
  ClientRegistration.make(options).pipe(around(options))

/** The token step alone, on the emulator's client. */
export const tokenEndpoint = (options: ExchangeOptions = {}) =>
  TokenEndpoint.make(options).pipe(around(options))

export const pair = (clientId = "an-id", clientSecret = "a-secret", session = "0".repeat(64)) =>
  new ClientCredentials.ClientCredentials({
    clientId: Redacted.make(clientId),
    clientSecret: Redacted.make(clientSecret),
    issuedAt: 0,
    redirectUris: [],
    grantTypes: ["client_credentials"],
    scopes: ["api:client:v2"],
    environment: "emulator",
    statement: "a-fingerprint",
    session: SessionKey.SessionKey.make(session)
  })

/** A client that answers every request with these bytes, for what the emulator does not say. */
export const answering = (status: number, headers: Record<string, string>, body: string) =>
  HttpClient.make((request) =>
    Effect.succeed(HttpClientResponse.fromWeb(request, new Response(body, { status, headers })))
  )
