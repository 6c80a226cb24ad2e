import { PgClient } from "@effect/sql-pg"
import { assert, it } from "@effect/vitest"
import { Effect, Layer, Redacted, Schedule, type Scope } from "effect"
import type { CredentialStore } from "effect-adobe-pass"
import { CurrentDevice, type Device } from "effect-adobe-pass"
import { Emulator, Fault } from "effect-adobe-pass-emulator"
import { Redis, RedisStore } from "effect-adobe-pass-redis"
import { SqlStore } from "effect-adobe-pass-sql"
import { startNode } from "../support/nodes.js"
import { describeOwnPostgres, ownPostgres } from "../support/postgres.js"
import { makeProxy, type Proxy } from "../support/proxy.js"
import { describeOwnRedis, ownRedisServer } from "../support/redis.js"
import { device } from "../support/system.js"

/** A store behind a proxy, and what can be done to its server. */
interface Shared {
  readonly store: Layer.Layer<CredentialStore.CredentialStore, unknown>
  readonly proxy: Proxy
  /** The server goes on to answer questions, and refuses to write. */
  readonly refuseWrites: Effect.Effect<void>
  readonly acceptWrites: Effect.Effect<void>
  /** The server dies in the middle of what it does, and comes back. */
  readonly failOver: Effect.Effect<void>
}

const timeout = "1 second"
const lease = { ttl: "2 seconds", wait: "10 seconds" } as const

const throughProxy = (url: string) =>
  Effect.gen(function* () {
    const direct = new URL(url)
    const proxy = yield* makeProxy(Number(direct.port))
    const through = new URL(url)
    through.port = `${proxy.port}`
    return { proxy, url: Redacted.make(through.href) }
  })

const onPostgres: Effect.Effect<Shared, never, Scope.Scope> = Effect.gen(function* () {
  const server = yield* Effect.orDie(ownPostgres())
  const database = yield* server.database
  const { proxy, url } = yield* throughProxy(database)
  const setReadOnly = (value: "on" | "off") =>
    Effect.zipRight(
      server.execute(
        `ALTER DATABASE ${new URL(database).pathname.slice(1)} SET default_transaction_read_only = ${value}`
      ),
      // Sessions that are open do not hear of it.
      proxy.cut
    )
  return {
    store: Layer.provide(SqlStore.layer({ timeout, lease }), PgClient.layer({ url, maxConnections: 4 })),
    proxy,
    refuseWrites: setReadOnly("on"),
    acceptWrites: setReadOnly("off"),
    failOver: Effect.zipRight(server.stop("immediate"), Effect.orDie(server.start))
  }
})

const onRedis: Effect.Effect<Shared, never, Scope.Scope> = Effect.gen(function* () {
  const server = yield* Effect.orDie(ownRedisServer())
  const { proxy, url } = yield* throughProxy(Redacted.value(server.url))
  const refuse = (replicas: string) =>
    Effect.orDie(Effect.asVoid(server.execute("CONFIG", "SET", "min-replicas-to-write", replicas)))
  return {
    store: Layer.provide(RedisStore.layer({ timeout, lease }), Redis.layer({ url, reconnect: "100 millis" })),
    proxy,
    refuseWrites: refuse("1"),
    acceptWrites: refuse("0"),
    // Without persistence: it comes back empty.
    failOver: Effect.zipRight(server.stop, Effect.orDie(server.start))
  }
})

const counts = Effect.flatMap(Emulator.Emulator, (emulator) => emulator.counts)

type Node = Effect.Effect.Success<ReturnType<typeof startNode>>

const callFor = ({ client }: Node, whose: Device.Device) =>
  Effect.map(
    Effect.provideService(client.get("/api/v2/ACME/configuration"), CurrentDevice, whose),
    ({ status }) => status
  )

/** Calls until it succeeds, as a player would that shows an error in between. */
const untilAnswered = (node: Node, whose: Device.Device) =>
  Effect.retry(callFor(node, whose), {
    while: ({ retryable }) => retryable,
    schedule: Schedule.spaced("200 millis")
  })

const warm = device(1)
const cold = device(2)

/** That warm devices go on, token renewal included, and cold ones fail for now without being registered. */
const holdsOut = (node: Node) =>
  Effect.gen(function* () {
    const emulator = yield* Emulator.Emulator
    const { register } = yield* counts
    assert.strictEqual(yield* callFor(node, warm), 200)
    yield* emulator.expireTokens
    assert.strictEqual(yield* callFor(node, warm), 200)
    const error = yield* Effect.flip(callFor(node, cold))
    assert.deepInclude(error, { _tag: "CredentialStoreError", retryable: true })
    assert.strictEqual((yield* counts).register, register)
  })

