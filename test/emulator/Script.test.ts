import { inspect } from "node:util"
import * as HttpClient from "@effect/platform/HttpClient"
import { describe, expect, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as TestClock from "effect/TestClock"
import { Emulator, Fault } from "effect-adobe-pass-emulator"
import { authorize, call, deviceHeaders, postRegister, register, token } from "./conversation.js"

const unthrottled = Emulator.layer({ throttle: "off" })

describe("the clock", () => {
  it.effect("runs ahead or behind where the server tells the time", () =>
    Effect.gen(function* () {
      const { skewClock } = yield* Emulator.Emulator
      yield* TestClock.setTime(1_000_000)
      const credentials = yield* register()
      yield* skewClock("10 seconds")
      expect((yield* token(credentials)).created_at).toBe(1_010_000)
      yield* skewClock("10 seconds", "behind")
      expect((yield* token(credentials)).created_at).toBe(990_000)
      expect((yield* postRegister("")).headers["date"]).toBe("Thu, 01 Jan 1970 00:16:30 GMT")
      yield* skewClock(0)
      expect((yield* token(credentials)).created_at).toBe(1_000_000)
    }).pipe(Effect.provide(unthrottled))
  )

  it.effect("expires tokens when it jumps ahead", () =>
    Effect.gen(function* () {
      const { accessToken } = yield* authorize
      yield* (yield* Emulator.Emulator).skewClock("6 hours")
      expect((yield* call(accessToken)).status).toBe(401)
    }).pipe(Effect.provide(unthrottled))
  )

  it.effect("moves neither the throttle nor the log", () =>
    Effect.gen(function* () {
      const emulator = yield* Emulator.Emulator
      yield* postRegister("")
      yield* emulator.skewClock("1 hour")
      expect((yield* postRegister("")).status).toBe(429)
      expect((yield* emulator.log).map(({ at }) => at)).toEqual([0, 0])
    }).pipe(Effect.provide(Emulator.layer({ burst: 0 })))
  )
})

describe("tokens", () => {
  it.effect("have the lifetime that was set", () =>
    Effect.gen(function* () {
      const { setTokenTtl } = yield* Emulator.Emulator
      const credentials = yield* register()
      yield* setTokenTtl("30 seconds")
      const issued = yield* token(credentials)
      expect(issued.expires_in).toBe(30)
      yield* TestClock.adjust("30 seconds")
      expect((yield* call(issued.access_token)).status).toBe(401)
    }).pipe(Effect.provide(unthrottled))
  )

  it.effect("that were made to expire are bad, and the next one is good in the same millisecond", () =>
    Effect.gen(function* () {
      const { expireTokens } = yield* Emulator.Emulator
      const { accessToken, credentials } = yield* authorize
      yield* expireTokens
      const answer = yield* call(accessToken)
      expect([answer.status, answer.text]).toEqual([401, ""])
      expect((yield* call((yield* token(credentials)).access_token)).status).toBe(200)
    }).pipe(Effect.provide(unthrottled))
  )

  it.effect("of one emulator are rejected by another", () =>
    Effect.gen(function* () {
      const { accessToken } = yield* Effect.provide(authorize, Layer.fresh(unthrottled))
      expect((yield* call(accessToken)).status).toBe(401)
    }).pipe(Effect.provide(unthrottled))
  )
})

describe("the log", () => {
  it.effect("tells what arrived, when, and what was answered", () =>
    Effect.gen(function* () {
      const emulator = yield* Emulator.Emulator
      const credentials = yield* register({ "x-forwarded-for": "203.0.113.7" })
      yield* TestClock.adjust(500)
      yield* token(credentials)
      yield* call("bad")
      const log = yield* emulator.log
      expect(log.map(({ at, route, method, status }) => [at, route, method, status])).toEqual([
        [0, "register", "POST", 201],
        [500, "token", "POST", 201],
        [500, "api", "GET", 401]
      ])
      expect(log[0]?.forwardedFor).toBe("203.0.113.7")
      expect(log[0]?.body).toContain(emulator.softwareStatement)
      expect(log[2]?.headers).toMatchObject({ ...deviceHeaders, authorization: "Bearer bad" })
    }).pipe(Effect.provide(unthrottled))
  )

  it.effect("counts per route, throttled requests included, and starts again when cleared", () =>
    Effect.gen(function* () {
      const emulator = yield* Emulator.Emulator
      yield* postRegister("")
      yield* postRegister("")
      yield* call("bad")
      const zero = { register: 0, token: 0, api: 0, management: 0, other: 0, throttled: 0 }
      expect(yield* emulator.counts).toEqual({ ...zero, register: 2, api: 1, throttled: 1 })
      yield* emulator.clearLog
      expect(yield* emulator.counts).toEqual(zero)
      expect(yield* emulator.log).toEqual([])
    }).pipe(Effect.provide(Emulator.layer({ burst: 1 })))
  )

  it.effect("keeps the newest entries and counts all", () =>
    Effect.gen(function* () {
      const emulator = yield* Emulator.Emulator
      yield* postRegister("1")
      yield* postRegister("2")
      yield* postRegister("3")
      expect((yield* emulator.log).map(({ body }) => body)).toEqual(["2", "3"])
      expect((yield* emulator.counts).register).toBe(3)
    }).pipe(Effect.provide(Emulator.layer({ logLimit: 2 })))
  )

  it.effect("prints no header, no query and no body", () =>
    Effect.gen(function* () {
      const emulator = yield* Emulator.Emulator
      const { accessToken, credentials } = yield* authorize
      yield* call(accessToken)
      const log = yield* emulator.log
      for (const printed of [JSON.stringify(log), inspect(log), log.join()]) {
        for (const secret of [credentials.client_secret, accessToken, emulator.softwareStatement]) {
          expect(printed).not.toContain(secret)
        }
      }
    }).pipe(Effect.provide(unthrottled))
  )

  it.effect("calls a request pending while it is handled and abandoned when its caller is gone", () =>
    Effect.gen(function* () {
      const emulator = yield* Emulator.Emulator
      yield* emulator.fail({ route: "register", fault: Fault.hang() })
      const caller = yield* Effect.fork(register())
      yield* TestClock.adjust(1)
      expect((yield* emulator.log)[0]?.outcome).toBe("pending")
      yield* Fiber.interrupt(caller)
      expect((yield* emulator.log)[0]?.outcome).toBe("abandoned")
    }).pipe(Effect.provide(unthrottled))
  )
})

describe("the base URL", () => {
  it.effect("may be Adobe's", () =>
    Effect.gen(function* () {
      const { baseUrl } = yield* Emulator.Emulator
      expect(baseUrl).toBe("https://sp.auth.adobe.com")
      const { accessToken } = yield* authorize
      expect((yield* call(accessToken)).status).toBe(200)
    }).pipe(Effect.provide(Emulator.layer({ baseUrl: "https://sp.auth.adobe.com" })))
  )

  it.effect("may have further origins, as Adobe has one host for management", () =>
    Effect.gen(function* () {
      const response = yield* HttpClient.del("https://mgmt.auth.adobe.com/reset-tempass/v3/reset")
      expect(response.status).toBe(401)
      expect((yield* (yield* Emulator.Emulator).counts).management).toBe(1)
    }).pipe(
      Effect.provide(
        Emulator.layer({
          baseUrl: "https://sp.auth.adobe.com",
          alsoAt: ["https://mgmt.auth.adobe.com"]
        })
      )
    )
  )

  it.effect.each([
    ["http://elsewhere.example/o/client/register", "ENOTFOUND"],
    ["http://127.0.0.1:1/o/client/register", "ECONNREFUSED"]
  ] as const)("is the only one that answers: %s is a transport failure", ([url, code]) =>
    Effect.gen(function* () {
      const error = yield* Effect.flip(HttpClient.get(url))
      expect(error).toMatchObject({ _tag: "RequestError", reason: "Transport", cause: { code } })
    }).pipe(Effect.provide(unthrottled))
  )
})
