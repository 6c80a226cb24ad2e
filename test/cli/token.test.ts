import { assert, describe, it } from "@effect/vitest"
import { Duration, Effect, Fiber, TestClock } from "effect"
import { Emulator, Fault } from "effect-adobe-pass-emulator"
import { renewed } from "../../packages/cli/src/token/renewed.js"
import { device, system } from "../support/system.js"
import { advance, runToEnd } from "../support/time.js"

const lifetime = Duration.toMillis("6 hours")

describe("a token that is handed out", () => {
  it.effect("is renewed first when it is in its refresh window, and not before", () =>
    Effect.gen(function* () {
      const first = yield* runToEnd(renewed(device()))
      yield* TestClock.setTime(first.refreshAt - 1)
      assert.strictEqual((yield* renewed(device())).token, first.token)
      yield* TestClock.setTime(first.refreshAt)
      const second = yield* runToEnd(renewed(device()))
      assert.isAtLeast(second.token.expiresAt, first.refreshAt + lifetime)
      assert.isUndefined(second.failure)
    }).pipe(Effect.provide(system()))
  )

  it.effect(
    "is the one before when it cannot be renewed, with the reason, and none when that has expired",
    () =>
      Effect.gen(function* () {
        const adobe = yield* Emulator.Emulator
        const first = yield* runToEnd(renewed(device()))
        yield* adobe.fail({ route: "token", fault: Fault.answer(503), times: Number.POSITIVE_INFINITY })
        yield* TestClock.setTime(first.refreshAt)
        const second = yield* runToEnd(renewed(device()))
        assert.strictEqual(second.token, first.token)
        assert.strictEqual(second.failure?._tag, "ServiceUnavailable")
        yield* TestClock.setTime(first.token.expiresAt)
        const error = yield* runToEnd(Effect.flip(renewed(device())))
        assert.strictEqual(error._tag, "ServiceUnavailable")
      }).pipe(Effect.provide(system()))
  )

  it.effect("does not wait for a renewal that hangs", () =>
    Effect.gen(function* () {
      const adobe = yield* Emulator.Emulator
      const first = yield* runToEnd(renewed(device()))
      yield* adobe.fail({ route: "token", fault: Fault.hang(), times: Number.POSITIVE_INFINITY })
      yield* TestClock.setTime(first.refreshAt)
      const fiber = yield* Effect.fork(renewed(device()))
      yield* advance(Duration.toMillis("11 seconds"))
      assert.strictEqual((yield* Fiber.join(fiber)).token, first.token)
    }).pipe(Effect.provide(system()))
  )
})
