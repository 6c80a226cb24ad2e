import { HttpClient } from "@effect/platform"
import { assert, describe, expectTypeOf, it } from "@effect/vitest"
import { Clock, Effect, Either, Fiber, FastCheck as fc, Metric, Redacted, TestClock } from "effect"
import { type AccessToken, type AdobePassError, Device, Metrics, type TokenEndpoint } from "effect-adobe-pass"
import { Emulator, Fault } from "effect-adobe-pass-emulator"
import {
  answering,
  type ExchangeOptions,
  pair,
  registration,
  streamer,
  tokenEndpoint
} from "../support/exchanges.js"
import { runs } from "../support/property.js"
import { advance, runToEnd, withoutJitter } from "../support/time.js"

const credentials = pair()
const request = (options?: ExchangeOptions, device: Device.Device = streamer) =>
  Effect.flatMap(tokenEndpoint(options), (service) => runToEnd(service.request(device, credentials)))
/** A token for a pair that the emulator knows. */
const obtain = Effect.gen(function* () {
  const mine = yield* runToEnd((yield* registration()).register(streamer))
  return yield* runToEnd((yield* tokenEndpoint()).request(streamer, mine))
})

const log = Effect.flatMap(Emulator.Emulator, (emulator) => emulator.log)
const requests = Effect.map(log, (entries) => entries.filter(({ route }) => route === "token"))
const count = Effect.map(requests, ({ length }) => length)
const fail = (fault: Fault.Fault, times = 100) =>
  Effect.flatMap(Emulator.Emulator, (emulator) => emulator.fail({ route: "token", fault, times }))
const answer = (fields: object) =>
  Fault.json(201, { access_token: "opaque", expires_in: 21600, token_type: "bearer", ...fields })
const withEmulator = Effect.provide(Emulator.layer({ throttle: "off" }))

describe("the request", () => {
  it.effect(
    "is a form with exactly three parameters, and has the headers that Adobe expects (G5, G8, G9)",
    () =>
      Effect.gen(function* () {
        yield* Effect.either(request())
        const [received] = yield* requests
        assert.deepStrictEqual(
          [received?.method, received?.path, received?.query],
          ["POST", "/o/client/token", ""]
        )
        const { "content-length": _, host: __, ...headers } = received?.headers ?? {}
        assert.deepStrictEqual(headers, {
          accept: "application/json;charset=utf-8",
          "content-type": "application/x-www-form-urlencoded",
          "user-agent": "effect-adobe-pass",
          "x-device-info": Redacted.value(streamer.clientHeaders)["x-device-info"] ?? "",
          "x-forwarded-for": "203.0.113.7"
        })
        assert.deepStrictEqual([...new URLSearchParams(received?.body)].sort(), [
          ["client_id", "an-id"],
          ["client_secret", "a-secret"],
          ["grant_type", "client_credentials"]
        ])
      }).pipe(withEmulator)
  )

  it.effect("encodes whatever the pair is made of", () =>
    Effect.gen(function* () {
      const odd = pair("a&b=c d", "+%ä\n")
      const service = yield* tokenEndpoint()
      yield* Effect.either(runToEnd(service.request(streamer, odd)))
      const [received] = yield* requests
      const form = new URLSearchParams(received?.body)
      assert.deepStrictEqual([form.get("client_id"), form.get("client_secret")], ["a&b=c d", "+%ä\n"])
    }).pipe(withEmulator)
  )

  it.effect("says nothing about a browser, and nothing about an address that is not known (G3)", () =>
    Effect.gen(function* () {
      yield* fail(answer({}))
      yield* request(
        {},
        Either.getOrThrow(Device.make({ id: "a", info: "browser", userAgent: "Mozilla/5.0" }))
      )
      const [received] = yield* requests
      assert.doesNotHaveAnyKeys(received?.headers ?? {}, ["x-device-info", "x-forwarded-for"])
    }).pipe(withEmulator)
  )
})

