import { setFlagsFromString } from "node:v8"
import { runInNewContext } from "node:vm"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Either } from "effect"
import { Sessions, Throttle } from "effect-adobe-pass"
import { device, system } from "../support/system.js"

setFlagsFromString("--expose-gc")
const collect: () => void = runInNewContext("gc")

const heapAfter = <E, R>(work: Effect.Effect<unknown, E, R>) =>
  Effect.map(work, () => {
    collect()
    return process.memoryUsage().heapUsed
  })

/** What 400,000 uses of what is in memory already leave behind, in bytes. A table of their size weighs 4 kB. */
const leftBehind = <E, R>(use: (n: number) => Effect.Effect<unknown, E, R>) =>
  Effect.gen(function* () {
    const uses = (times: number) =>
      Effect.gen(function* () {
        for (let n = 0; n < times; n++) yield* use(n % 100)
      })
    const before = yield* heapAfter(uses(20_000))
    return (yield* heapAfter(uses(400_000))) - before
  })

describe("memory", () => {
  it.live("does not grow with the use of sessions that are known", () =>
    Effect.gen(function* () {
      const sessions = yield* Sessions.Sessions
      const devices = Array.from({ length: 100 }, (_, n) => device(n))
      yield* Effect.forEach(devices, sessions.accessToken, { concurrency: 50, discard: true })
      const left = yield* leftBehind((n) => {
        const each = devices[n]
        return each === undefined ? Effect.void : sessions.accessToken(each)
      })
      assert.isBelow(left, 4_000_000)
    }).pipe(Effect.provide(system()))
  )

  it.live("does not grow with the use of buckets that are known", () =>
    Effect.gen(function* () {
      const throttle = Either.getOrThrow(Throttle.make({ burst: 1_000_000_000 }))
      // None of them is ever full again, so that none is forgotten.
      const left = yield* leftBehind((n) => throttle.take(`key-${n}`))
      assert.isBelow(left, 4_000_000)
    })
  )
})
