import { assert, describe, it } from "@effect/vitest"
import { Effect, Either, Exit, Fiber, Layer, Redacted, Scope, Stream, TestClock } from "effect"
import {
  AdobePass,
  CredentialStore,
  CurrentDevice,
  ProtectedClient,
  Sessions,
  Throttle
} from "effect-adobe-pass"
import { Emulator, Fault } from "effect-adobe-pass-emulator"
import { lockOver, makeStore, storeOn } from "../support/store.js"
import { adobePass, device, emulatorEnvironment, system } from "../support/system.js"
import { advance, runToEnd, settle } from "../support/time.js"

const path = "/api/v2/ACME/configuration"
const call = Effect.flatMap(ProtectedClient.ProtectedClient, (adobe) => adobe.get(path))
const counts = Effect.flatMap(Emulator.Emulator, (emulator) => emulator.counts)
const hour = 3_600_000
const minutes = (n: number) => n * 60_000

describe("a store whose writes hang", () => {
  it.effect("holds up neither callers nor shutdown, and the pair is saved when it is back", () => {
    const store = makeStore()
    store.behaviour.write = "hangs"
    return Effect.gen(function* () {
      const scope = yield* Scope.make()
      const services = yield* Layer.buildWithScope(
        adobePass({ throttle: { burst: 1000 } }).pipe(Layer.provide(store.layer)),
        scope
      )
      const error = yield* runToEnd(Effect.flip(Effect.provide(call, services)))
      assert.strictEqual(error._tag === "CredentialStoreError" ? error.reason : error._tag, "Timeout")
      assert.notInclude(error.message, "nothing was registered or lost")
      store.behaviour.write = "works"
      yield* advance(2000)
      assert.strictEqual((yield* runToEnd(Effect.provide(call, services))).status, 200)
      assert.strictEqual((yield* counts).register, 1)

      store.behaviour.write = "hangs"
      yield* TestClock.adjust(7 * hour)
      yield* runToEnd(Effect.provide(call, services))
      yield* runToEnd(Scope.close(scope, Exit.void))
    }).pipe(
      Effect.provideService(CurrentDevice, device()),
      Effect.provide(Emulator.layer({ throttle: "off" }))
    )
  })

  it.effect("does not keep callers waiting for the save of a token that is there", () => {
    const store = makeStore()
    return Effect.gen(function* () {
      yield* runToEnd(call)
      store.behaviour.write = "hangs"
      yield* TestClock.adjust(7 * hour)
      const before = yield* TestClock.currentTimeMillis
      yield* runToEnd(call)
      assert.strictEqual(yield* TestClock.currentTimeMillis, before)
      yield* advance(5000)
    }).pipe(Effect.provideService(CurrentDevice, device()), Effect.provide(system({ store: store.layer })))
  })

  it.effect("that always loses its compare-and-set ends with an error", () =>
    Effect.gen(function* () {
      let tries = 0
      const store = storeOn({
        read: () => Effect.succeedNone,
        compareAndSet: () => Effect.sync(() => ++tries < 0),
        remove: () => Effect.void,
        lock: lockOver(() => Effect.succeedNone)
      })
      const error = yield* Effect.flip(runToEnd(call)).pipe(
        Effect.provide(system({ store: Layer.succeed(CredentialStore.CredentialStore, store) }))
      )
      assert.strictEqual(error._tag === "CredentialStoreError" ? error.code : error._tag, "CONTENTION")
      assert.isAtMost(tries, 100)
    }).pipe(Effect.provideService(CurrentDevice, device()))
  )
})

