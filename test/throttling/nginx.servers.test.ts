import { assert, it } from "@effect/vitest"
import { Clock, Effect, TestServices } from "effect"
import { Throttle } from "effect-adobe-pass"
import { describeNginx, type NginxError, nginx } from "../support/nginx.js"
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

interface Replay {
  readonly statuses: ReadonlyArray<number>
  /** How long after its time the last of the requests was answered, in milliseconds. */
  readonly late: number
}

/** What a real nginx answers to requests at these times of the real clock. */
const replayedForReal = (
  real: Nginx,
  offsets: ReadonlyArray<number>,
  burst: number,
  address: string
): Effect.Effect<Replay, NginxError> =>
  Effect.gen(function* () {
    const start = yield* Clock.currentTimeMillis
    const answers = yield* Effect.forEach(
      offsets,
      (at) =>
        Effect.gen(function* () {
          yield* Effect.sleep(Math.max(0, start + at - (yield* Clock.currentTimeMillis)))
          const status = yield* real.status(burst, address)
          return { status, late: (yield* Clock.currentTimeMillis) - start - at }
        }),
      { concurrency: "unbounded" }
    )
    return {
      statuses: answers.map(({ status }) => status),
      late: Math.max(...answers.map(({ late }) => late))
    }
  })

let replays = 0
/** An address that no replay had before. */
const freshAddress = () => {
  replays += 1
  return `198.51.${100 + Math.floor(replays / 250)}.${replays % 250}`
}

/** Less than the shortest time in the tables between a request and the moment at which its answer would be another. */
const tolerance = 80

/** Real timers are coarse, and a machine may be busy: a replay that was late is made again, from a fresh address. */
const inTime = <E>(replay: (address: string) => Effect.Effect<Replay, E>) =>
  Effect.suspend(() => replay(freshAddress())).pipe(
    Effect.repeat({ until: ({ late }) => late < tolerance }),
    Effect.map(({ statuses }) => statuses)
  )

/** The same some times at once. */
const copied = <A, E>(effect: Effect.Effect<A, E>) =>
  Effect.all(
    Array.from({ length: copies }, () => effect),
    { concurrency: "unbounded" }
  )

describeNginx(
  "the throttling tables of Adobe",
  () => {
    it.scopedLive("both tables are what a real nginx answers at the same times", () =>
      Effect.gen(function* () {
        const real = yield* nginx([10, 3])
        const answered = yield* Effect.forEach(
          names,
          (name) =>
            copied(inTime((address) => replayedForReal(real, offsetsOf(name), tables[name].burst, address))),
          { concurrency: "unbounded" }
        )
        const expected = names.map((name) => Array.from({ length: copies }, () => statusesOf(name)))
        assert.deepStrictEqual(answered, expected)
      })
    )

    it.scoped(
      "calls at the times that the library's own throttle permits are never throttled by a real nginx (I3)",
      () =>
        Effect.gen(function* () {
          const times = yield* permitTimes(14)
          assert.deepStrictEqual(times, [...Array(10).fill(0), 1000, 2000, 3000, 4000])
          const expected = Array.from({ length: copies }, () => times.map(() => 200))
          const answered = Effect.gen(function* () {
            const real = yield* nginx([10])
            return yield* copied(inTime((address) => replayedForReal(real, times, 10, address)))
          })
          assert.deepStrictEqual(yield* TestServices.provideLive(answered), expected)
        })
    )

    it.scopedLive(
      "more calls than the burst at once are throttled by a real nginx, and addresses do not affect each other (I4)",
      () =>
        Effect.gen(function* () {
          const real = yield* nginx([10])
          const burst = inTime((address) => replayedForReal(real, Array(14).fill(0), 10, address))
          const answered = yield* Effect.all([burst, burst], { concurrency: "unbounded" })
          // Which of them are throttled is up to the order in which they come.
          const sorted = answered.map((statuses) => statuses.toSorted((left, right) => left - right))
          const each = [...Array(11).fill(200), 429, 429, 429]
          assert.deepStrictEqual(sorted, [each, each])
        })
    )
  },
  { concurrent: false }
)
