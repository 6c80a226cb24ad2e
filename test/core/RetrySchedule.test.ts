import { assert, describe, expectTypeOf, it } from "@effect/vitest"
import { Clock, Effect, Either, FastCheck as fc, Random, type Schedule } from "effect"
import { type AdobePassError, RetrySchedule } from "effect-adobe-pass"
import { runs } from "../support/property.js"
import { runToEnd, withoutJitter } from "../support/time.js"

const outage: RetrySchedule.RetryableError = { _tag: "ServiceUnavailable", retryable: true }
const final: RetrySchedule.RetryableError = { _tag: "InvalidRequest", retryable: false }
const throttled = (retryAfterMillis: number): RetrySchedule.RetryableError => ({
  _tag: "Throttled",
  retryable: true,
  retryAfterMillis
})

/** The moments, in milliseconds from the first one, at which something is tried that always fails. */
const attempts = (
  options: RetrySchedule.RetryOptions,
  failure: (attempt: number) => RetrySchedule.RetryableError
) =>
  Effect.gen(function* () {
    const start = yield* Clock.currentTimeMillis
    const times: Array<number> = []
    const attempt = Effect.flatMap(Clock.currentTimeMillis, (at) => {
      times.push(at - start)
      return Effect.fail(failure(times.length))
    })
    yield* Effect.flip(runToEnd(Effect.retry(attempt, yield* RetrySchedule.make(options))))
    return times
  })

/** Draws always the same number from [0, 1). */
const drawing = (number: number) => Effect.withRandom(Random.fixed([number]))

const gaps = (times: ReadonlyArray<number>) => times.slice(1).map((at, n) => at - (times[n] ?? 0))

describe("the schedule in an outage", () => {
  it.effect("doubles its delays up to the cap, without jitter", () =>
    Effect.gen(function* () {
      const times = yield* withoutJitter(attempts({ attempts: 8, base: 200, cap: 5000 }, () => outage))
      assert.deepStrictEqual(gaps(times), [200, 400, 800, 1600, 3200, 5000, 5000])
    })
  )

  it.effect("draws each delay between zero and its full length, so that the gaps grow with jitter (H8)", () =>
    Effect.gen(function* () {
      const options = { attempts: 5 }
      assert.deepStrictEqual(yield* drawing(0)(attempts(options, () => outage)), [0, 0, 0, 0, 0])
      assert.deepStrictEqual(gaps(yield* drawing(0.5)(attempts(options, () => outage))), [100, 200, 400, 800])
    })
  )

  it.effect.prop(
    "never waits longer than the full delay, whatever is drawn (H8)",
    [fc.integer()],
    ([seed]) =>
      Effect.gen(function* () {
        const times = yield* Effect.withRandom(
          attempts({ attempts: 6 }, () => outage),
          Random.make(seed)
        )
        assert.strictEqual(times.length, 6)
        for (const [n, gap] of gaps(times).entries()) {
          assert.isAtLeast(gap, 0)
          assert.isAtMost(gap, 200 * 2 ** n + 1)
        }
      }),
    runs(20)
  )

  it.effect("makes three attempts unless told otherwise", () =>
    Effect.gen(function* () {
      assert.strictEqual((yield* attempts({}, () => outage)).length, 3)
      assert.strictEqual((yield* attempts({ attempts: 1 }, () => outage)).length, 1)
    })
  )

  it.effect("waits for as long as a 503 asks", () =>
    Effect.gen(function* () {
      const asking = { ...outage, retryAfterMillis: 4000 }
      assert.deepStrictEqual(yield* withoutJitter(attempts({}, () => asking)), [0, 4000, 8000])
    })
  )

  it.effect("ends at once with an error that a repetition does not help", () =>
    Effect.gen(function* () {
      assert.deepStrictEqual(yield* attempts({ attempts: 10 }, () => final), [0])
      assert.deepStrictEqual(
        yield* withoutJitter(attempts({ attempts: 10 }, (n) => (n === 2 ? final : outage))),
        [0, 200]
      )
    })
  )
})

describe("the schedule after a 429", () => {
  it.effect("waits at least a second, and longer each time, when nothing is asked for (I1, I2, H8)", () =>
    Effect.gen(function* () {
      for (const draw of [0, 0.5]) {
        const times = yield* drawing(draw)(attempts({ attempts: 4 }, () => throttled(1000)))
        const [first = 0, second = 0, third = 0] = gaps(times)
        assert.isAtLeast(first, 1000)
        assert.isAbove(second, first)
        assert.isAbove(third, second)
      }
      assert.deepStrictEqual(
        yield* withoutJitter(attempts({}, () => throttled(0))),
        [0, 1200, 3600, 7400, 13_000, 21_200]
      )
    })
  )

  it.effect("honours what the server asks for (I1)", () =>
    Effect.gen(function* () {
      assert.deepStrictEqual(yield* attempts({}, () => throttled(7000)), [0, 7000, 14_000, 21_000, 28_000])
    })
  )

  it.effect("is ended by the budget, not by the attempts, which count what is no throttling", () =>
    Effect.gen(function* () {
      const errors = [throttled(1000), outage, throttled(1000), outage, throttled(1000)]
      const times = yield* attempts({ attempts: 3 }, (n) => errors[n - 1] ?? outage)
      assert.strictEqual(times.length, 6)
      assert.deepStrictEqual(yield* attempts({ attempts: 1 }, () => throttled(0)), [0])
    })
  )

  it.effect("fails at once when the server asks for more than the budget", () =>
    Effect.gen(function* () {
      assert.deepStrictEqual(yield* attempts({}, () => throttled(3_600_000)), [0])
      assert.deepStrictEqual(yield* attempts({}, () => throttled(30_001)), [0])
    })
  )
})

describe("the budget of the schedule", () => {
  it.effect("does not start a wait that would end after it", () =>
    Effect.gen(function* () {
      assert.deepStrictEqual(yield* attempts({ attempts: 9 }, () => throttled(20_000)), [0, 20_000])
      assert.deepStrictEqual(yield* attempts({ attempts: 9 }, () => throttled(15_000)), [0, 15_000, 30_000])
      assert.deepStrictEqual(
        yield* withoutJitter(attempts({ attempts: 99, budget: "2 seconds" }, () => outage)),
        [0, 200, 600, 1400]
      )
    })
  )

  it.effect.prop(
    "bounds the last attempt, whatever the server asks for",
    [fc.array(fc.integer({ min: 0, max: 40_000 }), { minLength: 1, maxLength: 8 }), fc.integer()],
    ([asked, seed]) =>
      Effect.gen(function* () {
        const times = yield* Effect.withRandom(
          attempts({ attempts: 8 }, (n) => throttled(asked[n % asked.length] ?? 0)),
          Random.make(seed)
        )
        assert.isAtMost(times.at(-1) ?? 0, 30_000)
      }),
    runs(40)
  )
})

describe("the errors of the library", () => {
  it("have all that the schedule looks at", () => {
    expectTypeOf<AdobePassError.AdobePassError>().toExtend<RetrySchedule.RetryableError>()
    expectTypeOf(Either.getOrThrow(RetrySchedule.make<AdobePassError.TokenError>())).toEqualTypeOf<
      Schedule.Schedule<AdobePassError.TokenError, AdobePassError.TokenError>
    >()
  })
})
