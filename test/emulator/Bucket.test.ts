import { describe, expect, it } from "@effect/vitest"
import { Bucket } from "effect-adobe-pass-emulator"
import { current, old } from "../support/scenarios.js"

/** Whether each request of a timeline passes. */
const replay = (limit: Bucket.Limit, timeline: ReadonlyArray<number>, origin = 0): ReadonlyArray<boolean> => {
  let state = Bucket.start(limit, origin + (timeline[0] ?? 0))
  return timeline.map((at) => {
    const taken = Bucket.take(limit, state, origin + at)
    state = taken.state
    return taken.granted
  })
}

describe("Bucket", () => {
  for (const model of ["refill", "once"] as const) {
    for (const [name, scenario] of Object.entries({ current, old })) {
      // Adobe counts from the first request, whenever it comes.
      for (const origin of [0, 1_767_225_600_700]) {
        it(`${model} answers the ${name} table row by row when the first request comes at ${origin}`, () => {
          const timeline = scenario.rows.map(([seconds]) => seconds * 1000)
          expect(replay({ model, rate: 1, burst: scenario.burst }, timeline, origin)).toEqual(
            scenario.rows.map(([, status]) => status === 200)
          )
        })
      }
    }
  }

  it("tells the models apart only after idling: 11 at once again, or 1", () => {
    const twelveAtOnce = (at: number) => Array.from({ length: 12 }, () => at)
    const timeline = [...twelveAtOnce(0), ...twelveAtOnce(60_000)]
    const passed = (model: Bucket.Model) => {
      const granted = replay({ model, rate: 1, burst: 10 }, timeline)
      return [granted.slice(0, 12), granted.slice(12)].map((part) => part.filter(Boolean).length)
    }
    expect({ refill: passed("refill"), once: passed("once"), off: passed("off") }).toEqual({
      refill: [11, 11],
      once: [11, 1],
      off: [12, 12]
    })
  })

  it("takes nothing for a refused request", () => {
    const hammer = Array.from({ length: 1000 }, (_, index) => index)
    for (const model of ["refill", "once"] as const) {
      expect(replay({ model, rate: 1, burst: 0 }, [...hammer, 1000]).at(-1)).toBe(true)
    }
  })

  it("gives no credit for a clock that goes back", () => {
    for (const model of ["refill", "once"] as const) {
      expect(replay({ model, rate: 1, burst: 0 }, [5000, 1000, 5500, 6000])).toEqual([
        true,
        false,
        false,
        true
      ])
    }
  })
})
