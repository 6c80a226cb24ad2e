import { type HttpClient, HttpClientRequest } from "@effect/platform"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Either, Fiber, Redacted, Stream, TestClock } from "effect"
import {
  type AdobePass,
  type CredentialStore,
  CurrentDevice,
  Device,
  ProtectedClient
} from "effect-adobe-pass"
import { Emulator, Fault } from "effect-adobe-pass-emulator"
import { adobePass, device, info, system } from "../support/system.js"
import { advance, runToEnd, settle, withoutJitter } from "../support/time.js"

const path = "/api/v2/ACME/configuration"
const client = ProtectedClient.ProtectedClient
const call = Effect.flatMap(client, (adobe) => adobe.get(path))
const counts = Effect.flatMap(Emulator.Emulator, (emulator) => emulator.counts)
const steps = Effect.map(
  Effect.flatMap(Emulator.Emulator, (emulator) => emulator.log),
  (log) => log.map(({ route, status }) => `${route} ${status ?? "-"}`)
)
const enhanced = (action: string, code: string, status: number) =>
  Fault.json(status, {
    action,
    code,
    status,
    message: "A sentence.",
    details: "From the MVPD.",
    trace: "t-1"
  })

const withSystem =
  (options?: Parameters<typeof system>[0]) =>
  <A, E>(
    effect: Effect.Effect<
      A,
      E,
      | CurrentDevice
      | AdobePass.Services
      | Emulator.Emulator
      | HttpClient.HttpClient
      | CredentialStore.CredentialStore
    >
  ) =>
    effect.pipe(Effect.provideService(CurrentDevice, device()), Effect.provide(system(options)))

