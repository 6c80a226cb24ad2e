import { Effect, Either, Layer, Redacted } from "effect"
import { CurrentDevice, CurrentInstance, Device } from "effect-adobe-pass"
import { Emulator, type Fault } from "effect-adobe-pass-emulator"
import { type Identity, RestV2 } from "effect-adobe-pass-rest-v2"
import { device, info, type SystemOptions, system } from "./system.js"

/** The streaming device of the calls. */
const streamer = Either.getOrThrow(
  Device.onBehalfOf({
    id: "a-streaming-device",
    ip: "203.0.113.7",
    port: 51_617,
    info,
    userAgent: "AcmePlayer/3 (AFTM)"
  })
)

/** REST API v2 over the library and the emulator. Calls are made for `streamer`, and those without a device as device 2. */
export const restV2 = (options: SystemOptions = {}) =>
  Layer.mergeAll(
    RestV2.layer,
    Layer.succeed(CurrentDevice, streamer),
    Layer.succeed(CurrentInstance, device(2))
  ).pipe(Layer.provideMerge(system(options)))

export type Call<A = unknown> = (
  calls: RestV2.RestV2
) => Effect.Effect<A, RestV2.RestV2Error, CurrentDevice | CurrentInstance>

/** A call that is given this answer, and the requests of REST API v2 that it made. */
export const answered = <A>(fault: Fault.Fault, call: Call<A>, times = 1) =>
  Effect.gen(function* () {
    const emulator = yield* Emulator.Emulator
    yield* emulator.clearLog
    yield* emulator.fail({ route: "api", fault, times })
    const exit = yield* Effect.exit(Effect.flatMap(RestV2.RestV2, call))
    yield* emulator.clearFaults
    const log = yield* emulator.log
    return { exit, requests: log.filter(({ route }) => route === "api") }
  })

export const ofAcme = { serviceProvider: "ACME" }
export const ofMvpd = { ...ofAcme, mvpd: "NorthCable" }
export const ofCode = { ...ofAcme, code: "7QK2M9Z" }

export const partnerStatus: Identity.PartnerFrameworkStatus = {
  frameworkPermissionInfo: { accessStatus: "granted" },
  frameworkProviderInfo: { id: "NCBL", expirationDate: "1767225600000" }
}

export const samlResponse = Redacted.make("PHNhbWxwOlJlc3BvbnNlPg==")

const partnerParameters = {
  ...ofAcme,
  partnerFrameworkStatus: partnerStatus,
  domainName: "acme.example",
  redirectUrl: "https://acme.example/done"
}

const session = {
  actionName: "authenticate",
  actionType: "interactive",
  reasonType: "none",
  url: "/api/v2/authenticate/ACME/7QK2M9Z",
  code: "7QK2M9Z",
  sessionId: "2f1e6d0c-93d7-4d0c-8a57-3b9d0f4a6c21",
  mvpd: "NorthCable",
  serviceProvider: "ACME",
  notBefore: "1767225600000",
  notAfter: "1767227400000"
}

const information = {
  existingParameters: { mvpd: "NorthCable", serviceProvider: "ACME" },
  missingParameters: ["domainName", "redirectUrl"],
  device: { type: "SetTopBox", model: "AFTM" },
  notBefore: "1767225600000",
  notAfter: "1767227400000"
}

const profiles = {
  profiles: {
    NorthCable: {
      notBefore: 1_767_225_600_000,
      notAfter: 1_769_817_600_000,
      issuer: "NorthCable",
      type: "regular",
      attributes: { userID: { value: "dXNlci0x", state: "plain" } }
    }
  }
}

const decisions = {
  decisions: [
    {
      resource: "acme-live",
      serviceProvider: "ACME",
      mvpd: "NorthCable",
      source: "mvpd",
      authorized: true,
      token: { serializedToken: "PHNpZ25hdHVyZT4=", notAfter: 1_767_226_020_000 },
      notAfter: 1_767_312_000_000
    }
  ]
}

const configuration = {
  device: "unknown",
  clientType: "html5",
  requestor: {
    id: "ACME",
    name: "Acme Television",
    domains: [{ name: "acme.example", mvpdInitiated: false }],
    mvpds: [
      {
        id: "NorthCable",
        displayName: "North Cable",
        logoUrl: "https://img.example/north.png",
        isProxy: false,
        platformMappingId: "NCBL"
      }
    ]
  }
}

const logouts = {
  logouts: { NorthCable: { actionName: "complete", actionType: "none", mvpd: "NorthCable" } }
}

/** A call of each operation, with what it needs and nothing else, and an answer that it can read. */
export const operations: Readonly<Record<string, { readonly call: Call; readonly answer: object }>> = {
  "configuration.retrieve": {
    call: (calls) => calls.configuration.retrieve(ofAcme),
    answer: configuration
  },
  "sessions.create": { call: (calls) => calls.sessions.create(ofAcme), answer: session },
  "sessions.resume": { call: (calls) => calls.sessions.resume(ofCode), answer: session },
  "sessions.retrieve": { call: (calls) => calls.sessions.retrieve(ofCode), answer: information },
  "profiles.all": { call: (calls) => calls.profiles.all(ofAcme), answer: profiles },
  "profiles.forMvpd": { call: (calls) => calls.profiles.forMvpd(ofMvpd), answer: profiles },
  "profiles.forCode": { call: (calls) => calls.profiles.forCode(ofCode), answer: profiles },
  "decisions.authorize": {
    call: (calls) => calls.decisions.authorize({ ...ofMvpd, resources: ["acme-live"] }),
    answer: decisions
  },
  "decisions.preauthorize": {
    call: (calls) => calls.decisions.preauthorize({ ...ofMvpd, resources: ["acme-live"] }),
    answer: decisions
  },
  "logout.initiate": { call: (calls) => calls.logout.initiate(ofMvpd), answer: logouts },
  "partnerSingleSignOn.requestAuthentication": {
    call: (calls) => calls.partnerSingleSignOn.requestAuthentication(partnerParameters),
    answer: session
  },
  "partnerSingleSignOn.createProfile": {
    call: (calls) => calls.partnerSingleSignOn.createProfile({ ...partnerParameters, samlResponse }),
    answer: profiles
  },
  "withoutDevice.configuration.retrieve": {
    call: (calls) => calls.withoutDevice.configuration.retrieve(ofAcme),
    answer: configuration
  },
  "withoutDevice.sessions.resume": {
    call: (calls) => calls.withoutDevice.sessions.resume(ofCode),
    answer: session
  },
  "withoutDevice.sessions.retrieve": {
    call: (calls) => calls.withoutDevice.sessions.retrieve(ofCode),
    answer: information
  },
  "withoutDevice.profiles.forCode": {
    call: (calls) => calls.withoutDevice.profiles.forCode(ofCode),
    answer: profiles
  }
}
