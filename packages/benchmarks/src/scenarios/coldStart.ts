/** S1: the first calls of a device, all at once. */
import { Effect } from "effect"
import type { Contender } from "../contender.js"
import { library } from "../contenders/byName.js"
import { peers } from "../contenders/index.js"
import { inProcess, type Tell } from "../inProcess.js"
import type { Scenario } from "../scenario.js"
import { type StandIn, standIn } from "../standIn.js"
import { figure, median, table } from "../statistics.js"
import { softwareStatement, targetOf } from "../target.js"

const contenders: ReadonlyArray<Contender> = [library, ...peers]

const sizes = [
  { callers: 1, rounds: 25, practice: 120 },
  { callers: 10, rounds: 9, practice: 5 },
  { callers: 100, rounds: 5, practice: 2 },
  { callers: 1000, rounds: 3, practice: 1 }
]

/** Another device each time. */
const nextAddress = (() => {
  let number = 0
  return () => {
    number += 1
    return `10.0.${number >> 8}.${number & 255}`
  }
})()

interface Cold {
  readonly millis: number
  readonly register: number
  readonly token: number
  readonly ok: number
}

const cold = (server: StandIn, tell: Tell, callers: number) =>
  Effect.gen(function* () {
    yield* tell({ do: "open", target: targetOf(server.baseUrl, softwareStatement, nextAddress()) })
    yield* server.control("reset")
    const { millis, ok } = yield* tell({ do: "repeat", calls: callers, concurrency: callers })
    const { register, token } = yield* server.counts
    return { millis, register, token, ok } satisfies Cold
  })

export const coldStart: Scenario = {
  name: "cold",
  title: "The first calls of a device, all at once",
  run: Effect.gen(function* () {
    const server = yield* standIn
    const tells = yield* Effect.forEach(contenders, inProcess, { concurrency: 2 })
    const columns: Array<ReadonlyArray<ReadonlyArray<Cold>>> = []
    for (const { callers, practice, rounds } of sizes) {
      const results = contenders.map((): Array<Cold> => [])
      for (let round = -practice; round < rounds; round++) {
        for (const [index, tell] of tells.entries()) {
          const result = yield* cold(server, tell, callers)
          if (round >= 0) results[index]?.push(result)
        }
      }
      columns.push(results)
    }
    const worst = (results: ReadonlyArray<Cold>, field: keyof Cold) =>
      Math.max(...results.map((result) => result[field]))
    const base = columns.map((column) => median((column[0] ?? []).map(({ millis }) => millis)))
    return table(
      ["", ...sizes.flatMap(({ callers }) => [`${callers} callers`, "registrations, tokens"])],
      contenders.map((contender, row) => [
        contender.name,
        ...columns.flatMap((column, index) => {
          const results = column[row] ?? []
          const millis = median(results.map((result) => result.millis))
          const { callers } = sizes[index] ?? { callers: 0 }
          const failed = results.some(({ ok }) => ok < callers)
          return [
            `${figure(millis)} ms, ${(millis / (base[index] ?? 1)).toFixed(2)} x`,
            `${worst(results, "register")}, ${worst(results, "token")}${failed ? ", some failed" : ""}`
          ]
        })
      ])
    )
  })
}
