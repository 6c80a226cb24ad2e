import { Effect, Layer, Redacted } from "effect"
import { Encryption } from "effect-adobe-pass"
import { Redis, RedisStore } from "effect-adobe-pass-redis"
import { contract } from "../support/contract.js"
import {
  describeOwnRedis,
  describeRedis,
  ownRedisCluster,
  type RedisServer,
  redisServer,
  shared
} from "../support/redis.js"

/** As long as the contract allows: a busy machine renews in time. */
const leaseTtl = "1 second"

const storageOn = (
  { execute, prefix }: RedisServer,
  redis: Layer.Layer<Redis.Redis, unknown>,
  options: RedisStore.Options = {}
) => ({
  layer: RedisStore.layer({ timeout: "1 minute", ...options, prefix, lease: { ttl: leaseTtl } }).pipe(
    Layer.provide(redis),
    Layer.orDie
  ),
  damage: (key: string) =>
    Effect.orDie(execute("HSET", `${prefix}session:${key}`, "record", '{"version":1,"cred'))
})

describeRedis("Redis", () => {
  contract("plain text", {
    storage: Effect.map(Effect.orDie(redisServer), (server) =>
      storageOn(server, Redis.layer({ url: server.url }))
    ),
    leaseTtl
  })

  contract("encrypted", {
    storage: Effect.gen(function* () {
      const server = yield* redisServer
      const secret = Redacted.make(Buffer.alloc(32, 7).toString("base64"))
      const encryption = yield* Encryption.make([{ id: "k1", secret }])
      return storageOn(server, Redis.layer({ url: server.url }), { encryption })
    }).pipe(Effect.orDie),
    leaseTtl
  })
})

describeOwnRedis("Redis Cluster", () => {
  const cluster = shared(ownRedisCluster)
  contract("plain text", {
    storage: Effect.map(cluster, (server) => storageOn(server, Redis.layerCluster({ urls: [server.url] }))),
    leaseTtl
  })
})
