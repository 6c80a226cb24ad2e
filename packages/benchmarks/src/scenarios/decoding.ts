/** What types cost: a call of REST API v2 that is decoded, over one whose body is read as text. */
import { Effect } from "effect"
import { configuration, decisions } from "../contender.js"
import { inProcess } from "../contenderProcess.js"
import { decoded, typed, untyped } from "../contenders/index.js"
import * as Rounds from "../rounds.js"
import type { Scenario } from "../scenario.js"
import { standIn } from "../standIn.js"
import { figure, table, withQuartiles } from "../statistics.js"
import { targetOf } from "../target.js"
import { turn } from "../turn.js"

const contenders = [untyped, decoded, typed]

const answers = [
  { path: decisions, what: "two decisions" },
  { path: configuration, what: "a configuration with 100 MVPDs" }
]

const plan = { practice: 4, rounds: 8, most: 16, turns: 4, seconds: 15 }

export const decoding: Scenario = {
  name: "decoding",
  title: "A typed call of REST API v2",
  run: Effect.gen(function* () {
    const target = targetOf((yield* standIn).baseUrl)
    const runs = yield* Effect.forEach(contenders, (contender) => inProcess(contender), {
      concurrency: 2
    })
    for (const run of runs) yield* run.open(target)
    const measured = yield* Effect.forEach(answers, ({ path, what }) =>
      Effect.forEach([64, 1], (concurrency) =>
        Effect.map(
          Rounds.inTurns(
            runs.map((run) => turn(run, { calls: 200, concurrency, paths: [path] })),
            plan
          ),
          (rounds) => ({ what: `${what}, ${concurrency} at a time`, rounds })
        )
      )
    )
    const all = measured.flat()
    const median = (rounds: Rounds.Rounds | undefined, one: number) =>
      figure(rounds === undefined ? Number.NaN : Rounds.ratio(rounds, one, 0).median)
    const [decision, whole] = measured.map((ofAnswer) => ofAnswer.at(-1)?.rounds)
    return {
      claim: `Decoding makes a call for decisions take ${median(decision, 1)} times the time of the same protected call whose body is read as text, and one for a configuration of 100 MVPDs ${median(whole, 1)} times; the whole typed call takes ${median(decision, 2)} and ${median(whole, 2)} times (one at a time, server on the same machine).`,
      tables:
        table(
          ["answer", "as text", "decoded", "typed", "decoded: processor", "typed: processor"],
          all.map(({ rounds, what }) => [
            what,
            `${figure(Rounds.cost(rounds, 0))} µs`,
            withQuartiles(Rounds.ratio(rounds, 1, 0)),
            withQuartiles(Rounds.ratio(rounds, 2, 0)),
            withQuartiles(Rounds.ratio(rounds, 1, 0, "processor")),
            withQuartiles(Rounds.ratio(rounds, 2, 0, "processor"))
          ])
        ) +
        all
          .map(({ rounds, what }) =>
            Rounds.unsteady(
              rounds,
              contenders.map(({ name }) => name),
              what
            )
          )
          .join("")
    }
  })
}
