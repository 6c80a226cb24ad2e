/** S2: a call with a token that is in memory. */

import { NodeHttpClient } from "@effect/platform-node"
import { Effect } from "effect"
import { NodeTransport } from "effect-adobe-pass-node"
import * as Chart from "../chart.js"
import { type Client, type Contender, decisions, runCalls } from "../contender.js"
import { peers } from "../contenders/index.js"
import { ours, platformClient } from "../contenders/ours.js"
import { profiled } from "../profile.js"
import type { Scenario } from "../scenario.js"
import { standIn } from "../standIn.js"
import { figure, median, ratio, table, withSpread } from "../statistics.js"
import { targetOf } from "../target.js"

const library = ours({ unthrottled: true })
const staticHeader = platformClient("@effect/platform, static headers, our transport", NodeTransport.layer())

const contenders: ReadonlyArray<Contender> = [
  library,
  ours({ name: "effect-adobe-pass, device given to each call", unthrottled: true, devicePerCall: true }),
  staticHeader,
  ours({
    name: "effect-adobe-pass, the platform's transport",
    unthrottled: true,
    transport: NodeTransport.layerPlatform()
  }),
  platformClient("@effect/platform, static headers, its transport", NodeHttpClient.layerUndici),
  ...peers
]

interface Measured {
  /** Microseconds per call, one figure for each slice. */
  readonly wall: Array<number>
  readonly processor: Array<number>
}

const repeated = (count: number) => Array.from({ length: count }, () => decisions)

/** One slice of one contender. */
const slice = async (client: Client, calls: number, concurrency: number, into: Measured) => {
  const processor = process.cpuUsage()
  const start = performance.now()
  const outcomes = await runCalls(client, repeated(calls), concurrency)
  const took = performance.now() - start
  const { system, user } = process.cpuUsage(processor)
  if (outcomes["200"] !== calls) throw new Error(`not all calls succeeded: ${JSON.stringify(outcomes)}`)
  into.wall.push((took * 1000) / calls)
  into.processor.push((user + system) / calls)
}

/** How long a slice takes, about, in milliseconds. */
const length = 150

/** Slices in turn, A B C A B C ..., after some for practice, which also tell how many calls make a slice. */
const interleaved = async (
  clients: ReadonlyArray<Client>,
  concurrency: number,
  rounds: number
): Promise<ReadonlyArray<Measured>> => {
  const practice = clients.map((): Measured => ({ wall: [], processor: [] }))
  const results = clients.map((): Measured => ({ wall: [], processor: [] }))
  for (let round = -3; round < rounds; round++) {
    // Each time another one begins: what runs after a slow one finds a warmer machine.
    for (let place = 0; place < clients.length; place++) {
      const index = (place + round + clients.length) % clients.length
      const client = clients[index]
      const into = (round < 0 ? practice : results)[index]
      const last = practice[index]?.wall.at(-1)
      if (client === undefined || into === undefined) continue
      await slice(client, last === undefined ? 500 : Math.ceil((length * 1000) / last), concurrency, into)
    }
  }
  return results
}

const layers = async (clients: ReadonlyArray<readonly [label: string, client: Client]>): Promise<string> => {
  const calls = 30_000
  const shown: Array<Chart.Stack> = []
  for (const [label, client] of clients) {
    const spent = await profiled(() => runCalls(client, repeated(calls), 64))
    shown.push({
      label,
      parts: Object.fromEntries(
        Object.entries(spent)
          .map(([name, micros]) => [name, micros / calls] as const)
          .toSorted(([left], [right]) => left.localeCompare(right))
      )
    })
  }
  const names = [...new Set(shown.flatMap(({ parts }) => Object.keys(parts)))].toSorted()
  const chart = await Chart.write(
    "layers",
    "Where the microseconds of a warm call go",
    Chart.stacks("Where the microseconds of a warm call go (64 at a time, under the profiler)", "µs", shown)
  )
  return [
    chart,
    "",
    table(
      ["µs per call, under the profiler", ...shown.map(({ label }) => label)],
      names.map((name) => [name, ...shown.map(({ parts }) => figure(parts[name] ?? 0))])
    )
  ].join("\n")
}

export const warmCall: Scenario = {
  name: "warm",
  title: "A call with a token in memory",
  run: Effect.gen(function* () {
    const { baseUrl } = yield* standIn
    const clients = yield* Effect.forEach(contenders, (contender) =>
      Effect.acquireRelease(
        Effect.promise(() => contender.open(targetOf(baseUrl))),
        (client) => Effect.promise(() => client.close())
      )
    )
    const many = yield* Effect.promise(() => interleaved(clients, 64, 15))
    const one = yield* Effect.promise(() => interleaved(clients, 1, 15))
    const base = (results: ReadonlyArray<Measured>) => median(results[0]?.wall ?? [])
    const rows = contenders.map((contender, index) => {
      const at = many[index] ?? { wall: [], processor: [] }
      const alone = one[index] ?? { wall: [], processor: [] }
      return {
        contender,
        value: median(at.wall),
        cells: [
          `${contender.name} ${contender.version}`,
          contender.transport,
          withSpread(at.wall, "µs"),
          ratio(median(at.wall), base(many)),
          `${figure(median(at.processor))} µs`,
          withSpread(alone.wall, "µs"),
          ratio(median(alone.wall), base(one))
        ]
      }
    })
    const chart = yield* Effect.promise(() =>
      Chart.write(
        "warm",
        "Microseconds per call with a warm token, 64 calls at a time",
        Chart.bars(
          "Microseconds per call with a warm token, 64 at a time",
          rows.map(({ contender, value }) => ({
            label: contender.name,
            value,
            note: `${figure(value)} µs, ${ratio(value, base(many))}`,
            emphasis: contender === library
          }))
        )
      )
    )
    const stack = yield* Effect.promise(() =>
      layers(
        [library, staticHeader, ...peers.filter(({ name }) => name === "undici.request")].flatMap(
          (contender) => {
            const client = clients[contenders.indexOf(contender)]
            return client === undefined
              ? []
              : [[contender.name.split(",").slice(0, 2).join(","), client] as const]
          }
        )
      )
    )
    return [
      table(
        ["", "over", "64 at a time", "", "processor", "one at a time", ""],
        rows.map(({ cells }) => cells),
        2
      ),
      "",
      chart,
      "",
      stack
    ].join("\n")
  })
}
