import { assert, describe, it } from "@effect/vitest"
import { Effect, Fiber, Layer, Option, Redacted, Stream, TestClock } from "effect"
import {
  type AccessToken,
  CurrentDevice,
  Environment,
  ProtectedClient,
  RegisteredApplication,
  SessionKey,
  SessionState,
  Sessions
} from "effect-adobe-pass"
import { Emulator, Fault } from "effect-adobe-pass-emulator"
import { makeStore } from "../support/store.js"
import { adobePass, device, emulatorEnvironment, system } from "../support/system.js"
import { advance, runToEnd, settle } from "../support/time.js"

const call = Effect.flatMap(ProtectedClient.ProtectedClient, (adobe) =>
  adobe.get("/api/v2/ACME/configuration")
)
const counts = Effect.flatMap(Emulator.Emulator, (emulator) => emulator.counts)
const hour = 3_600_000

/** What a failing effect fails with. */
const failing = <A, E, R>(effect: Effect.Effect<A, E, R>) => Effect.flip(effect)

describe("sessions", () => {
  it.effect("survive a restart on the same store: no registration and no token request (A2, A7)", () => {
    const store = makeStore()
    const library = adobePass({ throttle: { burst: 1000 } }).pipe(Layer.provide(store.layer))
    return Effect.gen(function* () {
      yield* runToEnd(Effect.provide(call, library))
      for (let restart = 0; restart < 5; restart++) yield* runToEnd(Effect.provide(call, library))
      const { api, register, token } = yield* counts
      assert.deepStrictEqual({ api, register, token }, { api: 6, register: 1, token: 1 })
    }).pipe(
      Effect.provideService(CurrentDevice, device()),
      Effect.provide(Emulator.layer({ throttle: "off" }))
    )
  })

  it.effect("never register again because a token expired, a hundred times in a row (A3)", () =>
    Effect.gen(function* () {
      for (let expiry = 0; expiry < 100; expiry++) {
        yield* runToEnd(call)
        yield* TestClock.adjust(7 * hour)
      }
      const { register, token } = yield* counts
      assert.deepStrictEqual({ register, token }, { register: 1, token: 100 })
    }).pipe(Effect.provideService(CurrentDevice, device()), Effect.provide(system()))
  )

  it.effect("have a token at hand as long as it is neither due nor refused", () =>
    Effect.gen(function* () {
      const sessions = yield* Sessions.Sessions
      const atHand = Effect.zipWith(sessions.state(device()), TestClock.currentTimeMillis, (state, now) =>
        SessionState.step(state, now) === "Use" ? state.token : undefined
      )
      const text = (token: AccessToken.AccessToken | undefined) =>
        token === undefined ? "none" : Redacted.value(token.value)
      assert.isUndefined(yield* atHand)
      assert.strictEqual((yield* counts).register, 0)
      const first = yield* runToEnd(sessions.accessToken(device()))
      assert.strictEqual(text(yield* atHand), text(first))
      // In the refresh window it is asked for, so that a flight replaces it.
      yield* TestClock.adjust(6 * hour - 60_000)
      assert.isUndefined(yield* atHand)
      yield* runToEnd(sessions.accessToken(device()))
      yield* advance(1000)
      const second = yield* atHand
      assert.isDefined(second)
      assert.notStrictEqual(text(second), text(first))
      yield* sessions.reject(device(), second ?? first)
      assert.isUndefined(yield* atHand)
    }).pipe(Effect.provide(system()))
  )

  it.effect("give each device its own pair under its own key (A4)", () => {
    const store = makeStore()
    return Effect.gen(function* () {
      const sessions = yield* Sessions.Sessions
      const one = yield* runToEnd(sessions.credentials(device(1)))
      const two = yield* runToEnd(sessions.credentials(device(2)))
      assert.notStrictEqual(Redacted.value(one.clientId), Redacted.value(two.clientId))
      assert.notStrictEqual(one.session, two.session)
      assert.strictEqual(store.records.size, 2)
      assert.strictEqual((yield* counts).register, 2)
    }).pipe(Effect.provide(system({ store: store.layer })))
  })

  it.effect("do not go on with a pair that the store refused, and do not register another (A5)", () => {
    const store = makeStore()
    store.behaviour.write = "fails"
    return Effect.gen(function* () {
      const error = yield* failing(runToEnd(call))
      assert.strictEqual(error._tag, "CredentialStoreError")
      assert.deepStrictEqual(
        [(yield* counts).register, (yield* counts).token, (yield* counts).api],
        [1, 0, 0]
      )

      store.behaviour.write = "works"
      yield* advance(2000)
      yield* runToEnd(call)
      const { api, register, token } = yield* counts
      assert.deepStrictEqual({ api, register, token }, { api: 1, register: 1, token: 1 })
      assert.strictEqual(store.records.size, 1)
    }).pipe(Effect.provideService(CurrentDevice, device()), Effect.provide(system({ store: store.layer })))
  })

  it.effect("do not register while the store cannot be read, and recover by themselves", () => {
    const store = makeStore()
    store.behaviour.read = "fails"
    return Effect.gen(function* () {
      const error = yield* failing(runToEnd(call))
      assert.strictEqual(error._tag, "CredentialStoreError")
      assert.isTrue(error.retryable)
      assert.strictEqual((yield* counts).register, 0)
      store.behaviour.read = "works"
      yield* advance(1000)
      assert.strictEqual((yield* runToEnd(call)).status, 200)
    }).pipe(Effect.provideService(CurrentDevice, device()), Effect.provide(system({ store: store.layer })))
  })

  it.effect("give up on a store that hangs after its time limit, without registering", () => {
    const store = makeStore()
    store.behaviour.read = "hangs"
    return Effect.gen(function* () {
      const fiber = yield* Effect.fork(Effect.flip(call))
      yield* advance(5000)
      const error = yield* fiber
      assert.strictEqual(error._tag, "CredentialStoreError")
      assert.strictEqual((yield* counts).register, 0)
    }).pipe(Effect.provideService(CurrentDevice, device()), Effect.provide(system({ store: store.layer })))
  })

  it.effect("that are warm go on through a store outage, token renewal included", () => {
    const store = makeStore()
    return Effect.gen(function* () {
      yield* runToEnd(call)
      store.behaviour.read = "fails"
      store.behaviour.write = "fails"
      yield* TestClock.adjust(7 * hour)
      assert.strictEqual((yield* runToEnd(call)).status, 200)
      const { register, token } = yield* counts
      assert.deepStrictEqual({ register, token }, { register: 1, token: 2 })
    }).pipe(Effect.provideService(CurrentDevice, device()), Effect.provide(system({ store: store.layer })))
  })

  it.effect("put their pair back into a store that was emptied", () => {
    const store = makeStore()
    return Effect.gen(function* () {
      yield* runToEnd(call)
      store.records.clear()
      yield* TestClock.adjust(7 * hour)
      yield* runToEnd(call)
      assert.strictEqual(store.records.size, 1)
      assert.strictEqual((yield* counts).register, 1)
    }).pipe(Effect.provideService(CurrentDevice, device()), Effect.provide(system({ store: store.layer })))
  })

  it.effect("treat a damaged record as an error, never as a device without credentials", () => {
    const store = makeStore()
    return Effect.gen(function* () {
      const emulator = yield* Emulator.Emulator
      const application = yield* RegisteredApplication.make({
        environment: emulatorEnvironment,
        softwareStatement: Redacted.make(emulator.softwareStatement)
      })
      const key = yield* SessionKey.make(application, device())
      for (const damaged of ["", "{", '{"version":1}', '{"version":2,"credentials":{}}', "null"]) {
        store.records.set(key, damaged)
        yield* advance(2000)
        const error = yield* failing(runToEnd(call))
        assert.strictEqual(error._tag === "CredentialStoreError" ? error.reason : error._tag, "Corrupt")
      }
      assert.strictEqual((yield* counts).register, 0)
    }).pipe(Effect.provideService(CurrentDevice, device()), Effect.provide(system({ store: store.layer })))
  })

  it.effect(
    "serve 1000 calls inside a token's life with one token request (A7, A8)",
    () =>
      Effect.gen(function* () {
        for (let n = 0; n < 1000; n++) {
          if (n % 100 === 0) yield* TestClock.adjust(60_000)
          yield* runToEnd(Effect.all([call], { discard: true }))
        }
        const { api, register, token } = yield* counts
        assert.deepStrictEqual({ api, register, token }, { api: 1000, register: 1, token: 1 })
      }).pipe(Effect.provideService(CurrentDevice, device()), Effect.provide(system())),
    60_000
  )

  it.effect("renew a token before it expires, so that no call meets a 401 (A9)", () =>
    Effect.gen(function* () {
      yield* runToEnd(call)
      yield* TestClock.adjust(6 * hour - 30_000)
      yield* runToEnd(call)
      yield* settle
      assert.strictEqual((yield* counts).token, 2)
      yield* TestClock.adjust(30_000)
      yield* runToEnd(call)
      const log = yield* (yield* Emulator.Emulator).log
      assert.deepStrictEqual(
        log.filter(({ route }) => route === "api").map(({ status }) => status),
        [200, 200, 200]
      )
    }).pipe(Effect.provideService(CurrentDevice, device()), Effect.provide(system()))
  )

  it.effect(
    "let callers go on with the valid token while a refresh hangs, and keep it when the refresh fails",
    () =>
      Effect.gen(function* () {
        const emulator = yield* Emulator.Emulator
        yield* runToEnd(call)
        yield* TestClock.adjust(6 * hour - 60_000)
        yield* emulator.fail({ route: "token", fault: Fault.html(503), times: 3 })
        const response = yield* runToEnd(call)
        assert.strictEqual(response.status, 200)
        yield* advance(20_000)
        assert.strictEqual((yield* counts).token, 1 + 3)
        assert.strictEqual((yield* runToEnd(call)).status, 200)
        yield* advance(1000)
        assert.strictEqual((yield* counts).token, 1 + 3 + 1)
      }).pipe(Effect.provideService(CurrentDevice, device()), Effect.provide(system()))
  )

  it.effect("remember a failure for its cooldown: twenty calls in an outage cost one round of attempts", () =>
    Effect.gen(function* () {
      const emulator = yield* Emulator.Emulator
      yield* emulator.fail({ route: "token", fault: Fault.html(503), times: Number.POSITIVE_INFINITY })
      for (let n = 0; n < 20; n++)
        assert.strictEqual((yield* failing(runToEnd(call)))._tag, "ServiceUnavailable")
      assert.strictEqual((yield* counts).token, 3)
      yield* emulator.clearFaults
      yield* advance(3000)
      assert.strictEqual((yield* runToEnd(call)).status, 200)
      assert.strictEqual((yield* counts).register, 1)
    }).pipe(Effect.provideService(CurrentDevice, device()), Effect.provide(system()))
  )

  it.effect("remember a final refusal until the session is forgotten", () =>
    Effect.gen(function* () {
      const emulator = yield* Emulator.Emulator
      const sessions = yield* Sessions.Sessions
      yield* emulator.revokeStatement()
      for (let n = 0; n < 5; n++) {
        assert.strictEqual((yield* failing(runToEnd(call)))._tag, "UnapprovedSoftwareStatement")
        yield* advance(60_000)
      }
      assert.strictEqual((yield* counts).register, 1)
      yield* emulator.restoreStatement()
      yield* runToEnd(sessions.forget(device()))
      assert.strictEqual((yield* runToEnd(call)).status, 200)
    }).pipe(Effect.provideService(CurrentDevice, device()), Effect.provide(system()))
  )

  it.effect(
    "replace a pair once, after a confirmed invalid_client, and say that users must sign in again (A12)",
    () =>
      Effect.gen(function* () {
        const emulator = yield* Emulator.Emulator
        const sessions = yield* Sessions.Sessions
        const replaced = yield* Effect.fork(
          Stream.runHead(Stream.filter(sessions.events, ({ _tag }) => _tag === "CredentialsReplaced"))
        )
        yield* runToEnd(call)
        yield* emulator.revokeAllClients
        assert.strictEqual((yield* runToEnd(call)).status, 200)
        const { register, token } = yield* counts
        assert.deepStrictEqual({ register, token }, { register: 2, token: 1 + 2 + 1 })
        assert.isTrue(Option.isSome(yield* replaced))
      }).pipe(Effect.provideService(CurrentDevice, device()), Effect.provide(system()))
  )

  it.effect("fail when the new pair is refused as well, and never loop (A12)", () =>
    Effect.gen(function* () {
      const emulator = yield* Emulator.Emulator
      yield* emulator.fail({ route: "token", fault: Fault.oauthError("invalid_client"), times: 1000 })
      for (let n = 0; n < 5; n++) {
        assert.strictEqual((yield* failing(runToEnd(call)))._tag, "InvalidClient")
        yield* advance(60_000)
      }
      const { register, token } = yield* counts
      assert.strictEqual(register, 2)
      assert.isAtMost(token, 11)
    }).pipe(Effect.provideService(CurrentDevice, device()), Effect.provide(system()))
  )

  it.effect("do not register again for one invalid_client that was a slip of the server", () =>
    Effect.gen(function* () {
      const emulator = yield* Emulator.Emulator
      yield* emulator.fail({ route: "token", fault: Fault.oauthError("invalid_client"), times: 1 })
      assert.strictEqual((yield* runToEnd(call)).status, 200)
      assert.strictEqual((yield* counts).register, 1)
    }).pipe(Effect.provideService(CurrentDevice, device()), Effect.provide(system()))
  )

  it.effect("never register again when the policy says so", () =>
    Effect.gen(function* () {
      const emulator = yield* Emulator.Emulator
      yield* runToEnd(call)
      yield* emulator.revokeAllClients
      const error = yield* failing(runToEnd(call))
      assert.strictEqual(error._tag, "InvalidClient")
      assert.strictEqual((yield* counts).register, 1)
    }).pipe(
      Effect.provideService(CurrentDevice, device()),
      Effect.provide(system({ sessions: { reregister: "never" } }))
    )
  )

  it.effect("adopt the pair that another node has put into the store instead of registering", () => {
    const store = makeStore()
    const node = adobePass({ throttle: { burst: 1000 } }).pipe(Layer.provide(store.layer))
    return Effect.gen(function* () {
      const first = yield* Layer.build(node)
      const second = yield* Layer.build(Layer.fresh(node))
      yield* runToEnd(Effect.provide(call, first))
      yield* runToEnd(Effect.provide(call, second))
      const emulator = yield* Emulator.Emulator
      yield* emulator.revokeAllClients
      yield* runToEnd(Effect.provide(call, first))
      const before = yield* counts
      yield* runToEnd(Effect.provide(call, second))
      const after = yield* counts
      assert.deepStrictEqual([after.register - before.register, after.token - before.token], [0, 0])
    }).pipe(
      Effect.scoped,
      Effect.provideService(CurrentDevice, device()),
      Effect.provide(Emulator.layer({ throttle: "off" }))
    )
  })

  it.effect("keep credentials per environment: the same statement and device have two keys (A14)", () =>
    Effect.gen(function* () {
      const { softwareStatement } = yield* Emulator.Emulator
      const keyIn = (environment: Environment.Environment) =>
        Effect.flatMap(
          RegisteredApplication.make({ environment, softwareStatement: Redacted.make(softwareStatement) }),
          (application) => SessionKey.make(application, device())
        )
      const keys = yield* Effect.forEach(
        [...Object.values(Environment.environments), emulatorEnvironment],
        keyIn
      )
      assert.strictEqual(new Set(keys).size, 5)
    }).pipe(Effect.provide(Emulator.layer()))
  )

  it.effect("leave the old pair untouched when the software statement changes (A15)", () => {
    const store = makeStore()
    return Effect.gen(function* () {
      const emulator = yield* Emulator.Emulator
      const statement = yield* emulator.mintStatement()
      yield* runToEnd(call)
      const [old] = [...store.records.values()]
      yield* runToEnd(
        Effect.provide(
          call,
          adobePass({ softwareStatement: Redacted.make(statement) }).pipe(Layer.provide(store.layer))
        )
      )
      assert.strictEqual(store.records.size, 2)
      assert.include([...store.records.values()], old)
      assert.strictEqual((yield* counts).register, 2)
    }).pipe(Effect.provideService(CurrentDevice, device()), Effect.provide(system({ store: store.layer })))
  })

  it.effect("keep their pair through another download of the same statement", () => {
    const store = makeStore()
    return Effect.gen(function* () {
      const emulator = yield* Emulator.Emulator
      const { claims } = yield* Effect.map(
        RegisteredApplication.make({
          environment: emulatorEnvironment,
          softwareStatement: Redacted.make(emulator.softwareStatement)
        }),
        ({ softwareStatement }) => softwareStatement
      )
      const again = yield* emulator.mintStatement({ subject: claims.sub ?? "", issuedAt: 1_700_000_000_000 })
      assert.notStrictEqual(again, emulator.softwareStatement)
      yield* runToEnd(call)
      yield* runToEnd(
        Effect.provide(
          call,
          adobePass({ softwareStatement: Redacted.make(again) }).pipe(Layer.provide(store.layer))
        )
      )
      assert.strictEqual((yield* counts).register, 1)
    }).pipe(Effect.provideService(CurrentDevice, device()), Effect.provide(system({ store: store.layer })))
  })

  it.effect("do not trust a token's expiry after the clock was set back, and survive a leap ahead", () =>
    Effect.gen(function* () {
      const start = 1_000 * hour
      yield* TestClock.setTime(start)
      yield* runToEnd(call)
      yield* TestClock.setTime(start - 100 * hour)
      yield* runToEnd(call)
      assert.strictEqual((yield* counts).token, 2)
      yield* TestClock.setTime(start + 10_000 * hour)
      yield* runToEnd(call)
      const { register, token } = yield* counts
      assert.deepStrictEqual({ register, token }, { register: 1, token: 3 })
    }).pipe(Effect.provideService(CurrentDevice, device()), Effect.provide(system()))
  )

  it.effect("are bounded in memory; one that comes back costs a store read and no request", () =>
    Effect.gen(function* () {
      const sessions = yield* Sessions.Sessions
      for (let n = 1; n <= 30; n++) yield* runToEnd(sessions.accessToken(device(n)))
      assert.strictEqual(yield* sessions.size, 10)
      yield* runToEnd(sessions.accessToken(device(1)))
      const { register, token } = yield* counts
      assert.deepStrictEqual({ register, token }, { register: 30, token: 30 })
    }).pipe(Effect.provide(system({ sessions: { capacity: 10 } })))
  )

  it.effect("evict none that has a registration under way", () =>
    Effect.gen(function* () {
      const sessions = yield* Sessions.Sessions
      const emulator = yield* Emulator.Emulator
      yield* emulator.fail({ route: "register", fault: Fault.delay("5 seconds"), times: 3 })
      const slow = yield* Effect.fork(
        Effect.forEach([1, 2, 3], (n) => sessions.accessToken(device(n)), { concurrency: 3 })
      )
      yield* settle
      yield* sessions.accessToken(device(4)).pipe(runToEnd)
      const again = yield* Effect.fork(
        Effect.forEach([1, 2, 3], (n) => sessions.accessToken(device(n)), { concurrency: 3 })
      )
      yield* advance(10_000)
      yield* Fiber.join(slow)
      yield* Fiber.join(again)
      assert.strictEqual((yield* counts).register, 4)
    }).pipe(Effect.provide(system({ sessions: { capacity: 2 }, store: makeStore().layer })))
  )

  it.effect("that are forgotten are gone from memory and store; the device registers anew (J8)", () => {
    const store = makeStore()
    return Effect.gen(function* () {
      const sessions = yield* Sessions.Sessions
      const before = yield* runToEnd(sessions.credentials(device()))
      yield* runToEnd(sessions.forget(device()))
      assert.strictEqual(store.records.size, 0)
      const after = yield* runToEnd(sessions.credentials(device()))
      assert.notStrictEqual(Redacted.value(before.clientId), Redacted.value(after.clientId))
    }).pipe(Effect.provide(system({ store: store.layer })))
  })

  it.effect("spread the refresh of a fleet that started together", () =>
    Effect.gen(function* () {
      const sessions = yield* Sessions.Sessions
      const devices = Array.from({ length: 60 }, (_, n) => device(n))
      yield* runToEnd(Effect.forEach(devices, sessions.accessToken, { concurrency: "unbounded" }))
      const refreshed: Array<number> = []
      for (let minute = 0; minute < 12; minute++) {
        yield* TestClock.setTime(6 * hour - 660_000 + minute * 60_000)
        yield* runToEnd(Effect.forEach(devices, sessions.accessToken, { concurrency: "unbounded" }))
        yield* settle
        refreshed.push((yield* counts).token)
      }
      const perMinute = refreshed.map((total, minute) => total - (refreshed[minute - 1] ?? 60))
      assert.strictEqual(refreshed.at(-1), 120)
      assert.isAtLeast(perMinute.filter((made) => made > 0).length, 4)
    }).pipe(Effect.provide(system()))
  )
})
