import { assert, describe, it } from "@effect/vitest"
import { Duration, Effect, Either, Layer, Redacted } from "effect"
import { Redis, RedisStore } from "effect-adobe-pass-redis"
import * as Address from "../../packages/redis/src/internal/address.js"

describe("options that cannot be used", () => {
  it.scoped.each([
    ["redis.url", { url: Redacted.make("localhost") }],
    ["redis.url", { url: Redacted.make("redis://localhost/first") }],
    ["redis.url", { url: Redacted.make("redis://:%zz@localhost") }],
    ["redis.tiemout", { url: Redacted.make("redis://localhost"), ...{ tiemout: "1 second" } }],
    ["redis.timeout", { url: Redacted.make("redis://localhost"), timeout: 0 }],
    ["redis.reconnect", { url: Redacted.make("redis://localhost"), reconnect: "-1 seconds" }],
    ["redis.connectTimeout", { url: Redacted.make("redis://localhost"), connectTimeout: Duration.infinity }]
  ] as const)("are refused: %s %j", ([field, options]) =>
    Effect.gen(function* () {
      const error = yield* Effect.flip(Layer.build(Redis.layer(options)))
      assert.strictEqual(error.field, field)
    })
  )

  it.scoped.each([
    ["timeout", { timeout: 0 }],
    ["lease.ttl", { lease: { ttl: Duration.infinity } }],
    ["lease.wait", { lease: { wait: "-1 seconds" } }],
    ["evicton", { prefix: "a:", ...{ evicton: "accept" } }],
    ["lese", { prefix: "a:", ...{ lese: { ttl: "1 minute" } } }]
  ] as const)("are refused by the store: %s %j", ([field, options]) =>
    Effect.gen(function* () {
      const redis = Redis.layerClient({ call: () => Promise.resolve(null) })
      const error = yield* Effect.flip(Layer.build(Layer.provide(RedisStore.layer(options), redis)))
      assert.strictEqual(error.field, field)
    })
  )
})

describe("the URL of a Redis", () => {
  it.each([
    ["redis://localhost", { host: "localhost", port: 6379, db: 0, access: {} }],
    ["redis://[::1]:7000/3", { host: "::1", port: 7000, db: 3, access: {} }],
    [
      "rediss://us%65r:p%40ss@redis.example.com",
      {
        host: "redis.example.com",
        port: 6379,
        db: 0,
        access: { username: "user", password: "p@ss", tls: {} }
      }
    ]
  ])("is parsed: %s", (url, address) => {
    assert.deepStrictEqual(Either.getOrThrow(Address.fromUrl("url", Redacted.make(url))), address)
  })
})