describe("a refusal", () => {
  it.effect(
    "of a device that has credentials is forgotten after some minutes, so that it recovers by itself",
    () =>
      Effect.gen(function* () {
        const emulator = yield* Emulator.Emulator
        yield* runToEnd(call)
        yield* emulator.revokeStatement()
        yield* TestClock.adjust(7 * hour)
        const error = yield* Effect.flip(runToEnd(call))
        assert.strictEqual(error._tag, "UnapprovedSoftwareStatement")
        yield* emulator.restoreStatement()
        assert.strictEqual((yield* Effect.flip(runToEnd(call)))._tag, "UnapprovedSoftwareStatement")
        yield* advance(minutes(5))
        assert.strictEqual((yield* runToEnd(call)).status, 200)
      }).pipe(Effect.provideService(CurrentDevice, device()), Effect.provide(system()))
  )

  it.effect("of a background refresh leaves the valid token in use", () =>
    Effect.gen(function* () {
      const emulator = yield* Emulator.Emulator
      yield* runToEnd(call)
      yield* TestClock.adjust(6 * hour - minutes(1))
      yield* emulator.fail({ route: "token", fault: Fault.oauthError("invalid_request") })
      assert.strictEqual((yield* runToEnd(call)).status, 200)
      yield* settle
      yield* advance(30_000)
      assert.strictEqual((yield* runToEnd(call)).status, 200)
      yield* advance(minutes(10))
      assert.strictEqual((yield* runToEnd(call)).status, 200)
      assert.strictEqual((yield* counts).register, 1)
    }).pipe(Effect.provideService(CurrentDevice, device()), Effect.provide(system()))
  )

  it.effect(
    "of a pair that never gave a token is answered with another registration ever more rarely (A12)",
    () =>
      Effect.gen(function* () {
        const emulator = yield* Emulator.Emulator
        yield* emulator.fail({
          route: "token",
          fault: Fault.oauthError("invalid_client"),
          times: Number.POSITIVE_INFINITY
        })
        const registered: Array<number> = []
        for (const pause of [0, 2, 6, 20, 30, 120, 240, 480]) {
          yield* advance(minutes(pause))
          assert.strictEqual((yield* Effect.flip(runToEnd(call)))._tag, "InvalidClient")
          registered.push((yield* counts).register)
        }
        assert.deepStrictEqual(registered, [1, 2, 3, 4, 4, 5, 6, 7])
        yield* emulator.clearFaults
        yield* advance(minutes(1))
        assert.strictEqual((yield* runToEnd(call)).status, 200)
        assert.strictEqual((yield* counts).register, 7)
      }).pipe(Effect.provideService(CurrentDevice, device()), Effect.provide(system()))
  )

  it.effect(
    "by invalid_client is confirmed after a pause, in which another node may have replaced the pair",
    () => {
      const store = makeStore()
      return Effect.gen(function* () {
        const emulator = yield* Emulator.Emulator
        const other = yield* Layer.build(
          adobePass({ throttle: { burst: 1000 } }).pipe(Layer.provide(store.layer))
        )
        yield* runToEnd(call)
        yield* TestClock.adjust(7 * hour)
        yield* emulator.revokeAllClients
        yield* emulator.clearLog
        const waiting = yield* Effect.fork(call)
        yield* settle
        assert.deepStrictEqual([(yield* counts).register, (yield* counts).token], [0, 1])
        store.records.clear()
        yield* Effect.provide(runToEnd(call), other)
        yield* runToEnd(Fiber.join(waiting))
        assert.strictEqual((yield* counts).register, 1)
      }).pipe(
        Effect.scoped,
        Effect.provideService(CurrentDevice, device()),
        Effect.provide(system({ store: store.layer }))
      )
    }
  )
})

