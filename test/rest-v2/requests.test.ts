import { assert, describe, it } from "@effect/vitest"
import { Effect, Either, Exit, Layer, Redacted } from "effect"
import { CurrentDevice, CurrentInstance, Device } from "effect-adobe-pass"
import { Emulator, Fault, type Traffic } from "effect-adobe-pass-emulator"
import { RestV2 } from "effect-adobe-pass-rest-v2"
import {
  answered,
  type Call,
  ofAcme,
  ofCode,
  ofMvpd,
  operations,
  partnerStatus,
  restV2,
  samlResponse
} from "../support/restV2.js"
import { device, system } from "../support/system.js"

/** Everything that can be said about a person; each operation sends what it takes. */
const everything = {
  visitorId: "20265673158980419722735089753036633573",
  subjectToken: Redacted.make("eyJzdWJqZWN0Ijo.x"),
  rokuToken: Redacted.make("eyJyb2t1Ijo.x"),
  serviceToken: Redacted.make("eyJzZXJ2aWNlIjo.x"),
  partnerFrameworkStatus: partnerStatus,
  tempPassIdentity: { email: "2b5c7e" }
}

const fromBase64 = (text = "") => Buffer.from(text, "base64").toString("utf8")
const fromBase64Json = (text: string): unknown => JSON.parse(fromBase64(text))

/** How the value of a header is read; those that are not listed are text. */
const readings: Readonly<Record<string, (value: string) => unknown>> = {
  authorization: (value) => value.replace(/^Bearer ey[\w-]+\.[\w-]+\.[\w-]+$/, "Bearer, and a token"),
  "ap-device-identifier": (value) => {
    const [type, id] = value.split(" ")
    return `${type} ${fromBase64(id)}`
  },
  "x-device-info": fromBase64Json,
  "ap-partner-framework-status": fromBase64Json,
  "ap-temppass-identity": fromBase64Json
}

/** What a transport adds for HTTP itself. */
const framing = new Set(["host", "content-length"])

const read = ({ body, headers, method, path, query }: Traffic.LoggedRequest) => ({
  line: `${method} ${path}${query === "" ? "" : `?${query}`}`,
  headers: Object.fromEntries(
    Object.entries(headers)
      .filter(([name]) => !framing.has(name))
      .map(([name, value]) => [name, readings[name]?.(value) ?? value])
  ),
  body
})

/** Of a second screen: nothing describes a device. */
const general = {
  authorization: "Bearer, and a token",
  accept: "application/json;charset=utf-8",
  "user-agent": "effect-adobe-pass"
}

/** Of the streaming device. */
const ofDevice = {
  ...general,
  "ap-device-identifier": "fingerprint a-streaming-device",
  "x-device-info": {
    model: "AFTM",
    version: "montoya",
    osName: "Android",
    osVersion: "5.1.1",
    connectionIp: "203.0.113.7",
    connectionPort: "51617",
    connectionType: "WiFi"
  },
  "x-forwarded-for": "203.0.113.7",
  "user-agent": "AcmePlayer/3 (AFTM)"
}

const ofVisitor = { "ap-visitor-identifier": "20265673158980419722735089753036633573" }
const ofPlatform = {
  "adobe-subject-token": "eyJzdWJqZWN0Ijo.x",
  "x-roku-reserved-roku-connect-token": "eyJyb2t1Ijo.x",
  "ad-service-token": "eyJzZXJ2aWNlIjo.x"
}
const ofPartner = {
  "ap-partner-framework-status": {
    frameworkPermissionInfo: { accessStatus: "granted" },
    frameworkProviderInfo: { id: "NCBL", expirationDate: "1767225600000" }
  }
}
const ofTempPass = { "ap-temppass-identity": { email: "2b5c7e" } }

const form = { "content-type": "application/x-www-form-urlencoded" }
const json = { "content-type": "application/json;charset=utf-8" }

const sessionParameters = {
  mvpd: "NorthCable",
  domainName: "acme.example",
  redirectUrl: "https://acme.example/done?a=1&b=2"
}
const sessionForm =
  "mvpd=NorthCable&domainName=acme.example&redirectUrl=https%3A%2F%2Facme.example%2Fdone%3Fa%3D1%26b%3D2"

interface Expected {
  readonly call: Call
  readonly line: string
  readonly headers: Readonly<Record<string, unknown>>
  readonly body?: string
}

