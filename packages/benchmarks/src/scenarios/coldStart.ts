/** S1: the first calls of a device, all at once. */
import { Effect } from "effect"
import { type Contender, decisions, runCalls } from "../contender.js"
import { peers } from "../contenders/index.js"
import { ours } from "../contenders/ours.js"
import type { Scenario } from "../scenario.js"
import { type StandIn, standIn } from "../standIn.js"
import { figure, median, table } from "../statistics.js"
import { softwareStatement, targetOf } from "../target.js"

const contenders: ReadonlyArray<Contender> = [ours({ unthrottled: true, service: true }), ...peers]

const sizes = [
  { callers: 1, rounds: 15 },
  { callers: 10, rounds: 9 },
  { callers: 100, rounds: 5 },
  { callers: 1000, rounds: 3 }
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

const cold = (server: StandIn, contender: Contender, callers: number) =>
  Effect.gen(function* () {
    const client = yield* Effect.acquireRelease(
      Effect.promise(() => contender.open(targetOf(server.baseUrl, softwareStatement, nextAddress()))),
      (client) => Effect.promise(() => client.close())
    )
    yield* server.control("reset")
    const [took, outcomes] = yield* Effect.promise(async () => {
      const start = performance.now()
      const outcomes = await runCalls(
        client,
        Array.from({ length: callers }, () => decisions),
        callers
      )
      return [performance.now() - start, outcomes] as const
    })
    const { register, token } = yield* server.counts
    return { millis: took, register, token, ok: outcomes["200"] ?? 0 } satisfies Cold
  }).pipe(Effect.scoped)

export const coldStart: Scenario = {
  name: "cold",
  title: "The first calls of a device, all at once",
  run: Effect.gen(function* () {
    const server = yield* standIn
    const columns: Array<ReadonlyArray<ReadonlyArray<Cold>>> = []
    for (const { callers, rounds } of sizes) {
      const results = contenders.map((): Array<Cold> => [])
      for (let round = -1; round < rounds; round++) {
        for (const [index, contender] of contenders.entries()) {
          const result = yield* cold(server, contender, callers)
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
