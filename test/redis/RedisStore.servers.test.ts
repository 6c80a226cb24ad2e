import { assert, it } from "@effect/vitest"
import { Context, Effect, Exit, Layer, Option, Redacted, Schedule, type Scope, Stream } from "effect"
import { type AdobePassError, CredentialStore, Encryption, SessionKey } from "effect-adobe-pass"
import { sampleCredentials, sampleKey, sampleToken } from "effect-adobe-pass/testing/CredentialStoreContract"
import { Redis, RedisStore } from "effect-adobe-pass-redis"
import { wrongBy } from "../support/clocks.js"
import {
  describeOwnRedis,
  describeRedis,
  ownRedisServer,
  type RedisServer,
  redisServer
} from "../support/redis.js"
import { leaksIn, searcher, shown, witness } from "../support/secrets.js"

const key = sampleKey("a")
const first = sampleCredentials(key, 1)

/** A store with a connection of its own, as each process has one. */
const storeOn = (
  { prefix, url }: Pick<RedisServer, "prefix" | "url">,
  options: RedisStore.RedisStoreOptions = {}
): Effect.Effect<CredentialStore.CredentialStore, AdobePassError.InvalidInput, Scope.Scope> =>
  Effect.map(
    Layer.build(
      RedisStore.layer({ prefix, timeout: "1 minute", ...options }).pipe(
        Layer.provide(Redis.layer({ url, reconnect: "100 millis" }))
      )
    ),
    (context) => Context.get(context, CredentialStore.CredentialStore)
  )

const nameOf = ({ prefix }: RedisServer) => `${prefix}session:${key}`

/** Until Redis is back. */
const eventually = <A, E>(effect: Effect.Effect<A, E>) => Effect.retry(effect, Schedule.spaced("20 millis"))

const clientIdIn = (store: CredentialStore.CredentialStore) =>
  Effect.map(
    store.load(key),
    Option.map(({ credentials }) => Redacted.value(credentials.clientId))
  )

describeOwnRedis("a store on a Redis that goes away", () => {
  it.scopedLive("works on after Redis was started again empty, and has forgotten its scripts", () =>
    Effect.gen(function* () {
      const server = yield* ownRedisServer()
      const store = yield* storeOn(server)
      yield* store.saveCredentials(key, first)
      yield* server.stop
      yield* server.start
      assert.deepStrictEqual(yield* eventually(store.load(key)), Option.none())
      yield* Effect.scoped(store.lock(key))
      yield* store.saveCredentials(key, first)
      assert.deepStrictEqual(yield* clientIdIn(store), Option.some("client-1"))
    })
  )

  it.scopedLive("fails every operation in a retryable way, and comes back by itself", () =>
    Effect.gen(function* () {
      const server = yield* ownRedisServer()
      const store = yield* storeOn(server, { timeout: "20 seconds", lease: { wait: "20 seconds" } })
      yield* store.saveCredentials(key, first)
      yield* server.stop
      const failures = yield* Effect.all({
        load: Effect.flip(store.load(key)),
        save: Effect.flip(store.saveCredentials(key, first)),
        remove: Effect.flip(store.remove(key)),
        lock: Effect.flip(Effect.scoped(store.lock(key))),
        list: Effect.flip(Stream.runDrain(store.keys))
      })
      for (const [operation, error] of Object.entries(failures)) {
        assert.deepStrictEqual([error.operation, error.reason], [operation, "Unavailable"])
        assert.isTrue(error.retryable)
      }
      yield* server.start
      yield* eventually(store.saveCredentials(key, first))
      assert.deepStrictEqual(yield* clientIdIn(store), Option.some("client-1"))
    })
  )

  it.scopedLive("names the reason by a code, and starts also where there is no Redis", () =>
    Effect.gen(function* () {
      const server = yield* ownRedisServer()
      yield* server.stop
      const store = yield* storeOn(server)
      assert.strictEqual((yield* Effect.flip(store.load(key))).code, "ECONNREFUSED")
      yield* server.start
      assert.deepStrictEqual(yield* eventually(store.load(key)), Option.none())
    })
  )

  it.scopedLive("is told why by a Redis that refuses: a replica, too little memory, a wrong password", () =>
    Effect.gen(function* () {
      const server = yield* ownRedisServer({ password: "correct horse" })
      const store = yield* storeOn(server)
      const code = Effect.map(Effect.flip(store.saveCredentials(key, first)), (error) => error.code)
      yield* server.execute("CONFIG", "SET", "maxmemory", "1")
      assert.strictEqual(yield* code, "OOM")
      yield* server.execute("CONFIG", "SET", "maxmemory", "0")
      yield* server.execute("REPLICAOF", "127.0.0.1", "1")
      assert.strictEqual(yield* code, "READONLY")
      yield* server.execute("REPLICAOF", "NO", "ONE")
      yield* eventually(store.saveCredentials(key, first))
      const url = Redacted.make(Redacted.value(server.url).replace("correct", "wrong"))
      const stranger = yield* storeOn({ ...server, url })
      assert.strictEqual((yield* Effect.flip(stranger.load(key))).code, "WRONGPASS")
    })
  )

  it.scopedLive("leaves a replica for the master that took its place", () =>
    Effect.gen(function* () {
      const server = yield* ownRedisServer()
      const store = yield* storeOn(server)
      yield* store.load(key)
      const connection = Effect.map(
        server.execute("CLIENT", "LIST"),
        (list) => /^id=(\d+) .* cmd=(?:hget|evalsha|eval|info) /m.exec(`${list}`)?.[1]
      )
      const before = yield* connection
      yield* server.execute("REPLICAOF", "127.0.0.1", "1")
      yield* Effect.flip(store.saveCredentials(key, first))
      yield* server.execute("REPLICAOF", "NO", "ONE")
      yield* eventually(store.saveCredentials(key, first))
      const after = yield* connection
      assert.isDefined(before)
      assert.isDefined(after)
      assert.notStrictEqual(before, after)
    })
  )
})