/** Each operation with all that it takes, by the table of headers of REST API v2. */
const requests: Readonly<Record<string, Expected>> = {
  "configuration.retrieve": {
    call: (calls) => calls.configuration.retrieve({ ...ofAcme, ...everything }),
    line: "GET /api/v2/ACME/configuration",
    headers: ofDevice
  },
  "sessions.create": {
    call: (calls) => calls.sessions.create({ ...ofAcme, ...sessionParameters, ...everything }),
    line: "POST /api/v2/ACME/sessions",
    headers: { ...ofDevice, ...ofVisitor, ...ofPlatform, ...form },
    body: sessionForm
  },
  "sessions.resume": {
    call: (calls) => calls.sessions.resume({ ...ofCode, ...sessionParameters, ...everything }),
    line: "POST /api/v2/ACME/sessions/7QK2M9Z",
    headers: { ...ofDevice, ...ofVisitor, ...form },
    body: sessionForm
  },
  "sessions.retrieve": {
    call: (calls) => calls.sessions.retrieve({ ...ofCode, ...everything }),
    line: "GET /api/v2/ACME/sessions/7QK2M9Z",
    headers: { ...ofDevice, ...ofVisitor }
  },
  "profiles.all": {
    call: (calls) => calls.profiles.all({ ...ofAcme, ...everything }),
    line: "GET /api/v2/ACME/profiles",
    headers: { ...ofDevice, ...ofVisitor, ...ofPlatform, ...ofPartner }
  },
  "profiles.forMvpd": {
    call: (calls) => calls.profiles.forMvpd({ ...ofMvpd, ...everything }),
    line: "GET /api/v2/ACME/profiles/NorthCable",
    headers: { ...ofDevice, ...ofVisitor, ...ofPlatform, ...ofPartner, ...ofTempPass }
  },
  "profiles.forCode": {
    call: (calls) => calls.profiles.forCode({ ...ofCode, ...everything }),
    line: "GET /api/v2/ACME/profiles/code/7QK2M9Z",
    headers: { ...ofDevice, ...ofVisitor, ...ofTempPass }
  },
  "decisions.authorize": {
    call: (calls) => calls.decisions.authorize({ ...ofMvpd, resources: ["acme-live"], ...everything }),
    line: "POST /api/v2/ACME/decisions/authorize/NorthCable",
    headers: { ...ofDevice, ...ofVisitor, ...ofPlatform, ...ofPartner, ...ofTempPass, ...json },
    body: '{"resources":["acme-live"]}'
  },
  "decisions.preauthorize": {
    call: (calls) =>
      calls.decisions.preauthorize({ ...ofMvpd, resources: ["acme-live", "acme-plus"], ...everything }),
    line: "POST /api/v2/ACME/decisions/preauthorize/NorthCable",
    headers: { ...ofDevice, ...ofVisitor, ...ofPlatform, ...ofPartner, ...ofTempPass, ...json },
    body: '{"resources":["acme-live","acme-plus"]}'
  },
  "logout.initiate": {
    call: (calls) =>
      calls.logout.initiate({ ...ofMvpd, redirectUrl: "https://acme.example/bye?x=1&y=2", ...everything }),
    line: "GET /api/v2/ACME/logout/NorthCable?redirectUrl=https%3A%2F%2Facme.example%2Fbye%3Fx%3D1%26y%3D2",
    headers: { ...ofDevice, ...ofVisitor, ...ofPlatform }
  },
  "partnerSingleSignOn.requestAuthentication": {
    call: (calls) =>
      calls.partnerSingleSignOn.requestAuthentication({
        ...ofAcme,
        domainName: "acme.example",
        redirectUrl: "https://acme.example/done",
        ...everything
      }),
    line: "POST /api/v2/ACME/sessions/sso/Apple",
    headers: { ...ofDevice, ...ofVisitor, ...ofPartner, ...form },
    body: "domainName=acme.example&redirectUrl=https%3A%2F%2Facme.example%2Fdone"
  },
  "partnerSingleSignOn.createProfile": {
    call: (calls) => calls.partnerSingleSignOn.createProfile({ ...ofAcme, samlResponse, ...everything }),
    line: "POST /api/v2/ACME/profiles/sso/Apple",
    headers: { ...ofDevice, ...ofVisitor, ...ofPartner, ...form },
    body: "SAMLResponse=PHNhbWxwOlJlc3BvbnNlPg%3D%3D"
  },
  "withoutDevice.configuration.retrieve": {
    call: (calls) => calls.withoutDevice.configuration.retrieve({ ...ofAcme, ...everything }),
    line: "GET /api/v2/ACME/configuration",
    headers: general
  },
  "withoutDevice.sessions.resume": {
    call: (calls) => calls.withoutDevice.sessions.resume({ ...ofCode, ...sessionParameters, ...everything }),
    line: "POST /api/v2/ACME/sessions/7QK2M9Z",
    headers: { ...general, ...ofVisitor, ...form },
    body: sessionForm
  },
  "withoutDevice.sessions.retrieve": {
    call: (calls) => calls.withoutDevice.sessions.retrieve({ ...ofCode, ...everything }),
    line: "GET /api/v2/ACME/sessions/7QK2M9Z",
    headers: { ...general, ...ofVisitor }
  },
  "withoutDevice.profiles.forCode": {
    call: (calls) => calls.withoutDevice.profiles.forCode({ ...ofCode, ...everything }),
    line: "GET /api/v2/ACME/profiles/code/7QK2M9Z",
    headers: { ...general, ...ofVisitor, ...ofTempPass }
  }
}

