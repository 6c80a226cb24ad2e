/** S3: the token, from memory. */
import { Effect, Schema } from "effect"
import { decisions, runCalls } from "../contender.js"
import { peers } from "../contenders/index.js"
import { ours } from "../contenders/ours.js"
import { output } from "../process.js"
import type { Scenario } from "../scenario.js"
import { standIn } from "../standIn.js"
import { figure, median, ratio, spread, table } from "../statistics.js"
import { targetOf } from "../target.js"

const contenders = [ours({ unthrottled: true }), ...peers]
const rounds = 15
const reads = 50_000

const Fleet = Schema.decodeUnknown(
  Schema.parseJson(Schema.Struct({ nanos: Schema.Number, nanosOfOne: Schema.Number }))
)

export const cachedToken: Scenario = {
  name: "token",
  title: "The token, from memory",
  run: Effect.gen(function* () {
    const { baseUrl } = yield* standIn
    const readers = yield* Effect.forEach(contenders, (contender) =>
      Effect.map(
        Effect.acquireRelease(
          Effect.promise(() => contender.open(targetOf(baseUrl))),
          (client) => Effect.promise(() => client.close())
        ),
        (client) => ({ name: contender.name, client, nanos: Array.of<number>() })
      )
    )
    const able = readers.filter(({ client }) => client.readTokens !== undefined || client.token !== undefined)
    yield* Effect.promise(async () => {
      for (const { client } of able) await runCalls(client, [decisions], 1)
      for (let round = -3; round < rounds; round++) {
        for (const { client, nanos } of able) {
          const start = performance.now()
          if (client.readTokens !== undefined) await client.readTokens(reads)
          else for (let read = 0; read < reads; read++) await client.token?.()
          if (round >= 0) nanos.push(((performance.now() - start) * 1e6) / reads)
        }
      }
    })
    const fleet = yield* Effect.flatMap(
      output("./fleetRun.js", { args: ["resident", "100000"], flags: ["--expose-gc"] }),
      Fleet
    )
    const base = median(able[0]?.nanos ?? [])
    return table(
      ["", "ns per read", ""],
      [
        ...able.map(({ name, nanos }) => [
          name,
          `${figure(median(nanos))} ± ${Math.round(spread(nanos) * 100)} %`,
          ratio(median(nanos), base)
        ]),
        [
          "effect-adobe-pass, one device among 100,000",
          figure(fleet.nanosOfOne),
          ratio(fleet.nanosOfOne, base)
        ],
        ["effect-adobe-pass, any of 100,000 devices", figure(fleet.nanos), ratio(fleet.nanos, base)]
      ]
    )
  })
}
