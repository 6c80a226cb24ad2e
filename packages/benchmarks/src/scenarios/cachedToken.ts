/** S3: the token, from memory. */
import { Effect } from "effect"
import { library } from "../contenders/byName.js"
import { peers } from "../contenders/index.js"
import { inProcess } from "../inProcess.js"
import type { Scenario } from "../scenario.js"
import { standIn } from "../standIn.js"
import { figure, median, ratio, spread, table } from "../statistics.js"
import { targetOf } from "../target.js"

const contenders = [library, ...peers]
const rounds = 15
const reads = 50_000

export const cachedToken: Scenario = {
  name: "token",
  title: "The token, from memory",
  run: Effect.gen(function* () {
    const { baseUrl } = yield* standIn
    const readers = yield* Effect.forEach(
      contenders,
      (contender) =>
        Effect.gen(function* () {
          const tell = yield* inProcess(contender)
          yield* tell({ do: "open", target: targetOf(baseUrl) })
          yield* tell({ do: "repeat", calls: 1, concurrency: 1 })
          const first = yield* tell({ do: "tokens", reads })
          return first === null ? [] : [{ name: contender.name, tell, nanos: Array.of<number>() }]
        }),
      { concurrency: 2 }
    )
    const able = readers.flat()
    for (let round = -3; round < rounds; round++) {
      for (const { nanos, tell } of able) {
        const read = yield* tell({ do: "tokens", reads })
        if (round >= 0 && read !== null) nanos.push((read.millis * 1e6) / reads)
      }
    }
    const base = median(able[0]?.nanos ?? [])
    return table(
      ["", "ns per read", ""],
      able.map(({ name, nanos }) => [
        name,
        `${figure(median(nanos))} ± ${Math.round(spread(nanos) * 100)} %`,
        ratio(median(nanos), base)
      ])
    )
  })
}
