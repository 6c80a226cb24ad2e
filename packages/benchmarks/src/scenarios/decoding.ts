/** What types cost: a call of REST API v2 that is decoded, over one whose body is read as text. */
import { Effect } from "effect"
import { configuration, decisions } from "../contender.js"
import { type ContenderProcess, inProcess } from "../contenderProcess.js"
import { typed, untyped } from "../contenders/index.js"
import * as Rounds from "../rounds.js"
import type { Scenario } from "../scenario.js"
import { standIn } from "../standIn.js"
import { figure, table, withQuartiles } from "../statistics.js"
import { targetOf } from "../target.js"

const answers = [
  { path: decisions, what: "two decisions" },
  { path: configuration, what: "a configuration with 100 MVPDs" }
]

/** How long a turn takes, about, in microseconds. */
const length = 40_000

const turn = (run: ContenderProcess, path: string, concurrency: number) => {
  let calls = 200
  return Effect.gen(function* () {
    yield* run.call({ calls: Math.ceil(calls / 5), concurrency, paths: [path] })
    const { millis, ok, processorMillis } = yield* run.call({ calls, concurrency, paths: [path] })
    if (ok !== calls) return yield* Effect.dieMessage(`only ${ok} of ${calls} calls succeeded`)
    const slice: Rounds.Slice = { wall: (millis * 1000) / calls, processor: (processorMillis * 1000) / calls }
    calls = Math.ceil(length / slice.wall)
    return slice
  })
}

const plan = { practice: 4, rounds: 8, most: 16, turns: 4, seconds: 15 }

export const decoding: Scenario = {
  name: "decoding",
  title: "A typed call of REST API v2",
  run: Effect.gen(function* () {
    const target = targetOf((yield* standIn).baseUrl)
    const runs = yield* Effect.forEach([untyped, typed], (contender) => inProcess(contender), {
      concurrency: 2
    })
    for (const run of runs) yield* run.open(target)
    const measured = yield* Effect.forEach(answers, ({ path, what }) =>
      Effect.forEach([64, 1], (concurrency) =>
        Effect.map(
          Rounds.inTurns(
            runs.map((run) => turn(run, path, concurrency)),
            plan
          ),
          (rounds) => ({ what, concurrency, rounds, ratio: Rounds.ratio(rounds, 1, 0) })
        )
      )
    )
    const rows = measured
      .flat()
      .map(({ concurrency, ratio, rounds, what }) => [
        what,
        `${concurrency} at a time`,
        `${figure(Rounds.cost(rounds, 0))} µs`,
        `${figure(Rounds.cost(rounds, 1))} µs`,
        withQuartiles(ratio),
        withQuartiles(Rounds.ratio(rounds, 1, 0, "processor"))
      ])
    const [, decision] = measured[0] ?? []
    const [, whole] = measured[1] ?? []
    return {
      claim: `A typed call for decisions takes ${figure(decision?.ratio.median ?? Number.NaN)} times the time of the same protected call whose body is read as text, and one for a configuration of 100 MVPDs ${figure(whole?.ratio.median ?? Number.NaN)} times (one call at a time, server on the same machine).`,
      tables:
        table(["answer", "", "as text", "typed", "wall time", "processor time"], rows, 2) +
        measured
          .flat()
          .map(({ concurrency, rounds, what }) =>
            Rounds.unsteady(rounds, [untyped.name, typed.name], `${what}, ${concurrency} at a time`)
          )
          .join("")
    }
  })
}