describe("refusals of several devices by invalid_client", () => {
  it.effect("are told as an incident when it begins and when it ends, and sign out one device", () =>
    Effect.gen(function* () {
      const emulator = yield* Emulator.Emulator
      const sessions = yield* Sessions.Sessions
      const devices = Array.from({ length: 40 }, (_, n) => device(n))
      const tokens = Effect.forEach(devices, (each) => Effect.either(sessions.accessToken(each)), {
        concurrency: "unbounded"
      })
      const told: Array<string> = []
      yield* Effect.forkScoped(
        Stream.runForEach(sessions.events, ({ _tag }) => Effect.sync(() => told.push(_tag)))
      )
      yield* runToEnd(tokens)
      yield* TestClock.adjust(7 * hour)
      told.length = 0
      yield* emulator.clearLog
      yield* emulator.fail({
        route: "token",
        fault: Fault.oauthError("invalid_client"),
        times: Number.POSITIVE_INFINITY
      })
      const refused = yield* runToEnd(tokens)
      const reasons = refused.map((result) =>
        Either.isLeft(result) && result.left._tag === "InvalidClient" ? result.left.deferred : "none"
      )
      assert.deepStrictEqual(
        [reasons.filter((reason) => reason === "Incident").length, new Set(reasons)],
        [39, new Set(["Incident", "Untested"] as const)]
      )
      assert.isTrue(refused.every((result) => Either.isLeft(result) && result.left.retryable))
      assert.deepStrictEqual(
        told.filter((tag) => tag.startsWith("Incident")),
        ["IncidentStarted"]
      )
      yield* emulator.clearFaults
      yield* advance(6000)
      assert.isTrue((yield* runToEnd(tokens)).every(Either.isRight))
      assert.strictEqual((yield* counts).register, 1)
      assert.deepStrictEqual(
        told.filter((tag) => tag.startsWith("Incident")),
        ["IncidentStarted", "IncidentEnded"]
      )
      assert.strictEqual(told.filter((tag) => tag === "CredentialsReplaced").length, 1)
    }).pipe(Effect.scoped, Effect.provide(system()))
  )

  it.effect("do not end when a new pair is accepted late, but when an old one is", () =>
    Effect.gen(function* () {
      const emulator = yield* Emulator.Emulator
      const sessions = yield* Sessions.Sessions
      const devices = Array.from({ length: 20 }, (_, n) => device(n))
      const tokens = Effect.forEach(devices, (each) => Effect.either(sessions.accessToken(each)), {
        concurrency: "unbounded"
      })
      const told: Array<string> = []
      yield* Effect.forkScoped(
        Stream.runForEach(sessions.events, ({ _tag }) => Effect.sync(() => told.push(_tag)))
      )
      yield* runToEnd(tokens)
      yield* TestClock.adjust(7 * hour)
      // Every pair is lost, and a new one is known only some seconds after its registration.
      yield* emulator.revokeAllClients
      yield* emulator.fail({ route: "token", fault: Fault.oauthError("invalid_client"), times: 41 })
      yield* runToEnd(tokens)
      for (let n = 0; n < 45; n++) {
        yield* runToEnd(tokens)
        yield* advance(10_000)
      }
      assert.isTrue((yield* runToEnd(tokens)).every(Either.isRight))
      assert.strictEqual(told.filter((tag) => tag === "CredentialsReplaced").length, 20)
      assert.notInclude(told, "IncidentEnded")
    }).pipe(Effect.scoped, Effect.provide(system()))
  )

  it.effect("do not end when a device that is new is refused once and then accepted", () =>
    Effect.gen(function* () {
      const emulator = yield* Emulator.Emulator
      const sessions = yield* Sessions.Sessions
      const told: Array<string> = []
      yield* Effect.forkScoped(
        Stream.runForEach(sessions.events, ({ _tag }) => Effect.sync(() => told.push(_tag)))
      )
      const tokens = Effect.forEach(
        Array.from({ length: 20 }, (_, n) => device(n)),
        (each) => Effect.either(sessions.accessToken(each)),
        { concurrency: "unbounded" }
      )
      yield* runToEnd(tokens)
      yield* TestClock.adjust(7 * hour)
      yield* emulator.revokeAllClients
      yield* runToEnd(tokens)
      assert.include(told, "IncidentStarted")
      // More may be replaced in the next minute, so a second question may help.
      yield* advance(minutes(1))
      yield* emulator.fail({ route: "token", fault: Fault.oauthError("invalid_client") })
      yield* runToEnd(sessions.accessToken(device(99)))
      assert.notInclude(told, "IncidentEnded")
    }).pipe(Effect.scoped, Effect.provide(system()))
  )

  it.effect("leave a sibling that shares the store in the same wait for the pair that was tried", () => {
    const store = makeStore()
    const node = adobePass({ throttle: { burst: 1000 } }).pipe(Layer.provide(store.layer))
    return Effect.gen(function* () {
      const emulator = yield* Emulator.Emulator
      const one = yield* Layer.build(node)
      const two = yield* Layer.build(Layer.fresh(node))
      yield* runToEnd(Effect.provide(call, one))
      yield* TestClock.adjust(7 * hour)
      yield* emulator.fail({
        route: "token",
        fault: Fault.oauthError("invalid_client"),
        times: Number.POSITIVE_INFINITY
      })
      const first = yield* Effect.flip(runToEnd(Effect.provide(call, one)))
      assert.strictEqual(first._tag === "InvalidClient" ? first.deferred : first._tag, "Untested")
      const second = yield* Effect.flip(runToEnd(Effect.provide(call, two)))
      assert.strictEqual(second._tag === "InvalidClient" ? second.deferred : second._tag, "Untested")
      assert.strictEqual((yield* counts).register, 2)
    }).pipe(
      Effect.scoped,
      Effect.provideService(CurrentDevice, device()),
      Effect.provide(Emulator.layer({ throttle: "off" }))
    )
  })
})

