import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { Sessions } from "effect-adobe-pass"
import { Emulator, Fault } from "effect-adobe-pass-emulator"
import { device, type SystemOptions, system } from "../support/system.js"
import { runToEnd, withoutJitter } from "../support/time.js"

const attempts = 6

/** The pauses between the attempts to get a token while the token endpoint is out of order, device by device. */
const pauses = (devices: number, fault: Fault.Fault, retry: SystemOptions["retry"]) =>
  Effect.gen(function* () {
    const emulator = yield* Emulator.Emulator
    const sessions = yield* Sessions.Sessions
    yield* emulator.fail({ route: "token", fault, times: Number.POSITIVE_INFINITY })
    return yield* Effect.forEach(
      Array.from({ length: devices }, (_, n) => device(n + 1)),
      (each) =>
        Effect.gen(function* () {
          yield* emulator.clearLog
          yield* Effect.flip(runToEnd(sessions.accessToken(each)))
          const times = (yield* emulator.log).filter(({ route }) => route === "token").map(({ at }) => at)
          assert.isAtLeast(times.length, attempts)
          return times.slice(1, attempts).map((at, index) => at - (times[index] ?? 0))
        })
    )
  }).pipe(Effect.provide(system({ retry: { attempts, budget: "10 minutes", ...retry } })))

/** What column `index` of the pauses holds, the shortest first. */
const column = (rows: ReadonlyArray<ReadonlyArray<number>>, index: number) =>
  rows.map((row) => row[index] ?? 0).sort((left, right) => left - right)

describe("the pauses between attempts", () => {
  it.effect("double in an outage until they reach their limit (H8)", () =>
    Effect.gen(function* () {
      const rows = yield* withoutJitter(pauses(1, Fault.answer(503), { base: 500, cap: 3000 }))
      assert.deepStrictEqual(rows, [[500, 1000, 2000, 3000, 3000]])
    })
  )

  it.effect("are drawn by chance up to that length, so that a fleet does not come back at once (H8)", () =>
    Effect.gen(function* () {
      const rows = yield* pauses(15, Fault.answer(503), { base: 500, cap: 3000 })
      for (const [index, longest] of [500, 1000, 2000, 3000, 3000].entries()) {
        const drawn = column(rows, index)
        assert.isAtLeast(drawn[0] ?? -1, 0)
        assert.isAtMost(drawn.at(-1) ?? Number.POSITIVE_INFINITY, longest)
        assert.isAbove(new Set(drawn).size, 5)
        assert.isAbove((drawn.at(-1) ?? 0) - (drawn[0] ?? 0), longest / 4)
      }
    })
  )

  it.effect("grow after each 429 and never fall below a second more than before (H8, I2)", () =>
    Effect.gen(function* () {
      const rows = yield* pauses(10, Fault.answer(429), {
        base: 500,
        cap: 3000,
        // Five pauses take 24.5 seconds at most; a 429 is repeated for as long as the budget lasts.
        budget: "25 seconds"
      })
      for (const [index, longest] of [500, 1000, 2000, 3000, 3000].entries()) {
        const drawn = column(rows, index)
        assert.isAtLeast(drawn[0] ?? 0, (index + 1) * 1000)
        assert.isAtMost(drawn.at(-1) ?? Number.POSITIVE_INFINITY, (index + 1) * 1000 + longest)
        assert.isAbove(new Set(drawn).size, 3)
      }
    })
  )
})
