import { assert, describe, it } from "@effect/vitest"
import { Cause, Effect, Exit, Fiber, Layer, Scope } from "effect"
import { CurrentDevice, ProtectedClient, Sessions } from "effect-adobe-pass"
import { Emulator, Fault } from "effect-adobe-pass-emulator"
import { makeStore } from "../support/store.js"
import { adobePass, device, system } from "../support/system.js"
import { advance, runToEnd, settle } from "../support/time.js"

const hour = 3_600_000

/**
 * The two flights that callers share: registering a new device, and refreshing the token of a known one. Each takes
 * one second here, so that callers can come and go meanwhile.
 */
const flights = [
  {
    name: "registering",
    route: "register" as const,
    ask: Effect.flatMap(Sessions.Sessions, (sessions) => Effect.asVoid(sessions.credentials(device()))),
    prepare: Effect.void
  },
  {
    name: "refreshing",
    route: "token" as const,
    ask: Effect.flatMap(Sessions.Sessions, (sessions) => Effect.asVoid(sessions.accessToken(device()))),
    prepare: Effect.gen(function* () {
      yield* runToEnd(Effect.flatMap(Sessions.Sessions, (sessions) => sessions.accessToken(device())))
      yield* advance(7 * hour)
      yield* (yield* Emulator.Emulator).clearLog
    })
  }
]

for (const { ask, name, prepare, route } of flights) {
  const slow = Effect.gen(function* () {
    const emulator = yield* Emulator.Emulator
    yield* prepare
    yield* emulator.fail({ route, fault: Fault.delay("1 second"), times: 1 })
  })
  const requests = Effect.flatMap(Emulator.Emulator, ({ counts }) => Effect.map(counts, (all) => all[route]))
  const start = Effect.gen(function* () {
    const fiber = yield* Effect.fork(ask)
    yield* settle
    return fiber
  })

  describe(name, () => {
    it.effect("goes on for the others when the caller that started it is cancelled", () =>
      Effect.gen(function* () {
        yield* slow
        const leader = yield* start
        const follower = yield* start
        yield* advance(500)
        yield* Fiber.interrupt(leader)
        yield* advance(500)
        assert.isTrue(Exit.isSuccess(yield* Fiber.await(follower)))
        assert.strictEqual(yield* requests, 1)
      }).pipe(Effect.provide(system()))
    )

    it.effect("does not notice that a follower is cancelled", () =>
      Effect.gen(function* () {
        yield* slow
        const leader = yield* start
        const follower = yield* start
        yield* Fiber.interrupt(follower)
        yield* advance(1000)
        assert.isTrue(Exit.isSuccess(yield* Fiber.await(leader)))
        assert.strictEqual(yield* requests, 1)
      }).pipe(Effect.provide(system()))
    )

    it.effect("is finished although all are cancelled, and the next caller finds its result", () =>
      Effect.gen(function* () {
        yield* slow
        const callers = [yield* start, yield* start, yield* start]
        yield* Fiber.interruptAll(callers)
        yield* advance(1000)
        yield* runToEnd(ask)
        assert.strictEqual(yield* requests, 1)
      }).pipe(Effect.provide(system()))
    )

    it.effect("shares a failure with all who wait, and does not keep it beyond its cooldown", () =>
      Effect.gen(function* () {
        const emulator = yield* Emulator.Emulator
        yield* prepare
        yield* emulator.fail({ route, fault: Fault.html(403), times: 1 })
        const callers = yield* Effect.all(Array.from({ length: 20 }, () => Effect.fork(ask)))
        yield* settle
        const exits = yield* Effect.forEach(callers, (caller) => Effect.flip(Fiber.join(caller)))
        assert.deepStrictEqual(new Set(exits.map(({ _tag }) => _tag)), new Set(["UnexpectedResponse"]))
        assert.strictEqual(yield* requests, 1)
        assert.strictEqual((yield* Effect.flip(ask))._tag, "UnexpectedResponse")
        yield* advance(3000)
        yield* runToEnd(ask)
        assert.strictEqual(yield* requests, 2)
      }).pipe(Effect.provide(system()))
    )

    it.effect("ends when the scope of the service closes, and releases those who wait", () =>
      Effect.gen(function* () {
        const emulator = yield* Emulator.Emulator
        const scope = yield* Scope.make()
        const services = yield* Layer.buildWithScope(
          adobePass({ throttle: { burst: 1000 } }).pipe(Layer.provide(makeStore().layer)),
          scope
        )
        yield* Effect.provide(prepare, services)
        yield* emulator.fail({ route, fault: Fault.hang(), times: 1 })
        const callers = yield* Effect.provide(Effect.all([start, start]), services)
        yield* Scope.close(scope, Exit.void)
        yield* settle
        for (const caller of callers) {
          const exit = yield* Fiber.await(caller)
          assert.isTrue(Exit.isFailure(exit) && Cause.isInterrupted(exit.cause))
        }
        const late = yield* Effect.provide(start, services)
        assert.isTrue(Exit.isInterrupted(yield* Fiber.await(late)))
      }).pipe(Effect.provide(Emulator.layer({ throttle: "off" })))
    )

    it.effect("can be ended although the caller that started it is uninterruptible", () =>
      Effect.gen(function* () {
        const emulator = yield* Emulator.Emulator
        const scope = yield* Scope.make()
        const services = yield* Layer.buildWithScope(
          adobePass({ throttle: { burst: 1000 } }).pipe(Layer.provide(makeStore().layer)),
          scope
        )
        yield* Effect.provide(prepare, services)
        yield* emulator.fail({ route, fault: Fault.hang(), times: 1 })
        const caller = yield* Effect.fork(Effect.uninterruptible(Effect.provide(ask, services)))
        yield* settle
        yield* Scope.close(scope, Exit.void)
        yield* settle
        assert.isTrue(Exit.isFailure(yield* Fiber.await(caller)))
      }).pipe(Effect.provide(Emulator.layer({ throttle: "off" })))
    )
  })
}

