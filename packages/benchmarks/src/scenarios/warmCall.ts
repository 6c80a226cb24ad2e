/** S2: a call with a token that is in memory. */
import { Effect } from "effect"
import * as Chart from "../chart.js"
import type { Contender } from "../contender.js"
import {
  devicePerCall,
  library,
  onPlatformTransport,
  staticHeaders,
  staticHeadersOnPlatformTransport
} from "../contenders/byName.js"
import { peers } from "../contenders/index.js"
import { inProcess, type Tell } from "../inProcess.js"
import type { Scenario } from "../scenario.js"
import { standIn } from "../standIn.js"
import { figure, median, ratio, table, withSpread } from "../statistics.js"
import { targetOf } from "../target.js"

const contenders: ReadonlyArray<Contender> = [
  library,
  staticHeaders,
  devicePerCall,
  onPlatformTransport,
  staticHeadersOnPlatformTransport,
  ...peers
]

interface Measured {
  /** Microseconds per call, one figure for each slice. */
  readonly wall: Array<number>
  readonly processor: Array<number>
}

const nothing = (): Measured => ({ wall: [], processor: [] })

/** One slice of one contender, after a third of one to get its process going again. */
const slice = (tell: Tell, calls: number, concurrency: number, into: Measured) =>
  Effect.gen(function* () {
    yield* tell({ do: "repeat", calls: Math.ceil(calls / 3), concurrency })
    const { millis, ok, processorMillis } = yield* tell({ do: "repeat", calls, concurrency })
    if (ok !== calls) return yield* Effect.dieMessage(`only ${ok} of ${calls} calls succeeded`)
    into.wall.push((millis * 1000) / calls)
    into.processor.push((processorMillis * 1000) / calls)
  })

/** How long a slice takes, about, in milliseconds. */
const length = 250
const rounds = 6

/** Slices in turn, A B C A B C ..., after some for practice, which also tell how many calls make a slice. */
const interleaved = (tells: ReadonlyArray<Tell>, concurrency: number) =>
  Effect.gen(function* () {
    const practice = tells.map(nothing)
    const results = tells.map(nothing)
    for (let round = -2; round < rounds; round++) {
      // Each time another one begins: what runs after a slow one finds a warmer machine.
      for (let place = 0; place < tells.length; place++) {
        const index = (place + round + tells.length) % tells.length
        const tell = tells[index]
        const into = (round < 0 ? practice : results)[index]
        const last = practice[index]?.wall.at(-1)
        if (tell === undefined || into === undefined) continue
        yield* slice(tell, last === undefined ? 2000 : Math.ceil((length * 1000) / last), concurrency, into)
      }
    }
    return results
  })

const layers = (shown: ReadonlyArray<readonly [label: string, tell: Tell]>) =>
  Effect.gen(function* () {
    const calls = 30_000
    const stacks = yield* Effect.forEach(shown, ([label, tell]) =>
      Effect.map(
        tell({ do: "profile", calls, concurrency: 64 }),
        (spent): Chart.Stack => ({
          label,
          parts: Object.fromEntries(
            Object.entries(spent)
              .map(([name, micros]) => [name, micros / calls] as const)
              .toSorted(([left], [right]) => left.localeCompare(right))
          )
        })
      )
    )
    const names = [...new Set(stacks.flatMap(({ parts }) => Object.keys(parts)))].toSorted()
    const chart = yield* Effect.promise(() =>
      Chart.write(
        "layers",
        "Where the microseconds of a warm call go",
        Chart.stacks(
          "Where the microseconds of a warm call go (64 at a time, under the profiler)",
          "µs",
          stacks
        )
      )
    )
    return [
      chart,
      "",
      table(
        ["µs per call, under the profiler", ...stacks.map(({ label }) => label)],
        names.map((name) => [name, ...stacks.map(({ parts }) => figure(parts[name] ?? 0))])
      )
    ].join("\n")
  })

export const warmCall: Scenario = {
  name: "warm",
  title: "A call with a token in memory",
  run: Effect.gen(function* () {
    const { baseUrl } = yield* standIn
    const tells = yield* Effect.forEach(contenders, inProcess, { concurrency: 2 })
    for (const tell of tells) yield* tell({ do: "open", target: targetOf(baseUrl) })
    const many = yield* interleaved(tells, 64)
    const one = yield* interleaved(tells, 1)
    const base = (results: ReadonlyArray<Measured>) => median(results[0]?.wall ?? [])
    const rows = contenders.map((contender, index) => {
      const at = many[index] ?? nothing()
      const alone = one[index] ?? nothing()
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
    const title = "Microseconds per call with a token in memory, 64 at a time"
    const chart = yield* Effect.promise(() =>
      Chart.write(
        "warm",
        title,
        Chart.bars(
          title,
          rows.map(({ contender, value }) => ({
            label: contender.name,
            value,
            note: `${figure(value)} µs, ${ratio(value, base(many))}`,
            emphasis: contender === library
          }))
        )
      )
    )
    const stacks = yield* layers(
      [
        ["effect-adobe-pass", library] as const,
        ["static headers, our transport", staticHeaders] as const,
        ...peers.filter(({ name }) => name === "undici.request").map((peer) => [peer.name, peer] as const)
      ].flatMap(([label, contender]) => {
        const tell = tells[contenders.indexOf(contender)]
        return tell === undefined ? [] : [[label, tell] as const]
      })
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
      stacks
    ].join("\n")
  })
}
