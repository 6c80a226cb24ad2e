import { assert, it } from "@effect/vitest"
import { Context, Effect, Layer, Option, Redacted, Schedule, Stream } from "effect"
import { CredentialStore, SessionKey } from "effect-adobe-pass"
import { sampleCredentials, sampleKey } from "effect-adobe-pass/testing/CredentialStoreContract"
import { Redis, RedisStore } from "effect-adobe-pass-redis"
import { makeProxy } from "../support/proxy.js"
import { describeOwnRedis, ownRedisMasters, ownRedisSentinel } from "../support/redis.js"

const key = sampleKey("a")
const first = sampleCredentials(key, 1)
const digits = [..."0123456789abcdef"]

const storeOn = <E>(redis: Layer.Layer<Redis.Redis, E>) =>
  Effect.map(
    Layer.build(RedisStore.layer({ timeout: "1 minute" }).pipe(Layer.provide(redis))),
    Context.get(CredentialStore.CredentialStore)
  )

const eventually = <A, E>(effect: Effect.Effect<A, E>) => Effect.retry(effect, Schedule.spaced("50 millis"))

const bySentinel = (sentinel: { readonly url: Redacted.Redacted<string> }) =>
  storeOn(
    Redis.layerSentinel({
      master: Redacted.make("redis://adobe"),
      sentinels: [sentinel.url],
      reconnect: "100 millis",
      timeout: "1 second"
    })
  )

describeOwnRedis("a store on Redis Cluster with three masters", () => {
  it.scopedLive("keeps its sessions on all of them, and lists each", () =>
    Effect.gen(function* () {
      const servers = yield* ownRedisMasters
      const [one] = servers
      if (one === undefined) return yield* Effect.die("three servers were started")
      const store = yield* storeOn(Redis.layerCluster({ urls: [one.url] }))
      for (const session of digits.map(sampleKey)) {
        yield* Effect.scoped(
          Effect.flatMap(store.lock(session), ({ lease }) =>
            store.saveCredentials(session, sampleCredentials(session, 1), { lease })
          )
        )
      }
      const sizes = yield* Effect.forEach(servers, ({ execute }) => Effect.map(execute("DBSIZE"), Number))
      assert.isTrue(
        sizes.every((size) => size > 0),
        `${sizes}`
      )
      assert.strictEqual((yield* store.loadMany(digits.map(sampleKey))).size, 16)
      assert.deepStrictEqual([...(yield* Stream.runCollect(store.keys))].sort(), digits.map(sampleKey))
    })
  )

  it.scopedLive("is refused when one of them evicts", () =>
    Effect.gen(function* () {
      const [one, two] = yield* ownRedisMasters
      if (one === undefined || two === undefined) return yield* Effect.die("three servers were started")
      yield* two.execute("CONFIG", "SET", "maxmemory-policy", "allkeys-lfu")
      const store = yield* storeOn(Redis.layerCluster({ urls: [one.url] }))
      assert.strictEqual((yield* Effect.flip(store.load(key))).code, "ALLKEYS_LFU")
    })
  )
})

describeOwnRedis("a store on a master that a Sentinel names", () => {
  it.scopedLive("moves to the replica that takes the place of the master, with what was replicated", () =>
    Effect.gen(function* () {
      const { master, replica, sentinel } = yield* ownRedisSentinel()
      const store = yield* bySentinel(sentinel)
      yield* store.saveCredentials(key, first)
      yield* Effect.repeat(replica.execute("EXISTS", `adobe-pass:session:${key}`), {
        until: (found) => found === 1,
        schedule: Schedule.spaced("20 millis")
      })
      yield* master.stop
      assert.isTrue((yield* Effect.flip(store.load(key))).retryable)
      const found = yield* eventually(store.load(key))
      assert.strictEqual(Redacted.value(Option.getOrThrow(found).credentials.clientId), "client-1")
      const other = sampleKey("b")
      yield* eventually(store.saveCredentials(other, sampleCredentials(other, 1)))
      assert.strictEqual(yield* replica.execute("EXISTS", `adobe-pass:session:${other}`), 1)
    })
  )

  it.scopedLive("connects again when a Sentinel tells of the failover during an attempt to connect", () =>
    Effect.gen(function* () {
      const { master, replica, sentinel } = yield* ownRedisSentinel()
      const port = (server: { readonly url: Redacted.Redacted<string> }) =>
        Number(new URL(Redacted.value(server.url)).port)
      // Attempts take so long that one is under way whenever the Sentinel tells of the failover.
      const proxy = yield* makeProxy(port(sentinel))
      yield* proxy.slow(200)
      const store = yield* bySentinel({ url: Redacted.make(`redis://127.0.0.1:${proxy.port}`) })
      yield* eventually(store.saveCredentials(key, first))
      yield* master.stop
      yield* Effect.repeat(sentinel.execute("SENTINEL", "GET-MASTER-ADDR-BY-NAME", "adobe"), {
        until: (address) => `${address}`.endsWith(`,${port(replica)}`),
        schedule: Schedule.spaced("50 millis")
      })
      const other = sampleKey("b")
      yield* eventually(store.saveCredentials(other, sampleCredentials(other, 1)))
      assert.strictEqual(yield* replica.execute("EXISTS", `adobe-pass:session:${other}`), 1)
    })
  )

  it.scopedLive("saves nothing on a master that its replicas have left, with min-replicas-to-write", () =>
    Effect.gen(function* () {
      const options = ["--min-replicas-to-write", "1", "--min-replicas-max-lag", "1"]
      const { replica, sentinel } = yield* ownRedisSentinel({ arguments: options })
      const store = yield* bySentinel(sentinel)
      yield* eventually(store.saveCredentials(key, first))
      yield* replica.stop
      let saves = 0
      const saveAnother = Effect.suspend(() => {
        const session = SessionKey.SessionKey.make((++saves).toString(16).padStart(64, "0"))
        return store.saveCredentials(session, sampleCredentials(session, 1))
      })
      const refused = yield* Effect.flip(Effect.repeat(saveAnother, Schedule.spaced("100 millis")))
      assert.deepInclude(refused, { operation: "save", reason: "Unavailable", code: "NOREPLICAS" })
      const missing = SessionKey.SessionKey.make(saves.toString(16).padStart(64, "0"))
      assert.isTrue(Option.isNone(yield* store.load(missing)))
    })
  )
})