describe("a token", () => {
  it.effect("lasts from the start of its request, on the local clock, and knows its scopes", () =>
    Effect.gen(function* () {
      yield* TestClock.setTime(1_767_225_600_000)
      const emulator = yield* Emulator.Emulator
      yield* emulator.skewClock("1 hour", "ahead")
      yield* fail(Fault.delay("3 seconds", "after-handling"), 1)
      const token = yield* obtain
      assert.strictEqual(token.issuedAt, 1_767_225_600_000)
      assert.strictEqual(token.expiresAt, 1_767_225_600_000 + 21_600_000)
      assert.deepStrictEqual(token.scopes, ["api:client:v2"])
    }).pipe(withEmulator)
  )

  const lifetimes: ReadonlyArray<readonly [unknown, number]> = [
    [21600, 21_600_000],
    ["21600", 21_600_000],
    [1, 1000],
    [0.5, 500],
    [86_400, 86_400_000],
    [86_401, 86_400_000],
    [21_600_000, 86_400_000],
    [1e300, 86_400_000]
  ]
  it.effect.each(lifetimes)(
    "with expires_in %j lasts %d ms: no token is trusted for more than a day",
    ([expires_in, expected]) =>
      Effect.gen(function* () {
        yield* fail(answer({ expires_in }))
        const token = yield* request()
        assert.strictEqual(token.expiresAt - token.issuedAt, expected)
      }).pipe(withEmulator)
  )

  it.effect.prop(
    "lasts at most a day, and longer than nothing, for any number that is positive",
    [fc.double({ min: Number.MIN_VALUE, noNaN: true, noDefaultInfinity: true })],
    ([expires_in]) =>
      Effect.gen(function* () {
        yield* fail(answer({ expires_in }))
        const token = yield* request()
        assert.isAtLeast(token.expiresAt, token.issuedAt)
        assert.isAtMost(token.expiresAt - token.issuedAt, 86_400_000)
      }).pipe(withEmulator),
    runs(20)
  )

  const impossible = [0, -1, "-21600", "soon", "NaN", "Infinity", null, undefined, {}, true]
  it.effect.each(impossible.map((expires_in) => [`${JSON.stringify(expires_in)}`, expires_in] as const))(
    "with expires_in %s is none",
    ([, expires_in]) =>
      Effect.gen(function* () {
        yield* fail(answer({ expires_in }))
        const error = yield* Effect.flip(request())
        assert.deepInclude(error, {
          _tag: "UnexpectedResponse",
          reason: "UnexpectedJson",
          issues: ["expires_in"]
        })
        assert.strictEqual(yield* count, 3)
      }).pipe(withEmulator)
  )

  it.effect("that is no number at all in JSON's eyes is none", () =>
    Effect.gen(function* () {
      yield* fail(
        Fault.answer(201, {
          headers: { "content-type": "application/json" },
          body: '{"access_token":"a","expires_in":1e999,"token_type":"bearer"}'
        })
      )
      assert.strictEqual((yield* Effect.flip(request()))._tag, "UnexpectedResponse")
    }).pipe(withEmulator)
  )

  const refused: ReadonlyArray<readonly [string, object]> = [
    ["token_type", { token_type: "mac" }],
    ["token_type", { token_type: "DPoP" }],
    ["access_token", { access_token: "" }],
    ["access_token", { access_token: "a\r\nx-injected: 1" }],
    ["access_token", { access_token: 5 }],
    ["access_token", { access_token: undefined }]
  ]
  it.effect.each(refused)("with an unusable %s is none: %j", ([field, fields]) =>
    Effect.gen(function* () {
      yield* fail(answer(fields))
      assert.deepInclude(yield* Effect.flip(request()), { _tag: "UnexpectedResponse", issues: [field] })
    }).pipe(withEmulator)
  )

  it.effect.each([{ token_type: "Bearer" }, { token_type: undefined }, { refresh_token: "a", x: {} }])(
    "may come with %j",
    (fields) =>
      Effect.gen(function* () {
        yield* fail(answer(fields))
        assert.strictEqual(Redacted.value((yield* request()).value), "opaque")
      }).pipe(withEmulator)
  )

  it.effect("may come with status 200", () =>
    Effect.gen(function* () {
      yield* fail(Fault.json(200, { access_token: "opaque", expires_in: 1 }))
      assert.deepStrictEqual((yield* request()).scopes, [])
    }).pipe(withEmulator)
  )
})

