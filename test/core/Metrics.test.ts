import { readdirSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Either, Metric, Redacted, TestClock } from "effect"
import {
  CurrentDevice,
  Encryption,
  Metrics,
  ProtectedClient,
  type SessionKey,
  SharedThrottle
} from "effect-adobe-pass"
import { sampleCredentials, sampleKey } from "effect-adobe-pass/testing/CredentialStoreContract"
import { Emulator, Fault } from "effect-adobe-pass-emulator"
import { makeStore, onRecords, storeOn } from "../support/store.js"
import { device, type SystemOptions, system } from "../support/system.js"
import { runToEnd, settle } from "../support/time.js"

type Reading = Readonly<Record<string, number>>

const frequencies = ["registrations", "tokenRequests", "tokenFailures", "calls", "retries"] as const
const counters = [
  "throttleWaits",
  "throttleFallbacks",
  "throttled",
  "overloaded",
  "tokenHits",
  "tokenMisses",
  "retriesRefused",
  "unsavedTokens",
  "plaintextRecords"
] as const
const gauges = ["sessions", "clockSkew"] as const
/** Those of the operations of the store, which have tests of their own. */
const ofTheStore = ["storeLatency", "storeFailures"] as const

/** Everything that is counted so far, in this process and not only in this test: `calls.200`, `throttled`, ... */
const reading: Effect.Effect<Reading> = Effect.gen(function* () {
  const read: Record<string, number> = {}
  for (const name of frequencies) {
    const { occurrences } = yield* Metric.value(Metrics[name])
    for (const [what, count] of occurrences) read[`${name}.${what}`] = count
  }
  for (const name of counters) read[name] = (yield* Metric.value(Metrics[name])).count
  return read
})

/** What an effect adds to what is counted. */
const counted = <E, R>(effect: Effect.Effect<unknown, E, R>): Effect.Effect<Reading, E, R> =>
  Effect.gen(function* () {
    const before = yield* reading
    yield* effect
    const after = yield* reading
    return Object.fromEntries(
      Object.entries(after)
        .map(([name, count]) => [name, count - (before[name] ?? 0)] as const)
        .filter(([, added]) => added !== 0)
    )
  })

const call = Effect.flatMap(ProtectedClient.ProtectedClient, (adobe) =>
  adobe.get("/api/v2/ACME/configuration")
)
const fails = (options: Parameters<Emulator.Emulator["fail"]>[0]) =>
  Effect.flatMap(Emulator.Emulator, ({ fail }) => fail(options))

const within = (options: SystemOptions = {}) => Effect.provide(system(options))

const forDevice = Effect.provideService(CurrentDevice, device())
const first = { "registrations.success": 1, "tokenRequests.cold": 1, "calls.200": 1, tokenMisses: 1 }

