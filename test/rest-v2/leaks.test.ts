import { assert, describe, it } from "@effect/vitest"
import { Effect, Exit, Redacted } from "effect"
import type { CurrentDevice, CurrentInstance } from "effect-adobe-pass"
import { Emulator, Fault } from "effect-adobe-pass-emulator"
import { RestV2 } from "effect-adobe-pass-rest-v2"
import { type Call, ofAcme, ofCode, ofMvpd, partnerStatus, restV2 } from "../support/restV2.js"
import {
  leaksIn,
  plainRenderings,
  type Secret,
  searcher,
  shown,
  withoutJwtHeader,
  witness
} from "../support/secrets.js"
import { runToEnd } from "../support/time.js"

const jwt = (claims: object, signature: string) =>
  ["eyJhbGciOiJSUzI1NiJ9", Buffer.from(JSON.stringify(claims)).toString("base64url"), signature].join(".")

const serviceToken = jwt({ sub: "a-person-of-a-service" }, "b7Jq2mXw81kNf0TtYbLs7dLpUeRgHcJa9")
const subjectToken = jwt({ sub: "a-person-of-a-platform" }, "Q4c5MiOxK4Vn6WyEu5BzCQlSrDhZq3vXw8")
const rokuToken = jwt({ sub: "a-person-of-roku" }, "p0LkJmNhBgVfCdXsZaQwErTyUiOp12345")
const mediaToken = "PHNpZ25hdHVyZUluZm8+media-8f3a61c0d2b75e41"
const samlResponse = "PHNhbWxwOlJlc3BvbnNlPg+saml-77b04f12e6a9c53d"
const samlRequest = "PHNhbWxwOkF1dGhuUmVxdWVzdD4+saml-19e7d3a4c6b2f085"
const person = "2b5c7e91d04f6a83-of-a-person"
const address = "198.51.100.173"

const secrets: ReadonlyArray<Secret> = [
  { name: "token of a service", value: withoutJwtHeader(serviceToken) },
  { name: "token of a platform", value: withoutJwtHeader(subjectToken) },
  { name: "token of Roku", value: withoutJwtHeader(rokuToken) },
  { name: "media token", value: mediaToken },
  { name: "SAML response", value: samlResponse },
  { name: "SAML request", value: samlRequest },
  { name: "identity of a TempPass", value: person },
  { name: "address of a device", value: address }
]

const everything = {
  serviceToken: Redacted.make(serviceToken),
  subjectToken: Redacted.make(subjectToken),
  rokuToken: Redacted.make(rokuToken),
  tempPassIdentity: { email: person },
  partnerFrameworkStatus: partnerStatus
}

const session = {
  actionName: "partner_profile",
  actionType: "direct",
  reasonType: "none",
  sessionId: "2f1e6d0c",
  serviceProvider: "ACME",
  authenticationRequest: { type: "saml", request: samlRequest, attributesNames: ["uid"] }
}

const information = {
  existingParameters: { serviceProvider: "ACME" },
  device: { model: "AFTM", connection: { ipAddress: address, port: "51617" } }
}

const permit = {
  resource: "acme-live",
  serviceProvider: "ACME",
  mvpd: "NorthCable",
  source: "mvpd",
  authorized: true,
  token: { serializedToken: mediaToken, notAfter: 1_767_226_020_000 }
}

/** Calls that carry secrets, or are answered with some. */
const calls: Readonly<Record<string, { readonly call: Call; readonly answer: object }>> = {
  "sessions.create": {
    call: ({ sessions }) => sessions.create({ ...ofAcme, ...everything }),
    answer: session
  },
  "sessions.retrieve": { call: ({ sessions }) => sessions.retrieve(ofCode), answer: information },
  "withoutDevice.sessions.retrieve": {
    call: ({ withoutDevice }) => withoutDevice.sessions.retrieve(ofCode),
    answer: information
  },
  "profiles.forMvpd": {
    call: ({ profiles }) => profiles.forMvpd({ ...ofMvpd, ...everything }),
    answer: { profiles: {} }
  },
  "decisions.authorize": {
    call: ({ decisions }) => decisions.authorize({ ...ofMvpd, ...everything, resources: ["acme-live"] }),
    answer: { decisions: [permit] }
  },
  "decisions.preauthorize": {
    call: ({ decisions }) => decisions.preauthorize({ ...ofMvpd, ...everything, resources: ["acme-live"] }),
    answer: { decisions: [permit] }
  },
  "partnerSingleSignOn.requestAuthentication": {
    call: ({ partnerSingleSignOn }) =>
      partnerSingleSignOn.requestAuthentication({
        ...ofAcme,
        ...everything,
        domainName: "acme.example",
        redirectUrl: "https://acme.example/done"
      }),
    answer: session
  },
  "partnerSingleSignOn.createProfile": {
    call: ({ partnerSingleSignOn }) =>
      partnerSingleSignOn.createProfile({
        ...ofAcme,
        ...everything,
        samlResponse: Redacted.make(samlResponse)
      }),
    answer: { profiles: {} }
  }
}

