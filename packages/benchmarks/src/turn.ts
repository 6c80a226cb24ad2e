import { Effect } from "effect"
import type { ContenderProcess, Load } from "./contenderProcess.js"
import type { Slice } from "./rounds.js"

/** How long a turn takes, about, in microseconds. */
const length = 40_000

/** One turn, after some calls to get the process going again. Practice tells how many calls it has, after those of `load`. */
export const turn = (run: ContenderProcess, load: Load) => {
  let { calls } = load
  return Effect.gen(function* () {
    yield* run.call({ ...load, calls: Math.ceil(calls / 5) })
    const { millis, ok, processorMillis } = yield* run.call({ ...load, calls })
    if (ok !== calls) return yield* Effect.dieMessage(`only ${ok} of ${calls} calls succeeded`)
    const slice: Slice = { wall: (millis * 1000) / calls, processor: (processorMillis * 1000) / calls }
    calls = Math.ceil(length / slice.wall)
    return slice
  })
}
