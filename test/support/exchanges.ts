import { HttpClient, HttpClientResponse } from "@effect/platform"
import { Effect, Either, Redacted } from "effect"
import {
  ClientCredentials,
  ClientRegistration,
  Device,
  RegisteredApplication,
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
export const application = (options: Partial<RegisteredApplication.Options> = {}) =>
  Effect.flatMap(Emulator.Emulator, ({ softwareStatement }) =>
    RegisteredApplication.make({
      environment: emulatorEnvironment,
      softwareStatement: Redacted.make(softwareStatement),
      ...options
    })
  )

export interface ExchangeOptions extends ClientRegistration.Options {
  readonly application?: Partial<RegisteredApplication.Options>
  readonly throttle?: Throttle.Options
}

/** As good as none, unless one is asked for. */
const throttleOf = ({ throttle }: ExchangeOptions) => Throttle.make(throttle ?? { burst: 1_000_000 })

/** The registration step alone, on the emulator's client. */
export const registration = (options: ExchangeOptions = {}) =>
  Effect.gen(function* () {
    return yield* ClientRegistration.make(yield* application(options.application), options).pipe(
      Effect.provideServiceEffect(Throttle.Throttle, throttleOf(options))
    )
  })

/** The token step alone, on the emulator's client. */
export const tokenEndpoint = (options: ExchangeOptions = {}) =>
  Effect.gen(function* () {
    return yield* TokenEndpoint.make(yield* application(options.application), options).pipe(
      Effect.provideServiceEffect(Throttle.Throttle, throttleOf(options))
    )
  })

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