describe("a registration whose answer is lost", () => {
  it.effect("is made again ever more rarely, and each that may have succeeded is told", () =>
    Effect.gen(function* () {
      const emulator = yield* Emulator.Emulator
      const sessions = yield* Sessions.Sessions
      const told: Array<string> = []
      yield* Effect.forkScoped(
        Stream.runForEach(sessions.events, ({ _tag }) => Effect.sync(() => told.push(_tag)))
      )
      yield* emulator.fail({ route: "register", fault: Fault.reset(), times: Number.POSITIVE_INFINITY })
      const registered: Array<number> = []
      for (let second = 0; second <= 600; second++) {
        yield* Effect.flip(runToEnd(call))
        registered.push((yield* counts).register)
        yield* advance(1000)
      }
      assert.isAtMost(registered[15] ?? 0, 3)
      assert.isAtMost(registered[600] ?? 0, 7)
      assert.strictEqual(told.filter((tag) => tag === "RegistrationAbandoned").length, registered[600])
    }).pipe(Effect.scoped, Effect.provideService(CurrentDevice, device()), Effect.provide(system()))
  )
})

describe("what a server asks for", () => {
  it.effect("is not taken for a wait when it is a cache's far expiry (I1)", () =>
    Effect.gen(function* () {
      const emulator = yield* Emulator.Emulator
      yield* runToEnd(call)
      const expires = Fault.answer(429, { headers: { expires: "Thu, 31 Dec 2037 23:55:55 GMT" } })
      yield* emulator.fail({ route: "api", fault: expires })
      const before = yield* TestClock.currentTimeMillis
      assert.strictEqual((yield* runToEnd(call)).status, 200)
      assert.isAtMost((yield* TestClock.currentTimeMillis) - before, 5000)
    }).pipe(Effect.provideService(CurrentDevice, device()), Effect.provide(system()))
  )

  it.effect("holds an address for five minutes at most, and a session as long", () =>
    Effect.gen(function* () {
      const emulator = yield* Emulator.Emulator
      yield* runToEnd(call)
      yield* emulator.fail({
        route: "api",
        fault: Fault.answer(429, { headers: { "retry-after": "86400" } })
      })
      yield* Effect.flip(runToEnd(call))
      yield* advance(minutes(5))
      assert.strictEqual((yield* runToEnd(call)).status, 200)

      yield* TestClock.adjust(7 * hour)
      yield* emulator.fail({
        route: "token",
        fault: Fault.answer(503, { headers: { "retry-after": "86400" } })
      })
      yield* Effect.flip(runToEnd(call))
      yield* advance(minutes(4))
      const error = yield* Effect.flip(runToEnd(call))
      assert.strictEqual(
        error._tag === "ServiceUnavailable" ? error.retryAfterMillis : error._tag,
        minutes(1)
      )
      yield* advance(minutes(1))
      assert.strictEqual((yield* runToEnd(call)).status, 200)
    }).pipe(Effect.provideService(CurrentDevice, device()), Effect.provide(system()))
  )

  it.effect(
    "delays the repetition of a temporary failure, and ends it beyond the budget of the whole call",
    () =>
      Effect.gen(function* () {
        const emulator = yield* Emulator.Emulator
        yield* runToEnd(call)
        yield* emulator.clearLog
        const retry = (seconds: string) =>
          Fault.answer(503, {
            headers: { "retry-after": seconds },
            body: JSON.stringify({ action: "retry", code: "network_received_error", status: 503 })
          })
        yield* emulator.fail({ route: "api", fault: retry("20") })
        assert.strictEqual((yield* runToEnd(call)).status, 200)
        const [first = 0, second = 0] = (yield* emulator.log).map(({ at }) => at)
        assert.isAtLeast(second - first, 20_000)

        yield* emulator.clearLog
        yield* emulator.fail({ route: "api", fault: Fault.hang() })
        yield* emulator.fail({ route: "api", fault: retry("29") })
        assert.strictEqual((yield* Effect.flip(runToEnd(call)))._tag, "TemporaryFailure")
        assert.strictEqual((yield* counts).api, 2)
      }).pipe(Effect.provideService(CurrentDevice, device()), Effect.provide(system()))
  )

  it.effect("ends a call with its time limit, also where the caller is uninterruptible", () =>
    Effect.gen(function* () {
      const emulator = yield* Emulator.Emulator
      yield* runToEnd(call)
      yield* emulator.fail({ route: "api", fault: Fault.hang(), times: 3 })
      const error = yield* Effect.flip(runToEnd(Effect.uninterruptible(call)))
      assert.strictEqual(error._tag, "TransportError")
    }).pipe(Effect.provideService(CurrentDevice, device()), Effect.provide(system()))
  )
})

