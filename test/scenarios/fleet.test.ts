import { assert, describe, it } from "@effect/vitest"
import { Chunk, Effect, Exit, Fiber, Layer, Option, Redacted, Scope, Stream, TestClock } from "effect"
import { AccessToken, AdobePassError, CredentialStore, Sessions } from "effect-adobe-pass"
import { Emulator, Fault } from "effect-adobe-pass-emulator"
import { stoppable, wrongBy } from "../support/clocks.js"
import { makeDatabase } from "../support/fleetStore.js"
import { startNode } from "../support/nodes.js"
import { makeStore } from "../support/store.js"
import { device, system } from "../support/system.js"
import { advance, runToEnd, settle } from "../support/time.js"

const hour = 3_600_000
const counts = Effect.flatMap(Emulator.Emulator, (emulator) => emulator.counts)

const onEmulator = Effect.provide(Emulator.layer({ throttle: "off" }))

describe("two nodes that meet the same new device", () => {
  it.scoped("register once, and the loser goes on with the pair of the winner", () =>
    Effect.gen(function* () {
      const { layer } = makeDatabase()
      const [one, two] = [yield* startNode(layer), yield* startNode(layer)]
      const pairs = yield* runToEnd(
        Effect.all(
          Array.from({ length: 50 }, (_, n) => (n % 2 === 0 ? one : two).sessions.credentials(device())),
          { concurrency: "unbounded" }
        )
      )
      assert.strictEqual(new Set(pairs.map(({ clientId }) => Redacted.value(clientId))).size, 1)
      assert.strictEqual((yield* counts).register, 1)
      yield* settle
      assert.deepStrictEqual([...one.told, ...two.told], ["Registered"])
    }).pipe(onEmulator)
  )

  it.scoped("do not wait for the lock when the pair is there: the loser looks while it waits", () =>
    Effect.gen(function* () {
      const { layer, log, rows } = makeDatabase()
      const [one, two] = [yield* startNode(layer), yield* startNode(layer)]
      const pair = yield* runToEnd(one.sessions.credentials(device()))
      const [row] = rows.values()
      if (row === undefined) return assert.fail("nothing was saved")
      // As it was before the save, while its winner had the lock.
      const { record } = row
      Object.assign(row, { record: undefined, owner: "the winner", expires: Number.POSITIVE_INFINITY })
      const second = yield* Effect.fork(two.sessions.credentials(device()))
      yield* advance(3000)
      assert.isTrue(Option.isNone(yield* Fiber.poll(second)))
      row.record = record
      yield* advance(3000)
      assert.isTrue(Option.isSome(yield* Fiber.poll(second)))
      assert.strictEqual(Redacted.value((yield* Fiber.join(second)).clientId), Redacted.value(pair.clientId))
      assert.strictEqual(row.owner, "the winner")
      assert.deepStrictEqual(log, ["acquire"])
      assert.strictEqual((yield* counts).register, 1)
    }).pipe(onEmulator)
  )

  it.scoped("share the token, too: the second node asks for none", () =>
    Effect.gen(function* () {
      const { layer } = makeDatabase()
      const [one, two] = [yield* startNode(layer), yield* startNode(layer)]
      yield* runToEnd(one.sessions.accessToken(device()))
      yield* runToEnd(two.sessions.accessToken(device()))
      assert.strictEqual((yield* counts).token, 1)
    }).pipe(onEmulator)
  )
})

describe("a winner that dies between its registration and its save", () => {
  it.scoped("costs one more registration, by a later node, which tells that one was abandoned", () =>
    Effect.gen(function* () {
      const { layer, node, rows } = makeDatabase()
      const dying = Layer.orDie(
        Layer.scoped(
          CredentialStore.CredentialStore,
          Effect.map(node(), (store) => ({ ...store, saveCredentials: () => Effect.never }))
        )
      )
      const stopped = yield* stoppable
      const scope = yield* Scope.make()
      const one = yield* Scope.extend(startNode(dying), scope)
      yield* Effect.fork(Effect.withClock(one.sessions.credentials(device()), stopped.clock))
      yield* settle
      stopped.stop()
      assert.strictEqual((yield* counts).register, 1)

      const two = yield* startNode(layer)
      const waiting = yield* Effect.fork(two.sessions.credentials(device()))
      yield* advance(60_000)
      yield* Fiber.join(waiting)
      assert.strictEqual((yield* counts).register, 2)
      assert.deepStrictEqual(two.told, ["RegistrationAbandoned", "Registered"])
      assert.strictEqual(rows.size, 1)
    }).pipe(onEmulator)
  )
})