/** The requests of a call that is answered as it expects. */
const requestsOf = (name: string, call: Call) =>
  Effect.map(answered(Fault.json(200, operations[name]?.answer), call), ({ exit, requests }) => {
    assert.isTrue(Exit.isSuccess(exit), `${name}: ${exit}`)
    return requests.map(read)
  })

describe("the request of an operation", () => {
  it("is looked at for every operation", () => {
    assert.deepStrictEqual(Object.keys(requests), Object.keys(operations))
  })

  it.effect.each(Object.entries(requests))(
    "%s is sent once, with the headers of its row and no other (G1, G2, G3, G5, G8, G9, G10)",
    ([name, { body = "", call, headers, line }]) =>
      Effect.gen(function* () {
        assert.deepStrictEqual(yield* requestsOf(name, call), [{ line, headers, body }])
      }).pipe(Effect.provide(restV2()))
  )

  it.effect("has no header of a person about whom nothing is said, and no empty parameter", () =>
    Effect.gen(function* () {
      for (const [name, { call }] of Object.entries(operations)) {
        const [request] = yield* requestsOf(name, call)
        const { body, headers = {}, line = "" } = requests[name] ?? {}
        const optional = [ofVisitor, ofPlatform, ofTempPass, ...(name.includes("partner") ? [] : [ofPartner])]
        const absent = new Set(optional.flatMap((headers) => Object.keys(headers)))
        assert.deepStrictEqual(
          request?.headers,
          Object.fromEntries(Object.entries(headers).filter(([header]) => !absent.has(header))),
          name
        )
        assert.strictEqual(request?.line, line.replace(/\?.*/, ""), name)
        if (body === sessionForm) assert.strictEqual(request?.body, "", name)
      }
    }).pipe(Effect.provide(restV2()))
  )

  it.effect("percent-encodes ids, whatever they hold", () =>
    Effect.gen(function* () {
      const odd = "a/b?c#d e%f&g=h+i;jé世\u{1f4fa}:..\\"
      const sent = "a%2Fb%3Fc%23d%20e%25f%26g%3Dh%2Bi%3Bj%C3%A9%E4%B8%96%F0%9F%93%BA%3A..%5C"
      const ids = { serviceProvider: odd, mvpd: odd, code: odd, partner: odd }
      const calls: Readonly<Record<string, Call>> = {
        "configuration.retrieve": ({ configuration }) => configuration.retrieve(ids),
        "sessions.retrieve": ({ sessions }) => sessions.retrieve(ids),
        "profiles.forMvpd": ({ profiles }) => profiles.forMvpd(ids),
        "profiles.forCode": ({ profiles }) => profiles.forCode(ids),
        "decisions.authorize": ({ decisions }) => decisions.authorize({ ...ids, resources: [odd] }),
        "logout.initiate": ({ logout }) => logout.initiate(ids),
        "partnerSingleSignOn.createProfile": ({ partnerSingleSignOn }) =>
          partnerSingleSignOn.createProfile({ ...ids, samlResponse, partnerFrameworkStatus: partnerStatus })
      }
      const lines: Array<string | undefined> = []
      for (const [name, call] of Object.entries(calls)) {
        lines.push((yield* requestsOf(name, call))[0]?.line)
      }
      assert.deepStrictEqual(lines, [
        `GET /api/v2/${sent}/configuration`,
        `GET /api/v2/${sent}/sessions/${sent}`,
        `GET /api/v2/${sent}/profiles/${sent}`,
        `GET /api/v2/${sent}/profiles/code/${sent}`,
        `POST /api/v2/${sent}/decisions/authorize/${sent}`,
        `GET /api/v2/${sent}/logout/${sent}`,
        `POST /api/v2/${sent}/profiles/sso/${sent}`
      ])
    }).pipe(Effect.provide(restV2()))
  )

  it.effect("names resources as they are: in JSON, and unchanged", () =>
    Effect.gen(function* () {
      const resources = [
        "acme-live ",
        '<rss version="2.0"><channel><title><![CDATA[Acme "Plus" & more]]></title></channel></rss>',
        "世界\u0000"
      ]
      const [request] = yield* requestsOf("decisions.authorize", ({ decisions }) =>
        decisions.authorize({ ...ofMvpd, resources })
      )
      assert.deepStrictEqual(JSON.parse(request?.body ?? ""), { resources })
    }).pipe(Effect.provide(restV2()))
  )

  it.effect("is the same after a restart, since it depends on the device only (G4)", () =>
    Effect.gen(function* () {
      const once = requestsOf("profiles.all", ({ profiles }) => profiles.all(ofAcme)).pipe(
        Effect.provide(restV2())
      )
      assert.deepStrictEqual(yield* once, yield* once)
    })
  )

  it.effect("of a browser has no X-Device-Info: its own user agent describes it (G3)", () =>
    Effect.gen(function* () {
      const browser = Either.getOrThrow(
        Device.make({
          id: "a-browser",
          ip: "203.0.113.9",
          info: "browser",
          userAgent: "Mozilla/5.0 (Windows)"
        })
      )
      const [request] = yield* requestsOf("profiles.all", ({ profiles }) =>
        Effect.provideService(profiles.all(ofAcme), CurrentDevice, browser)
      )
      assert.deepStrictEqual(request?.headers, {
        ...general,
        "ap-device-identifier": "fingerprint a-browser",
        "x-forwarded-for": "203.0.113.9",
        "user-agent": "Mozilla/5.0 (Windows)"
      })
    }).pipe(Effect.provide(restV2()))
  )

  it.effect("of a server has address and port of the device, or its device cannot be made (G6, G7)", () =>
    Effect.gen(function* () {
      const [request] = yield* requestsOf("decisions.authorize", ({ decisions }) =>
        decisions.authorize({ ...ofMvpd, resources: ["acme-live"] })
      )
      assert.include(request?.headers["x-device-info"], {
        connectionIp: "203.0.113.7",
        connectionPort: "51617"
      })
    }).pipe(Effect.provide(restV2()))
  )
})

