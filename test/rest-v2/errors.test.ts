import { readFileSync } from "node:fs"
import { assert, describe, it } from "@effect/vitest"
import { Cause, Effect, Exit, FastCheck as fc, Schema } from "effect"
import { AdobePassError } from "effect-adobe-pass"
import { Emulator, Fault } from "effect-adobe-pass-emulator"
import { type Authorization, type Preauthorization, RestV2 } from "effect-adobe-pass-rest-v2"
import { runs } from "../support/property.js"
import { answered, type Call, ofAcme, ofMvpd, operations, restV2 } from "../support/restV2.js"
import { advance, runToEnd } from "../support/time.js"

const Entry = Schema.Struct({ action: Schema.String, code: Schema.String, status: Schema.Number })
type Entry = typeof Entry.Type

const { historical, v1, v2 } = Schema.decodeUnknownSync(
  Schema.parseJson(
    Schema.Struct({ v2: Schema.Array(Entry), v1: Schema.Array(Entry), historical: Schema.Array(Entry) })
  )
)(readFileSync(new URL("../core/fixtures/enhanced-errors.json", import.meta.url), "utf8"))

/** Codes that are documented without action and status, and some that are not documented. */
const bare: ReadonlyArray<Entry> = [
  "invalid_refresh_token",
  "authorization_denied_by_degradation_configuration_change",
  "maximum_attempts_exceeded",
  "degraded_integration",
  "a_brand_new_code"
].flatMap((code) => [
  { action: "none", code, status: 400 },
  { action: "sing_a_song", code, status: 403 }
])

const entries = [...v2, ...v1, ...historical, ...bare]

/** What an action asks for, whatever the status. */
const byAction: Readonly<Record<string, AdobePassError.CallRefused["_tag"]>> = {
  configuration: "ConfigurationRequired",
  "application-registration": "ApplicationRegistrationRequired",
  authentication: "AuthenticationRequired",
  authorization: "AuthorizationRequired",
  retry: "TemporaryFailure",
  "retry-after": "TemporaryFailure"
}

const byStatus = (status: number): RestV2.RestV2Error["_tag"] => {
  if (status === 401) return "AccessTokenRejected"
  return status >= 500 ? "ServiceUnavailable" : "RequestRejected"
}

const answer = (status: number, type: string, body: string) =>
  Fault.answer(status, { headers: { "content-type": type }, body })

/** What an answer of this shape tells about its error. */
interface Shape {
  readonly write: (status: number, entry: Entry) => Fault.Fault
  readonly tells: "everything" | "code" | "nothing"
  /** Why it is no success, where its status is one. */
  readonly reason?: AdobePassError.UnexpectedResponse["reason"]
}

const message = "A sentence."
const xml = ({ action, code, status }: Entry) =>
  `<?xml version="1.0"?>\n<error><action>${action}</action><status>${status}</status><code>${code}</code></error>`

const shapes: Readonly<Record<string, Shape>> = {
  flat: { write: (status, entry) => Fault.json(status, { ...entry, message }), tells: "everything" },
  nested: {
    write: (status, error) => Fault.json(status, { error: { ...error, message } }),
    tells: "everything"
  },
  wrapped: {
    write: (status, error) => Fault.json(status, { status: "BAD_REQUEST", error }),
    tells: "everything"
  },
  string: { write: (status, { code }) => Fault.json(status, { error: code, message }), tells: "code" },
  plain: { write: (status) => Fault.json(status, { status, message }), tells: "nothing" },
  XML: { write: (status, entry) => answer(status, "application/xml", xml(entry)), tells: "everything" },
  text: { write: (status) => answer(status, "text/plain", "No way."), tells: "nothing", reason: "Text" },
  HTML: {
    write: (status) => answer(status, "text/html", "<html><body>Sorry</body></html>"),
    tells: "nothing",
    reason: "Html"
  },
  empty: { write: (status) => answer(status, "application/json", ""), tells: "nothing", reason: "EmptyBody" }
}

