import { assert, describe, it } from "@effect/vitest"
import { Duration, Effect, Fiber, Redacted, TestClock } from "effect"
import { AccessToken } from "effect-adobe-pass"
import { format, formats, isFormatted } from "effect-adobe-pass-cli/token/format"
import { renewed } from "effect-adobe-pass-cli/token/renewed"
import { Emulator, Fault } from "effect-adobe-pass-emulator"
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

describe("the file of a token", () => {
  it("is known by its content, in each format", () => {
    const token = new AccessToken.AccessToken({
      value: Redacted.make("eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJhIn0.c2ln"),
      issuedAt: 0,
      expiresAt: lifetime,
      scopes: ["api:client:v2"]
    })
    for (const kind of formats) assert.isTrue(isFormatted(`${format(kind, token)}\n`), kind)
    assert.isTrue(isFormatted(""))
    for (const other of ["alias ll='ls -l'\n", '{"name":"x"}', "a b", "first\nsecond\n"]) {
      assert.isFalse(isFormatted(other), other)
    }
  })
})
