import { HttpClientRequest } from "@effect/platform"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Either, Layer, TestClock } from "effect"
import { CurrentDevice, ProtectedClient, Sessions } from "effect-adobe-pass"
import { Emulator, Fault } from "effect-adobe-pass-emulator"
import { makeStore } from "../support/store.js"
import { adobePass, device, system } from "../support/system.js"
import { advance, runToEnd, withoutJitter } from "../support/time.js"

const client = ProtectedClient.ProtectedClient
const callTo = (path: string) => Effect.flatMap(client, (adobe) => adobe.get(path))
const call = callTo("/api/v2/ACME/configuration")
const counts = Effect.flatMap(Emulator.Emulator, (emulator) => emulator.counts)
const steps = Effect.map(
  Effect.flatMap(Emulator.Emulator, (emulator) => emulator.log),
  (log) => log.map(({ route, status }) => `${route} ${status ?? "-"}`)
)
const always = Number.POSITIVE_INFINITY
const forOne = Effect.provideService(CurrentDevice, device())
const tag = <A, E extends { readonly _tag: string }>(result: Either.Either<A, E>) =>
  Either.match(result, { onLeft: ({ _tag }) => _tag, onRight: () => "success" })

describe("a token that not every server knows yet", () => {
  it.effect("is kept, and each call with it is repeated until it is known", () =>
    Effect.gen(function* () {
      const emulator = yield* Emulator.Emulator
      // The API knows a token 1.5 seconds after its issue.
      yield* emulator.fail({ route: "api", fault: Fault.answer(401), times: always })
      const fibers = []
      for (let n = 0; n < 24; n++) {
        fibers.push(yield* Effect.fork(Effect.either(call)))
        yield* advance(400)
        if (n === 3) yield* emulator.clearFaults
      }
      yield* advance(5000)
      const outcomes = yield* Effect.forEach(fibers, (fiber) => Effect.map(fiber, tag))
      assert.deepStrictEqual(new Set(outcomes), new Set(["success"]))
      assert.strictEqual((yield* counts).token, 1)
    }).pipe(withoutJitter, forOne, Effect.provide(system()))
  )

  it.effect("is replaced at once when it was accepted before, because then it was revoked", () =>
    Effect.gen(function* () {
      const emulator = yield* Emulator.Emulator
      yield* runToEnd(call)
      yield* emulator.revokeTokens
      yield* emulator.clearLog
      const before = yield* TestClock.currentTimeMillis
      yield* runToEnd(call)
      assert.strictEqual(yield* TestClock.currentTimeMillis, before)
      assert.deepStrictEqual(yield* steps, ["api 401", "token 201", "api 200"])
    }).pipe(forOne, Effect.provide(system()))
  )

  it.effect("is replaced by the next call when it was revoked before any API had accepted it", () =>
    Effect.gen(function* () {
      const emulator = yield* Emulator.Emulator
      const sessions = yield* Sessions.Sessions
      yield* runToEnd(sessions.accessToken(device()))
      yield* emulator.revokeTokens
      const outcomes = []
      for (let n = 0; n < 2; n++) {
        outcomes.push(tag(yield* runToEnd(Effect.either(call))))
        yield* advance(5000)
      }
      assert.strictEqual(outcomes[1], "success")
      assert.strictEqual((yield* counts).token, 2)
    }).pipe(forOne, Effect.provide(system()))
  )

  it.effect("is not waited for beyond the budget of the call", () =>
    Effect.gen(function* () {
      const emulator = yield* Emulator.Emulator
      yield* emulator.fail({ route: "api", fault: Fault.answer(401), times: always })
      assert.strictEqual(tag(yield* runToEnd(Effect.either(call))), "AccessTokenRejected")
      assert.deepStrictEqual(yield* steps, ["register 201", "token 201", "api 401", "api 401"])
    }).pipe(withoutJitter, forOne, Effect.provide(system({ retry: { budget: "2 seconds" } })))
  )
})