describe("a node that cannot write the lock", () => {
  it.scoped("registers nothing, as others could not be told that it begins", () =>
    Effect.gen(function* () {
      const { node } = makeDatabase()
      const readOnly = Layer.orDie(
        Layer.scoped(
          CredentialStore.CredentialStore,
          Effect.map(node(), (store) => ({
            ...store,
            lock: () =>
              Effect.fail(
                new AdobePassError.CredentialStoreError({
                  operation: "lock",
                  reason: "Unavailable",
                  code: "EROFS"
                })
              )
          }))
        )
      )
      const one = yield* startNode(readOnly)
      const error = yield* Effect.flip(runToEnd(one.sessions.credentials(device())))
      assert.deepInclude(error, { _tag: "CredentialStoreError", code: "EROFS" })
      assert.strictEqual((yield* counts).register, 0)
    }).pipe(onEmulator)
  )
})

describe("a node with another redirect URI than the one that stored pairs were registered with", () => {
  it.scoped("uses the pairs, and tells of it once, however many devices there are", () =>
    Effect.gen(function* () {
      const { layer } = makeDatabase()
      const one = yield* startNode(layer, { redirectUri: "https://tv.example/before" })
      yield* runToEnd(Effect.forEach([1, 2, 3], (n) => one.sessions.credentials(device(n))))
      const same = yield* startNode(layer, { redirectUri: "https://tv.example/before" })
      yield* runToEnd(Effect.forEach([1, 2, 3], (n) => same.sessions.credentials(device(n))))
      const other = yield* startNode(layer, { redirectUri: "https://tv.example/after" })
      yield* runToEnd(Effect.forEach([1, 2, 3], (n) => other.sessions.credentials(device(n))))
      yield* settle
      const changes = (told: ReadonlyArray<string>) =>
        told.filter((tag) => tag === "RedirectUriChanged").length
      assert.deepStrictEqual(
        [one, same, other].map(({ told }) => changes(told)),
        [0, 0, 1]
      )
      assert.strictEqual((yield* counts).register, 3)
    }).pipe(onEmulator)
  )
})

describe("a node that loses its lease half-way", () => {
  it.scoped("does not overwrite the newer pair, adopts it, and tells that its own is abandoned", () =>
    Effect.gen(function* () {
      const { layer, rows } = makeDatabase()
      const emulator = yield* Emulator.Emulator
      // The first registration is answered after a long time, in which the node stands still.
      yield* emulator.fail({ route: "register", fault: Fault.delay("45 seconds"), times: 1 })
      const stopped = yield* stoppable
      const one = yield* startNode(layer, { timeout: "1 minute", retry: { budget: "2 minutes" } })
      const first = yield* Effect.fork(Effect.withClock(one.sessions.credentials(device()), stopped.clock))
      yield* settle
      stopped.stop()
      const two = yield* startNode(layer)
      const second = yield* Effect.fork(two.sessions.credentials(device()))
      yield* advance(40_000)
      const newer = yield* Fiber.join(second)
      stopped.goOn()
      yield* advance(60_000)
      assert.strictEqual(Redacted.value((yield* Fiber.join(first)).clientId), Redacted.value(newer.clientId))
      const [row] = rows.values()
      assert.include(row?.record ?? "", Redacted.value(newer.clientId))
      assert.strictEqual((yield* counts).register, 2)
      assert.deepStrictEqual(two.told, ["RegistrationAbandoned", "Registered"])
      assert.deepStrictEqual(one.told, ["RegistrationAbandoned"])
    }).pipe(onEmulator)
  )

  it.scoped(
    "does not save before the new holder has: it waits for the pair of that one, and its callers get it",
    () =>
      Effect.gen(function* () {
        const { layer, rows } = makeDatabase()
        const emulator = yield* Emulator.Emulator
        for (let slow = 0; slow < 2; slow++) {
          yield* emulator.fail({ route: "register", fault: Fault.delay("45 seconds") })
        }
        const options = { timeout: "1 minute", retry: { budget: "2 minutes" } } as const
        const stopped = yield* stoppable
        const one = yield* startNode(layer, options)
        const first = yield* Effect.fork(Effect.withClock(one.sessions.credentials(device()), stopped.clock))
        yield* settle
        stopped.stop()
        const two = yield* startNode(layer, options)
        const second = yield* Effect.fork(two.sessions.credentials(device()))
        yield* advance(40_000)
        stopped.goOn()
        yield* advance(10_000)
        // The answer for the first node has come, that for the second has not.
        assert.deepStrictEqual(
          [...rows.values()].map(({ record }) => record),
          [undefined]
        )
        yield* advance(60_000)
        const newer = yield* Fiber.join(second)
        assert.strictEqual(
          Redacted.value((yield* Fiber.join(first)).clientId),
          Redacted.value(newer.clientId)
        )
        assert.deepStrictEqual(two.told, ["RegistrationAbandoned", "Registered"])
        assert.deepStrictEqual(one.told, ["RegistrationAbandoned"])
      }).pipe(onEmulator)
  )
})

