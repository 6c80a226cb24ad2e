import { describe, expect, it } from "@effect/vitest"
import { Effect, Fiber, TestClock } from "effect"
import { Emulator } from "effect-adobe-pass-emulator"
import { CarriedFaults } from "../../packages/emulator/src/internal/carriedFaults.js"
import { Registry } from "../../packages/emulator/src/internal/registry.js"
import { authorize, call, postRegister, postToken, register, tokenParameters } from "./conversation.js"

const as = (id: string) => ({ "ap-device-identifier": `fingerprint ${Buffer.from(id).toString("base64")}` })

describe("a device identifier that carries a fault", () => {
  it.effect("makes every call of that device fail, and no other", () =>
    Effect.gen(function* () {
      const { accessToken } = yield* authorize
      expect((yield* call(accessToken, as("tv fault:503"))).status).toBe(503)
      expect((yield* call(accessToken, as("tv fault:503"))).status).toBe(503)
      expect((yield* call(accessToken)).status).toBe(200)
      expect((yield* Effect.flip(call(accessToken, as("fault:reset"))))._tag).toBe("RequestError")
      expect((yield* Effect.flip(call(accessToken, as("fault:truncate"))))._tag).toBe("ResponseError")
    }).pipe(Effect.provide(Emulator.layer({ throttle: "off" })))
  )

  it.effect("may say how often", () =>
    Effect.gen(function* () {
      const { accessToken } = yield* authorize
      const statuses = yield* Effect.forEach([1, 2, 3], () =>
        Effect.map(call(accessToken, as("fault:api:502*2")), ({ status }) => status)
      )
      expect(statuses).toEqual([502, 502, 200])
      expect((yield* call(accessToken, as("another fault:api:502*2"))).status).toBe(502)
    }).pipe(Effect.provide(Emulator.layer({ throttle: "off" })))
  )

  it.effect("may delay", () =>
    Effect.gen(function* () {
      const { accessToken } = yield* authorize
      const late = yield* Effect.fork(call(accessToken, as("fault:delay:2000")))
      yield* TestClock.adjust("1999 millis")
      expect(late.unsafePoll()).toBe(null)
      yield* TestClock.adjust("1 millis")
      expect((yield* Fiber.join(late)).status).toBe(200)
    }).pipe(Effect.provide(Emulator.layer({ throttle: "off" })))
  )

  it.effect.each(["default:503", "fault:5030", "fault:999", "fault:later", "fault:token:503", "fault:503:x"])(
    "%s is a name like any other for a call",
    (id) =>
      Effect.gen(function* () {
        const { accessToken } = yield* authorize
        expect((yield* call(accessToken, as(id))).status).toBe(200)
      }).pipe(Effect.provide(Emulator.layer({ throttle: "off" })))
  )
})

describe("the subject of a statement that carries a fault", () => {
  it.effect("makes the registrations of its application fail", () =>
    Effect.gen(function* () {
      const { mintStatement, softwareStatement } = yield* Emulator.Emulator
      const body = (statement: string) => JSON.stringify({ software_statement: statement })
      expect((yield* postRegister(body(softwareStatement))).status).toBe(503)
      expect((yield* postRegister(body(softwareStatement))).status).toBe(201)
      expect((yield* postRegister(body(yield* mintStatement()))).status).toBe(201)
    }).pipe(Effect.provide(Emulator.layer({ throttle: "off", subject: "app fault:register:503*1" })))
  )

  it.effect("makes its token requests fail", () =>
    Effect.gen(function* () {
      const credentials = yield* register()
      expect((yield* postToken(tokenParameters(credentials))).status).toBe(429)
    }).pipe(Effect.provide(Emulator.layer({ throttle: "off", subject: "fault:token:429" })))
  )

  it.effect("makes its calls fail", () =>
    Effect.gen(function* () {
      const { accessToken } = yield* authorize
      expect((yield* call(accessToken)).status).toBe(500)
    }).pipe(Effect.provide(Emulator.layer({ throttle: "off", subject: "fault:api:500" })))
  )
})

describe("limited faults", () => {
  it("are counted for the last 10,000 devices, however many there are", () => {
    const faults = new CarriedFaults()
    const registry = new Registry()
    const strike = (n: number) => {
      const request = {
        method: "GET",
        path: "/api/v2/x",
        query: "",
        headers: as(`${n} fault:503*1`),
        body: ""
      }
      const found = faults.find("api", request, registry)
      found?.use()
      return found !== undefined
    }
    for (let n = 0; n < 10_000; n += 1) expect(strike(n)).toBe(true)
    expect(strike(0)).toBe(false)
    expect(strike(10_000)).toBe(true)
    expect(strike(1)).toBe(false)
    expect(strike(0)).toBe(true)
  })
})
