import { Effect, Either, Redacted, TestClock } from "effect"
import {
  CurrentDevice,
  Device,
  Encryption,
  ProtectedClient,
  type SessionKey,
  SharedThrottle
} from "effect-adobe-pass"
import { sampleCredentials, sampleKey } from "effect-adobe-pass/testing/CredentialStoreContract"
import { Emulator, Fault } from "effect-adobe-pass-emulator"
import { makeStore, onRecords, storeOn } from "./store.js"
import { device, info, type SystemOptions, system } from "./system.js"
import { runToEnd } from "./time.js"

const call = Effect.flatMap(ProtectedClient.ProtectedClient, (adobe) =>
  Effect.either(adobe.get("/api/v2/ACME/configuration"))
)

const callFor = (caller: Device.Device) => runToEnd(Effect.provideService(call, CurrentDevice, caller))

const fails = (options: Parameters<Emulator.Emulator["fail"]>[0]) =>
  Effect.flatMap(Emulator.Emulator, ({ fail }) => fail(options))

const within = (options: SystemOptions = {}) => Effect.provide(system(options))

/** Calls that succeed, are repeated, and are refused; tokens of every kind; a clock that is an hour ahead. */
const callsAndTokens = Effect.gen(function* () {
  const emulator = yield* Emulator.Emulator
  yield* emulator.skewClock("1 hour")
  yield* callFor(device(1))
  yield* callFor(device(1))
  yield* fails({ route: "api", fault: Fault.html(429) })
  yield* callFor(device(1))
  yield* fails({ route: "api", fault: Fault.answer(503), times: 3 })
  yield* callFor(device(1))
  yield* TestClock.adjust("7 hours")
  yield* emulator.revokeTokens
  yield* callFor(device(1))
  yield* fails({ route: "token", fault: Fault.oauthError("unauthorized_client") })
  yield* callFor(device(2))
  yield* emulator.revokeStatement()
  yield* callFor(device(3))
}).pipe(within({ retryQuota: 5 }))

/** More calls at once than the throttle lets wait. */
const crowd = callFor(device(4)).pipe(
  Effect.zipRight(TestClock.adjust("1 minute")),
  Effect.zipRight(
    runToEnd(
      Effect.all(
        Array.from({ length: 6 }, () => call),
        { concurrency: "unbounded" }
      )
    ).pipe(Effect.provideService(CurrentDevice, device(4)))
  ),
  within({ throttle: { burst: 0, maxWait: "3 seconds" } })
)

/** A store that no longer keeps tokens, and devices without an address or with a private one. */
const failingStore = Effect.suspend(() => {
  const store = makeStore()
  return Effect.gen(function* () {
    yield* callFor(device(5))
    store.behaviour.write = "fails"
    yield* TestClock.adjust("7 hours")
    yield* callFor(device(5))
    store.behaviour.read = "fails"
    yield* callFor(device(6))
    store.behaviour.read = "works"
    store.behaviour.write = "works"
    for (const n of [7, 8, 9]) {
      yield* callFor(device(n, "10.0.0.1"))
      yield* callFor(Either.getOrThrow(Device.make({ id: `device-without-address-${n}`, info })))
    }
  }).pipe(within({ store: store.layer }))
})

/** Shared buckets that cannot be asked. */
const sharedThrottle = Effect.suspend(() => {
  const failing = Effect.fail({ reason: "Unavailable", code: "ECONNREFUSED" } as const)
  const throttle = Either.getOrThrow(SharedThrottle.make({ take: () => failing, hold: () => failing }))
  return throttle.take("203.0.113.7")
})

/** A record in clear in a store with encryption. */
const recordInClear = Effect.gen(function* () {
  const session = sampleKey("a")
  const records = new Map<SessionKey.SessionKey, string>()
  yield* storeOn(onRecords(records)).saveCredentials(session, sampleCredentials(session, 1))
  const secret = Redacted.make(Buffer.alloc(32, 1).toString("base64"))
  const encryption = yield* Encryption.make([{ id: "k1", secret }])
  yield* storeOn(onRecords(records), { encryption }).load(session)
})

/** Moves every metric of the library, on the test clock: what the metrics are called, and their labels, can be read then. */
export const everyMetric = Effect.gen(function* () {
  // Adobe's times are milliseconds only where they can be no seconds.
  yield* TestClock.setTime(1_767_225_600_000)
  yield* callsAndTokens
  yield* crowd
  yield* failingStore
  yield* sharedThrottle
  yield* recordInClear
})
