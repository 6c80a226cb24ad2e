import { HttpClient } from "@effect/platform"
import { assert, describe, expectTypeOf, it } from "@effect/vitest"
import { Clock, Duration, Effect, Either, Fiber, Redacted, Stream, TestClock } from "effect"
import {
  type AdobePassError,
  type ClientCredentials,
  type ClientRegistration,
  Device,
  type Options,
  type RegisteredApplication
} from "effect-adobe-pass"
import { Emulator, Fault } from "effect-adobe-pass-emulator"
import { answering, type ExchangeOptions, registration, streamer } from "../support/exchanges.js"
import { advance, runToEnd, withoutJitter } from "../support/time.js"

const register = (options?: ExchangeOptions, device: Device.Device = streamer) =>
  Effect.flatMap(registration(options), (service) => runToEnd(service.register(device)))

const requests = Effect.flatMap(Emulator.Emulator, ({ log }) => log)
const count = Effect.map(requests, ({ length }) => length)
const fail = (fault: Fault.Fault, times = 100) =>
  Effect.flatMap(Emulator.Emulator, (emulator) => emulator.fail({ route: "register", fault, times }))
const unthrottled = Emulator.layer({ throttle: "off" })
const withEmulator = Effect.provide(unthrottled)

describe("the request", () => {
  it.effect("has the body and the headers that Adobe expects, and no others (G5, G8, G9)", () =>
    Effect.gen(function* () {
      yield* register()
      const [request] = yield* requests
      const { softwareStatement } = yield* Emulator.Emulator
      assert.deepStrictEqual(
        [request?.method, request?.path, request?.query],
        ["POST", "/o/client/register", ""]
      )
      const { "content-length": _, host: __, ...headers } = request?.headers ?? {}
      assert.deepStrictEqual(headers, {
        accept: "application/json;charset=utf-8",
        "content-type": "application/json;charset=utf-8",
        "user-agent": "effect-adobe-pass",
        "x-device-info": Redacted.value(streamer.clientHeaders)["x-device-info"] ?? "",
        "x-forwarded-for": "203.0.113.7"
      })
      assert.strictEqual(request?.body, JSON.stringify({ software_statement: softwareStatement }))
    }).pipe(withEmulator)
  )

  it.effect("has a redirect URI and another user agent only where they were given", () =>
    Effect.gen(function* () {
      const { redirectUris } = yield* register({
        application: { redirectUri: "adobepass://com.programmer", userAgent: "tv-backend/1.0" }
      })
      const [request] = yield* requests
      assert.strictEqual(JSON.parse(request?.body ?? "{}").redirect_uri, "adobepass://com.programmer")
      assert.strictEqual(request?.headers["user-agent"], "tv-backend/1.0")
      assert.deepStrictEqual(redirectUris, ["adobepass://com.programmer"])
    }).pipe(withEmulator)
  )

  it.effect("says nothing about a browser, and nothing about an address that is not known (G3)", () =>
    Effect.gen(function* () {
      yield* register(
        {},
        Either.getOrThrow(Device.make({ id: "a", info: "browser", userAgent: "Mozilla/5.0" }))
      )
      const [request] = yield* requests
      assert.doesNotHaveAnyKeys(request?.headers ?? {}, ["x-device-info", "x-forwarded-for"])
    }).pipe(withEmulator)
  )
})

