/** A call with a token in memory. */
import { Effect } from "effect"
import * as Chart from "../chart.js"
import { inProcess } from "../contenderProcess.js"
import { library, peers, staticHeaders, undiciRequest, versionOf } from "../contenders/index.js"
import { garbage } from "../garbage.js"
import * as Rounds from "../rounds.js"
import type { Scenario } from "../scenario.js"
import { standIn } from "../standIn.js"
import { figure, table, times, withQuartiles } from "../statistics.js"
import { targetOf } from "../target.js"
import { turn } from "../turn.js"

const contenders = [library, staticHeaders, ...peers]
const names = contenders.map(({ name }) => name)

const plan = { practice: 4, rounds: 12, most: 24, turns: 4, seconds: 45 }

export const warmCall: Scenario = {
  name: "warm",
  title: "A call with a token in memory",
  run: Effect.gen(function* () {
    const target = targetOf((yield* standIn).baseUrl)
    const left = yield* Effect.forEach(contenders, (contender) => garbage(contender, target), {
      concurrency: 2
    })
    const runs = yield* Effect.forEach(contenders, (contender) => inProcess(contender), { concurrency: 2 })
    for (const run of runs) yield* run.open(target)
    const at = (concurrency: number) =>
      Rounds.inTurns(
        runs.map((run) => turn(run, { calls: 500, concurrency })),
        plan
      )
    const [many, one] = [yield* at(64), yield* at(1)]
    const steps = yield* Effect.forEach(runs, (run) => run.steps)

    const sorted = contenders
      .map((contender, index) => ({ contender, index, ratio: Rounds.ratio(many, index, 0) }))
      .toSorted((left, right) => left.ratio.median - right.ratio.median)
    const rows = [...sorted.filter(({ index }) => index === 0), ...sorted.filter(({ index }) => index > 0)]
    const timesAt = (rounds: Rounds.Rounds, index: number) => [
      `${figure(Rounds.cost(rounds, index))} µs`,
      index === 0 ? times(1) : withQuartiles(Rounds.ratio(rounds, index, 0)),
      index === 0 ? times(1) : withQuartiles(Rounds.ratio(rounds, index, 0, "processor"))
    ]
    const onFetch = sorted.find(({ contender }) => contender.transport === "fetch")
    const others = [undiciRequest.name, staticHeaders.name, onFetch?.contender.name ?? ""]
    const over = others.map((name) => {
      const other = names.indexOf(name)
      return {
        name,
        many: Rounds.ratio(many, 0, other),
        cells: [many, one].flatMap((rounds) => [
          withQuartiles(Rounds.ratio(rounds, 0, other)),
          withQuartiles(Rounds.ratio(rounds, 0, other, "processor"))
        ])
      }
    })
    const [overUndici, , overFetch] = over.map(({ many }) => figure(many.median))
    const title = `A call with a token in memory: ${overUndici} times undici.request, ${overFetch} times ${others[2]}`
    const chart = yield* Chart.write(
      "warm",
      title,
      Chart.bars(
        title,
        sorted.map(({ contender, index, ratio }) => ({
          label: contender.name,
          value: ratio.median,
          note: `${times(ratio.median)}, ${figure(Rounds.cost(many, index))} µs`,
          emphasis: index === 0
        }))
      )
    )
    const bytes = left[0]?.bytesPerCall ?? Number.NaN
    return {
      claim: `A call with a token in memory takes ${overUndici} times the time of \`undici.request\`, and ${overFetch} times that of ${others[2]}, the fastest of those on Node.js's \`fetch\` (64 calls at a time).`,
      tables: [
        table(
          ["", "over", "64 at a time", "wall time", "processor time"],
          rows.map(({ contender, index }) => [
            `${contender.name} ${versionOf(contender)}`,
            contender.transport,
            ...timesAt(many, index)
          ]),
          2
        ) + Rounds.unsteady(many, names, "64 at a time"),
        chart,
        table(
          ["", "one at a time", "wall time", "processor time"],
          rows.map(({ contender, index }) => [contender.name, ...timesAt(one, index)])
        ) + Rounds.unsteady(one, names, "One at a time"),
        "The same the other way round, this library over the others:",
        table(
          ["effect-adobe-pass over", "64: wall", "64: processor", "1: wall", "1: processor"],
          over.map(({ cells, name }) => [name, ...cells])
        ),
        "What can be counted:",
        table(
          ["a call", "bytes allocated", "", "survive", "promoted", "steps of fibers"],
          rows.map(({ contender, index }) => {
            const garbage = left[index] ?? { bytesPerCall: 0, survived: 0, promoted: 0 }
            return [
              contender.name,
              figure(garbage.bytesPerCall),
              times(garbage.bytesPerCall / bytes),
              `${figure(garbage.survived * 100)} %`,
              `${figure(garbage.promoted * 100)} %`,
              `${steps[index] ?? "none"}`
            ]
          })
        )
      ].join("\n\n")
    }
  })
}