describe("registering", () => {
  it.effect("saves the pair although the scope closes right after the answer", () => {
    const store = makeStore()
    return Effect.gen(function* () {
      const emulator = yield* Emulator.Emulator
      const scope = yield* Scope.make()
      const services = yield* Layer.buildWithScope(
        adobePass({ throttle: { burst: 1000 } }).pipe(Layer.provide(store.layer)),
        scope
      )
      store.behaviour.write = "fails"
      const caller = yield* Effect.fork(
        Effect.provide(
          Effect.flatMap(Sessions.Sessions, (sessions) => sessions.credentials(device())),
          services
        )
      )
      yield* settle
      assert.isAbove(store.writes.failed, 0)
      const closing = yield* Effect.fork(Scope.close(scope, Exit.void))
      yield* settle
      store.behaviour.write = "works"
      yield* runToEnd(Fiber.join(closing))
      yield* Fiber.await(caller)
      assert.strictEqual(store.records.size, 1)
      assert.strictEqual((yield* emulator.counts).register, 1)
    }).pipe(Effect.provide(Emulator.layer({ throttle: "off" })))
  })
})

describe("a caller", () => {
  it.effect("that is cancelled during a call aborts its request and nothing else", () =>
    Effect.gen(function* () {
      const emulator = yield* Emulator.Emulator
      yield* runToEnd(Effect.flatMap(Sessions.Sessions, (sessions) => sessions.accessToken(device())))
      yield* emulator.fail({ route: "api", fault: Fault.hang(), times: 1 })
      const call = Effect.flatMap(ProtectedClient.ProtectedClient, (adobe) => adobe.get("/api/v2/ACME/x"))
      const hanging = yield* Effect.fork(call)
      yield* settle
      yield* Fiber.interrupt(hanging)
      const outcomes = (yield* emulator.log).map(({ outcome, route }) => `${route} ${outcome}`)
      assert.deepStrictEqual(outcomes, ["register answered", "token answered", "api abandoned"])
      assert.strictEqual((yield* runToEnd(call)).status, 200)
    }).pipe(Effect.provideService(CurrentDevice, device()), Effect.provide(system()))
  )
})
