import { Effect, Layer, Option } from "effect"
import type { CredentialStore } from "effect-adobe-pass"
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

const storageOn = ({ execute, prefix }: RedisServer, redis: Layer.Layer<Redis.Redis, unknown>) => ({
  layer: (options: CredentialStore.StoreOptions) =>
    RedisStore.layer({ timeout: "1 minute", ...options, prefix, lease: { ttl: leaseTtl } }).pipe(
      Layer.provide(redis),
      Layer.orDie
    ),
  record: (key: string) =>
    Effect.map(Effect.orDie(execute("HGET", `${prefix}session:${key}`, "record")), (reply) =>
      typeof reply === "string" ? Option.some(reply) : Option.none()
    ),
  damage: (key: string) =>
    Effect.orDie(execute("HSET", `${prefix}session:${key}`, "record", '{"version":1,"cred'))
})

describeRedis("with Redis", () => {
  contract("Redis", {
    storage: Effect.map(Effect.orDie(redisServer), (server) =>
      storageOn(server, Redis.layer({ url: server.url }))
    ),
    leaseTtl
  })
})

describeOwnRedis("with Redis Cluster", () => {
  const cluster = shared(ownRedisCluster)
  contract("Redis Cluster", {
    storage: Effect.map(cluster, (server) => storageOn(server, Redis.layerCluster({ urls: [server.url] }))),
    leaseTtl
  })
})
