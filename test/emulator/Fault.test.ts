import { describe, expect, it } from "@effect/vitest"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Option from "effect/Option"
import * as Random from "effect/Random"
import * as TestClock from "effect/TestClock"
import { Emulator, Fault } from "effect-adobe-pass-emulator"
import { immediate } from "../support/clocks.js"
import { authorize, call, moments, postRegister, postToken, register } from "./conversation.js"

const unthrottled = Emulator.layer({ throttle: "off" })

describe("a fault in process", () => {
  it.effect("replaces the answer for the given number of requests", () =>
    Effect.gen(function* () {
      const { fail } = yield* Emulator.Emulator
      const fault = Fault.answer(503, { headers: { "retry-after": "7" }, body: "later" })
      yield* fail({ route: "register", times: 2, fault })
      for (const _ of [1, 2]) {
        const answer = yield* postRegister("")
        expect([answer.status, answer.headers["retry-after"], answer.text]).toEqual([503, "7", "later"])
      }
      expect((yield* postRegister("")).status).toBe(400)
    }).pipe(Effect.provide(unthrottled))
  )

  it.effect("can be an OAuth error, HTML, an empty body or any JSON", () =>
    Effect.gen(function* () {
      const { fail } = yield* Emulator.Emulator
      yield* fail({ route: "token", fault: Fault.oauthError("invalid_client") })
      yield* fail({ route: "token", fault: Fault.html(502) })
      yield* fail({ route: "token", fault: Fault.answer(201) })
      yield* fail({ route: "token", fault: Fault.json(201, { access_token: 7 }) })
      const answers = yield* Effect.replicateEffect(postToken([]), 4)
      expect(answers.map(({ status, text }) => [status, text])).toEqual([
        [400, `{"error":"invalid_client"}`],
        [502, "<html><body>Sorry</body></html>"],
        [201, ""],
        [201, `{"access_token":7}`]
      ])
      expect(answers[1]?.headers["content-type"]).toBe("text/html")
    }).pipe(Effect.provide(unthrottled))
  )

  it.effect("applies to its own route, and only to matching requests", () =>
    Effect.gen(function* () {
      const { fail } = yield* Emulator.Emulator
      yield* fail({
        route: "register",
        fault: Fault.answer(500),
        when: (request) => request.headers["x-forwarded-for"] === "203.0.113.7"
      })
      expect((yield* postToken([])).status).toBe(400)
      expect((yield* postRegister("")).status).toBe(400)
      expect((yield* postRegister("", { "x-forwarded-for": "203.0.113.7" })).status).toBe(500)
      expect((yield* postRegister("", { "x-forwarded-for": "203.0.113.7" })).status).toBe(400)
    }).pipe(Effect.provide(unthrottled))
  )

  it.effect("stays until it is cleared when its times are infinite", () =>
    Effect.gen(function* () {
      const { clearFaults, fail } = yield* Emulator.Emulator
      yield* fail({ route: "api", times: Number.POSITIVE_INFINITY, fault: Fault.answer(500) })
      const answers = yield* Effect.replicateEffect(call("bad"), 20)
      expect(answers.every(({ status }) => status === 500)).toBe(true)
      yield* clearFaults
      expect((yield* call("bad")).status).toBe(401)
    }).pipe(Effect.provide(unthrottled))
  )

  it.effect("waits behind the throttle, and takes from the bucket", () =>
    Effect.gen(function* () {
      const { counts, fail } = yield* Emulator.Emulator
      yield* fail({ route: "register", fault: Fault.answer(500) })
      expect((yield* postToken([])).status).toBe(400)
      expect((yield* postRegister("")).status).toBe(429)
      yield* TestClock.adjust("1 second")
      expect((yield* postRegister("")).status).toBe(500)
      expect((yield* postToken([])).status).toBe(429)
      expect((yield* counts).throttled).toBe(2)
    }).pipe(Effect.provide(Emulator.layer({ burst: 0 })))
  )

  it.effect.each(moments)("delays to the millisecond of the test clock, %s", ([moment, mintedDuringDelay]) =>
    Effect.gen(function* () {
      const { clients, fail } = yield* Emulator.Emulator
      yield* fail({ route: "register", fault: Fault.delay("2 seconds", moment) })
      const caller = yield* Effect.fork(register())
      yield* TestClock.setTime(1999)
      expect(Option.isNone(yield* Fiber.poll(caller))).toBe(true)
      expect(yield* clients).toHaveLength(mintedDuringDelay)
      yield* TestClock.setTime(2000)
      const { client_id, client_id_issued_at } = yield* Fiber.join(caller)
      expect(yield* clients).toEqual([client_id])
      expect(client_id_issued_at).toBe(moment === "before-handling" ? 2000 : 0)
    }).pipe(Effect.provide(Emulator.layer({ throttle: "off", issuedAtUnit: "ms" })))
  )

  it.effect.each(moments)("hangs until the caller gives up, %s", ([moment, minted]) =>
    Effect.gen(function* () {
      const { clients, fail, log } = yield* Emulator.Emulator
      yield* fail({ route: "register", fault: Fault.hang(moment) })
      const caller = yield* register().pipe(Effect.timeout("10 seconds"), Effect.flip, Effect.fork)
      yield* TestClock.adjust("10 seconds")
      expect(yield* Fiber.join(caller)).toMatchObject({ _tag: "TimeoutException" })
      expect((yield* log)[0]?.outcome).toBe("abandoned")
      expect(yield* clients).toHaveLength(minted)
    }).pipe(Effect.provide(unthrottled))
  )

  it.effect.each(moments)("resets the connection %s", ([moment, minted]) =>
    Effect.gen(function* () {
      const { clients, fail, log } = yield* Emulator.Emulator
      yield* fail({ route: "register", fault: Fault.reset(moment) })
      expect(yield* Effect.flip(register())).toMatchObject({
        _tag: "RequestError",
        reason: "Transport",
        cause: { code: "ECONNRESET" }
      })
      expect(yield* clients).toHaveLength(minted)
      expect((yield* log).map(({ outcome, status }) => [outcome, status])).toEqual([["reset", undefined]])
    }).pipe(Effect.provide(unthrottled))
  )

  it.effect("refuses the connection: no log entry, nothing taken from the bucket", () =>
    Effect.gen(function* () {
      const { counts, fail, log } = yield* Emulator.Emulator
      yield* fail({ route: "register", fault: Fault.refuse })
      expect(yield* Effect.flip(register())).toMatchObject({
        _tag: "RequestError",
        reason: "Transport",
        cause: { code: "ECONNREFUSED" }
      })
      expect(yield* log).toEqual([])
      expect((yield* counts).register).toBe(0)
      expect((yield* postRegister("")).status).toBe(400)
    }).pipe(Effect.provide(Emulator.layer({ burst: 0 })))
  )

  it.effect("strikes with a probability, without limit unless one is given", () =>
    Effect.gen(function* () {
      const { clearFaults, fail } = yield* Emulator.Emulator
      const struck = Effect.map(
        Effect.replicateEffect(postRegister(""), 500),
        (answers) => answers.filter(({ status }) => status === 503).length
      )
      yield* fail({ route: "register", fault: Fault.answer(503), probability: 0.1 })
      const some = yield* struck
      expect(some).toBeGreaterThan(29)
      expect(some).toBeLessThan(71)
      yield* clearFaults
      yield* fail({ route: "register", fault: Fault.answer(503), probability: 0.1, times: 3 })
      expect(yield* struck).toBe(3)
    }).pipe(Effect.withRandom(Random.make(20_260_515)), Effect.provide(unthrottled))
  )

  it.effect("delays by a distribution: half wait longer than the median, one in a hundred than the p99", () =>
    Effect.gen(function* () {
      const { fail } = yield* Emulator.Emulator
      yield* fail({
        route: "register",
        fault: Fault.latency({ median: "100 millis", p99: "2 seconds" }),
        times: 1000
      })
      const waits = yield* Effect.withClock(
        Effect.replicateEffect(Effect.timed(postRegister("")), 1000),
        yield* immediate
      )
      const millis = waits.map(([wait]) => Duration.toMillis(wait))
      const beyond = (limit: number) => millis.filter((wait) => wait > limit).length
      expect(beyond(100)).toBeGreaterThan(430)
      expect(beyond(100)).toBeLessThan(570)
      expect(beyond(2000)).toBeGreaterThan(2)
      expect(beyond(2000)).toBeLessThan(22)
    }).pipe(Effect.withRandom(Random.make(20_260_515)), Effect.provide(unthrottled))
  )

  it.effect("truncates the body of the answer", () =>
    Effect.gen(function* () {
      const { fail, log } = yield* Emulator.Emulator
      const { accessToken } = yield* authorize
      yield* fail({ route: "api", fault: Fault.truncate })
      expect(yield* Effect.flip(call(accessToken))).toMatchObject({
        _tag: "ResponseError",
        reason: "Decode",
        response: { status: 200 },
        cause: { code: "ECONNRESET" }
      })
      expect((yield* log).at(-1)).toMatchObject({ outcome: "truncated", status: 200 })
    }).pipe(Effect.provide(unthrottled))
  )
})
