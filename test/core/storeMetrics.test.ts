import { assert, describe, it } from "@effect/vitest"
import { Effect, Fiber, Layer, Metric } from "effect"
import {
  AdobePassError,
  CredentialStore,
  CurrentDevice,
  Metrics,
  ProtectedClient,
  Sessions
} from "effect-adobe-pass"
import { makeStore } from "../support/store.js"
import { device, system } from "../support/system.js"
import { advance, runToEnd, settle } from "../support/time.js"

const operations = ["load", "loadMany", "saveCredentials", "saveToken", "remove", "lock"] as const

interface Reading {
  readonly measured: number
  readonly failed: number
  readonly millis: number
}

const reading = (operation: string): Effect.Effect<Reading> =>
  Effect.gen(function* () {
    const latency = yield* Metric.value(Metric.tagged(Metrics.storeLatency, "operation", operation))
    const failures = yield* Metric.value(Metric.tagged(Metrics.storeFailures, "operation", operation))
    return { measured: latency.count, failed: failures.count, millis: latency.sum }
  })

/** What an effect adds to the metrics of each operation that it makes. */
const counted = <E, R>(effect: Effect.Effect<unknown, E, R>) =>
  Effect.gen(function* () {
    const before = yield* Effect.forEach(operations, reading)
    yield* effect
    const after = yield* Effect.forEach(operations, reading)
    const added: Partial<Record<string, Reading>> = {}
    for (const [at, operation] of operations.entries()) {
      const [old, now] = [before[at], after[at]]
      if (old === undefined || now === undefined || now.measured === old.measured) continue
      added[operation] = {
        measured: now.measured - old.measured,
        failed: now.failed - old.failed,
        // A sum of fractions that others have added to.
        millis: Math.round(now.millis - old.millis)
      }
    }
    return added
  })

const call = Effect.flatMap(ProtectedClient.ProtectedClient, (adobe) =>
  adobe.get("/api/v2/ACME/configuration")
)

const forDevice = Effect.provideService(CurrentDevice, device())
const once = { measured: 1, failed: 0, millis: 0 }

describe("the metrics of the store", () => {
  it.effect("measure each operation by its name", () =>
    Effect.gen(function* () {
      const sessions = yield* Sessions.Sessions
      assert.deepStrictEqual(yield* counted(Effect.zipRight(runToEnd(call), settle)), {
        load: once,
        lock: once,
        saveCredentials: once,
        saveToken: once
      })
      assert.deepStrictEqual(yield* counted(sessions.warm([device(2), device(3)])), { loadMany: once })
      assert.deepStrictEqual(yield* counted(sessions.forget(device())), { remove: once })
      assert.deepStrictEqual(yield* counted(Effect.zipRight(runToEnd(call), runToEnd(call))), {
        load: once,
        lock: once,
        saveCredentials: once,
        saveToken: once
      })
    }).pipe(forDevice, Effect.provide(system()))
  )

  it.effect("count the failures of a store, and the time until each", () => {
    const store = makeStore()
    return Effect.gen(function* () {
      store.behaviour.read = "fails"
      const refused = yield* counted(Effect.flip(runToEnd(call)))
      assert.deepStrictEqual(refused, { load: { measured: 1, failed: 1, millis: 0 } })
      store.behaviour.read = "hangs"
      yield* advance(60_000)
      const slow = yield* counted(Effect.flip(runToEnd(call)))
      // The limit of the store.
      assert.deepStrictEqual(slow, { load: { measured: 1, failed: 1, millis: 5000 } })
    }).pipe(forDevice, Effect.provide(system({ store: store.layer })))
  })

  it.effect("measure a store that somebody has written", () => {
    const failure = new AdobePassError.CredentialStoreError({ operation: "load", reason: "Unavailable" })
    const own = Layer.effect(
      CredentialStore.CredentialStore,
      Effect.map(CredentialStore.CredentialStore, (store) => ({
        ...store,
        load: () => Effect.delay(Effect.succeedNone, 40),
        remove: () => Effect.fail(failure)
      }))
    ).pipe(Layer.provide(CredentialStore.layerMemory))
    return Effect.gen(function* () {
      const sessions = yield* Sessions.Sessions
      const { load } = yield* counted(runToEnd(call))
      assert.deepStrictEqual(load, { measured: 1, failed: 0, millis: 40 })
      const { remove } = yield* counted(Effect.either(sessions.forget(device())))
      assert.deepStrictEqual(remove, { measured: 1, failed: 1, millis: 0 })
    }).pipe(forDevice, Effect.provide(system({ store: own })))
  })

  it.effect("do not measure what is interrupted", () => {
    const store = makeStore()
    return Effect.gen(function* () {
      store.behaviour.read = "hangs"
      const sessions = yield* Sessions.Sessions
      const added = yield* counted(
        Effect.gen(function* () {
          const warming = yield* Effect.fork(sessions.warm([device()]))
          yield* settle
          yield* Fiber.interrupt(warming)
        })
      )
      assert.deepStrictEqual(added, {})
    }).pipe(Effect.provide(system({ store: store.layer })))
  })
})