describe("the clock of Adobe Pass", () => {
  const skew = Effect.map(Metric.value(Metrics.clockSkew), ({ value }) => value)

  it.effect.each([
    ["ahead", 90_000],
    ["behind", -90_000]
  ] as const)("is measured when it is %s", ([direction, expected]) =>
    Effect.gen(function* () {
      yield* TestClock.setTime(1_767_225_600_000)
      yield* (yield* Emulator.Emulator).skewClock("90 seconds", direction)
      const token = yield* obtain
      assert.strictEqual(yield* skew, expected)
      assert.strictEqual(token.issuedAt, 1_767_225_600_000)
    }).pipe(withEmulator)
  )

  it.effect.each([1_767_225_660_000, 1_767_225_660])("is the same, told as %d (A11)", (created_at) =>
    Effect.gen(function* () {
      yield* TestClock.setTime(1_767_225_600_000)
      yield* fail(answer({ created_at }))
      yield* request()
      assert.strictEqual(yield* skew, 60_000)
    }).pipe(withEmulator)
  )

  it.effect("is compared with the middle of the exchange", () =>
    Effect.gen(function* () {
      yield* TestClock.setTime(1_767_225_600_000)
      yield* fail(Fault.delay("2 seconds"), 1)
      yield* obtain
      assert.strictEqual(yield* skew, 1000)
    }).pipe(withEmulator)
  )
})

describe("a refusal", () => {
  const codes: ReadonlyArray<readonly [string, AdobePassError.TokenError["_tag"]]> = [
    ["invalid_request", "InvalidRequest"],
    ["invalid_client", "InvalidClient"],
    ["unauthorized_client", "UnauthorizedClient"],
    ["unsupported_grant_type", "UnsupportedGrantType"]
  ]
  it.effect.each(codes)("with %s is %s, and final after one request (A13)", ([code, tag]) =>
    Effect.gen(function* () {
      yield* fail(Fault.oauthError(code))
      const error = yield* Effect.flip(request())
      assert.strictEqual(error._tag, tag)
      assert.propertyVal(error, "status", 400)
      assert.isFalse(error.retryable)
      assert.strictEqual(yield* count, 1)
    }).pipe(withEmulator)
  )

  it.effect("of a pair that is not known is InvalidClient, whatever its status", () =>
    Effect.gen(function* () {
      assert.strictEqual((yield* Effect.flip(request()))._tag, "InvalidClient")
      yield* fail(Fault.json(401, { error: "invalid_client" }))
      assert.deepInclude(yield* Effect.flip(request()), { _tag: "InvalidClient", status: 401 })
    }).pipe(withEmulator)
  )

  it.effect("with a code of the other endpoint is unexpected", () =>
    Effect.gen(function* () {
      yield* fail(Fault.oauthError("unapproved_software_statement"))
      assert.deepInclude(yield* Effect.flip(request()), {
        _tag: "UnexpectedResponse",
        code: "unapproved_software_statement"
      })
    }).pipe(withEmulator)
  )
})

describe("an answer that nobody expects", () => {
  const json = { "content-type": "application/json" }
  const answers: ReadonlyArray<
    readonly [string, number, Record<string, string>, string, AdobePassError.UnexpectedResponse["reason"]]
  > = [
    ["an HTML page", 200, { "content-type": "text/html" }, "<html>hello</html>", "Html"],
    ["an HTML page with 401", 401, { "content-type": "text/html" }, "<html>no</html>", "Html"],
    ["text", 400, { "content-type": "text/plain" }, "no", "Text"],
    ["no body", 400, {}, "", "EmptyBody"],
    ["half of a JSON body", 201, json, '{"access_token":"a","expi', "BrokenJson"],
    ["a list", 201, json, "[]", "UnexpectedJson"],
    ["an error object", 400, json, '{"error":{"code":"invalid_client"}}', "UnexpectedJson"],
    ["a redirect", 307, { location: "https://example.com/" }, "", "Redirect"]
  ]
  it.effect.each(answers)(
    "such as %s is an UnexpectedResponse, and only one with 2xx is asked for again (H7)",
    ([, status, headers, body, reason]) =>
      Effect.gen(function* () {
        yield* fail(Fault.answer(status, { headers, body }), 3)
        const error = yield* Effect.flip(request())
        assert.deepInclude(error, { _tag: "UnexpectedResponse", status, reason })
        assert.strictEqual(error.retryable, status < 300)
        assert.strictEqual(yield* count, status < 300 ? 3 : 1)
      }).pipe(withEmulator)
  )

  it.effect("is forgotten when the next one is a token", () =>
    Effect.gen(function* () {
      yield* fail(Fault.html(200), 1)
      yield* obtain
      assert.strictEqual(yield* count, 2)
    }).pipe(withEmulator)
  )
})