/** What a call fails with, by the documents and not by the library. */
const expected = (
  status: number,
  { action }: Entry,
  { reason, tells }: Shape
): RestV2.RestV2Error["_tag"] => {
  if (status === 429) return "Throttled"
  const asksFor = tells === "everything" ? byAction[action] : undefined
  if (status < 300) return reason === undefined ? (asksFor ?? "RequestRejected") : "UnexpectedResponse"
  return asksFor ?? byStatus(status)
}

/** The error of a call that is answered by this alone, at its only attempt. */
const errorOf = (fault: Fault.Fault, call: Call) =>
  Effect.gen(function* () {
    const emulator = yield* Emulator.Emulator
    yield* emulator.fail({ route: "api", fault, times: 10 })
    const error = yield* Effect.flip(runToEnd(Effect.flatMap(RestV2.RestV2, call)))
    yield* emulator.clearFaults
    // Until a refused token and throttling are forgotten.
    if (fault._tag === "Answer" && (fault.status === 401 || fault.status === 429)) yield* advance(600_000)
    return error
  })

const once = restV2({ retry: { attempts: 1 } })

const named = Object.entries(operations)

describe("an enhanced error in an answer", () => {
  it.effect("is told by its action, for each documented code (H1, H2, H4)", () =>
    Effect.gen(function* () {
      assert.deepStrictEqual([v2.length, v1.length, historical.length], [47, 33, 31])
      for (const [at, entry] of entries.entries()) {
        const [name = "", operation] = named[at % named.length] ?? []
        if (operation === undefined) continue
        const error = yield* errorOf(Fault.json(entry.status, { ...entry, message }), operation.call)
        const tag: RestV2.RestV2Error["_tag"] =
          entry.status === 429 ? "Throttled" : (byAction[entry.action] ?? byStatus(entry.status))
        assert.strictEqual(error._tag, tag, `${name}, ${entry.code}`)
        if ("code" in error) assert.strictEqual(error.code, entry.code)
        if ("action" in error) assert.strictEqual(error.action, entry.action)
        if ("serverMessage" in error) assert.strictEqual(error.serverMessage, message)
      }
    }).pipe(Effect.provide(once))
  )

  it.effect("is decoded in every shape, with every status, for every operation (H2, H3, H4, H7)", () =>
    Effect.gen(function* () {
      const combinations = fc.record({
        operation: fc.constantFrom(...named),
        entry: fc.constantFrom(...entries),
        shape: fc.constantFrom(...Object.keys(shapes)),
        status: fc.constantFrom(200, 400, 401, 403, 404, 405, 409, 410, 412, 418, 429, 500, 502, 503)
      })
      const { numRuns, seed } = runs(60).fastCheck
      for (const { entry, operation, shape, status } of fc.sample(combinations, { numRuns, seed })) {
        const form = shapes[shape]
        if (form === undefined) continue
        const error = yield* errorOf(form.write(status, entry), operation[1].call)
        const what = `${operation[0]}, ${shape}, ${status}, ${JSON.stringify(entry)}`
        assert.strictEqual(error._tag, expected(status, entry, form), what)
        if (error._tag === "UnexpectedResponse") assert.strictEqual(error.reason, form.reason, what)
        const code = form.tells === "nothing" ? undefined : entry.code
        if ("code" in error) assert.strictEqual(error.code, code, what)
      }
    }).pipe(Effect.provide(once))
  )

  it.effect.each(named)("in a success of %s is that error, and is not asked again (H2)", ([, { call }]) =>
    Effect.gen(function* () {
      for (const action of [...Object.keys(byAction), "none"]) {
        const tag = byAction[action] ?? "RequestRejected"
        const error = { action, status: 403, code: "network_received_error", message }
        for (const body of [error, { error }, { status: "OK", error }]) {
          const { exit, requests } = yield* answered(Fault.json(200, body), call)
          const failure = yield* Effect.flip(exit)
          assert.strictEqual(String(failure._tag), tag)
          assert.include(failure, { status: 403, code: error.code })
          assert.strictEqual(requests.length, 1)
        }
      }
    }).pipe(Effect.provide(restV2()))
  )

  it.effect("tells a second screen of a mistyped code, before a browser goes anywhere (C9)", () =>
    Effect.gen(function* () {
      for (const name of ["withoutDevice.sessions.resume", "withoutDevice.sessions.retrieve"]) {
        for (const code of ["invalid_parameter_code", "invalid_authentication_session"]) {
          const call = operations[name]?.call
          assert.isDefined(call)
          if (call === undefined) return
          const { exit } = yield* answered(Fault.json(400, { action: "none", status: 400, code }), call)
          assert.deepInclude(yield* Effect.flip(exit), { _tag: "RequestRejected", status: 400, code })
        }
      }
    }).pipe(Effect.provide(restV2()))
  )

  it.effect("is not seen in a session that lacks something: its code is no error code", () =>
    Effect.gen(function* () {
      const { exit } = yield* answered(Fault.json(200, { code: "7QK2M9Z" }), ({ sessions }) =>
        sessions.create(ofAcme)
      )
      assert.strictEqual((yield* Effect.flip(exit))._tag, "UnexpectedResponse")
    }).pipe(Effect.provide(restV2()))
  )
})

