import { assert, it } from "@effect/vitest"
import { Effect } from "effect"
import * as BucketScripts from "../../packages/redis/src/internal/bucketScripts.js"
import { serverClock } from "../../packages/redis/src/internal/serverClock.js"
import * as StoreScripts from "../../packages/redis/src/internal/storeScripts.js"
import { describeOwnRedis, ownRedisCluster, shared } from "../support/redis.js"

/** With arguments that lead through the whole script. */
const scripts: ReadonlyArray<readonly [name: string, lua: string, args: ReadonlyArray<string>]> = [
  ["acquire", StoreScripts.acquire.lua, ["0", "", "owner", "1000"]],
  ["renew", StoreScripts.renew.lua, ["owner", "1000"]],
  ["release", StoreScripts.release.lua, ["owner"]],
  ["compareAndSet", StoreScripts.compareAndSet.lua, ["0", "", "next", ""]],
  ["remove", StoreScripts.remove.lua, []],
  ["take", serverClock + BucketScripts.take, ["10", "1000", "learn"]],
  ["hold", serverClock + BucketScripts.hold, ["10", "1000", "learn", "1000"]]
]

describeOwnRedis("a script", () => {
  const cluster = shared(ownRedisCluster)

  // Redis looks at the keys of a script that begins so, also where one node has all of them.
  const strict = "#!lua\n"

  it.scopedLive.each(scripts)("touches the one key it names: %s", ([name, lua, args]) =>
    Effect.gen(function* () {
      const { execute } = yield* cluster
      const key = `key-of-${["take", "hold"].includes(name) ? "a bucket" : "a session"}`
      assert.notStrictEqual(yield* execute("EVAL", strict + lua, "1", key, ...args), null)
    })
  )

  it.scopedLive("that touches another key is refused by the Redis of this test", () =>
    Effect.gen(function* () {
      const { execute } = yield* cluster
      const lua = "redis.call('GET', KEYS[1]) return redis.call('GET', 'another')"
      const refused = yield* Effect.flip(execute("EVAL", strict + lua, "1", "key"))
      assert.include(refused.message, "slot")
    })
  )
})
