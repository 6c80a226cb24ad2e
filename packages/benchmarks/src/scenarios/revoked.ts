/** S4: the token is revoked while calls are in flight, whose refusals arrive one after the other. */
import { Effect } from "effect"
import { type Contender, decisions } from "../contender.js"
import { library } from "../contenders/byName.js"
import { peers } from "../contenders/index.js"
import { inProcess, type Tell } from "../inProcess.js"
import type { Scenario } from "../scenario.js"
import { type StandIn, standIn } from "../standIn.js"
import { table } from "../statistics.js"
import { targetOf } from "../target.js"

const contenders: ReadonlyArray<Contender> = [library, ...peers]
const sizes = [10, 100, 500]

/** In milliseconds, the time over which the answers arrive. */
const over = 200

/** A token request takes about as long as this on a network. */
const tokenDelay = 20

const incident = (server: StandIn, tell: Tell, calls: number) =>
  Effect.gen(function* () {
    yield* tell({ do: "open", target: targetOf(server.baseUrl) })
    yield* tell({ do: "repeat", calls: 1, concurrency: 1 })
    yield* server.control("reset")
    const paths = Array.from(
      { length: calls },
      (_, index) => `${decisions}?delay=${20 + Math.floor((index * over) / calls)}`
    )
    const [{ ok }] = yield* Effect.all(
      [tell({ do: "run", paths, concurrency: calls }), Effect.delay(server.control("revoke"), "10 millis")],
      { concurrency: 2 }
    )
    const { token } = yield* server.counts
    return { token, ok }
  })

/** Once is enough for a client that does nothing about it. */
const twice = <A extends { readonly token: number }>(
  run: Effect.Effect<A>
): Effect.Effect<ReadonlyArray<A>> =>
  Effect.flatMap(run, (first) =>
    first.token === 0 ? Effect.succeed([first]) : Effect.map(run, (second) => [first, second])
  )

export const revoked: Scenario = {
  name: "revoked",
  title: "A token is revoked while calls are in flight",
  run: Effect.gen(function* () {
    const server = yield* standIn
    yield* server.control(`tokens?mode=ok&delay=${tokenDelay}`)
    const rows = yield* Effect.forEach(contenders, (contender) =>
      Effect.flatMap(inProcess(contender), (tell) =>
        Effect.map(
          Effect.forEach(sizes, (calls) =>
            Effect.map(twice(incident(server, tell, calls)), (results) => {
              const tokens = results.map(({ token }) => token)
              const succeeded = results.map(({ ok }) => ok)
              const range = (values: ReadonlyArray<number>) => {
                const [low, high] = [Math.min(...values), Math.max(...values)]
                return low === high ? `${low}` : `${low} to ${high}`
              }
              return `${range(tokens)}; ${range(succeeded)} of ${calls}`
            })
          ),
          (cells) => [contender.name, ...cells]
        )
      ).pipe(Effect.scoped)
    )
    return table(
      ["Token requests; calls that succeeded", ...sizes.map((calls) => `${calls} in flight`)],
      rows
    )
  })
}