describe("the 401 ladder", () => {
  it.effect("renews the token before it repeats the call, and asks for one token (A10)", () =>
    Effect.gen(function* () {
      const emulator = yield* Emulator.Emulator
      yield* runToEnd(call)
      yield* emulator.revokeTokens
      yield* emulator.clearLog
      assert.strictEqual((yield* runToEnd(call)).status, 200)
      assert.deepStrictEqual(yield* steps, ["api 401", "token 201", "api 200"])
    }).pipe(withSystem())
  )

  it.effect(
    "ends with a typed error when the fresh token is refused too, after one token request (A10, H6)",
    () =>
      Effect.gen(function* () {
        const emulator = yield* Emulator.Emulator
        yield* runToEnd(call)
        yield* emulator.fail({
          route: "api",
          fault: enhanced("application-registration", "invalid_access_token_client_application", 401),
          times: 5
        })
        yield* emulator.clearLog
        const error = yield* Effect.flip(runToEnd(call))
        assert.strictEqual(error._tag, "ApplicationRegistrationRequired")
        // The last two are after a pause, because not every server may know the fresh token.
        assert.deepStrictEqual(yield* steps, ["api 401", "token 201", "api 401", "api 401", "api 401"])
      }).pipe(withSystem())
  )

  it.effect("is climbed once in a call, also when an outage comes between (H6)", () =>
    Effect.gen(function* () {
      const emulator = yield* Emulator.Emulator
      yield* runToEnd(call)
      yield* emulator.clearLog
      for (const status of [401, 503, 401, 401, 401]) {
        yield* emulator.fail({ route: "api", fault: Fault.answer(status) })
      }
      const error = yield* Effect.flip(runToEnd(call))
      assert.strictEqual(error._tag, "AccessTokenRejected")
      assert.deepStrictEqual(yield* steps, [
        "api 401",
        "token 201",
        "api 503",
        "api 401",
        "api 401",
        "api 401"
      ])
    }).pipe(withSystem())
  )

  it.effect("takes a 401 without any body for what it is", () =>
    Effect.gen(function* () {
      const emulator = yield* Emulator.Emulator
      yield* emulator.fail({ route: "api", fault: Fault.answer(401), times: 3 })
      const error = yield* Effect.flip(runToEnd(call))
      assert.strictEqual(error._tag, "AccessTokenRejected")
    }).pipe(withSystem())
  )

  it.effect("costs one token request when 200 calls are in flight and their 401s are spread over time", () =>
    Effect.gen(function* () {
      const emulator = yield* Emulator.Emulator
      yield* runToEnd(call)
      for (let n = 0; n < 200; n++) {
        yield* emulator.fail({ route: "api", fault: Fault.delay((n * 37) % 200) })
      }
      yield* emulator.fail({ route: "token", fault: Fault.delay(10) })
      const inFlight = yield* Effect.fork(
        Effect.all(
          Array.from({ length: 200 }, () => call),
          { concurrency: "unbounded" }
        )
      )
      yield* settle
      yield* emulator.revokeTokens
      const responses = yield* runToEnd(Fiber.join(inFlight))
      assert.strictEqual(responses.filter(({ status }) => status === 200).length, 200)
      const { register, token } = yield* counts
      assert.deepStrictEqual({ register, token }, { register: 1, token: 2 })
    }).pipe(withSystem())
  )

  it.effect("reports a token without the v2 scope as a scope problem, not as an expired token (A1)", () =>
    Effect.gen(function* () {
      const error = yield* Effect.flip(runToEnd(call))
      assert.strictEqual(error._tag, "InsufficientScope")
      if (error._tag === "InsufficientScope") {
        assert.strictEqual(error.required, "api:client:v2")
        assert.deepStrictEqual(error.granted, ["analytics:client"])
      }
    }).pipe(withSystem({ emulator: { throttle: "off", scopes: ["analytics:client"] } }))
  )

  it.effect("drops the refused token of a streamed call without sending its body twice", () =>
    Effect.gen(function* () {
      const emulator = yield* Emulator.Emulator
      const adobe = yield* client
      yield* runToEnd(call)
      yield* emulator.revokeTokens
      yield* emulator.clearLog
      const streamed = HttpClientRequest.post(path).pipe(
        HttpClientRequest.bodyStream(Stream.make(new TextEncoder().encode("once")))
      )
      const error = yield* Effect.flip(runToEnd(adobe.execute(streamed)))
      assert.strictEqual(error._tag, "AccessTokenRejected")
      assert.isTrue(error.retryable)
      assert.deepStrictEqual(yield* steps, ["api 401"])
      assert.strictEqual((yield* runToEnd(call)).status, 200)
    }).pipe(withSystem())
  )

  it.effect("treats a 403 of the Reset TempPass API as a refused token", () =>
    Effect.gen(function* () {
      const emulator = yield* Emulator.Emulator
      const adobe = yield* client
      yield* runToEnd(call)
      yield* emulator.fail({ route: "management", fault: Fault.answer(403) })
      const response = yield* runToEnd(
        adobe.del("/reset-tempass/v3/reset?requestor_id=ACME&mvpd_id=TempPass")
      )
      assert.strictEqual(response.status, 204)
      const { register, token } = yield* counts
      assert.deepStrictEqual({ register, token }, { register: 1, token: 2 })
    }).pipe(withSystem())
  )
})

