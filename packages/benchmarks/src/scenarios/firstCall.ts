/** The first calls of a device, all at once. */
import { Effect } from "effect"
import { type ContenderProcess, inProcess } from "../contenderProcess.js"
import { libraries, library, peers } from "../contenders/index.js"
import * as Rounds from "../rounds.js"
import type { Scenario } from "../scenario.js"
import { type StandIn, standIn } from "../standIn.js"
import { figure, table, times, withQuartiles } from "../statistics.js"
import { softwareStatement, targetOf } from "../target.js"

const contenders = [library, ...peers]
const names = contenders.map(({ name }) => name)

/** Practice that makes 1,200 devices of one call: this library goes on becoming faster for about a thousand. */
const sizes = [
  { callers: 1, devices: 6, plan: { practice: 50, rounds: 16, most: 32, turns: 4 } },
  { callers: 10, devices: 3, plan: { practice: 4, rounds: 12, most: 24, turns: 4 } },
  { callers: 100, devices: 1, plan: { practice: 2, rounds: 12, most: 24, turns: 3 } }
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
  stored: number | undefined
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
    const targets = Array.from({ length: devices }, () =>
      targetOf(server.baseUrl, softwareStatement, nextAddress())
    )
    const { millis, ok, processorMillis, stored } = yield* run.first(targets, callers)
    const { register, token } = yield* server.counts
    asked.register = Math.max(asked.register, register / devices)
    asked.token = Math.max(asked.token, token / devices)
    asked.stored = stored === undefined ? undefined : Math.max(asked.stored ?? 0, stored / devices)
    asked.failed += devices * callers - ok
    const slice: Rounds.Slice = {
      wall: (millis * 1000) / devices,
      processor: (processorMillis * 1000) / devices
    }
    return slice
  })

const measured = (server: StandIn, runs: ReadonlyArray<ContenderProcess>, size: (typeof sizes)[number]) =>
  Effect.gen(function* () {
    const asked = runs.map((): Asked => ({ register: 0, token: 0, stored: undefined, failed: 0 }))
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
      .reduce((best, one) => (Rounds.ratio(rounds, one, best).median < 1 ? one : best))
    return { ...size, asked, rounds, fastest }
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
    return {
      claim: `The first call of a new device takes ${figure(over[0]?.wall.median ?? Number.NaN)} times the time of the fastest library peer; a hundred first calls at once take ${figure(over[2]?.wall.median ?? Number.NaN)} times, with one registration and one token request.`,
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
        ) + columns.map(({ rounds }) => Rounds.unsteady(rounds, names)).join(""),
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
            ...columns.flatMap(({ asked }) => {
              const { failed = 0, register = 0, stored, token = 0 } = asked[index] ?? {}
              return [
                `${register}`,
                `${token}${failed > 0 ? `, ${failed} calls failed` : ""}`,
                stored === undefined ? "no store" : `${stored}`
              ]
            })
          ])
        )
      ].join("\n\n")
    }
  })
}
