import { assert, describe, it } from "@effect/vitest"
import { Clock, Effect, TestServices } from "effect"
import { Throttle } from "effect-adobe-pass"
import { findNginx, nginx } from "../support/nginx.js"
import { current, old } from "../support/scenarios.js"
import { runToEnd } from "../support/time.js"

const tables = { current, old }
const names = ["current", "old"] as const
const copies = 5

const offsetsOf = (name: keyof typeof tables): ReadonlyArray<number> =>
  tables[name].rows.map(([seconds]) => seconds * 1000)
const statusesOf = (name: keyof typeof tables): ReadonlyArray<number> =>
  tables[name].rows.map(([, status]) => status)

/** When the throttle of the library lets this many calls go that are made at once, in milliseconds. */
const permitTimes = (calls: number) =>
  Effect.gen(function* () {
    const throttle = yield* Throttle.make()
    const times = yield* runToEnd(
      Effect.all(
        Array.from({ length: calls }, () =>
          Effect.zipRight(throttle.take("device"), Clock.currentTimeMillis)
        ),
        { concurrency: "unbounded" }
      )
    )
    return [...times].sort((left, right) => left - right)
  })

type Nginx = Effect.Effect.Success<ReturnType<typeof nginx>>

/** The statuses that a real nginx answers to requests at these times of the real clock. */
const replayedForReal = (real: Nginx, offsets: ReadonlyArray<number>, burst: number, address: string) =>
  Effect.gen(function* () {
    const start = yield* Clock.currentTimeMillis
    return yield* Effect.forEach(
      offsets,
      (at) =>
        Effect.gen(function* () {
          yield* Effect.sleep(Math.max(0, start + at - (yield* Clock.currentTimeMillis)))
          return yield* real.status(burst, address)
        }),
      { concurrency: "unbounded" }
    )
  })

let replays = 0
/** An address that no replay had before. */
const freshAddress = () => {
  replays += 1
  return `198.51.${100 + Math.floor(replays / 250)}.${replays % 250}`
}

/**
 * Real timers are coarse, and a machine may be busy: a replay in which any copy differs is made again, at most three
 * times, with fresh addresses. What is asserted stays the same.
 */
const untilEqual = <A, E>(replay: Effect.Effect<A, E>, expected: A): Effect.Effect<A, E> =>
  Effect.gen(function* () {
    let seen = yield* replay
    for (let tries = 1; tries < 3 && JSON.stringify(seen) !== JSON.stringify(expected); tries++)
      seen = yield* replay
    return seen
  })

const binary = findNginx()
const missing = binary === undefined
if (missing) console.warn("The comparison with a real nginx is skipped: no nginx is installed.")

describe("the throttling tables of Adobe", () => {
  it("a missing nginx is a failure where everything must be tested", () => {
    assert.isFalse(
      missing && process.env["CI"] !== undefined,
      "install nginx on the machine that runs the tests"
    )
  })

  it.scopedLive.skipIf(missing)("both tables are what a real nginx answers at the same times", () =>
    Effect.gen(function* () {
      const real = yield* nginx(binary ?? "", [10, 3])
      const replay = Effect.all(
        names.map((name) =>
          Effect.all(
            Array.from({ length: copies }, () =>
              Effect.suspend(() => replayedForReal(real, offsetsOf(name), tables[name].burst, freshAddress()))
            ),
            { concurrency: "unbounded" }
          )
        ),
        { concurrency: "unbounded" }
      )
      const expected = names.map((name) => Array.from({ length: copies }, () => statusesOf(name)))
      assert.deepStrictEqual(yield* untilEqual(replay, expected), expected)
    })
  )

  it.scoped.skipIf(missing)(
    "calls at the times that the library's own throttle permits are never throttled by a real nginx (I3)",
    () =>
      Effect.gen(function* () {
        const times = yield* permitTimes(14)
        assert.deepStrictEqual(times, [...Array(10).fill(0), 1000, 2000, 3000, 4000])
        const expected = Array.from({ length: copies }, () => times.map(() => 200))
        const answered = Effect.gen(function* () {
          const real = yield* nginx(binary ?? "", [10])
          return yield* untilEqual(
            Effect.forEach(
              expected,
              () => Effect.suspend(() => replayedForReal(real, times, 10, freshAddress())),
              { concurrency: "unbounded" }
            ),
            expected
          )
        })
        assert.deepStrictEqual(yield* TestServices.provideLive(answered), expected)
      })
  )

  it.scopedLive.skipIf(missing)(
    "more calls than the burst at once are throttled by a real nginx, and addresses do not affect each other (I4)",
    () =>
      Effect.gen(function* () {
        const real = yield* nginx(binary ?? "", [10])
        const burst = (address: string) =>
          Effect.all(Array.from({ length: 14 }, () => real.status(10, address)))
        const replay = Effect.suspend(() =>
          Effect.all([burst(freshAddress()), burst(freshAddress())], { concurrency: "unbounded" })
        )
        const each = [...Array(11).fill(200), 429, 429, 429]
        assert.deepStrictEqual(yield* untilEqual(replay, [each, each]), [each, each])
      })
  )
})