describe("a raw answer", () => {
  it.effect.each([404, 429, 500, 302] as const)(
    "with status %d can be read as bytes, as text and as a stream",
    (status) =>
      Effect.gen(function* () {
        const emulator = yield* Emulator.Emulator
        const adobe = yield* ProtectedClient.ProtectedClient
        yield* emulator.fail({ route: "api", fault: Fault.answer(status, { body: "why not" }), times: 99 })
        const response = yield* runToEnd(adobe.raw.get(path))
        assert.strictEqual(response.status, status)
        assert.strictEqual(yield* response.text, "why not")
        const again = yield* runToEnd(adobe.raw.get(path))
        assert.strictEqual(yield* Stream.mkString(Stream.decodeText(again.stream)), "why not")
        const bytes = yield* runToEnd(adobe.raw.get(path))
        assert.strictEqual((yield* bytes.arrayBuffer).byteLength, 7)
      }).pipe(Effect.provideService(CurrentDevice, device()), Effect.provide(system()))
  )
})

describe("forgetting", () => {
  it.effect("is not undone by a token request that runs meanwhile", () => {
    const store = makeStore()
    return Effect.gen(function* () {
      const sessions = yield* Sessions.Sessions
      const emulator = yield* Emulator.Emulator
      yield* runToEnd(call)
      yield* TestClock.adjust(7 * hour)
      yield* emulator.fail({ route: "token", fault: Fault.delay("2 seconds") })
      const refreshing = yield* Effect.fork(call)
      yield* settle
      const forgetting = yield* Effect.fork(sessions.forget(device()))
      yield* settle
      yield* advance(3000)
      yield* Fiber.join(refreshing)
      yield* Fiber.join(forgetting)
      assert.strictEqual(store.records.size, 0)
      yield* TestClock.adjust(7 * hour)
      yield* runToEnd(call)
      assert.strictEqual((yield* counts).register, 2)
    }).pipe(Effect.provideService(CurrentDevice, device()), Effect.provide(system({ store: store.layer })))
  })

  it.effect("that is cancelled while it waits for a flight leaves the session as it was", () => {
    const store = makeStore()
    return Effect.gen(function* () {
      const sessions = yield* Sessions.Sessions
      const emulator = yield* Emulator.Emulator
      yield* runToEnd(call)
      yield* TestClock.adjust(7 * hour)
      yield* emulator.fail({ route: "token", fault: Fault.delay("2 seconds") })
      const refreshing = yield* Effect.fork(call)
      yield* settle
      const forgetting = yield* Effect.fork(sessions.forget(device()))
      yield* settle
      yield* Fiber.interrupt(forgetting)
      yield* runToEnd(Fiber.join(refreshing))
      store.records.clear()
      yield* TestClock.adjust(7 * hour)
      yield* runToEnd(call)
      assert.strictEqual(store.records.size, 1)
      assert.strictEqual((yield* counts).register, 1)
    }).pipe(Effect.provideService(CurrentDevice, device()), Effect.provide(system({ store: store.layer })))
  })
})

