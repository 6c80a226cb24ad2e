import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { CurrentDevice, ProtectedClient } from "effect-adobe-pass"
import { Emulator } from "effect-adobe-pass-emulator"
import { device, system } from "../support/system.js"
import { runToEnd } from "../support/time.js"

describe("the flow", () => {
  it.effect("goes from a software statement to an answered protected call with three requests", () =>
    Effect.gen(function* () {
      const adobe = yield* ProtectedClient.ProtectedClient
      const emulator = yield* Emulator.Emulator
      const response = yield* runToEnd(adobe.get("/api/v2/ACME/configuration"))
      assert.strictEqual(response.status, 200)
      const log = yield* emulator.log
      assert.deepStrictEqual(
        log.map(({ method, path, status }) => [method, path, status]),
        [
          ["POST", "/o/client/register", 201],
          ["POST", "/o/client/token", 201],
          ["GET", "/api/v2/ACME/configuration", 200]
        ]
      )
    }).pipe(Effect.provideService(CurrentDevice, device()), Effect.provide(system()))
  )

  it.effect("registers once and asks for one token, however many callers come first (A6)", () =>
    Effect.gen(function* () {
      const adobe = yield* ProtectedClient.ProtectedClient
      const emulator = yield* Emulator.Emulator
      const responses = yield* runToEnd(
        Effect.all(
          Array.from({ length: 1000 }, () => adobe.get("/api/v2/ACME/configuration")),
          {
            concurrency: "unbounded"
          }
        )
      )
      assert.strictEqual(responses.filter(({ status }) => status === 200).length, 1000)
      const { api, register, token } = yield* emulator.counts
      assert.deepStrictEqual({ api, register, token }, { api: 1000, register: 1, token: 1 })
    }).pipe(Effect.provideService(CurrentDevice, device()), Effect.provide(system()))
  )

  it.effect("paces 30 calls at once so that none is answered with 429 (I3)", () =>
    Effect.gen(function* () {
      const adobe = yield* ProtectedClient.ProtectedClient
      const emulator = yield* Emulator.Emulator
      yield* runToEnd(
        Effect.all(
          Array.from({ length: 30 }, () => adobe.get("/api/v2/ACME/configuration")),
          {
            concurrency: "unbounded"
          }
        )
      )
      const { api, throttled } = yield* emulator.counts
      assert.deepStrictEqual({ api, throttled }, { api: 30, throttled: 0 })
    }).pipe(
      Effect.provideService(CurrentDevice, device()),
      Effect.provide(system({ throttle: {}, emulator: { throttle: "refill" } }))
    )
  )
})