describe("an API that refuses every token", () => {
  it.effect("is asked at growing intervals, also for a fresh token, and told about in between (H6)", () =>
    Effect.gen(function* () {
      const emulator = yield* Emulator.Emulator
      yield* runToEnd(call)
      yield* advance(60_000)
      yield* emulator.clearLog
      const fault = Fault.json(401, { action: "application-registration", code: "a_code", status: 401 })
      yield* emulator.fail({ route: "api", fault, times: always })
      for (let n = 0; n < 20; n++) {
        assert.strictEqual(tag(yield* runToEnd(Effect.either(call))), "ApplicationRegistrationRequired")
      }
      assert.deepStrictEqual(yield* steps, ["api 401", "token 201", "api 401", "api 401", "api 401"])

      for (let second = 0; second < 3600; second += 10) {
        yield* advance(10_000)
        yield* runToEnd(Effect.either(call))
      }
      const { api, register, token } = yield* counts
      assert.strictEqual(register, 0)
      assert.isAtMost(token, 30)
      assert.isAtMost(api, 60)

      yield* emulator.clearFaults
      yield* advance(300_000)
      assert.strictEqual(tag(yield* runToEnd(Effect.either(call))), "success")
      assert.strictEqual(tag(yield* runToEnd(Effect.either(call))), "success")
    }).pipe(forOne, Effect.provide(system()))
  )

  it.effect("by turns costs a token ever more rarely, down to one in a dozen seconds", () =>
    Effect.gen(function* () {
      const emulator = yield* Emulator.Emulator
      for (let second = 0; second < 600; second++) {
        if (second % 2 === 1) yield* emulator.fail({ route: "api", fault: Fault.answer(401) })
        assert.strictEqual(tag(yield* runToEnd(Effect.either(call))), "success")
        yield* advance(1000)
      }
      assert.isAtMost((yield* counts).token, 75)
    }).pipe(forOne, Effect.provide(system()))
  )

  const refusing = Effect.gen(function* () {
    const emulator = yield* Emulator.Emulator
    yield* emulator.fail({ route: "api", fault: Fault.answer(401), times: always })
    yield* runToEnd(Effect.either(call))
    yield* emulator.clearFaults
    assert.strictEqual(tag(yield* runToEnd(Effect.either(call))), "AccessTokenRejected")
  })

  it.effect("is asked again at once for a session that was forgotten", () =>
    Effect.gen(function* () {
      yield* refusing
      yield* runToEnd(Effect.flatMap(Sessions.Sessions, ({ forget }) => forget(device())))
      assert.strictEqual(tag(yield* runToEnd(Effect.either(call))), "success")
    }).pipe(forOne, Effect.provide(system()))
  )

  it.effect("is remembered as briefly as at first when it had refused the device on another day", () =>
    Effect.gen(function* () {
      yield* refusing
      yield* advance(86_400_000)
      yield* refusing
      yield* advance(3000)
      assert.strictEqual(tag(yield* runToEnd(Effect.either(call))), "success")
    }).pipe(forOne, Effect.provide(system()))
  )

  it.effect("does not keep a revoked token in use when the clock is set back after a refusal", () =>
    Effect.gen(function* () {
      const emulator = yield* Emulator.Emulator
      yield* TestClock.setTime(36_000_000)
      yield* refusing
      yield* TestClock.setTime(34_200_000)
      yield* emulator.revokeTokens
      assert.strictEqual(tag(yield* runToEnd(Effect.either(call))), "success")
    }).pipe(forOne, Effect.provide(system()))
  )

  it.effect("does not stand in the way of other devices, other APIs and other service providers", () =>
    Effect.gen(function* () {
      yield* refusing
      const other = call.pipe(Effect.provideService(CurrentDevice, device(2)))
      for (const allowed of [other, callTo("/api/v2/OTHER/configuration")]) {
        assert.strictEqual(tag(yield* runToEnd(Effect.either(allowed))), "success")
      }
      assert.strictEqual(tag(yield* runToEnd(Effect.either(callTo("/other/api")))), "RequestRejected")
      assert.strictEqual(tag(yield* runToEnd(Effect.either(call))), "AccessTokenRejected")
      yield* advance(3000)
      assert.strictEqual(tag(yield* runToEnd(Effect.either(call))), "success")
    }).pipe(forOne, Effect.provide(system()))
  )
})

describe("a token of another process", () => {
  it.effect("that is refused as well does not use the new token up", () => {
    const store = makeStore()
    const node = adobePass({ throttle: { burst: 1000 } }).pipe(Layer.provide(store.layer))
    return Effect.gen(function* () {
      const emulator = yield* Emulator.Emulator
      const one = yield* Layer.build(node)
      const two = yield* Layer.build(Layer.fresh(node))
      yield* runToEnd(Effect.provide(call, one))
      yield* runToEnd(Effect.provide(call, two))
      yield* advance(60_000)
      yield* emulator.revokeTokens
      yield* runToEnd(Effect.provide(call, one))
      yield* advance(60_000)
      yield* emulator.revokeTokens
      yield* emulator.clearLog
      assert.strictEqual(tag(yield* runToEnd(Effect.either(Effect.provide(call, two)))), "success")
      assert.deepStrictEqual(yield* steps, ["api 401", "api 401", "token 201", "api 200"])
    }).pipe(Effect.scoped, forOne, Effect.provide(Emulator.layer({ throttle: "off" })))
  })
})

describe("a token without the scope of REST API v2", () => {
  const scopes = ["analytics:client"]

  it.effect("fails calls to it before anything is sent, and no others (A1)", () =>
    Effect.gen(function* () {
      for (const each of [call, Effect.flatMap(client, (adobe) => adobe.raw.get("/api/v2/ACME/sessions"))]) {
        const error = yield* Effect.flip(runToEnd(each))
        assert.strictEqual(error._tag, "InsufficientScope")
      }
      assert.strictEqual((yield* counts).api, 0)
      yield* runToEnd(Effect.either(callTo("/other/api")))
      assert.isAbove((yield* counts).other, 0)
    }).pipe(forOne, Effect.provide(system({ emulator: { throttle: "off", scopes } })))
  )

  it.effect("is sent all the same when an option says so", () =>
    Effect.gen(function* () {
      const error = yield* Effect.flip(runToEnd(call))
      assert.strictEqual(error._tag === "InsufficientScope" ? error.status : error._tag, 401)
    }).pipe(forOne, Effect.provide(system({ emulator: { throttle: "off", scopes }, missingScope: "send" })))
  )
})

describe("a 403 of the API that resets TempPass", () => {
  it.effect("says that the application has to be registered when a fresh token does not help", () =>
    Effect.gen(function* () {
      const emulator = yield* Emulator.Emulator
      yield* emulator.fail({ route: "management", fault: Fault.answer(403), times: always })
      const reset = HttpClientRequest.del("/reset-tempass/v3/reset?requestor_id=ACME&mvpd_id=M&device_id=d")
      const error = yield* Effect.flip(runToEnd(Effect.flatMap(client, (adobe) => adobe.execute(reset))))
      assert.strictEqual(error._tag, "ApplicationRegistrationRequired")
    }).pipe(forOne, Effect.provide(system()))
  )
})