describe("a registration", () => {
  it.effect.each(["s", "ms"] as const)("is issued at the same instant, told in %s (A11)", (unit) =>
    Effect.gen(function* () {
      yield* TestClock.setTime(1_767_225_600_000)
      const emulator = yield* Emulator.Emulator
      yield* emulator.setIssuedAtUnit(unit)
      assert.strictEqual((yield* register()).issuedAt, 1_767_225_600_000)
    }).pipe(withEmulator)
  )

  it.effect("is issued when its request was started where the answer does not say", () =>
    Effect.gen(function* () {
      yield* TestClock.setTime(1_767_225_600_000)
      yield* fail(Fault.json(201, { client_id: "a", client_secret: "b" }))
      assert.strictEqual((yield* register()).issuedAt, 1_767_225_600_000)
    }).pipe(withEmulator)
  )

  it.effect("is stamped with its environment, its application and its device (A4, A14)", () =>
    Effect.gen(function* () {
      const another = Either.getOrThrow(
        Device.make({ id: "another", info: "browser", userAgent: "Mozilla/5.0" })
      )
      const first = yield* register()
      const second = yield* register({}, another)
      assert.strictEqual(first.environment, "emulator")
      assert.deepStrictEqual(first.scopes, ["api:client:v2"])
      assert.deepStrictEqual(first.grantTypes, ["client_credentials"])
      assert.strictEqual(first.statement, second.statement)
      assert.notStrictEqual(first.session, second.session)
      assert.deepStrictEqual(
        yield* (yield* Emulator.Emulator).clients,
        [first, second].map(({ clientId }) => Redacted.value(clientId))
      )
    }).pipe(withEmulator)
  )

  it.effect.each([200, 201, 202])("succeeds with status %d and fields that nobody knows", (status) =>
    Effect.gen(function* () {
      yield* fail(
        Fault.json(status, { client_id: "a", client_secret: "b", client_secret_expires_at: 0, x: {} })
      )
      const credentials = yield* register()
      assert.strictEqual(Redacted.value(credentials.clientSecret), "b")
      assert.strictEqual(yield* count, 1)
    }).pipe(withEmulator)
  )
})

describe("a refusal", () => {
  const codes: ReadonlyArray<readonly [string, AdobePassError.RegistrationError["_tag"]]> = [
    ["invalid_request", "InvalidRequest"],
    ["invalid_redirect_uri", "InvalidRedirectUri"],
    ["invalid_software_statement", "InvalidSoftwareStatement"],
    ["unapproved_software_statement", "UnapprovedSoftwareStatement"]
  ]
  it.effect.each(codes)("with %s is %s, and final after one request (A13)", ([code, tag]) =>
    Effect.gen(function* () {
      yield* fail(Fault.oauthError(code))
      const error = yield* Effect.flip(register())
      assert.strictEqual(error._tag, tag)
      assert.propertyVal(error, "status", 400)
      assert.isFalse(error.retryable)
      assert.strictEqual(yield* count, 1)
    }).pipe(withEmulator)
  )

  it.effect("with a code that is not known names the code, and is final", () =>
    Effect.gen(function* () {
      yield* fail(Fault.oauthError("brand_new_code"))
      const error = yield* Effect.flip(register())
      assert.deepInclude(error, { _tag: "UnexpectedResponse", reason: "UnknownCode", code: "brand_new_code" })
      assert.strictEqual(yield* count, 1)
    }).pipe(withEmulator)
  )

  it.effect("with something else in place of a code does not repeat it (H10)", () =>
    Effect.gen(function* () {
      yield* fail(Fault.oauthError("Statement eyJhbGciOi of 203.0.113.7 is bad"))
      const error = yield* Effect.flip(register())
      assert.deepInclude(error, { _tag: "UnexpectedResponse", reason: "UnknownCode" })
      assert.notInclude(JSON.stringify(error) + error.message, "203.0.113.7")
    }).pipe(withEmulator)
  )
})