type Decided = Authorization.Authorization | Preauthorization.Preauthorization

const decide = (name: "authorize" | "preauthorize", answers: ReadonlyArray<object>) => {
  const call: Call<ReadonlyArray<Decided>> = ({ decisions }) =>
    decisions[name]({ ...ofMvpd, resources: ["acme-live"] })
  return Effect.flatMap(answered(Fault.json(200, { decisions: answers }), call), ({ exit }) => exit)
}

describe("the error of a denial", () => {
  const decision = { serviceProvider: "ACME", mvpd: "NorthCable", source: "mvpd", authorized: false }

  it.effect.each(["authorize", "preauthorize"] as const)(
    "of %s has the class that its action asks for, in every shape (D4, H1, H3)",
    (name) =>
      Effect.gen(function* () {
        const denials = entries.flatMap((entry) => [
          { ...decision, resource: entry.code, error: { ...entry, message, details: "Upgrade." } },
          { ...decision, resource: entry.code, error: entry.code }
        ])
        const results = yield* decide(name, denials)
        assert.strictEqual(results.length, denials.length)
        for (const [at, result] of results.entries()) {
          const entry = entries[Math.floor(at / 2)]
          assert.include(["AuthorizationDenial", "PreauthorizationDenial"], result._tag)
          if (!("error" in result) || entry === undefined) continue
          const isFull = at % 2 === 0
          assert.isTrue(Schema.is(AdobePassError.CallRefused)(result.error))
          assert.strictEqual(
            result.error._tag,
            (isFull ? byAction[entry.action] : undefined) ?? "RequestRejected",
            entry.code
          )
          assert.strictEqual(result.error.code, entry.code)
          assert.strictEqual(result.error.status, isFull ? entry.status : 200)
          assert.strictEqual(result.error.serverMessage, isFull ? message : undefined)
          assert.strictEqual(result.error.details, isFull ? "Upgrade." : undefined)
        }
      }).pipe(Effect.provide(restV2()))
  )

  it.effect("that has none, or none that can be read, is that of a rejected request", () =>
    Effect.gen(function* () {
      const odd = [undefined, null, 5, [], {}, { code: 5 }]
      const results = yield* decide(
        "authorize",
        odd.map((error) => ({ ...decision, resource: "acme-live", error }))
      )
      assert.deepStrictEqual(
        results.map((result) => ("error" in result ? result.error._tag : result._tag)),
        odd.map(() => "RequestRejected")
      )
    }).pipe(Effect.provide(restV2()))
  )

  it.effect("of one attribute is its code, and the other attributes are read (H3)", () =>
    Effect.gen(function* () {
      const attributes = Object.fromEntries(entries.map(({ code }) => [code, { error: code }]))
      const { NorthCable } = {
        NorthCable: { notBefore: 1, notAfter: 2, issuer: "NorthCable", type: "regular", attributes }
      }
      const { exit } = yield* answered(Fault.json(200, { profiles: { NorthCable } }), ({ profiles }) =>
        profiles.all(ofAcme)
      )
      assert.deepStrictEqual<unknown>(yield* exit, { NorthCable })
    }).pipe(Effect.provide(restV2()))
  )
})