describe("what is repeated", () => {
  const cases: ReadonlyArray<readonly [string, Fault.Fault, AdobePassError.TokenError["_tag"]]> = [
    ["an answer of 500", Fault.answer(500), "ServiceUnavailable"],
    ["an answer of 503", Fault.html(503), "ServiceUnavailable"],
    ["an answer of 408", Fault.answer(408), "ServiceUnavailable"],
    ["an answer of 425", Fault.answer(425), "ServiceUnavailable"],
    ["the code temporarily_unavailable", Fault.oauthError("temporarily_unavailable"), "ServiceUnavailable"],
    ["the code server_error", Fault.oauthError("server_error"), "ServiceUnavailable"],
    ["a connection that broke", Fault.reset(), "TransportError"],
    ["a connection that broke after a token was made", Fault.reset("after-handling"), "TransportError"]
  ]
  it.effect.each(cases)("after %s: three attempts (H5)", ([, fault, tag]) =>
    Effect.gen(function* () {
      yield* fail(fault)
      const error = yield* Effect.flip(request())
      assert.deepInclude(error, { _tag: tag, attempts: 3 })
      assert.strictEqual(yield* count, 3)
    }).pipe(withEmulator)
  )

  it.effect("includes an answer of 429 until the budget is used up, whatever the attempts (I2)", () =>
    Effect.gen(function* () {
      yield* fail(Fault.html(429))
      const error = yield* withoutJitter(Effect.flip(request()))
      assert.strictEqual(error._tag === "Throttled" ? error.attempts : 0, 6)
      assert.strictEqual(yield* count, 6)
    }).pipe(withEmulator)
  )

  it.effect("includes an answer that broke off, and what comes after it counts", () =>
    Effect.gen(function* () {
      yield* fail(Fault.truncate, 2)
      yield* obtain
      assert.strictEqual(yield* count, 3)
    }).pipe(withEmulator)
  )

  it.effect("includes a request that is not answered, each within its ten seconds", () =>
    Effect.gen(function* () {
      yield* fail(Fault.hang())
      const error = yield* withoutJitter(Effect.flip(request()))
      assert.deepInclude(error, { _tag: "TransportError", reason: "Timeout", attempts: 3 })
      assert.deepStrictEqual(
        (yield* requests).map(({ at, outcome }) => [at, outcome]),
        [
          [0, "abandoned"],
          [10_200, "abandoned"],
          [20_600, "abandoned"]
        ]
      )
      assert.strictEqual(yield* Clock.currentTimeMillis, 30_600)
    }).pipe(withEmulator)
  )

  it.effect("does not include what would begin after the budget, counted from the first attempt", () =>
    Effect.gen(function* () {
      yield* fail(Fault.hang())
      yield* withoutJitter(Effect.flip(request({ retry: { attempts: 9, budget: "15 seconds" } })))
      assert.deepStrictEqual(
        (yield* requests).map(({ at }) => at),
        [0, 10_200]
      )
    }).pipe(withEmulator)
  )

  it.effect("does not include what would begin after the budget because of its own delay", () =>
    Effect.gen(function* () {
      yield* fail(Fault.hang())
      yield* withoutJitter(Effect.flip(request({ retry: { base: "5 seconds", budget: "12 seconds" } })))
      assert.deepStrictEqual(
        (yield* requests).map(({ at }) => at),
        [0]
      )
    }).pipe(withEmulator)
  )

  it.effect(
    "does not include a 429 that asks for more than the budget, and the error says how long (I1)",
    () =>
      Effect.gen(function* () {
        yield* fail(Fault.answer(429, { headers: { "retry-after": "60" } }))
        const error = yield* Effect.flip(request())
        assert.deepInclude(error, { _tag: "Throttled", retryAfterMillis: 60_000, attempts: 1 })
        assert.strictEqual(yield* Clock.currentTimeMillis, 0)
      }).pipe(withEmulator)
  )

  const asking: ReadonlyArray<readonly [string, Record<string, string>, number]> = [
    ["nothing", {}, 1000],
    ["Retry-After: 7", { "retry-after": "7" }, 7000],
    ["Retry-After: 0", { "retry-after": "0" }, 1000],
    ["Retry-After: -5", { "retry-after": "-5" }, 1000],
    ["Retry-After: soon", { "retry-after": "soon" }, 1000],
    [
      "Retry-After as a date",
      { "retry-after": "Thu, 01 Jan 2026 00:00:21 GMT", date: "Thu, 01 Jan 2026 00:00:00 GMT" },
      21_000
    ],
    ["Expires", { expires: "Thu, 01 Jan 2026 00:00:21 GMT", date: "Thu, 01 Jan 2026 00:00:00 GMT" }, 21_000],
    ["Retry-After: 20.5", { "retry-after": "20.5" }, 21_000],
    ["Retry-After: 3600", { "retry-after": "3600" }, 300_000],
    ["Retry-After as long as it gets", { "retry-after": "9".repeat(400) }, 300_000],
    [
      "Retry-After as a date of asctime",
      { "retry-after": "Thu Jan  1 00:00:21 2026", date: "Thu, 01 Jan 2026 00:00:00 GMT" },
      21_000
    ],
    [
      "Retry-After as a date of RFC 850",
      { "retry-after": "Thursday, 01-Jan-26 00:00:21 GMT", date: "Thursday, 01-Jan-26 00:00:00 GMT" },
      21_000
    ],
    ["Retry-After in the year 9999", { "retry-after": "Fri, 31 Dec 9999 23:59:59 GMT" }, 300_000],
    ["Retry-After in a month that is none", { "retry-after": "Thu, 01 Foo 2026 00:00:21 GMT" }, 1000],
    ["Retry-After on the local clock", { "retry-after": "Sun, 17 Mar 2030 17:46:47 GMT" }, 7000],
    ["Expires in the past", { expires: "Thu, 01 Jan 1970 00:00:00 GMT" }, 1000],
    ["Expires: 0", { expires: "0" }, 1000]
  ]
  it.effect.each(asking)(
    "tells by the error how long to wait after a 429 with %s, and at least a second (I1, I2)",
    ([, headers, expected]) =>
      Effect.gen(function* () {
        yield* TestClock.setTime(1_900_000_000_000)
        yield* fail(Fault.answer(429, { headers }))
        const error = yield* Effect.flip(request({ retry: { attempts: 1 } }))
        assert.deepInclude(error, { _tag: "Throttled", retryAfterMillis: expected })
      }).pipe(withEmulator)
  )

  it.effect.each(["America/New_York", "Asia/Tokyo"])("reads dates in GMT, also in %s", (zone) =>
    Effect.acquireUseRelease(
      Effect.sync(() => {
        const before = process.env["TZ"]
        process.env["TZ"] = zone
        return before
      }),
      () =>
        Effect.gen(function* () {
          yield* TestClock.setTime(1_900_000_000_000)
          yield* fail(Fault.answer(429, { headers: { "retry-after": "Sun Mar 17 17:46:47 2030" } }))
          const error = yield* Effect.flip(request({ retry: { attempts: 1 } }))
          assert.deepInclude(error, { _tag: "Throttled", retryAfterMillis: 7000 })
        }),
      (before) =>
        Effect.sync(() => {
          if (before === undefined) delete process.env["TZ"]
          else process.env["TZ"] = before
        })
    ).pipe(withEmulator)
  )

  it.effect("waits for its place behind nobody but other urgent requests", () =>
    Effect.gen(function* () {
      yield* fail(answer({}))
      const service = yield* tokenEndpoint({ throttle: { burst: 0 } })
      const all = yield* Effect.fork(
        Effect.all(
          Array.from({ length: 3 }, () => service.request(streamer, credentials)),
          { concurrency: "unbounded" }
        )
      )
      yield* runToEnd(Fiber.join(all))
      assert.deepStrictEqual(
        (yield* requests).map(({ at }) => at),
        [0, 1000, 2000]
      )
    }).pipe(withEmulator)
  )
})