describe("an answer that nobody expects", () => {
  const json = { "content-type": "application/json" }
  const answers: ReadonlyArray<
    readonly [string, number, Record<string, string>, string, AdobePassError.UnexpectedResponse["reason"]]
  > = [
    ["an HTML page with 200", 200, { "content-type": "text/html" }, "<html>hello</html>", "Html"],
    ["an HTML page without its type", 201, {}, "<!DOCTYPE html><p>", "Html"],
    ["an HTML page with 403", 403, { "content-type": "text/html" }, "<html>no</html>", "Html"],
    ["text", 200, { "content-type": "text/plain" }, "OK", "Text"],
    ["no body", 201, json, "", "EmptyBody"],
    ["no body and no status but 204", 200, {}, "  \r\n", "EmptyBody"],
    ["half of a JSON body", 201, json, '{"client_id":"a","client_sec', "BrokenJson"],
    ["a list", 201, json, "[]", "UnexpectedJson"],
    ["null", 201, json, "null", "UnexpectedJson"],
    ["a number", 201, json, "5", "UnexpectedJson"],
    ["no secret", 201, json, '{"client_id":"a"}', "UnexpectedJson"],
    ["an error without a code", 400, json, '{"message":"no"}', "UnexpectedJson"],
    ["a redirect", 302, { location: "https://example.com/" }, "", "Redirect"]
  ]
  it.effect.each(answers)(
    "such as %s is an UnexpectedResponse, after one request (H7)",
    ([, status, headers, body, reason]) =>
      Effect.gen(function* () {
        yield* fail(Fault.answer(status, { headers, body }))
        const error = yield* Effect.flip(register())
        assert.deepInclude(error, { _tag: "UnexpectedResponse", status, reason })
        assert.strictEqual(yield* count, 1)
      }).pipe(withEmulator)
  )

  it.effect("names the fields that are missing, and no value", () =>
    Effect.gen(function* () {
      yield* fail(Fault.json(201, { client_id: [5], client_id_issued_at: "a-secret", other: "a-secret" }))
      const error = yield* Effect.flip(register())
      assert.deepInclude(error, { issues: ["client_id", "client_secret"] })
      assert.notInclude(JSON.stringify(error) + error.message, "a-secret")
    }).pipe(withEmulator)
  )
})

describe("what is repeated", () => {
  const cases: ReadonlyArray<readonly [string, Fault.Fault, string, number]> = [
    ["an answer of 503", Fault.answer(503), "ServiceUnavailable", 3],
    ["an answer of 429, until the budget is used up", Fault.html(429), "Throttled", 6],
    ["an answer of 500", Fault.answer(500), "ServiceUnavailable", 1],
    ["an answer of 502", Fault.html(502), "ServiceUnavailable", 1],
    ["an answer of 504", Fault.html(504), "ServiceUnavailable", 1],
    ["a connection that broke before the answer", Fault.reset(), "TransportError", 1],
    ["a connection that broke after a pair was made", Fault.reset("after-handling"), "TransportError", 1],
    ["an answer that broke off", Fault.truncate, "TransportError", 1]
  ]
  it.effect.each(cases)("comes after %s, if anything (H5)", ([, fault, tag, expected]) =>
    Effect.gen(function* () {
      yield* fail(fault)
      const error = yield* withoutJitter(Effect.flip(register()))
      assert.strictEqual(error._tag, tag)
      assert.strictEqual(yield* count, expected)
      assert.isTrue(error.retryable)
      if ("attempts" in error) assert.strictEqual(error.attempts, expected)
    }).pipe(withEmulator)
  )

  it.effect("includes a connection that was never made: three attempts, and the server saw none", () =>
    Effect.gen(function* () {
      yield* fail(Fault.refuse)
      const error = yield* Effect.flip(register())
      assert.deepInclude(error, {
        _tag: "TransportError",
        reason: "NotConnected",
        code: "ECONNREFUSED",
        attempts: 3
      })
      assert.strictEqual(yield* count, 0)
    }).pipe(withEmulator)
  )

  it.effect("leads to one pair, whatever came before", () =>
    Effect.gen(function* () {
      yield* fail(Fault.refuse, 1)
      yield* fail(Fault.html(429), 1)
      yield* register()
      assert.strictEqual((yield* (yield* Emulator.Emulator).clients).length, 1)
    }).pipe(withEmulator)
  )

  it.effect("does not include a request that was not answered in time: a pair may have been made", () =>
    Effect.gen(function* () {
      yield* fail(Fault.hang("after-handling"))
      const error = yield* Effect.flip(register())
      assert.deepInclude(error, { _tag: "TransportError", reason: "Timeout", attempts: 1 })
      assert.strictEqual(yield* Clock.currentTimeMillis, 10_000)
      assert.deepStrictEqual(
        (yield* requests).map(({ outcome }) => outcome),
        ["abandoned"]
      )
    }).pipe(withEmulator)
  )

  it.effect("does not include a body that does not arrive in time", () =>
    Effect.gen(function* () {
      const silent = HttpClient.transformResponse(
        answering(201, {}, ""),
        Effect.map((response) => Object.create(response, { stream: { value: Stream.never } }))
      )
      // Longer than a body may pause, so that the two limits do not end at once.
      const registering = register({ timeout: "1 minute", retry: { budget: "5 minutes" } })
      const error = yield* Effect.flip(Effect.provideService(registering, HttpClient.HttpClient, silent))
      assert.deepInclude(error, { _tag: "TransportError", reason: "Stalled", attempts: 1 })
    }).pipe(withEmulator)
  )

  it.effect("waits as the throttle and the server ask (I2)", () =>
    Effect.gen(function* () {
      yield* fail(Fault.answer(429, { headers: { "retry-after": "7" } }), 1)
      yield* register()
      assert.deepStrictEqual(
        (yield* requests).map(({ at }) => at),
        [0, 7000]
      )
    }).pipe(withEmulator)
  )

  it.effect("does not include a request that was not sent because the queue is too long", () =>
    Effect.gen(function* () {
      const service = yield* registration({ throttle: { burst: 0, maxWait: "100 millis" } })
      yield* runToEnd(service.register(streamer))
      const error = yield* Effect.flip(runToEnd(service.register(streamer)))
      assert.deepInclude(error, { _tag: "Throttled", attempts: 1, retryAfterMillis: 1000 })
      assert.notProperty(error, "status")
      assert.strictEqual(yield* Clock.currentTimeMillis, 0)
    }).pipe(withEmulator)
  )

  it.effect("keeps to the attempts that were given", () =>
    Effect.gen(function* () {
      yield* fail(Fault.answer(503))
      yield* Effect.flip(register({ retry: { attempts: 5 } }))
      assert.strictEqual(yield* count, 5)
    }).pipe(withEmulator)
  )
})