describe("a node whose clock is wrong", () => {
  for (const minutes of [-10, 10]) {
    it.scoped(`by ${minutes} minutes shares pair and lease with the others, and calls succeed`, () =>
      Effect.gen(function* () {
        const clock = yield* Effect.clock
        const { layer } = makeDatabase({ clock })
        const one = yield* startNode(layer)
        const wrong = yield* wrongBy(minutes * 60_000)
        const two = yield* Effect.withClock(startNode(layer), wrong)
        yield* runToEnd(
          Effect.all(
            [one.sessions.accessToken(device()), Effect.withClock(two.sessions.accessToken(device()), wrong)],
            { concurrency: 2 }
          )
        )
        assert.strictEqual((yield* counts).register, 1)
        for (let call = 0; call < 20; call++) {
          const asked = Effect.withClock(two.sessions.accessToken(device()), wrong)
          assert.isString(Redacted.value((yield* runToEnd(asked)).value))
          assert.isString(Redacted.value((yield* runToEnd(one.sessions.accessToken(device()))).value))
          yield* TestClock.adjust(hour)
        }
        // 20 hours of six-hour tokens for two nodes: no storm, whatever the clocks say.
        assert.isAtMost((yield* counts).token, 10)
        assert.strictEqual((yield* counts).register, 1)
      }).pipe(onEmulator)
    )
  }
})

describe("two nodes with different software statements", () => {
  it.scoped("hold a pair each for the same device, and neither touches the other's", () =>
    Effect.gen(function* () {
      const { layer, rows } = makeDatabase()
      const emulator = yield* Emulator.Emulator
      const other = yield* emulator.mintStatement({ subject: "another application" })
      const one = yield* startNode(layer)
      const two = yield* startNode(layer, { softwareStatement: Redacted.make(other) })
      const [first, second] = yield* runToEnd(
        Effect.forEach([one, two], ({ sessions }) => sessions.credentials(device()), {
          concurrency: "unbounded"
        })
      )
      assert.notStrictEqual(first?.session, second?.session)
      assert.strictEqual([...rows.values()].filter(({ record }) => record !== undefined).length, 2)
      assert.strictEqual((yield* counts).register, 2)
      assert.deepStrictEqual([one.told, two.told], [["Registered"], ["Registered"]])
    }).pipe(onEmulator)
  )
})

