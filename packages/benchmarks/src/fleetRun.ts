/**
 * One measurement in a process of its own: `fleetRun.ts <what> <devices>`. Answers with a line of JSON.
 *
 * `resident` needs `--expose-gc`; `postgres` and `redis` need `DATABASE_URL` and `REDIS_URL`, and fill a table and a prefix
 * of their own there first.
 */
import { SqlClient } from "@effect/sql"
import { PgClient } from "@effect/sql-pg"
import { Config, Duration, Effect, Layer, Stream } from "effect"
import { type CredentialStore, type Device, type SessionKey, Sessions } from "effect-adobe-pass"
import { Redis, RedisStore } from "effect-adobe-pass-redis"
import { Migrations, SqlStore } from "effect-adobe-pass-sql"
import { deviceAt, keyAt, lengths, library, madeUp, marks, secretCharacters, template } from "./sample.js"

const [what = "", size = "1000"] = process.argv.slice(2)
const devices = Number(size)

function* fleet(count: number): Generator<Device.Device> {
  for (let n = 0; n < count; n++) yield deviceAt(n)
}

const report = (result: Record<string, number>) =>
  Effect.sync(() => void process.stdout.write(`${JSON.stringify(result)}\n`))

/** Seconds that an effect takes. */
const seconds = <A, E, R>(effect: Effect.Effect<A, E, R>) =>
  Effect.map(Effect.timed(effect), ([duration]) => Duration.toSeconds(duration))

const median = (values: ReadonlyArray<number>): number =>
  values.toSorted((left, right) => left - right)[Math.floor(values.length / 2)] ?? Number.NaN

const collected = Effect.gen(function* () {
  const { gc } = globalThis
  if (gc === undefined) return yield* Effect.dieMessage("run with --expose-gc")
  for (let round = 0; round < 2; round++) {
    gc()
    yield* Effect.sleep("20 millis")
  }
  return process.memoryUsage().heapUsed
})

/** Has the engine compile what is measured next, and keeps nothing of it. */
const practice = Effect.gen(function* () {
  const sessions = yield* Sessions.Sessions
  yield* sessions.warm(fleet(20_000))
}).pipe(Effect.provide(library(madeUp, 20_000)))

/** Nanoseconds for each read of the device that `pick` chooses. */
const reading = (sessions: Sessions.Sessions, total: number, pick: () => Device.Device | undefined) =>
  Effect.gen(function* () {
    const loop = Effect.gen(function* () {
      for (let read = 0; read < total; read++) {
        const device = pick()
        if (device !== undefined) yield* sessions.accessToken(device)
      }
    })
    yield* loop
    const times = yield* Effect.all([seconds(loop), seconds(loop), seconds(loop)])
    return (median(times) / total) * 1e9
  })

const resident = Effect.gen(function* () {
  yield* practice
  const sessions = yield* Sessions.Sessions
  const empty = yield* collected
  const found = yield* sessions.warm(fleet(devices))
  const bytes = ((yield* collected) - empty) / found
  const known = Array.from(fleet(devices))
  const total = 200_000
  const before = yield* collected
  const nanos = yield* reading(sessions, total, () => known[Math.floor(Math.random() * devices)])
  const kept = ((yield* collected) - before) / (4 * total)
  // Fewer, because they may be slow: the more sessions there are, the more of its former places a table can keep.
  const nanosOfOne = yield* reading(sessions, 20_000, () => known[0])
  yield* report({
    bytes,
    beyondSecrets: bytes - secretCharacters,
    perSecond: 1e9 / nanos,
    nanos,
    kept,
    perSecondOfOne: 1e9 / nanosOfOne,
    nanosOfOne
  })
}).pipe(Effect.provide(library(madeUp, devices)))

/** Writes the records past the store, which is not what is measured: only keys travel, the server makes records. */
const filled = <E, R>(write: (keys: ReadonlyArray<SessionKey.SessionKey>) => Effect.Effect<unknown, E, R>) =>
  Stream.range(0, devices - 1).pipe(
    Stream.grouped(2000),
    Stream.runForEach((numbers) => write(Array.from(numbers, keyAt)))
  )

/** Small fleets are warmed several times, each time into an empty memory. */
const warmed = <E, R>(store: Layer.Layer<CredentialStore.CredentialStore, E, R>) =>
  Effect.gen(function* () {
    yield* practice
    const once = Effect.gen(function* () {
      const sessions = yield* Sessions.Sessions
      const taken = yield* seconds(sessions.warm(fleet(devices)))
      const found = yield* sessions.size
      if (found !== devices) return yield* Effect.dieMessage(`${found} of ${devices} were found`)
      return taken
    }).pipe(Effect.provide(library(store, devices)))
    const rounds = devices >= 100_000 ? 1 : devices >= 10_000 ? 3 : 11
    const taken = yield* Effect.all(Array.from({ length: rounds }, () => once))
    yield* report({ perSecond: devices / median(taken) })
  })

const table = "effect_adobe_pass_benchmark"

const fromPostgres = Effect.gen(function* () {
  const sql = yield* SqlClient.SqlClient
  yield* Migrations.run({ table })
  yield* sql`TRUNCATE ${sql(table)}`
  yield* filled(
    (keys) => sql`
      INSERT INTO ${sql(table)} (session, record, updated_at)
      SELECT session, replace(replace(replace(${template}, ${marks.session}, session),
        ${marks.clientId}, left(session, ${lengths.clientId})),
        ${marks.clientSecret}, right(session, ${lengths.clientSecret})), 0
      FROM jsonb_array_elements_text(CAST(${JSON.stringify(keys)} AS text)::jsonb) AS session`
  )
  yield* sql`ANALYZE ${sql(table)}`
  yield* warmed(SqlStore.layer({ table, migrate: false }))
  yield* sql`DROP TABLE ${sql(table)}, ${sql(`${table}_migrations`)}`
}).pipe(
  Effect.provide(
    PgClient.layerConfig({ url: Config.redacted("DATABASE_URL"), maxConnections: Config.succeed(8) })
  )
)

const prefix = "effect-adobe-pass-benchmark:"

const put = Redis.script(`
  for i = 6, #ARGV do
    local session = ARGV[i]
    local record = ARGV[2]:gsub(ARGV[3], session)
      :gsub(ARGV[4], session:sub(1, #ARGV[4])):gsub(ARGV[5], session:sub(-#ARGV[5]))
    redis.call('HSET', ARGV[1] .. session, 'record', record)
  end`)

const drop = Redis.script("for _, name in ipairs(ARGV) do redis.call('UNLINK', name) end")

const fromRedis = Effect.gen(function* () {
  const redis = yield* Redis.Redis
  const empty = Stream.runForEach(redis.pages(prefix), (names) => redis.run(drop, prefix, names))
  yield* empty
  yield* filled((keys) =>
    redis.run(put, prefix, [
      `${prefix}session:`,
      template,
      marks.session,
      marks.clientId,
      marks.clientSecret,
      ...keys
    ])
  )
  yield* warmed(RedisStore.layer({ prefix }))
  yield* empty
}).pipe(
  Effect.provide(
    Layer.unwrapEffect(
      Effect.map(Config.redacted("REDIS_URL"), (url) => Redis.layer({ url, timeout: "1 minute" }))
    )
  )
)

const measurements: Record<string, Effect.Effect<void, unknown>> = {
  resident,
  postgres: fromPostgres,
  redis: fromRedis
}

await Effect.runPromise(measurements[what] ?? Effect.dieMessage(`no measurement ${what}`))
process.exit(0)