const recovers = (node: Node) =>
  Effect.gen(function* () {
    const { register } = yield* counts
    assert.strictEqual(yield* untilAnswered(node, cold), 200)
    assert.strictEqual(yield* untilAnswered(node, warm), 200)
    assert.strictEqual((yield* counts).register, register + 1)
  })

const emulated = Effect.provide(Emulator.layer({ throttle: "off" }))

for (const [name, describeBackend, server] of [
  ["PostgreSQL", describeOwnPostgres, onPostgres],
  ["Redis", describeOwnRedis, onRedis]
] as const) {
  describeBackend(`a node whose ${name}`, () => {
    const started = Effect.gen(function* () {
      const shared = yield* server
      const node = yield* startNode(Layer.orDie(shared.store))
      assert.strictEqual(yield* untilAnswered(node, warm), 200)
      return { ...shared, node }
    })

    it.scopedLive("cannot be reached serves warm devices, fails cold ones for now, and recovers", () =>
      Effect.gen(function* () {
        const { node, proxy } = yield* started
        yield* proxy.down
        yield* holdsOut(node)
        yield* proxy.up
        yield* recovers(node)
      }).pipe(emulated)
    )

    it.scopedLive(
      "answers after five seconds serves warm devices, fails cold ones for now, and recovers",
      () =>
        Effect.gen(function* () {
          const { node, proxy } = yield* started
          yield* proxy.slow(5000)
          yield* holdsOut(node)
          yield* proxy.up
          yield* recovers(node)
        }).pipe(emulated)
    )

    it.scopedLive("refuses to write serves warm devices, registers nobody, and recovers", () =>
      Effect.gen(function* () {
        const { acceptWrites, node, refuseWrites } = yield* started
        yield* refuseWrites
        yield* holdsOut(node)
        yield* acceptWrites
        yield* recovers(node)
      }).pipe(emulated)
    )

    it.scopedLive(
      "dies while forty devices register gets every one of them through, with one pair each",
      () =>
        Effect.gen(function* () {
          const { failOver, node, store } = yield* started
          const emulator = yield* Emulator.Emulator
          yield* emulator.fail({
            route: "register",
            fault: Fault.delay("150 millis"),
            times: Number.POSITIVE_INFINITY
          })
          const devices = Array.from({ length: 40 }, (_, n) => device(n + 10))
          const [outcomes] = yield* Effect.all(
            [
              Effect.forEach(devices, (each) => untilAnswered(node, each), { concurrency: "unbounded" }),
              Effect.delay(failOver, "100 millis")
            ],
            { concurrency: 2 }
          )
          assert.deepStrictEqual(
            outcomes,
            Array.from({ length: 40 }, () => 200)
          )
          // An issued pair is never registered again because its save failed: it waits in memory.
          assert.strictEqual((yield* counts).register, 41)
          const other = yield* startNode(Layer.orDie(store))
          for (const each of [warm, ...devices]) {
            yield* node.sessions.reject(each, yield* node.sessions.accessToken(each))
            const mine = yield* Effect.flatMap(untilAnswered(node, each), () =>
              node.sessions.credentials(each)
            )
            const theirs = yield* other.sessions.credentials(each)
            assert.strictEqual(Redacted.value(theirs.clientId), Redacted.value(mine.clientId))
          }
          assert.strictEqual((yield* counts).register, 41)
        }).pipe(emulated)
    )
  })
}

describeOwnRedis("a Redis that was restarted empty", () => {
  it.scopedLive("gets its sessions back from the nodes that hold them, when they renew their tokens", () =>
    Effect.gen(function* () {
      const { failOver, store } = yield* onRedis
      const emulator = yield* Emulator.Emulator
      const node = yield* startNode(Layer.orDie(store))
      const devices = Array.from({ length: 20 }, (_, n) => device(n))
      yield* Effect.forEach(devices, (each) => untilAnswered(node, each), { concurrency: "unbounded" })
      yield* failOver
      const other = yield* startNode(Layer.orDie(store))
      // A cold device is answered when the node is connected again.
      yield* untilAnswered(node, device(devices.length))
      yield* emulator.expireTokens
      yield* Effect.forEach(devices, (each) => untilAnswered(node, each), { concurrency: "unbounded" })
      assert.strictEqual(yield* other.sessions.warm(devices), 20)
      yield* Effect.forEach(devices, (each) => callFor(other, each), { concurrency: "unbounded" })
      assert.strictEqual((yield* counts).register, 21)
    }).pipe(emulated)
  )
})