describe("a call that failed", () => {
  const statuses = Effect.gen(function* () {
    const log = yield* (yield* Emulator.Emulator).log
    return log.filter(({ route }) => route !== "register").map(({ route, status }) => `${route} ${status}`)
  })

  /** Runs a call whose first answers are these, with a token that is there already. */
  const answeredInTurn = (answers: ReadonlyArray<Fault.Fault>, call: Call) =>
    Effect.gen(function* () {
      const emulator = yield* Emulator.Emulator
      const calls = yield* RestV2.RestV2
      yield* emulator.fail({ route: "api", fault: Fault.json(200, { profiles: {} }) })
      yield* runToEnd(calls.profiles.all(ofAcme))
      yield* advance(60_000)
      yield* emulator.clearLog
      for (const fault of answers) yield* emulator.fail({ route: "api", fault })
      const exit = yield* Effect.exit(runToEnd(call(calls)))
      yield* emulator.clearFaults
      return { exit, statuses: yield* statuses }
    })

  /** Those of a second screen go the same way. */
  const failing = named.filter(([name]) => !name.startsWith("withoutDevice"))

  it.effect.each(failing)("of %s is repeated for the action retry, and for no other (H5)", ([, operation]) =>
    Effect.gen(function* () {
      const { answer: success, call } = operation
      const refusal = (action: string) =>
        Fault.json(403, { action, status: 403, code: "network_received_error", message })
      const repeated = yield* answeredInTurn([refusal("retry"), Fault.json(200, success)], call)
      assert.isTrue(Exit.isSuccess(repeated.exit), String(repeated.exit))
      assert.deepStrictEqual(repeated.statuses, ["api 403", "api 200"])
      for (const action of ["none", "configuration", "authentication", "authorization", "a_new_action"]) {
        const { exit, statuses } = yield* answeredInTurn([refusal(action), Fault.json(200, success)], call)
        assert.isTrue(Exit.isFailure(exit) && Cause.isFailType(exit.cause), action)
        assert.deepStrictEqual(statuses, ["api 403"], action)
      }
    }).pipe(Effect.provide(restV2()))
  )

  it.effect.each(failing)(
    "of %s is repeated after an outage, unless it creates a profile (H5)",
    ([name, operation]) =>
      Effect.gen(function* () {
        const { answer: success, call } = operation
        for (const fault of [Fault.answer(503), Fault.reset()]) {
          const { exit, statuses } = yield* answeredInTurn([fault, Fault.json(200, success)], call)
          const isRepeated = name !== "partnerSingleSignOn.createProfile"
          assert.strictEqual(Exit.isSuccess(exit), isRepeated, String(exit))
          assert.strictEqual(statuses.length, isRepeated ? 2 : 1)
        }
      }).pipe(Effect.provide(restV2()))
  )

  it.effect.each(failing)("of %s renews a refused token once, and registers nothing (H6)", ([, operation]) =>
    Effect.gen(function* () {
      const { answer: success, call } = operation
      const refusal = Fault.json(401, {
        action: "application-registration",
        status: 401,
        code: "invalid_access_token_client_application"
      })
      const renewed = yield* answeredInTurn([refusal, Fault.json(200, success)], call)
      assert.isTrue(Exit.isSuccess(renewed.exit), String(renewed.exit))
      assert.deepStrictEqual(renewed.statuses, ["api 401", "token 201", "api 200"])
      const refused = yield* answeredInTurn([refusal, refusal, refusal, refusal, refusal], call)
      assert.strictEqual((yield* Effect.flip(refused.exit))._tag, "ApplicationRegistrationRequired")
      assert.deepStrictEqual(refused.statuses, ["api 401", "token 201", "api 401", "api 401", "api 401"])
    }).pipe(Effect.provide(restV2()))
  )

  it.effect("does not log out after a denial (F3)", () =>
    Effect.gen(function* () {
      const denial = {
        resource: "acme-live",
        serviceProvider: "ACME",
        mvpd: "NorthCable",
        source: "mvpd",
        authorized: false,
        error: { action: "authentication", status: 403, code: "authorization_denied_by_session_invalidated" }
      }
      yield* decide("authorize", [denial])
      yield* decide("preauthorize", [denial])
      const log = yield* (yield* Emulator.Emulator).log
      assert.isFalse(log.some(({ path }) => path.includes("logout")))
    }).pipe(Effect.provide(restV2()))
  )
})
