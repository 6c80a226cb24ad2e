import * as HttpClientRequest from "@effect/platform/HttpClientRequest"
import { describe, expect, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as TestClock from "effect/TestClock"
import { type Bucket, Emulator } from "effect-adobe-pass-emulator"
import { current, old } from "../support/scenarios.js"
import { call, deviceHeaders, postRegister, postToken, send } from "./conversation.js"

const isThrottled = (path: string, headers: Readonly<Record<string, string>> = {}) =>
  Effect.map(send(HttpClientRequest.get(path, { headers })), ({ status }) => status === 429)

const api = "/api/v2/ACME/configuration"

/** How many of so many requests at once pass. */
const passing = (requests: number) =>
  Effect.map(
    Effect.replicateEffect(isThrottled(api), requests),
    (results) => results.filter((throttled) => !throttled).length
  )

describe("the throttle in front of the emulator", () => {
  for (const model of ["refill", "once"] as const) {
    for (const [name, scenario] of Object.entries({ current, old })) {
      it.effect(`${model} answers the ${name} table under the test clock`, () =>
        Effect.gen(function* () {
          const statuses = yield* Effect.forEach(scenario.rows, ([seconds]) =>
            Effect.zipRight(TestClock.setTime(seconds * 1000), isThrottled(api))
          )
          expect(statuses).toEqual(scenario.rows.map(([, status]) => status === 429))
          expect((yield* (yield* Emulator.Emulator).counts).throttled).toBe(3)
        }).pipe(Effect.provide(Emulator.layer({ throttle: model, burst: scenario.burst })))
      )
    }
  }

  it.effect.each<[Bucket.Model, number, number]>([
    ["refill", 11, 11],
    ["once", 11, 1],
    ["off", 12, 12]
  ])("%s lets %i of 12 requests pass at once, and %i of 12 after a pause", ([throttle, first, later]) =>
    Effect.gen(function* () {
      const twelve = passing(12)
      expect(yield* twelve).toBe(first)
      yield* TestClock.adjust("60 seconds")
      expect(yield* twelve).toBe(later)
    }).pipe(Effect.provide(Emulator.layer({ throttle })))
  )

  it.effect.each<[Bucket.Model, number, number]>([
    ["refill", 3, 3],
    ["once", 3, 1]
  ])("%s has the rate that it is given", ([throttle, atOnce, afterPause]) =>
    Effect.gen(function* () {
      const five = passing(5)
      expect(yield* five).toBe(atOnce)
      yield* TestClock.adjust(249)
      expect(yield* five).toBe(0)
      yield* TestClock.adjust(1)
      expect(yield* five).toBe(1)
      yield* TestClock.adjust("1 minute")
      expect(yield* five).toBe(afterPause)
    }).pipe(Effect.provide(Emulator.layer({ throttle, rate: 4, burst: 2 })))
  )

  it.effect("keeps two forwarded addresses apart (I4)", () =>
    Effect.gen(function* () {
      const exhaust = Effect.replicateEffect(isThrottled(api, { "x-forwarded-for": "203.0.113.1" }), 11)
      expect(yield* exhaust).toEqual(Array(11).fill(false))
      expect(yield* isThrottled(api, { "x-forwarded-for": "203.0.113.1" })).toBe(true)
      expect(yield* isThrottled(api, { "x-forwarded-for": "203.0.113.2" })).toBe(false)
    }).pipe(Effect.provide(Emulator.layer()))
  )

  it.effect("puts callers without a forwarded address into one bucket (I4)", () =>
    Effect.gen(function* () {
      for (const device of ["a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k"]) {
        expect(yield* isThrottled(api, { "ap-device-identifier": device })).toBe(false)
      }
      expect(yield* isThrottled(api, { "ap-device-identifier": "another" })).toBe(true)
      expect(yield* isThrottled(api, { "x-forwarded-for": "203.0.113.1" })).toBe(false)
    }).pipe(Effect.provide(Emulator.layer()))
  )

  it.effect("keys on the first address of the header", () =>
    Effect.gen(function* () {
      yield* isThrottled(api, { "x-forwarded-for": "203.0.113.1, 198.51.100.1" })
      expect(yield* isThrottled(api, { "x-forwarded-for": "203.0.113.1" })).toBe(true)
      expect(yield* isThrottled(api, { "x-forwarded-for": "198.51.100.1" })).toBe(false)
    }).pipe(Effect.provide(Emulator.layer({ burst: 0 })))
  )

  it.effect("counts every path under /o/client/ and /api/v2/ against one bucket, and management never", () =>
    Effect.gen(function* () {
      expect((yield* postRegister("{}")).status).toBe(400)
      expect((yield* postToken([])).status).toBe(400)
      expect((yield* send(HttpClientRequest.get("/o/client/scopes"))).status).toBe(404)
      expect((yield* send(HttpClientRequest.get("/o/client/validate"))).status).toBe(404)
      expect((yield* call("none", deviceHeaders)).status).toBe(401)
      expect(yield* isThrottled("/o/client/scopes")).toBe(true)
      expect((yield* postRegister("{}")).status).toBe(429)
      const reset = yield* Effect.replicateEffect(send(HttpClientRequest.del("/reset-tempass/v3/reset")), 20)
      expect(new Set(reset.map(({ status }) => status))).toEqual(new Set([401]))
    }).pipe(Effect.provide(Emulator.layer({ burst: 4 })))
  )

  it.effect("answers with the edge's page: HTML of 166 bytes, a cookie, no Retry-After (I1)", () =>
    Effect.gen(function* () {
      yield* isThrottled(api)
      const answer = yield* send(HttpClientRequest.get(api))
      expect(answer.status).toBe(429)
      expect(answer.text).toContain("<title>429 Too Many Requests</title>")
      expect(answer.headers).toMatchObject({
        "content-type": "text/html",
        "content-length": "166",
        server: "openresty",
        "access-control-allow-methods": "POST,GET,OPTIONS,DELETE"
      })
      // Effect's headers keep one cookie of several; Server.test.ts sees both.
      expect(answer.headers["set-cookie"]).toMatch(/^AWSALBCORS=.*; Path=\/; SameSite=None; Secure$/)
      expect(answer.headers).not.toHaveProperty("retry-after")
      expect(answer.text).toHaveLength(166)
    }).pipe(Effect.provide(Emulator.layer({ burst: 0 })))
  )

  it.effect("is not shared between emulators", () =>
    Effect.gen(function* () {
      const once = Effect.provide(isThrottled(api), Emulator.layer({ burst: 0 }))
      expect(yield* once).toBe(false)
      expect(yield* once).toBe(false)
      const twice = Effect.zip(isThrottled(api), isThrottled(api))
      expect(yield* Effect.provide(twice, Emulator.layer({ burst: 0 }))).toEqual([false, true])
    })
  )
})