describe("answers", () => {
  const actions: ReadonlyArray<readonly [string, number, string]> = [
    ["none", 400, "RequestRejected"],
    ["none", 403, "RequestRejected"],
    ["configuration", 403, "ConfigurationRequired"],
    ["configuration", 500, "ConfigurationRequired"],
    ["application-registration", 403, "ApplicationRegistrationRequired"],
    ["authentication", 403, "AuthenticationRequired"],
    ["authorization", 403, "AuthorizationRequired"],
    ["retry", 403, "TemporaryFailure"],
    ["something-new", 403, "RequestRejected"],
    ["none", 500, "ServiceUnavailable"]
  ]
  it.effect.each(actions)("with action %s and status %d fail with %s (H1)", ([action, status, tag]) =>
    Effect.gen(function* () {
      const emulator = yield* Emulator.Emulator
      yield* emulator.fail({ route: "api", fault: enhanced(action, "some_code", status), times: 10 })
      const error = yield* Effect.flip(runToEnd(call))
      assert.strictEqual(error._tag, tag)
      if ("action" in error) {
        assert.strictEqual(error.action, action)
        assert.strictEqual(error.code, "some_code")
        assert.strictEqual(error.serverMessage, "A sentence.")
        assert.strictEqual(error.details, "From the MVPD.")
      }
      assert.strictEqual("trace" in error ? error.trace : undefined, "t-1")
    }).pipe(withSystem())
  )

  it.effect.each([400, 401, 403, 404, 405, 500] as const)("with HTTP status %d fail (H2)", (status) =>
    Effect.gen(function* () {
      const emulator = yield* Emulator.Emulator
      yield* emulator.fail({ route: "api", fault: Fault.answer(status), times: 10 })
      const error = yield* Effect.flip(runToEnd(call))
      assert.strictEqual("status" in error ? error.status : undefined, status)
    }).pipe(withSystem())
  )

  it.effect("with 200 succeed, whatever their body says about single items (H2)", () =>
    Effect.gen(function* () {
      const emulator = yield* Emulator.Emulator
      yield* emulator.fail({
        route: "api",
        fault: Fault.json(200, { decisions: [{ error: { action: "retry", status: 403, code: "x" } }] })
      })
      assert.strictEqual((yield* runToEnd(call)).status, 200)
      assert.strictEqual((yield* counts).api, 1)
    }).pipe(withSystem())
  )

  const bodies: ReadonlyArray<readonly [string, Fault.Fault, string]> = [
    ["429 with HTML", Fault.html(429), "Throttled"],
    ["500 without body", Fault.answer(500), "ServiceUnavailable"],
    [
      "400 with text",
      Fault.answer(400, { headers: { "content-type": "text/plain" }, body: "no" }),
      "RequestRejected"
    ],
    [
      "403 with broken JSON",
      Fault.answer(403, { headers: { "content-type": "application/json" }, body: '{"a' }),
      "RequestRejected"
    ],
    ["302", Fault.answer(302, { headers: { location: "https://example.com/" } }), "UnexpectedResponse"]
  ]
  it.effect.each(bodies)("of %s become typed errors (H7)", ([, fault, tag]) =>
    Effect.gen(function* () {
      const emulator = yield* Emulator.Emulator
      yield* emulator.fail({ route: "api", fault, times: 10 })
      assert.strictEqual((yield* Effect.flip(runToEnd(call)))._tag, tag)
    }).pipe(withSystem())
  )

  it.effect("can be had raw: a 4xx is then a response with its body", () =>
    Effect.gen(function* () {
      const emulator = yield* Emulator.Emulator
      const adobe = yield* client
      yield* emulator.fail({ route: "api", fault: enhanced("none", "invalid_parameter_mvpd", 400) })
      const response = yield* runToEnd(adobe.raw.get(path))
      assert.strictEqual(response.status, 400)
      assert.propertyVal(yield* response.json, "code", "invalid_parameter_mvpd")
    }).pipe(withSystem())
  )

  it.effect("with 401 are raw only after the ladder", () =>
    Effect.gen(function* () {
      const emulator = yield* Emulator.Emulator
      const adobe = yield* client
      yield* emulator.fail({ route: "api", fault: Fault.answer(401), times: 1 })
      assert.strictEqual((yield* runToEnd(adobe.raw.get(path))).status, 200)
      yield* emulator.fail({ route: "api", fault: Fault.answer(401), times: 5 })
      assert.strictEqual((yield* runToEnd(adobe.raw.get(path))).status, 401)
      // What is known is not asked again, also not by a raw call.
      assert.strictEqual((yield* Effect.flip(runToEnd(adobe.raw.get(path))))._tag, "AccessTokenRejected")
    }).pipe(withSystem())
  )
})