describe("a node that is warmed", () => {
  it.scoped(
    "serves its devices from the store without a single request to Adobe Pass for credentials or tokens",
    () =>
      Effect.gen(function* () {
        const { layer } = makeDatabase()
        const devices = Array.from({ length: 600 }, (_, n) => device(n))
        const one = yield* startNode(layer)
        yield* runToEnd(
          Effect.forEach(devices.slice(0, 550), one.sessions.accessToken, { concurrency: 50, discard: true })
        )
        yield* settle
        const before = yield* counts
        const two = yield* startNode(layer)
        assert.strictEqual(yield* two.sessions.warm(devices), 550)
        assert.strictEqual(yield* two.sessions.size, 550)
        for (const each of [device(0), device(549)]) {
          assert.isDefined((yield* two.sessions.state(each)).token)
          yield* two.sessions.accessToken(each)
        }
        assert.isUndefined((yield* two.sessions.state(device(575))).credentials)
        assert.deepStrictEqual(yield* counts, before)
      }).pipe(onEmulator)
  )

  it.scoped("takes no more sessions than its capacity", () =>
    Effect.gen(function* () {
      const { layer } = makeDatabase()
      const devices = Array.from({ length: 60 }, (_, n) => device(n))
      const one = yield* startNode(layer)
      yield* runToEnd(Effect.forEach(devices, one.sessions.credentials, { concurrency: 50, discard: true }))
      const two = yield* startNode(layer, { sessions: { capacity: 25 } })
      assert.strictEqual(yield* two.sessions.warm(devices), 25)
      assert.strictEqual(yield* two.sessions.size, 25)
    }).pipe(onEmulator)
  )

  it.scoped("keeps what it knows already, and takes no token that was refused", () =>
    Effect.gen(function* () {
      const { layer } = makeDatabase()
      const one = yield* startNode(layer)
      const token = yield* runToEnd(one.sessions.accessToken(device()))
      yield* settle
      const two = yield* startNode(layer)
      yield* two.sessions.reject(device(), token)
      yield* two.sessions.warm([device()])
      assert.isUndefined((yield* two.sessions.state(device())).token)
      const next = yield* runToEnd(two.sessions.accessToken(device()))
      yield* two.sessions.warm([device()])
      const state = yield* two.sessions.state(device())
      assert.isTrue(state.token !== undefined && AccessToken.sameToken(state.token, next))
    }).pipe(onEmulator)
  )

  it.scoped("asks again when a batch could not be read at once", () =>
    Effect.gen(function* () {
      const store = makeStore()
      const one = yield* startNode(store.layer)
      yield* runToEnd(one.sessions.credentials(device()))
      const { sessions } = yield* startNode(store.layer)
      store.behaviour.read = "fails"
      const warming = yield* Effect.fork(sessions.warm([device()]))
      yield* advance(50)
      store.behaviour.read = "works"
      yield* advance(1000)
      assert.strictEqual(yield* Fiber.join(warming), 1)
    }).pipe(onEmulator)
  )

  it.scoped("fails with the error of the store when that cannot be read", () =>
    Effect.gen(function* () {
      const store = makeStore()
      store.behaviour.read = "fails"
      const { sessions } = yield* startNode(store.layer)
      const error = yield* Effect.flip(runToEnd(sessions.warm([device()])))
      assert.deepInclude(error, { operation: "load", reason: "Unavailable" })
    }).pipe(onEmulator)
  )
})

describe("the memory of a node", () => {
  it.effect(
    "holds as many sessions as it may, the last used ones, and never lets go of one that is at work",
    () =>
      Effect.gen(function* () {
        const emulator = yield* Emulator.Emulator
        const sessions = yield* Sessions.Sessions
        yield* emulator.fail({ route: "register", fault: Fault.delay("5 seconds"), times: 1 })
        const slow = yield* Effect.fork(sessions.accessToken(device(0)))
        yield* settle
        const devices = Array.from({ length: 20 }, (_, n) => device(n + 1))
        for (const each of devices) {
          const fiber = yield* Effect.fork(sessions.accessToken(each))
          yield* settle
          assert.isTrue(Exit.isSuccess(yield* Fiber.await(fiber)))
        }
        const late = yield* Effect.fork(sessions.accessToken(device(0)))
        yield* advance(6000)
        assert.isTrue(Exit.isSuccess(yield* Fiber.await(slow)))
        assert.isTrue(Exit.isSuccess(yield* Fiber.await(late)))
        const { register, token } = yield* counts
        assert.deepStrictEqual({ register, token }, { register: 21, token: 21 })
        assert.isAtMost(yield* sessions.size, 6)
        for (const recent of devices.slice(-4)) {
          assert.isDefined((yield* sessions.state(recent)).token)
        }
        assert.isUndefined((yield* sessions.state(device(1))).credentials)
      }).pipe(Effect.provide(system({ sessions: { capacity: 5 } })))
  )
})

describe("events", () => {
  it.scoped("of a fleet reach who listens, in order", () =>
    Effect.gen(function* () {
      const { layer } = makeDatabase()
      const { sessions } = yield* startNode(layer)
      const two = yield* Effect.fork(Stream.runCollect(Stream.take(sessions.events, 2)))
      yield* settle
      yield* runToEnd(sessions.accessToken(device()))
      const events = Chunk.toReadonlyArray(yield* Fiber.join(two)).map(({ _tag }) => _tag)
      assert.deepStrictEqual(events, ["Registered", "TokenObtained"])
    }).pipe(onEmulator)
  )
})