describe("a refused token", () => {
  it.effect("is not taken from the store again, even when its successor was refused as well", () => {
    const store = makeStore()
    return Effect.gen(function* () {
      const emulator = yield* Emulator.Emulator
      yield* runToEnd(call)
      store.behaviour.write = "fails"
      yield* advance(1000)
      yield* emulator.revokeTokens
      yield* runToEnd(call)
      yield* advance(5000)
      yield* emulator.revokeTokens
      yield* emulator.clearLog
      assert.strictEqual((yield* runToEnd(call)).status, 200)
      const log = yield* emulator.log
      assert.deepStrictEqual(
        log.map(({ route, status }) => `${route} ${status}`),
        ["api 401", "token 201", "api 200"]
      )
    }).pipe(Effect.provideService(CurrentDevice, device()), Effect.provide(system({ store: store.layer })))
  })
})

describe("two registered applications", () => {
  it.effect("share the bucket of a device address when they share a throttle", () =>
    Effect.gen(function* () {
      const emulator = yield* Emulator.Emulator
      const application = (statement: string) =>
        AdobePass.layerWithoutThrottle({
          environment: emulatorEnvironment,
          softwareStatement: Redacted.make(statement)
        }).pipe(Layer.provide(CredentialStore.layerMemory))
      const throttle = yield* Layer.build(Throttle.layer())
      const one = yield* Effect.provide(Layer.build(application(emulator.softwareStatement)), throttle)
      const two = yield* Effect.provide(Layer.build(application(yield* emulator.mintStatement())), throttle)
      const sevenCalls = Effect.all(
        Array.from({ length: 7 }, () => call),
        { concurrency: "unbounded" }
      )
      yield* runToEnd(
        Effect.all([Effect.provide(sevenCalls, one), Effect.provide(sevenCalls, two)], { concurrency: 2 })
      )
      const { api, throttled } = yield* counts
      assert.deepStrictEqual({ api, throttled }, { api: 14, throttled: 0 })
    }).pipe(
      Effect.scoped,
      Effect.provideService(CurrentDevice, device()),
      Effect.provide(Emulator.layer({ throttle: "refill" }))
    )
  )
})

describe("the throttle that learns", () => {
  it.effect("takes a late 429 of one burst for what it is", () =>
    Effect.gen(function* () {
      const throttle = yield* Throttle.make()
      for (let n = 0; n < 10; n++) yield* throttle.take("ip")
      yield* throttle.hold("ip", 1000)
      yield* TestClock.adjust(2500)
      yield* throttle.hold("ip", 1000)
      yield* TestClock.adjust(hour)
      const waited = yield* Effect.all(Array.from({ length: 10 }, () => throttle.take("ip")))
      assert.notInclude(waited, true)
    })
  )
})