describe("the metrics", () => {
  it.effect("count a registration, a token request and a call", () =>
    Effect.gen(function* () {
      assert.deepStrictEqual(yield* counted(runToEnd(call)), first)
      assert.deepStrictEqual(yield* counted(runToEnd(call)), { "calls.200": 1, tokenHits: 1 })
    }).pipe(forDevice, within())
  )

  it.effect("count a refused registration, and the call that needed it", () =>
    Effect.gen(function* () {
      yield* (yield* Emulator.Emulator).revokeStatement()
      assert.deepStrictEqual(yield* counted(Effect.flip(runToEnd(call))), {
        "registrations.UnapprovedSoftwareStatement": 1,
        "calls.UnapprovedSoftwareStatement": 1,
        tokenMisses: 1
      })
    }).pipe(forDevice, within())
  )

  it.effect("count a refused token request", () =>
    Effect.gen(function* () {
      yield* fails({ route: "token", fault: Fault.oauthError("unauthorized_client") })
      assert.deepStrictEqual(yield* counted(Effect.flip(runToEnd(call))), {
        "registrations.success": 1,
        "tokenRequests.cold": 1,
        "tokenFailures.UnauthorizedClient": 1,
        "calls.UnauthorizedClient": 1,
        tokenMisses: 1
      })
    }).pipe(forDevice, within())
  )

  it.effect("count token requests by reason", () =>
    Effect.gen(function* () {
      const { revokeTokens } = yield* Emulator.Emulator
      yield* runToEnd(call)
      yield* TestClock.adjust("359 minutes")
      assert.deepStrictEqual(yield* counted(Effect.zipRight(runToEnd(call), settle)), {
        "tokenRequests.expiring": 1,
        "calls.200": 1,
        tokenHits: 1
      })
      yield* TestClock.adjust("7 hours")
      assert.deepStrictEqual(yield* counted(runToEnd(call)), {
        "tokenRequests.expired": 1,
        "calls.200": 1,
        tokenMisses: 1
      })
      yield* revokeTokens
      assert.deepStrictEqual(yield* counted(runToEnd(call)), {
        "tokenRequests.rejected": 1,
        "calls.200": 1,
        tokenHits: 2,
        tokenMisses: 1
      })
    }).pipe(forDevice, within())
  )

  it.effect("count the token request for a pair that was replaced", () =>
    Effect.gen(function* () {
      yield* runToEnd(call)
      yield* (yield* Emulator.Emulator).revokeAllClients
      const added = yield* counted(runToEnd(call))
      assert.strictEqual(added["tokenRequests.replaced"], 1)
      assert.strictEqual(added["registrations.success"], 1)
      assert.isAtLeast(added["tokenFailures.InvalidClient"] ?? 0, 1)
    }).pipe(forDevice, within())
  )

  it.effect("count what the throttle makes wait, and what it refuses", () =>
    Effect.gen(function* () {
      yield* runToEnd(call)
      yield* TestClock.adjust("1 minute")
      const calls = Effect.all(
        Array.from({ length: 6 }, () => Effect.either(call)),
        {
          concurrency: "unbounded"
        }
      )
      // One is sent at once, three wait for up to three seconds, and for two that would be too long. Who has waited reads
      // the token again.
      assert.deepStrictEqual(yield* counted(runToEnd(calls)), {
        "calls.200": 4,
        "calls.Throttled": 2,
        throttleWaits: 3,
        overloaded: 2,
        tokenHits: 9
      })
    }).pipe(forDevice, within({ throttle: { burst: 0, maxWait: "3 seconds" } }))
  )

  it.effect("count an answer of 429, and the repetition", () =>
    Effect.gen(function* () {
      yield* runToEnd(call)
      yield* fails({ route: "api", fault: Fault.html(429) })
      assert.deepStrictEqual(yield* counted(runToEnd(call)), {
        throttled: 1,
        "retries.Throttled": 1,
        "calls.200": 1,
        tokenHits: 2
      })
    }).pipe(forDevice, within())
  )

  it.effect("count repetitions by error, and those that the quota does not allow", () =>
    Effect.gen(function* () {
      yield* runToEnd(call)
      yield* fails({ route: "api", fault: Fault.answer(503), times: 3 })
      assert.deepStrictEqual(yield* counted(Effect.either(runToEnd(call))), {
        "retries.ServiceUnavailable": 1,
        retriesRefused: 1,
        "calls.ServiceUnavailable": 1,
        tokenHits: 2
      })
    }).pipe(forDevice, within({ retryQuota: 5 }))
  )

  it.effect("count a token that the store does not keep", () => {
    const store = makeStore()
    return Effect.gen(function* () {
      yield* runToEnd(call)
      store.behaviour.write = "fails"
      yield* TestClock.adjust("7 hours")
      const added = yield* counted(runToEnd(call))
      assert.deepStrictEqual(added, {
        "tokenRequests.expired": 1,
        unsavedTokens: 1,
        "calls.200": 1,
        tokenMisses: 1
      })
    }).pipe(forDevice, within({ store: store.layer }))
  })

  it.effect("count a permit that a process gives without the shared buckets", () =>
    Effect.gen(function* () {
      const failing = Effect.fail({ reason: "Unavailable", code: "ECONNREFUSED" } as const)
      const throttle = Either.getOrThrow(SharedThrottle.make({ take: () => failing, hold: () => failing }))
      assert.deepStrictEqual(yield* counted(throttle.take("203.0.113.7")), { throttleFallbacks: 1 })
    })
  )

  it.effect("count a record in clear that a store with encryption reads", () =>
    Effect.gen(function* () {
      const session = sampleKey("a")
      const records = new Map<SessionKey.SessionKey, string>()
      yield* storeOn(onRecords(records)).saveCredentials(session, sampleCredentials(session, 1))
      const secret = Redacted.make(Buffer.alloc(32, 1).toString("base64"))
      const encryption = yield* Encryption.make([{ id: "k1", secret }])
      const load = storeOn(onRecords(records), { encryption }).load(session)
      assert.deepStrictEqual(yield* counted(load), { plaintextRecords: 1 })
    })
  )

  it.effect("show the sessions in memory and the clock of Adobe Pass", () =>
    Effect.gen(function* () {
      // Adobe's times are milliseconds only where they can be no seconds.
      yield* TestClock.setTime(1_767_225_600_000)
      yield* (yield* Emulator.Emulator).skewClock("90 seconds")
      for (const n of [1, 2, 3]) yield* runToEnd(Effect.provideService(call, CurrentDevice, device(n)))
      assert.strictEqual((yield* Metric.value(Metrics.sessions)).value, 3)
      assert.strictEqual((yield* Metric.value(Metrics.clockSkew)).value, 90_000)
    }).pipe(within())
  )

  it("are all looked at, here or in the test of what they count", () => {
    const here: ReadonlyArray<string> = [...frequencies, ...counters, ...gauges, ...ofTheStore]
    const tests = fileURLToPath(new URL("..", import.meta.url))
    const sources = readdirSync(tests, { recursive: true, encoding: "utf8" })
      .filter((file) => file.endsWith(".test.ts"))
      .map((file) => readFileSync(join(tests, file), "utf8"))
    const unseen = Object.keys(Metrics).filter(
      (name) =>
        !here.includes(name) && !sources.some((text) => text.includes(`Metric.value(Metrics.${name})`))
    )
    assert.deepStrictEqual(unseen, [])
  })
})