describe("a parameter that cannot be sent", () => {
  const badSegments = ["", " ", ".", "..", "a\u0000b", "a\nb", "\u007f", "\ud800"]

  it.effect("fails with its name, and nothing is asked", () =>
    Effect.gen(function* () {
      const calls = yield* RestV2.RestV2
      for (const bad of badSegments) {
        const failures = yield* Effect.all([
          Effect.flip(calls.configuration.retrieve({ serviceProvider: bad })),
          Effect.flip(calls.profiles.forMvpd({ ...ofMvpd, mvpd: bad })),
          Effect.flip(calls.sessions.resume({ ...ofCode, code: bad })),
          Effect.flip(calls.withoutDevice.profiles.forCode({ ...ofCode, code: bad })),
          Effect.flip(
            calls.partnerSingleSignOn.createProfile({
              ...ofAcme,
              partner: bad,
              samlResponse,
              partnerFrameworkStatus: partnerStatus
            })
          )
        ])
        assert.deepStrictEqual(
          failures.map((error) => (error._tag === "InvalidInput" ? error.field : error._tag)),
          ["serviceProvider", "mvpd", "code", "code", "partner"],
          JSON.stringify(bad)
        )
      }
      const emulator = yield* Emulator.Emulator
      assert.strictEqual((yield* emulator.counts).api, 0)
    }).pipe(Effect.provide(restV2()))
  )

  it.effect("is told without its value: a header, a list without a resource", () =>
    Effect.gen(function* () {
      const { decisions, profiles } = yield* RestV2.RestV2
      const failures = yield* Effect.all([
        Effect.flip(profiles.all({ ...ofAcme, visitorId: "my-visitor\r\nx: y" })),
        Effect.flip(profiles.all({ ...ofAcme, serviceToken: Redacted.make("my-token\n") })),
        Effect.flip(decisions.authorize({ ...ofMvpd, resources: [] })),
        Effect.flip(decisions.preauthorize({ ...ofMvpd, resources: [] }))
      ])
      assert.deepStrictEqual(
        failures.map(({ message }) => message),
        [
          "headers.ap-visitor-identifier contains characters that a header value may not contain.",
          "headers.ad-service-token contains characters that a header value may not contain.",
          "resources must be a list of at least one id.",
          "resources must be a list of at least one id."
        ]
      )
      const emulator = yield* Emulator.Emulator
      assert.strictEqual((yield* emulator.counts).api, 0)
    }).pipe(Effect.provide(restV2()))
  )
})

