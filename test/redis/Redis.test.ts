import { EventEmitter } from "node:events"
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { Redis } from "effect-adobe-pass-redis"

/** A client of one's own, of a server with this policy. */
class Client extends EventEmitter implements Redis.Client {
  policy = "noeviction"
  asked = 0
  call() {
    this.asked += 1
    return Promise.resolve(`# Memory\r\nmaxmemory_policy:${this.policy}\r\n`)
  }
}

describe("the eviction policy of a server that one's own client speaks to", () => {
  it.effect.each(["ready", "+node"])("is read once, and anew after %s", (event) =>
    Effect.gen(function* () {
      const client = new Client()
      const { evictionPolicies } = Redis.make(client)
      assert.deepStrictEqual(yield* evictionPolicies, ["noeviction"])
      assert.deepStrictEqual(yield* evictionPolicies, ["noeviction"])
      assert.strictEqual(client.asked, 1)
      client.policy = "allkeys-lru"
      client.emit(event)
      assert.deepStrictEqual(yield* evictionPolicies, ["allkeys-lru"])
      assert.strictEqual(client.asked, 2)
    })
  )

  it.effect("is asked for however many use the client, which is listened to once", () =>
    Effect.gen(function* () {
      const client = new Client()
      const users = Array.from({ length: 20 }, () => Redis.make(client))
      assert.strictEqual(client.listenerCount("ready"), 1)
      client.emit("ready")
      for (const { evictionPolicies } of users) {
        assert.deepStrictEqual(yield* evictionPolicies, ["noeviction"])
      }
    })
  )
})