describeOwnRedis("a Redis that evicts records when its memory is full", () => {
  const server = (policy: string) => ownRedisServer({ arguments: ["--maxmemory-policy", policy] })

  for (const policy of ["allkeys-lru", "allkeys-random"]) {
    it.scopedLive(`is refused, so that what it evicted does not look like a new device: ${policy}`, () =>
      Effect.gen(function* () {
        const redis = yield* server(policy)
        const store = yield* storeOn(redis)
        for (const operation of [
          store.load(key),
          store.saveCredentials(key, first),
          store.loadMany([key]),
          Effect.scoped(store.lock(key)),
          Stream.runDrain(store.keys)
        ]) {
          const error = yield* Effect.flip(operation)
          assert.deepInclude(error, {
            reason: "Evicting",
            code: policy.toUpperCase().replace("-", "_"),
            retryable: false
          })
          assert.include(error.message, "noeviction")
        }
        const accepting = yield* storeOn(redis, { eviction: "accept" })
        yield* accepting.saveCredentials(key, first)
        yield* redis.execute("CONFIG", "SET", "maxmemory-policy", "noeviction")
        yield* redis.execute("CLIENT", "KILL", "TYPE", "normal")
        yield* eventually(store.load(key))
        assert.deepStrictEqual(yield* clientIdIn(store), Option.some("client-1"))
      })
    )
  }

  it.scopedLive("is accepted where it evicts only what expires", () =>
    Effect.gen(function* () {
      const store = yield* storeOn(yield* server("volatile-lru"))
      yield* store.saveCredentials(key, first)
    })
  )
})

/** Every value of every key. */
const dump = ({ execute, prefix }: RedisServer) =>
  Effect.gen(function* () {
    const names = yield* execute("KEYS", `${prefix}*`)
    assert.isArray(names)
    const values = yield* Effect.forEach(Array.isArray(names) ? names : [], (name) =>
      execute("HGETALL", `${name}`)
    )
    return { names: JSON.stringify(names), values: JSON.stringify(values) }
  })

const encryption = Encryption.make([
  { id: "k1", secret: Redacted.make(Buffer.alloc(32, 7).toString("base64")) }
])

const secretPair = sampleCredentials(key, 123_456_789)
const find = searcher([
  { name: "client id", value: Redacted.value(secretPair.clientId) },
  { name: "client secret", value: Redacted.value(secretPair.clientSecret) },
  { name: "token", value: "the-token-of-this-session" },
  { name: "password", value: "correct-horse-battery" }
])