describe("the URL that a browser opens", () => {
  it.effect("is made without a request, on the host of the environment (C12, G1)", () =>
    Effect.gen(function* () {
      const { sessions } = yield* RestV2.RestV2
      const urls = [
        sessions.authenticateUrl(ofCode),
        sessions.authenticateUrl({ serviceProvider: "A C/ME", code: "7?Q#" })
      ]
      assert.deepStrictEqual(urls.map(Either.getOrThrow), [
        "http://127.0.0.1/api/v2/authenticate/ACME/7QK2M9Z",
        "http://127.0.0.1/api/v2/authenticate/A%20C%2FME/7%3FQ%23"
      ])
      const emulator = yield* Emulator.Emulator
      assert.deepStrictEqual(yield* emulator.log, [])
    }).pipe(Effect.provide(restV2()))
  )

  it.effect("is refused for a part that would lead elsewhere", () =>
    Effect.gen(function* () {
      const { sessions } = yield* RestV2.RestV2
      for (const bad of ["", " ", ".", "..", "a\u0000b", "a\nb", "\ud800"]) {
        for (const field of ["serviceProvider", "code"]) {
          const refused = sessions.authenticateUrl({ ...ofCode, [field]: bad })
          assert.deepStrictEqual(
            Either.mapLeft(refused, (error) => error.field),
            Either.left(field),
            JSON.stringify(bad)
          )
        }
      }
    }).pipe(Effect.provide(restV2()))
  )
})

describe("a URL in an answer", () => {
  const interactive = {
    session: { ...operations["sessions.create"]?.answer, url: "/api/v2/authenticate/ACME/7QK2M9Z" },
    logout: {
      logouts: {
        NorthCable: {
          actionName: "logout",
          actionType: "interactive",
          mvpd: "NorthCable",
          url: "/adobe-services/logout?requestor_id=ACME"
        }
      }
    }
  }

  it.effect("is never requested, whatever the action (C12)", () =>
    Effect.gen(function* () {
      const calls: ReadonlyArray<readonly [answer: object, call: Call]> = [
        [interactive.session, ({ sessions }) => sessions.create(ofAcme)],
        [interactive.session, ({ sessions }) => sessions.resume(ofCode)],
        [
          { ...interactive.session, actionName: "resume", actionType: "direct", url: "/api/v2/ACME/x" },
          ({ sessions }) => sessions.create(ofAcme)
        ],
        [interactive.logout, ({ logout }) => logout.initiate(ofMvpd)]
      ]
      for (const [answer, call] of calls) {
        const { exit, requests } = yield* answered(Fault.json(200, answer), call)
        assert.isTrue(Exit.isSuccess(exit), String(exit))
        assert.strictEqual(requests.length, 1)
      }
      const emulator = yield* Emulator.Emulator
      assert.deepStrictEqual([...new Set((yield* emulator.log).map(({ route }) => route))], ["api"])
    }).pipe(Effect.provide(restV2()))
  )

  it.effect("is a value: a relative one stays relative", () =>
    Effect.gen(function* () {
      const { exit } = yield* answered(Fault.json(200, interactive.session), ({ sessions }) =>
        sessions.create(ofAcme)
      )
      const { url } = yield* exit
      assert.strictEqual(url, "/api/v2/authenticate/ACME/7QK2M9Z")
    }).pipe(Effect.provide(restV2()))
  )
})

describe("the calls of a device and those of a second screen", () => {
  it.effect("use the credentials of whom they are made for (G2)", () =>
    Effect.gen(function* () {
      const layer = RestV2.layer.pipe(Layer.provideMerge(system()))
      const clients = yield* Effect.gen(function* () {
        const emulator = yield* Emulator.Emulator
        const { configuration, withoutDevice } = yield* RestV2.RestV2
        const answer = Fault.json(200, operations["configuration.retrieve"]?.answer)
        yield* emulator.fail({ route: "api", fault: answer, times: 3 })
        yield* Effect.provideService(configuration.retrieve(ofAcme), CurrentDevice, device(1))
        yield* Effect.provideService(configuration.retrieve(ofAcme), CurrentDevice, device(3))
        yield* Effect.provideService(withoutDevice.configuration.retrieve(ofAcme), CurrentInstance, device(3))
        const log = yield* emulator.log
        return log.filter(({ route }) => route === "api").map(({ headers }) => headers["authorization"])
      }).pipe(Effect.provide(layer))
      assert.notStrictEqual(clients[0], clients[1])
      assert.strictEqual(clients[1], clients[2])
    })
  )
})