describe("the credit for repetitions", () => {
  const outage = Effect.provideService(HttpClient.HttpClient, answering(503, {}, ""))

  it.effect("runs out in an outage, and then nothing is repeated", () =>
    Effect.gen(function* () {
      yield* fail(Fault.answer(503), Number.POSITIVE_INFINITY)
      const service = yield* tokenEndpoint()
      const failed = runToEnd(Effect.flip(service.request(streamer, credentials)))
      for (let n = 0; n < 50; n++) assert.propertyVal(yield* failed, "attempts", 3)
      for (let n = 0; n < 10; n++) assert.propertyVal(yield* failed, "attempts", 1)
      assert.strictEqual(yield* count, 160)
    }).pipe(withEmulator)
  )

  it.effect("runs out twice as fast when nothing is answered", () =>
    Effect.gen(function* () {
      yield* fail(Fault.hang(), Number.POSITIVE_INFINITY)
      const service = yield* tokenEndpoint()
      const failed = runToEnd(Effect.flip(service.request(streamer, credentials)))
      for (let n = 0; n < 25; n++) assert.propertyVal(yield* failed, "attempts", 3)
      assert.propertyVal(yield* failed, "attempts", 1)
    }).pipe(withEmulator)
  )

  it.effect("comes back with every success", () =>
    Effect.gen(function* () {
      const service = yield* tokenEndpoint()
      const failed = runToEnd(Effect.flip(service.request(streamer, credentials)))
      yield* fail(Fault.answer(503), 160)
      for (let n = 0; n < 50; n++) yield* failed
      assert.propertyVal(yield* failed, "attempts", 1)
      yield* (yield* Emulator.Emulator).clearFaults
      yield* fail(answer({}), 5)
      for (let n = 0; n < 5; n++) yield* runToEnd(service.request(streamer, credentials))
      yield* fail(Fault.answer(503))
      assert.propertyVal(yield* failed, "attempts", 2)
    }).pipe(withEmulator)
  )

  it.effect("is not used up by throttling, which is no outage", () =>
    Effect.gen(function* () {
      yield* fail(Fault.html(429), Number.POSITIVE_INFINITY)
      const service = yield* tokenEndpoint()
      // More than 100 repetitions: an outage would have used the credit up.
      for (let n = 0; n < 35; n++) {
        const error = yield* runToEnd(Effect.flip(service.request(streamer, credentials)))
        assert.isAtLeast(error._tag === "Throttled" ? error.attempts : 0, 4)
      }
    }).pipe(withEmulator)
  )

  it.effect("is that of one service: another has its own", () =>
    Effect.gen(function* () {
      const exhausted = yield* tokenEndpoint()
      for (let n = 0; n < 60; n++) yield* runToEnd(Effect.flip(exhausted.request(streamer, credentials)))
      const fresh = yield* tokenEndpoint()
      const error = yield* runToEnd(Effect.flip(fresh.request(streamer, credentials)))
      assert.propertyVal(error, "attempts", 3)
    }).pipe(outage, withEmulator)
  )
})

