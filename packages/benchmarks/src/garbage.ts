/**
 * What a call leaves to the garbage collector, as the engine prints it: bytes, which are about the same on every machine.
 * What survives a collection makes it long, and what is promoted stays until the next full one.
 */
import { Effect } from "effect"
import type { Target } from "./contender.js"
import { inProcess } from "./contenderProcess.js"
import type { Entry } from "./contenders/index.js"

export interface Garbage {
  readonly bytesPerCall: number
  /** As parts of what was allocated. */
  readonly survived: number
  readonly promoted: number
}

const practice = 8000
const calls = 12_000
const concurrency = 64

const sum = (text: string, field: string): number =>
  [...text.matchAll(new RegExp(` ${field}=(\\d+)`, "g"))].reduce(
    (total, [, bytes]) => total + Number(bytes),
    0
  )

/** Of calls with a token in memory. */
export const garbage = (contender: Entry, target: Target) =>
  Effect.gen(function* () {
    const run = yield* inProcess(contender)
    yield* run.open(target)
    yield* run.call({ calls: practice, concurrency })
    const printed = yield* run.traced({ calls, concurrency })
    const allocated = sum(printed, "allocated")
    return {
      bytesPerCall: allocated / calls,
      survived: sum(printed, "new_space_survived") / allocated,
      promoted: sum(printed, "promoted") / allocated
    } satisfies Garbage
  }).pipe(Effect.scoped)
