/**
 * What a client does when its token is to be replaced soon and the token endpoint does not answer as it should:
 * `expiredRun.js <contender> <mode> <lifetime> <start>`, in a process of its own, because some libraries do not survive it.
 * The calls start so many seconds after the first, when the client wants another token, and the first is valid until they
 * have ended.
 * Answers with a line of JSON.
 */
import { setTimeout as sleep } from "node:timers/promises"
import { Effect } from "effect"
import { decisions } from "./contender.js"
import { contenderNamed } from "./contenders/byName.js"
import { standIn } from "./standIn.js"
import { targetOf } from "./target.js"

const [, , name, mode, lifetime, start] = process.argv
const perSecond = 20
const seconds = 10

/** In milliseconds: a caller that waits for longer has waited in vain. */
const longestWait = 2000

let unhandled = 0
process.on("unhandledRejection", () => {
  unhandled += 1
})

const run = Effect.gen(function* () {
  const server = yield* standIn
  yield* server.control(`ttl?seconds=${lifetime}`)
  const client = yield* Effect.promise(() => contenderNamed(name).open(targetOf(server.baseUrl)))
  yield* Effect.promise(() => client.call(decisions))
  yield* server.control("reset")
  yield* server.control(`tokens?mode=${mode}`)
  const calls = yield* Effect.promise(async () => {
    await sleep(Number(start) * 1000)
    const made: Array<Promise<boolean>> = []
    for (let call = 0; call < perSecond * seconds; call++) {
      made.push(
        Promise.race([
          client.call(decisions).then(
            (status) => status === 200,
            () => false
          ),
          sleep(longestWait, false)
        ])
      )
      await sleep(1000 / perSecond)
    }
    return Promise.all(made)
  })
  const { token } = yield* server.counts
  console.log(
    JSON.stringify({ calls: calls.length, ok: calls.filter((ok) => ok).length, tokens: token, unhandled })
  )
})

await Effect.runPromise(Effect.scoped(run))
process.exit(0)