describe("an interrupted request", () => {
  it.effect("is aborted, and nothing is repeated", () =>
    Effect.gen(function* () {
      yield* fail(Fault.hang())
      const service = yield* tokenEndpoint()
      const fiber = yield* Effect.fork(service.request(streamer, credentials))
      yield* advance(1000)
      yield* Fiber.interrupt(fiber)
      yield* advance(60_000)
      assert.deepStrictEqual(
        (yield* requests).map(({ outcome }) => outcome),
        ["abandoned"]
      )
    }).pipe(withEmulator)
  )
})

describe("the types", () => {
  it("name exactly the errors that can happen", () => {
    type Request = TokenEndpoint.TokenEndpoint["request"]
    expectTypeOf<Effect.Effect.Success<ReturnType<Request>>>().toEqualTypeOf<AccessToken.AccessToken>()
    expectTypeOf<Effect.Effect.Context<ReturnType<Request>>>().toEqualTypeOf<never>()
    expectTypeOf<Effect.Effect.Error<ReturnType<Request>>["_tag"]>().toEqualTypeOf<
      | "InvalidRequest"
      | "InvalidClient"
      | "UnauthorizedClient"
      | "UnsupportedGrantType"
      | "Throttled"
      | "ServiceUnavailable"
      | "TransportError"
      | "UnexpectedResponse"
    >()
  })
})