describe("options that cannot be used", () => {
  const wrong: ReadonlyArray<readonly [string, Options.RequestOptions]> = [
    ["timeout", { timeout: 0 }],
    ["timeout", { timeout: Duration.infinity }],
    ["retry.attempts", { retry: { attempts: 0 } }],
    ["retry.attempts", { retry: { attempts: 1.5 } }],
    ["retry.budget", { retry: { budget: -1 } }]
  ]
  it.effect.each(wrong)("are refused before anything is sent: %s", ([field, options]) =>
    Effect.gen(function* () {
      const error = yield* Effect.flip(registration(options))
      assert.deepInclude(error, { _tag: "InvalidInput", field })
    }).pipe(withEmulator)
  )
})

describe("an interrupted registration", () => {
  it.effect("aborts its request", () =>
    Effect.gen(function* () {
      yield* fail(Fault.hang())
      const service = yield* registration()
      const fiber = yield* Effect.fork(service.register(streamer))
      yield* advance(1000)
      yield* Fiber.interrupt(fiber)
      assert.deepStrictEqual(
        (yield* requests).map(({ outcome }) => outcome),
        ["abandoned"]
      )
    }).pipe(withEmulator)
  )
})

describe("the types", () => {
  it("name exactly the errors that can happen", () => {
    type Register = ClientRegistration.ClientRegistration["register"]
    expectTypeOf<
      Effect.Effect.Success<ReturnType<Register>>
    >().toEqualTypeOf<ClientCredentials.ClientCredentials>()
    expectTypeOf<Effect.Effect.Context<ReturnType<Register>>>().toEqualTypeOf<never>()
    expectTypeOf<Effect.Effect.Error<ReturnType<Register>>["_tag"]>().toEqualTypeOf<
      | "InvalidRequest"
      | "InvalidRedirectUri"
      | "InvalidSoftwareStatement"
      | "UnapprovedSoftwareStatement"
      | "Throttled"
      | "ServiceUnavailable"
      | "TransportError"
      | "UnexpectedResponse"
    >()
    expectTypeOf<
      Effect.Effect.Error<ReturnType<typeof RegisteredApplication.make>>
    >().toEqualTypeOf<AdobePassError.InvalidInput>()
  })
})
