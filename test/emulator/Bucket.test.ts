import { describe, expect, it } from "@effect/vitest"
import * as fc from "effect/FastCheck"
import { Bucket } from "effect-adobe-pass-emulator"
import { runs } from "../support/property.js"
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

/** `ngx_http_limit_req_lookup`, in its own units: `excess` is in thousandths of a request. */
const nginx = (rate: number, burst: number, timeline: ReadonlyArray<number>): ReadonlyArray<boolean> => {
  let excess = 0
  let last: number | undefined
  return timeline.map((now) => {
    const next = last === undefined ? 0 : Math.max(0, excess - rate * (now - last) + 1000)
    if (next > burst * 1000) return false
    excess = next
    last = now
    return true
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

  it.prop(
    "refill is nginx's limit_req, for every rate, burst and timeline",
    [fc.integer({ min: 1, max: 20 }), fc.nat(20), fc.array(fc.nat(150), { minLength: 1, maxLength: 60 })],
    ([rate, burst, pauses]) => {
      let now = 0
      const timeline = pauses.map((pause) => (now += pause))
      expect(replay({ model: "refill", rate, burst }, timeline)).toEqual(nginx(rate, burst, timeline))
    },
    runs(300)
  )

  it("once passes one request per interval of 1/rate seconds, and its burst once", () => {
    const limit = { model: "once", rate: 4, burst: 2 } as const
    const timeline = [0, 0, 0, 249, 250, 499, 500, 60_000, 60_000]
    expect(replay(limit, timeline, 7)).toEqual([true, true, true, false, true, false, true, true, false])
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