describe("repetitions", () => {
  const repeated: ReadonlyArray<readonly [string, Fault.Fault, number]> = [
    ["action retry", enhanced("retry", "network_received_error", 403), 3],
    ["503", Fault.answer(503), 3],
    ["429, for as long as the budget lasts", Fault.html(429), 6],
    ["a reset connection", Fault.reset(), 3],
    ["a refused connection", Fault.refuse, 3],
    ["400", enhanced("none", "invalid_parameter_mvpd", 400), 1],
    ["405", Fault.answer(405), 1],
    ["403 without advice", Fault.answer(403), 1]
  ]
  it.effect.each(repeated)("of a GET after %s (H5)", ([, fault, attempts]) =>
    Effect.gen(function* () {
      const emulator = yield* Emulator.Emulator
      yield* runToEnd(call)
      yield* emulator.clearLog
      yield* emulator.fail({ route: "api", fault, times: 100 })
      const error = yield* Effect.flip(withoutJitter(runToEnd(call)))
      assert.strictEqual("attempts" in error ? error.attempts : undefined, attempts)
      const received = fault._tag === "Refuse" ? 0 : attempts
      assert.strictEqual((yield* emulator.log).length, received)
    }).pipe(withSystem())
  )

  it.effect(
    "of a POST are made after 429 and action retry, but not after an outage, unless it is repeatable (H5)",
    () =>
      Effect.gen(function* () {
        const emulator = yield* Emulator.Emulator
        const post = Effect.flatMap(client, (adobe) => adobe.post(path))
        const attempts = (fault: Fault.Fault, request: typeof post) =>
          Effect.gen(function* () {
            yield* emulator.clearLog
            yield* emulator.fail({ route: "api", fault, times: 100 })
            yield* Effect.flip(withoutJitter(runToEnd(request)))
            yield* emulator.clearFaults
            return (yield* counts).api
          })
        yield* runToEnd(call)
        assert.strictEqual(yield* attempts(Fault.answer(503), post), 1)
        assert.strictEqual(yield* attempts(Fault.reset(), post), 1)
        assert.strictEqual(yield* attempts(Fault.html(429), post), 6)
        assert.strictEqual(yield* attempts(enhanced("retry", "network_received_error", 403), post), 3)
        assert.strictEqual(yield* attempts(Fault.answer(503), ProtectedClient.repeatable(post)), 3)
      }).pipe(withSystem())
  )

  it.effect("never send a streamed body twice", () =>
    Effect.gen(function* () {
      const emulator = yield* Emulator.Emulator
      const adobe = yield* client
      yield* runToEnd(call)
      yield* emulator.clearLog
      yield* emulator.fail({ route: "api", fault: Fault.html(429), times: 100 })
      const streamed = HttpClientRequest.put(path).pipe(
        HttpClientRequest.bodyStream(Stream.make(new TextEncoder().encode("once")))
      )
      yield* Effect.flip(runToEnd(adobe.execute(streamed)))
      assert.strictEqual((yield* emulator.log).length, 1)
    }).pipe(withSystem())
  )

  it.effect("after 429 wait at least a second, longer each time, and are bounded (I1, I2)", () =>
    Effect.gen(function* () {
      const emulator = yield* Emulator.Emulator
      yield* runToEnd(call)
      yield* emulator.clearLog
      yield* emulator.fail({ route: "api", fault: Fault.html(429), times: 100 })
      const error = yield* Effect.flip(runToEnd(call))
      assert.strictEqual(error._tag, "Throttled")
      const times = (yield* emulator.log).map(({ at }) => at)
      const gaps = times.slice(1).map((at, n) => at - (times[n] ?? 0))
      assert.strictEqual(times.length, 6)
      assert.isAtLeast(gaps[0] ?? 0, 1000)
      assert.deepStrictEqual(
        gaps.toSorted((left, right) => left - right),
        gaps
      )
      assert.isAtMost((times.at(-1) ?? 0) - (times[0] ?? 0), 30_000)
    }).pipe(withoutJitter, withSystem())
  )

  it.effect("honour Retry-After where there is one, and refuse to wait beyond the budget (I1)", () =>
    Effect.gen(function* () {
      const emulator = yield* Emulator.Emulator
      yield* runToEnd(call)
      const throttledFor = (seconds: string) =>
        Fault.answer(429, {
          headers: { "retry-after": seconds, "content-type": "text/html" },
          body: "<html/>"
        })
      yield* emulator.clearLog
      yield* emulator.fail({ route: "api", fault: throttledFor("7") })
      yield* runToEnd(call)
      const [one, two] = (yield* emulator.log).map(({ at }) => at)
      assert.isAtLeast((two ?? 0) - (one ?? 0), 7000)

      yield* emulator.clearLog
      yield* emulator.fail({ route: "api", fault: throttledFor("3600") })
      const error = yield* Effect.flip(runToEnd(call))
      assert.strictEqual(error._tag, "Throttled")
      assert.strictEqual((yield* emulator.log).length, 1)
    }).pipe(withSystem())
  )

  it.effect("stop by themselves when an outage has used up the quota (H9)", () =>
    Effect.gen(function* () {
      const emulator = yield* Emulator.Emulator
      yield* runToEnd(call)
      yield* emulator.clearLog
      yield* emulator.fail({ route: "api", fault: Fault.answer(503), times: Number.POSITIVE_INFINITY })
      for (let n = 0; n < 100; n++) yield* Effect.flip(runToEnd(call))
      assert.strictEqual((yield* counts).api, 100 + 20)
    }).pipe(withSystem({ retryQuota: 100 }))
  )

  it.effect("end a call that is never answered after its time limit", () =>
    Effect.gen(function* () {
      const emulator = yield* Emulator.Emulator
      yield* runToEnd(call)
      yield* emulator.fail({ route: "api", fault: Fault.hang(), times: 100 })
      const error = yield* Effect.flip(runToEnd(call))
      assert.strictEqual(error._tag === "TransportError" ? error.reason : error._tag, "Timeout")
    }).pipe(withSystem())
  )
})