/** JSON in which every text is what a call has sent or asked for, where the contract expects something else. */
const misplaced = (answer: object) => ({
  wrong: answer,
  actionName: 5,
  decisions: mediaToken,
  profiles: person
})

/** What may become of a call: each shows what it holds in its own way. */
const faults: Readonly<Record<string, (answer: object) => Fault.Fault>> = {
  "that succeeds": (answer) => Fault.json(200, answer),
  "whose answer lacks everything": (answer) => Fault.json(200, misplaced(answer)),
  "whose answer is no JSON": (answer) => Fault.answer(200, { body: `${JSON.stringify(answer)}...` }),
  "whose answer has another status": (answer) => Fault.json(202, answer),
  "whose answer is refused in HTML": (answer) => Fault.html(400, JSON.stringify(answer)),
  "whose server fails": (answer) => Fault.json(500, answer),
  "whose connection breaks": () => Fault.reset(),
  "that is refused with the tokens of its person": () =>
    Fault.json(403, {
      action: "none",
      status: 403,
      code: "invalid_header",
      message: `Not valid: ${serviceToken}, ${subjectToken}, ${rokuToken}.`
    })
}

const find = searcher(secrets)

/** Runs a call under a tracer and every logger, and looks for secrets in all that it shows. */
const leaksOf = (fault: Fault.Fault, call: Call) =>
  Effect.gen(function* () {
    const emulator = yield* Emulator.Emulator
    yield* emulator.fail({ route: "api", fault, times: 5 })
    const program: Effect.Effect<unknown, unknown, RestV2.RestV2 | CurrentDevice | CurrentInstance> =
      Effect.flatMap(RestV2.RestV2, call).pipe(
        Effect.tapBoth({ onFailure: Effect.logError, onSuccess: Effect.log }),
        Effect.withSpan("caller")
      )
    const witnessed = yield* runToEnd(witness(program))
    return { exit: witnessed.exit, leaks: leaksIn(find, yield* shown(witnessed)) }
  })

describe("a call", () => {
  /** Those that carry most; a failure of the others is the same. */
  const telling = [
    "sessions.retrieve",
    "profiles.forMvpd",
    "decisions.authorize",
    "partnerSingleSignOn.createProfile"
  ]
  const cases = Object.keys(faults).flatMap((what) =>
    (what === "that succeeds" ? Object.keys(calls) : telling).map((name) => [name, what] as const)
  )

  it.effect.each(cases)(
    "of %s %s shows no secret in error, exit, span, log or result (H10)",
    ([name, what]) =>
      Effect.gen(function* () {
        const { answer, call } = calls[name] ?? {}
        const fault = faults[what]
        assert.isDefined(fault)
        if (answer === undefined || call === undefined || fault === undefined) return
        const { exit, leaks } = yield* leaksOf(fault(answer), call)
        assert.strictEqual(Exit.isSuccess(exit), what === "that succeeds", String(exit))
        assert.deepStrictEqual(leaks, [])
      }).pipe(Effect.provide(restV2({ retry: { attempts: 1 } })))
  )

  it.effect("has carried and received the secrets that are looked for, and would show a leak", () =>
    Effect.gen(function* () {
      const emulator = yield* Emulator.Emulator
      for (const { answer, call } of Object.values(calls)) yield* leaksOf(Fault.json(200, answer), call)
      const log = yield* emulator.log
      const passed = [
        ...log.flatMap(({ body, headers }) => [...Object.values(headers), decodeURIComponent(body)]),
        ...Object.values(calls).map(({ answer }) => JSON.stringify(answer))
      ].join("\n")
      const found = new Set(find(passed))
      for (const { name } of secrets) {
        assert.isTrue(
          [...found].some((text) => text.startsWith(name)),
          name
        )
      }
      assert.isNotEmpty(leaksIn(find, plainRenderings({ mediaToken })))
    }).pipe(Effect.provide(restV2()))
  )

  it.effect("hands secrets on for whoever asks for their value", () =>
    Effect.gen(function* () {
      const emulator = yield* Emulator.Emulator
      const { decisions, partnerSingleSignOn } = yield* RestV2.RestV2
      yield* emulator.fail({ route: "api", fault: Fault.json(200, { decisions: [permit] }) })
      const [decision] = yield* decisions.authorize({ ...ofMvpd, resources: ["acme-live"] })
      yield* emulator.fail({ route: "api", fault: Fault.json(200, session) })
      const next = yield* partnerSingleSignOn.requestAuthentication({
        ...ofAcme,
        partnerFrameworkStatus: partnerStatus,
        domainName: "acme.example",
        redirectUrl: "https://acme.example/done"
      })
      const token = decision?._tag === "AuthorizationPermit" ? decision.token?.serializedToken : undefined
      const request = next.authenticationRequest?.request
      assert.deepStrictEqual(
        [token, request].map((secret) => secret && Redacted.value(secret)),
        [mediaToken, samlRequest]
      )
    }).pipe(Effect.provide(restV2()))
  )
})