describeRedis("what Redis is told", () => {
  it.scopedLive("shows nothing readable when the store encrypts, neither in names nor in values", () =>
    Effect.gen(function* () {
      const server = yield* redisServer
      const save = (store: CredentialStore.CredentialStore) =>
        store
          .saveCredentials(key, secretPair)
          .pipe(Effect.zipRight(store.saveToken(key, secretPair, sampleToken("the-token-of-this-session"))))
      yield* save(yield* storeOn(server))
      const open = yield* dump(server)
      assert.deepStrictEqual(find(open.names), [])
      assert.deepStrictEqual([...new Set(find(open.values))].sort(), ["client id", "client secret", "token"])
      const store = yield* storeOn(server, { encryption: yield* encryption })
      yield* store.remove(key)
      yield* save(store)
      const sealed = yield* dump(server)
      assert.deepStrictEqual(find(sealed.names + sealed.values), [])
      assert.include(sealed.values, "aes-256-gcm:k1:")
    })
  )

  it.scopedLive("lets no record expire, and no lease without a record stay", () =>
    Effect.gen(function* () {
      const server = yield* redisServer
      const store = yield* storeOn(server)
      const ttl = server.execute("PTTL", nameOf(server)).pipe(Effect.map(Number))
      const hour = 3_600_000
      yield* Effect.scoped(
        Effect.gen(function* () {
          yield* store.lock(key)
          assert.isAbove(yield* ttl, hour)
          yield* store.saveCredentials(key, first)
          assert.strictEqual(yield* ttl, -1)
          yield* store.remove(key)
          assert.isAbove(yield* ttl, hour)
          yield* store.saveCredentials(key, first)
        })
      )
      assert.strictEqual(yield* ttl, -1)
      yield* Effect.scoped(store.lock(key))
      assert.strictEqual(yield* ttl, -1)
      yield* store.remove(key)
      assert.isAtMost(yield* ttl, 1000)
      yield* Effect.repeat(server.execute("EXISTS", nameOf(server)), {
        while: (there) => there === 1,
        schedule: Schedule.spaced("50 millis")
      })
    })
  )

  it.scopedLive(
    "is measured by its own clock: a node whose clock is ten minutes ahead takes nothing over",
    () =>
      Effect.gen(function* () {
        const server = yield* redisServer
        const store = yield* storeOn(server, { lease: { ttl: "10 seconds" } })
        const ahead = yield* storeOn(server, { lease: { ttl: "10 seconds", wait: "400 millis" } })
        const shifted = yield* wrongBy(600_000)
        const { lease } = yield* store.lock(key)
        const refused = yield* Effect.flip(Effect.withClock(Effect.scoped(ahead.lock(key)), shifted))
        assert.strictEqual(refused.reason, "Locked")
        assert.strictEqual(yield* server.execute("HGET", nameOf(server), "owner"), lease.owner)
        yield* store.saveCredentials(key, first, { lease })
        assert.isNull(yield* server.execute("HGET", nameOf(server), "owner"))
      })
  )

  it.scopedLive("is found to be something else by a typed failure, and left as it is", () =>
    Effect.gen(function* () {
      const server = yield* redisServer
      const store = yield* storeOn(server)
      yield* server.execute("SET", nameOf(server), "not a hash")
      const wrong = { reason: "Unavailable", code: "WRONGTYPE" } as const
      assert.deepInclude(yield* Effect.flip(store.load(key)), wrong)
      assert.deepInclude(yield* Effect.flip(store.saveCredentials(key, first)), wrong)
      assert.deepInclude(yield* Effect.flip(Effect.scoped(store.lock(key))), wrong)
      assert.strictEqual(yield* server.execute("GET", nameOf(server)), "not a hash")
      yield* server.execute("DEL", nameOf(server))
      yield* server.execute("HSET", nameOf(server), "record", "garbage")
      assert.strictEqual((yield* Effect.flip(store.load(key))).reason, "Corrupt")
    })
  )

  it.scopedLive("lists the sessions among keys of others whose names look alike", () =>
    Effect.gen(function* () {
      const server = yield* redisServer
      const store = yield* storeOn(server, { prefix: `${server.prefix}[a]*?` })
      const other = yield* storeOn(server, { prefix: `${server.prefix}aXXX` })
      yield* store.saveCredentials(key, first)
      const another = sampleKey("b")
      yield* other.saveCredentials(another, sampleCredentials(another, 1))
      yield* server.execute("SET", `${server.prefix}[a]*?session:elsewhere`, "1")
      assert.deepStrictEqual([...(yield* Stream.runCollect(store.keys))], [key])
    })
  )

  it.scopedLive("is asked for a thousand sessions at once, and finds those that there are", () =>
    Effect.gen(function* () {
      const store = yield* storeOn(yield* redisServer)
      const sessions = Array.from({ length: 1000 }, (_, n) =>
        SessionKey.SessionKey.make(n.toString(16).padStart(64, "0"))
      )
      yield* Effect.forEach(
        sessions.filter((_, n) => n % 2 === 0),
        (each) => store.saveCredentials(each, sampleCredentials(each, 1)),
        { concurrency: 50 }
      )
      assert.strictEqual((yield* store.loadMany(sessions)).size, 500)
      assert.strictEqual(new Set(yield* Stream.runCollect(store.keys)).size, 500)
    })
  )
})

describeOwnRedis("what people are told", () => {
  it.scopedLive("has no secret in it: no password, no pair, whatever fails", () =>
    Effect.gen(function* () {
      const server = yield* ownRedisServer({ password: "correct-horse-battery" })
      const options = { url: server.url }
      const run = witness(
        Effect.gen(function* () {
          const store = yield* CredentialStore.CredentialStore
          yield* store.saveCredentials(key, secretPair)
          yield* server.execute("CONFIG", "SET", "maxmemory", "1")
          const full = yield* Effect.flip(
            store.saveCredentials(key, sampleCredentials(key, 2), { replaces: secretPair })
          )
          yield* server.stop
          const away = yield* Effect.flip(store.saveCredentials(key, secretPair))
          return yield* Effect.fail([full, away, options])
        }).pipe(
          Effect.withSpan("test"),
          Effect.provide(RedisStore.layer().pipe(Layer.provideMerge(Redis.layer(options))))
        )
      )
      const witnessed = yield* run
      assert.isTrue(Exit.isFailure(witnessed.exit))
      assert.deepStrictEqual(leaksIn(find, yield* shown(witnessed)), [])
      const refused = yield* Effect.flip(
        Layer.build(Redis.layer({ url: Redacted.make("http://:correct-horse-battery@localhost") }))
      )
      assert.strictEqual(refused._tag, "InvalidInput")
      assert.deepStrictEqual(find(`${refused} ${JSON.stringify(refused)}`), [])
    })
  )
})