describe("requests", () => {
  it.effect("carry bearer, device and address, and nothing that Adobe did not ask for (G1, G2, G3, G8)", () =>
    Effect.gen(function* () {
      const emulator = yield* Emulator.Emulator
      yield* runToEnd(call).pipe(Effect.withSpan("caller"))
      const log = yield* emulator.log
      for (const { headers } of log) {
        assert.strictEqual(headers["x-forwarded-for"], "203.0.113.1")
        assert.match(headers["x-device-info"] ?? "", /^[\w+/=]+$/)
        for (const name of ["traceparent", "b3", "tracestate"]) assert.notProperty(headers, name)
      }
      const api = log.find(({ route }) => route === "api")
      assert.match(api?.headers["authorization"] ?? "", /^Bearer \S+$/)
      assert.strictEqual(api?.headers["ap-device-identifier"], `fingerprint ${btoa("device-1")}`)
    }).pipe(withSystem())
  )

  const foreign = [
    "https://example.com/api/v2/ACME/configuration",
    "http://127.0.0.1:81/api/v2/ACME/configuration",
    "https://127.0.0.1/api/v2/ACME/configuration",
    "http://127.0.0.1.example.com/",
    "//example.com/api/v2/x".replace(/^/, "https:")
  ]
  it.effect.each(foreign)("to a foreign origin are refused before anything is sent: %s", (url) =>
    Effect.gen(function* () {
      const adobe = yield* client
      const error = yield* Effect.flip(runToEnd(adobe.get(url)))
      assert.strictEqual(error._tag, "ForeignOrigin")
      assert.deepStrictEqual(yield* steps, [])
    }).pipe(withSystem())
  )

  const paths = ["//example.com/api/v2/x", "/\\example.com", "/api/v2/../../x", "api/v2/ACME/configuration"]
  it.effect.each(paths)("to a path stay on the environment's host: %s", (url) =>
    Effect.gen(function* () {
      const adobe = yield* client
      yield* runToEnd(adobe.raw.get(url))
      const log = yield* (yield* Emulator.Emulator).log
      assert.strictEqual(log.length, 3)
    }).pipe(withSystem())
  )

  it.effect(
    "with a header that cannot be sent, or that belongs to the library, are refused before anything is sent",
    () =>
      Effect.gen(function* () {
        const adobe = yield* client
        const headers = [
          { "x-custom": "a\r\nb: c" },
          { "x-custom": "a\u0000" },
          { "x-custom": "\u{1f4fa}" },
          { authorization: "Bearer mine" },
          { "X-Forwarded-For": "1.2.3.4" }
        ]
        for (const header of headers) {
          const error = yield* Effect.flip(runToEnd(adobe.get(path, { headers: header })))
          assert.strictEqual(error._tag, "InvalidInput")
          assert.notInclude(error.message, "mine")
        }
        assert.deepStrictEqual(yield* steps, [])
      }).pipe(withSystem())
  )

  it.effect(
    "with the address of their device have a bucket of their own; without one they share it (I4)",
    () =>
      Effect.gen(function* () {
        const storm = (from: Device.Device) =>
          Effect.all(
            Array.from({ length: 8 }, () => Effect.provideService(call, CurrentDevice, from)),
            { concurrency: "unbounded" }
          )
        const nowhere = (id: string) => Either.getOrThrow(Device.make({ id, info }))
        const start = yield* TestClock.currentTimeMillis
        yield* runToEnd(Effect.all([storm(device(1)), storm(device(2))], { concurrency: 2 }))
        assert.strictEqual(yield* TestClock.currentTimeMillis, start)
        yield* runToEnd(Effect.all([storm(nowhere("a")), storm(nowhere("b"))], { concurrency: 2 }))
        assert.isAtLeast((yield* TestClock.currentTimeMillis) - start, 9000)
        assert.strictEqual((yield* counts).throttled, 0)
      }).pipe(withSystem({ throttle: {}, emulator: { throttle: "refill" } }))
  )

  it.effect("give their place in the queue back when they are interrupted", () =>
    Effect.gen(function* () {
      yield* runToEnd(Effect.all(Array.from({ length: 8 }, () => call)))
      const [first, second] = yield* Effect.all([Effect.fork(call), Effect.fork(call)])
      yield* advance(500)
      yield* Fiber.interrupt(first)
      yield* advance(500)
      assert.strictEqual((yield* Fiber.join(second)).status, 200)
    }).pipe(withSystem({ throttle: {}, emulator: { throttle: "refill" } }))
  )

  it.effect("fail at once, unsent, when the queue of their address is longer than maxWait", () =>
    Effect.gen(function* () {
      const outcome = yield* runToEnd(
        Effect.all(
          Array.from({ length: 30 }, () => Effect.either(call)),
          { concurrency: "unbounded" }
        )
      )
      const failed = outcome.flatMap((either) => (either._tag === "Left" ? [either.left._tag] : []))
      assert.deepStrictEqual(new Set(failed), new Set(["Throttled"]))
      assert.strictEqual((yield* counts).api, 30 - failed.length)
      assert.isAbove(failed.length, 0)
    }).pipe(withSystem({ throttle: { maxWait: "5 seconds" }, emulator: { throttle: "refill" } }))
  )
})

describe("several registered applications", () => {
  it.effect("live side by side in one process, each with its own pairs", () =>
    Effect.gen(function* () {
      const emulator = yield* Emulator.Emulator
      const other = adobePass({
        softwareStatement: Redacted.make(yield* emulator.mintStatement()),
        throttle: { burst: 1000 }
      })
      yield* runToEnd(call)
      yield* runToEnd(Effect.provide(Effect.zipRight(call, call), other))
      yield* runToEnd(call)
      const { api, register, token } = yield* counts
      assert.deepStrictEqual({ api, register, token }, { api: 4, register: 2, token: 2 })
    }).pipe(withSystem())
  )
})
