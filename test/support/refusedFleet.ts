/** A fleet whose client credentials are refused: the sessions of the library on stand-ins for the two endpoints. */
import { Clock, Effect, Either, Layer, Redacted } from "effect"
import {
  AccessToken,
  AdobePassError,
  ClientCredentials,
  ClientRegistration,
  CredentialStore,
  Device,
  RegisteredApplication,
  SessionKey,
  Sessions,
  TokenEndpoint
} from "effect-adobe-pass"
import { settable } from "./clocks.js"
import { pair, unsigned } from "./exchanges.js"
import { emulatorEnvironment, info } from "./system.js"
import { settle } from "./time.js"

export interface Incident {
  readonly devices: number
  /** Seconds for which the token endpoint refuses every pair. */
  readonly slip?: number
  /** How many of the pairs Adobe Pass has lost. */
  readonly lost?: number
  readonly options?: Sessions.SessionsOptions
}

export interface Outcome {
  /** Devices that were registered again. */
  readonly signedOut: number
  /** Seconds after the end of the slip, or after the loss, in which all devices had a token. */
  readonly healed: number
  readonly tokenRequests: number
}

/** Seconds between the calls of a device that has no token. */
const interval = 10
const start = 7 * 3_600_000

const deviceOf = (n: number) => Either.getOrThrow(Device.make({ id: `device-${n}`, info }))

/** Stand-ins for the two endpoints: pair `n` is the one of device `n`, and later ones replaced others. */
const endpoints = ({ lost = 0, slip = 0 }: Incident) => {
  const asked = { token: 0, register: 0 }
  const register = (device: Device.Device) =>
    Effect.gen(function* () {
      asked.register += 1
      const application = yield* RegisteredApplication.RegisteredApplication
      const issued = pair(String(asked.register))
      return new ClientCredentials.ClientCredentials({
        ...issued,
        clientId: issued.clientId,
        clientSecret: issued.clientSecret,
        issuedAt: yield* Clock.currentTimeMillis,
        environment: application.environment.name,
        statement: application.softwareStatement.fingerprint,
        session: yield* SessionKey.make(application, device)
      })
    })
  const request = (_: Device.Device, { clientId }: ClientCredentials.ClientCredentials) =>
    Effect.flatMap(Clock.currentTimeMillis, (at) => {
      asked.token += 1
      const isRefused = at < start + slip * 1000 || Number(Redacted.value(clientId)) <= lost
      return at >= start && isRefused
        ? Effect.fail(new AdobePassError.InvalidClient({ status: 400 }))
        : Effect.succeed(
            new AccessToken.AccessToken({
              value: Redacted.make(`token-${asked.token}`),
              issuedAt: at,
              expiresAt: at + 21_600_000,
              scopes: []
            })
          )
    })
  const registration = Layer.effect(
    ClientRegistration.ClientRegistration,
    Effect.map(RegisteredApplication.RegisteredApplication, (application) => ({
      register: (device: Device.Device) =>
        Effect.provideService(register(device), RegisteredApplication.RegisteredApplication, application)
    }))
  )
  return { asked, layer: Layer.merge(registration, Layer.succeed(TokenEndpoint.TokenEndpoint, { request })) }
}

/** Every device has a token at first. When the tokens have expired, the incident begins. */
const run = (incident: Incident, asked: { token: number; register: number }, set: (millis: number) => void) =>
  Effect.gen(function* () {
    const sessions = yield* Sessions.Sessions
    const devices = Array.from({ length: incident.devices }, (_, n) => deviceOf(n + 1))
    yield* Effect.forEach(devices, sessions.accessToken, { discard: true })
    set(start)
    const before = { ...asked }
    const waiting = new Set(devices)
    const call = (device: Device.Device) =>
      Effect.match(sessions.accessToken(device), {
        onSuccess: () => waiting.delete(device),
        onFailure: () => false
      })
    let second = 0
    for (; waiting.size > 0; second++) {
      const calling = devices.filter((device, n) => n % interval === second % interval && waiting.has(device))
      yield* Effect.forEach(calling, (device) => Effect.fork(call(device)), { discard: true })
      yield* settle
      set(start + (second + 1) * 1000)
      yield* settle
    }
    return {
      signedOut: asked.register - before.register,
      healed: Math.max(0, second - (incident.slip ?? 0)),
      tokenRequests: asked.token - before.token
    }
  })

/** What an incident costs, with each device asking for a token every ten seconds until it has one. */
export const outcomeOf = (incident: Incident): Effect.Effect<Outcome> =>
  Effect.gen(function* () {
    const { clock, set } = yield* settable
    const { asked, layer } = endpoints(incident)
    const application = RegisteredApplication.layer({
      environment: emulatorEnvironment,
      softwareStatement: Redacted.make(unsigned({ sub: "an-application", iss: "auth.adobe.com", iat: 1 }))
    })
    const sessions = Sessions.layer(incident.options).pipe(
      Layer.provide(Layer.merge(layer, CredentialStore.layerMemory)),
      Layer.provide(application)
    )
    return yield* run(incident, asked, set).pipe(Effect.provide(sessions), Effect.withClock(clock))
  }).pipe(Effect.orDie)
