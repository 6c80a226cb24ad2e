/**
 * One measurement in a process of its own: `fleetRun.ts <what> <devices>`. Answers with a line of JSON.
 *
 * `memory` needs `--expose-gc`; `postgres` and `redis` need `DATABASE_URL` and `REDIS_URL`, and fill them first.
 */
import { SqlClient } from "@effect/sql"
import { PgClient } from "@effect/sql-pg"
import { Array as Arr, Chunk, Config, Duration, Effect, Layer, Random, Stream } from "effect"
import { type Device, type SessionKey, Sessions } from "effect-adobe-pass"
import { Redis, RedisStore } from "effect-adobe-pass-redis"
import { SqlStore } from "effect-adobe-pass-sql"
import { deviceAt, keyAt, library, madeUp, recordOf, secretCharacters } from "./sample.js"

const [what = "", size = "1000"] = process.argv.slice(2)
const devices = Number(size)

function* allDevices(): Generator<Device.Device> {
  for (let n = 0; n < devices; n++) yield deviceAt(n)
}

const report = (result: Record<string, number>) =>
  Effect.sync(() => void process.stdout.write(`${JSON.stringify(result)}\n`))

/** Seconds that an effect takes. */
const seconds = <A, E, R>(effect: Effect.Effect<A, E, R>) =>
  Effect.map(Effect.timed(effect), ([duration]) => Duration.toSeconds(duration))

const collected = Effect.gen(function* () {
  const { gc } = globalThis
  if (gc === undefined) return yield* Effect.dieMessage("run with --expose-gc")
  for (let round = 0; round < 4; round++) {
    gc()
    yield* Effect.sleep("20 millis")
  }
  return process.memoryUsage().heapUsed
})

const memory = Effect.gen(function* () {
  const sessions = yield* Sessions.Sessions
  const before = yield* collected
  const found = yield* sessions.warm(allDevices())
  const after = yield* collected
  const bytes = (after - before) / found
  yield* report({ bytes, beyondSecrets: bytes - secretCharacters })
}).pipe(Effect.provide(library(madeUp, devices)))

const reads = Effect.gen(function* () {
  const sessions = yield* Sessions.Sessions
  yield* sessions.warm(allDevices())
  const known = Array.from(allDevices())
  const total = 400_000
  const random = Random.make("reads")
  const order = yield* Effect.all(Array.from({ length: 4096 }, () => random.nextIntBetween(0, devices)))
  const chosen = Arr.filterMap(order, (n) => Arr.get(known, n))
  const loop = Effect.gen(function* () {
    for (let read = 0; read < total; read++) {
      const device = chosen[read % chosen.length]
      if (device !== undefined) yield* sessions.accessToken(device)
    }
  })
  yield* loop
  const times = yield* Effect.all([seconds(loop), seconds(loop), seconds(loop)])
  const median = times.sort((a, b) => a - b)[1] ?? 0
  yield* report({ readsPerSecond: total / median, nanosPerRead: (median / total) * 1e9 })
}).pipe(Effect.provide(library(madeUp, devices)))

/** Writes the records past the store: this is not what is measured. */
const filled = <E, R>(
  write: (rows: ReadonlyArray<readonly [SessionKey.SessionKey, string]>) => Effect.Effect<unknown, E, R>
) =>
  Stream.range(0, devices - 1).pipe(
    Stream.mapEffect((n) => Effect.map(keyAt(n), (key) => [key, recordOf(key)] as const), {
      concurrency: 64
    }),
    Stream.grouped(1000),
    Stream.mapEffect((rows) => write(Chunk.toReadonlyArray(rows)), { concurrency: 2 }),
    Stream.runDrain
  )

const warmed = Effect.gen(function* () {
  const sessions = yield* Sessions.Sessions
  const taken = yield* seconds(sessions.warm(allDevices()))
  const size = yield* sessions.size
  if (size !== devices) return yield* Effect.dieMessage(`${size} of ${devices} sessions were found`)
  yield* report({ sessionsPerSecond: devices / taken })
})

const fromPostgres = Effect.gen(function* () {
  yield* SqlStore.make()
  const sql = yield* SqlClient.SqlClient
  yield* sql`TRUNCATE adobe_pass_sessions`
  yield* filled(
    (rows) =>
      sql`INSERT INTO adobe_pass_sessions ${sql.insert(rows.map(([session, record]) => ({ session, record, updated_at: 0 })))}`
  )
  const store = Layer.provide(SqlStore.layer(), Layer.succeed(SqlClient.SqlClient, sql))
  yield* Effect.provide(warmed, library(store, devices))
}).pipe(
  Effect.provide(
    PgClient.layerConfig({ url: Config.redacted("DATABASE_URL"), maxConnections: Config.succeed(8) })
  )
)

const put = Redis.script("return redis.call('HSET', KEYS[1], 'record', ARGV[1])")

const fromRedis = Effect.gen(function* () {
  const redis = yield* Redis.Redis
  yield* filled((rows) =>
    Effect.forEach(rows, ([session, record]) => redis.run(put, `adobe-pass:session:${session}`, [record]), {
      concurrency: "unbounded",
      discard: true
    })
  )
  const store = Layer.provide(RedisStore.layer(), Layer.succeed(Redis.Redis, redis))
  yield* Effect.provide(warmed, library(store, devices))
}).pipe(
  Effect.provide(
    Layer.unwrapEffect(
      Effect.map(Config.redacted("REDIS_URL"), (url) => Redis.layer({ url, timeout: "1 minute" }))
    )
  )
)

const measurements: Record<string, Effect.Effect<void, unknown>> = {
  memory,
  reads,
  postgres: fromPostgres,
  redis: fromRedis
}

await Effect.runPromise(measurements[what] ?? Effect.dieMessage(`no measurement ${what}`))
process.exit(0)
