/** REST API v2 with answers that a test writes. */
import { Effect, Layer } from "effect"
import type { Device } from "effect-adobe-pass"
import { CurrentDevice } from "effect-adobe-pass"
import { Emulator, Fault } from "effect-adobe-pass-emulator"
import { RestV2 } from "effect-adobe-pass-rest-v2"
import { device, type SystemOptions, system } from "../support/system.js"

/** The calls over the library and the emulator. Each call is one request, unless `retry` says otherwise. */
export const restV2 = (options: SystemOptions = {}) =>
  RestV2.layer.pipe(Layer.provideMerge(system({ retry: { attempts: 1 }, ...options })))

export const provider = { serviceProvider: "ACME" }
export const ofMvpd = { serviceProvider: "ACME", mvpd: "NorthCable" }

export const forDevice = (of: Device.Device = device()) => Effect.provideService(CurrentDevice, of)

/** The next answers, one for each request to the API. */
export const answering = (...answers: ReadonlyArray<Fault.Fault>) =>
  Effect.flatMap(Emulator.Emulator, ({ fail }) =>
    Effect.forEach(answers, (fault) => fail({ route: "api", fault }), { discard: true })
  )

export const ok = (body: unknown) => Fault.json(200, body)

/** An enhanced error as the whole answer. */
export const refused = (status: number, action: string, code: string) =>
  Fault.json(status, { status, action, code })

/** The answer to a call for profiles, each as its MVPD and its end. */
export const profiles = (...ends: ReadonlyArray<readonly [mvpd: string, notAfter: number]>) =>
  ok({ profiles: Object.fromEntries(ends.map(([mvpd, notAfter]) => [mvpd, profile(mvpd, notAfter)])) })

export const profile = (mvpd: string, notAfter: number) => ({
  notBefore: 0,
  notAfter,
  issuer: mvpd,
  type: "regular",
  attributes: { userID: { value: `user-of-${mvpd}`, state: "plain" } },
  sessionId: "2f1e6d0c"
})

/** The requests to the API so far. */
export const requests = Effect.flatMap(Emulator.Emulator, ({ log }) =>
  Effect.map(log, (entries) => entries.filter(({ route }) => route === "api"))
)

/** When they came, in milliseconds. */
export const times = Effect.map(requests, (sent) => sent.map(({ at }) => at))

const decided = (resource: string) => ({
  resource,
  serviceProvider: "ACME",
  mvpd: "NorthCable",
  source: "mvpd"
})

export const permit = (resource: string) => ({ ...decided(resource), authorized: true })

export const denial = (resource: string, action: string, code: string) => ({
  ...decided(resource),
  authorized: false,
  error: { status: 403, action, code, message: "Provider said no.", details: "Outside of your package." }
})

const late = <A, E, R>(call: Effect.Effect<A, E, R>) => Effect.tap(call, Effect.sleep("1 second"))

/** The calls, of which an answer arrives a second after it was given. */
export const arrivingLate = Layer.effect(
  RestV2.RestV2,
  Effect.map(RestV2.RestV2, (calls) => ({
    ...calls,
    configuration: { retrieve: (parameters) => late(calls.configuration.retrieve(parameters)) },
    profiles: {
      ...calls.profiles,
      forCode: (parameters) => late(calls.profiles.forCode(parameters)),
      forMvpd: (parameters) => late(calls.profiles.forMvpd(parameters))
    },
    decisions: {
      ...calls.decisions,
      preauthorize: (parameters) => late(calls.decisions.preauthorize(parameters))
    }
  }))
)
