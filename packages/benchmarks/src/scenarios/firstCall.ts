/** The first calls of a device, all at once. */
import { Effect } from "effect"
import * as Chart from "../chart.js"
import { type ContenderProcess, inProcess } from "../contenderProcess.js"
import { counted, libraries, library, peers } from "../contenders/index.js"
import * as Rounds from "../rounds.js"
import type { Scenario } from "../scenario.js"
import { type StandIn, standIn } from "../standIn.js"
import { figure, table, times, withQuartiles } from "../statistics.js"
import { softwareStatement, targetOf } from "../target.js"

const contenders = [library, ...peers]
const names = contenders.map(({ name }) => name)

/** Practice makes 1,200 devices of one call: this library goes on becoming faster for about a thousand. */
const sizes = [
  { callers: 1, devices: 10, plan: { practice: 60, rounds: 16, most: 32, turns: 2, seconds: 70 } },
  { callers: 10, devices: 4, plan: { practice: 2, rounds: 12, most: 24, turns: 2, seconds: 30 } },
  { callers: 100, devices: 1, plan: { practice: 2, rounds: 12, most: 24, turns: 2, seconds: 30 } }
]

/** Another device each time. */
const nextAddress = (() => {
  let number = 0
  return () => {
    number += 1
    return `10.${number >> 16}.${(number >> 8) & 255}.${number & 255}`
  }
})()

/** What a device asked for, at most. */
interface Asked {
  register: number
  token: number
  failed: number
}

const turn = (
  server: StandIn,
  run: ContenderProcess,
  { callers, devices }: (typeof sizes)[number],
  asked: Asked
) =>
  Effect.gen(function* () {
    yield* server.control("reset")
    const { millis, ok, processorMillis } = yield* run.first(newTargets(server, devices), callers)
    const { register, token } = yield* server.counts
    asked.register = Math.max(asked.register, register / devices)
    asked.token = Math.max(asked.token, token / devices)
    asked.failed += devices * callers - ok
    const slice: Rounds.Slice = {
      wall: (millis * 1000) / devices,
      processor: (processorMillis * 1000) / devices
    }
    return slice
  })

const newTargets = ({ baseUrl }: StandIn, count: number) =>
  Array.from({ length: count }, () => targetOf(baseUrl, softwareStatement, nextAddress()))

/** What the library asks its store for, for each device. */
const storeOperations = (server: StandIn, { callers, devices }: (typeof sizes)[number]) =>
  Effect.gen(function* () {
    const run = yield* inProcess(counted)
    const { stored = 0 } = yield* run.first(newTargets(server, devices), callers)
    return stored / devices
  }).pipe(Effect.scoped)

const measured = (server: StandIn, runs: ReadonlyArray<ContenderProcess>, size: (typeof sizes)[number]) =>
  Effect.gen(function* () {
    const asked = runs.map((): Asked => ({ register: 0, token: 0, failed: 0 }))
    const rounds = yield* Rounds.inTurns(
      runs.map((run, index) =>
        Effect.suspend(() => {
          const of = asked[index]
          return of === undefined ? Effect.dieMessage("unreachable") : turn(server, run, size, of)
        })
      ),
      size.plan
    )
    const fastest = libraries
      .map(({ name }) => names.indexOf(name))
      .reduce((best, one) =>
        Rounds.ratio(rounds, one, 0).median < Rounds.ratio(rounds, best, 0).median ? one : best
      )
    return { ...size, asked, rounds, fastest, stored: yield* storeOperations(server, size) }
  })

export const firstCall: Scenario = {
  name: "first",
  title: "The first calls of a device, all at once",
  run: Effect.gen(function* () {
    const server = yield* standIn
    const runs = yield* Effect.forEach(contenders, (contender) => inProcess(contender), { concurrency: 2 })
    const columns = yield* Effect.forEach(sizes, (size) => measured(server, runs, size))
    const first = columns[0]
    if (first === undefined) return yield* Effect.dieMessage("there are no sizes")
    const rows = contenders
      .map((_, index) => index)
      .toSorted((left, right) =>
        left === 0 || right === 0
          ? left - right
          : Rounds.ratio(first.rounds, left, 0).median - Rounds.ratio(first.rounds, right, 0).median
      )
    const over = columns.map(({ callers, fastest, rounds }) => ({
      callers,
      name: names[fastest] ?? "",
      wall: Rounds.ratio(rounds, 0, fastest),
      processor: Rounds.ratio(rounds, 0, fastest, "processor")
    }))
    const most = columns.at(-1)?.asked[0]
    const alone = figure(over[0]?.wall.median ?? Number.NaN)
    const title = `The first call of a new device: ${alone} times the fastest library peer`
    const chart = yield* Chart.write(
      "first",
      title,
      Chart.bars(
        title,
        rows
          .map((index) => ({ index, ratio: Rounds.ratio(first.rounds, index, 0).median }))
          .toSorted((left, right) => left.ratio - right.ratio)
          .map(({ index, ratio }) => ({
            label: names[index] ?? "",
            value: ratio,
            note: `${times(ratio)}, ${figure(Rounds.cost(first.rounds, index) / 1000)} ms`,
            emphasis: index === 0
          }))
      )
    )
    return {
      claim: `The first call of a new device takes ${alone} times the time of the fastest library peer (${over[0]?.name}); a hundred first calls at once take ${figure(over[2]?.wall.median ?? Number.NaN)} times, with registrations: ${most?.register}, token requests: ${most?.token}.`,
      tables: [
        table(
          ["", ...sizes.flatMap(({ callers }) => [`${callers} at once`, "wall time", "processor time"])],
          rows.map((index) => [
            names[index] ?? "",
            ...columns.flatMap(({ rounds }) => [
              `${figure(Rounds.cost(rounds, index) / 1000)} ms`,
              index === 0 ? times(1) : withQuartiles(Rounds.ratio(rounds, index, 0)),
              index === 0 ? times(1) : times(Rounds.ratio(rounds, index, 0, "processor").median)
            ])
          ])
        ) +
          columns.map(({ callers, rounds }) => Rounds.unsteady(rounds, names, `${callers} at once`)).join(""),
        chart,
        "The same the other way round, this library over the fastest other library:",
        table(
          ["calls at once", "over", "wall time", "processor time"],
          over.map(({ callers, name, processor, wall }) => [
            `${callers}`,
            name,
            withQuartiles(wall),
            withQuartiles(processor)
          ]),
          2
        ),
        "What can be counted, for each device at most:",
        table(
          [
            "",
            ...sizes.flatMap(({ callers }) => [
              `${callers}: registrations`,
              "token requests",
              "store operations"
            ])
          ],
          rows.map((index) => [
            names[index] ?? "",
            ...columns.flatMap(({ asked, stored }) => {
              const { failed = 0, register = 0, token = 0 } = asked[index] ?? {}
              return [
                `${register}`,
                `${token}${failed > 0 ? `, ${failed} calls failed` : ""}`,
                index === 0 ? `${stored}` : "no store"
              ]
            })
          ])
        )
      ].join("\n\n")
    }
  })
}
