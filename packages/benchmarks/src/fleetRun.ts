/**
 * One measurement in a process of its own: `fleetRun.js <what> <devices>`. Says what it found.
 *
 * `resident` needs `--expose-gc`; `postgres` and `redis` need `DATABASE_URL` and `REDIS_URL`, and fill a table and a prefix
 * of their own there first.
 */

import type { HttpClient } from "@effect/platform"
import { SqlClient } from "@effect/sql"
import { PgClient } from "@effect/sql-pg"
import { Config, Effect, Layer, Redacted, Stream } from "effect"
import { type CredentialStore, type Device, type SessionKey, Sessions } from "effect-adobe-pass"
import { Redis, RedisStore } from "effect-adobe-pass-redis"
import { Migrations, SqlStore } from "effect-adobe-pass-sql"
import { say } from "./parent.js"
import * as Rounds from "./rounds.js"
import { deviceAt, keyAt, lengths, library, madeUp, marks, secretCharacters, template } from "./sample.js"

const [what = "", size = "1000"] = process.argv.slice(2)
const devices = Number(size)

function* fleet(count: number): Generator<Device.Device> {
  for (let n = 0; n < count; n++) yield deviceAt(n)
}

/** What an effect costs that does something so many times. */
const timed = <A, E, R>(count: number, effect: Effect.Effect<A, E, R>) =>
  Effect.suspend(() => {
    const processor = process.cpuUsage()
    const start = performance.now()
    return Effect.map(effect, (): Rounds.Slice => {
      const wall = ((performance.now() - start) * 1000) / count
      const { system, user } = process.cpuUsage(processor)
      return { wall, processor: (system + user) / count }
    })
  })

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

const reads = 200_000

/** All of them in one fiber. */
const readings = <E>(one: () => Effect.Effect<unknown, E>) =>
  timed(
    reads,
    Effect.suspend(() => {
      let left = reads
      return Effect.whileLoop({ while: () => left-- > 0, body: one, step: () => {} })
    })
  )

/** A map of as many, and a step of the fiber: the least that a read of a token can be. */
const readOfMap = (devices: ReadonlyArray<Device.Device>, place: () => number) => {
  const ids = devices.map(({ id }) => Redacted.value(id))
  const map = new Map(ids.map((id, index) => [id, { token: { expiresAt: index } }]))
  return () => Effect.sync(() => map.get(ids[place()] ?? "")?.token.expiresAt)
}

const resident = Effect.gen(function* () {
  yield* practice
  const sessions = yield* Sessions.Sessions
  const empty = yield* collected
  const found = yield* sessions.warm(fleet(devices))
  const bytes = ((yield* collected) - empty) / found
  const known = Array.from(fleet(devices))
  const nobody = yield* Effect.fromNullable(known[0])
  const random = () => Math.floor(Math.random() * devices)
  const read = readings(() => sessions.accessToken(known[random()] ?? nobody))
  yield* read
  const before = yield* collected
  yield* read
  const kept = ((yield* collected) - before) / reads
  const rounds = yield* Rounds.inTurns<unknown, never>([read, readings(readOfMap(known, random))], {
    practice: 2,
    rounds: 9,
    most: 15,
    turns: 1,
    seconds: 30
  })
  return {
    bytes,
    beyondSecrets: bytes - secretCharacters,
    micros: Rounds.cost(rounds, 0),
    overMap: Rounds.ratio(rounds, 0, 1).median,
    kept
  }
}).pipe(Effect.provide(library(madeUp, devices)))

/** As warming does it: so many at a time. */
const inBatches = <E, R>(
  work: (keys: ReadonlyArray<SessionKey.SessionKey>) => Effect.Effect<unknown, E, R>
): Effect.Effect<void, E, R> =>
  Stream.range(0, devices - 1).pipe(
    Stream.grouped(500),
    Stream.mapEffect((numbers) => work(Array.from(numbers, keyAt)), { concurrency: 4 }),
    Stream.runDrain
  )

/** In turns with reading the records alone, each time into an empty memory. */
const warmed = <E, R, E2, R2>(
  store: Layer.Layer<CredentialStore.CredentialStore, E, R>,
  read: (keys: ReadonlyArray<SessionKey.SessionKey>) => Effect.Effect<unknown, E2, R2>
) =>
  Effect.gen(function* () {
    yield* practice
    const warm = Effect.gen(function* () {
      const sessions = yield* Sessions.Sessions
      const slice = yield* timed(devices, sessions.warm(fleet(devices)))
      const found = yield* sessions.size
      if (found !== devices) return yield* Effect.dieMessage(`${found} of ${devices} were found`)
      return slice
    }).pipe(Effect.provide(library(store, devices)))
    const rounds = yield* Rounds.inTurns<unknown, Exclude<R, HttpClient.HttpClient> | R2>(
      [warm, timed(devices, inBatches(read))],
      { practice: 1, rounds: 5, most: 5, turns: 1, seconds: 30 }
    )
    return {
      perSecond: 1e6 / Rounds.cost(rounds, 0),
      overRecords: Rounds.ratio(rounds, 0, 1).median
    }
  })

const table = "effect_adobe_pass_benchmark"

const fromPostgres = Effect.gen(function* () {
  const sql = yield* SqlClient.SqlClient
  yield* Migrations.run({ table })
  yield* sql`TRUNCATE ${sql(table)}`
  yield* inBatches(
    (keys) => sql`
      INSERT INTO ${sql(table)} (session, record, updated_at)
      SELECT session, replace(replace(replace(${template}, ${marks.session}, session),
        ${marks.clientId}, left(session, ${lengths.clientId})),
        ${marks.clientSecret}, right(session, ${lengths.clientSecret})), 0
      FROM jsonb_array_elements_text(CAST(${JSON.stringify(keys)} AS text)::jsonb) AS session`
  )
  yield* sql`ANALYZE ${sql(table)}`
  const result = yield* warmed(
    SqlStore.layer({ table, migrate: false }),
    (keys) => sql`SELECT session, record FROM ${sql(table)} WHERE ${sql.in("session", keys)}`
  )
  yield* sql`DROP TABLE ${sql(table)}, ${sql(`${table}_migrations`)}`
  return result
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

const get = Redis.script(`
  local found = {}
  for place, name in ipairs(ARGV) do found[place] = redis.call('HGET', name, 'record') end
  return found`)

const drop = Redis.script("for _, name in ipairs(ARGV) do redis.call('UNLINK', name) end")

const fromRedis = Effect.gen(function* () {
  const redis = yield* Redis.Redis
  const empty = Stream.runForEach(redis.pages(prefix), (names) => redis.run(drop, prefix, names))
  yield* empty
  yield* inBatches((keys) =>
    redis.run(put, prefix, [
      `${prefix}session:`,
      template,
      marks.session,
      marks.clientId,
      marks.clientSecret,
      ...keys
    ])
  )
  const result = yield* warmed(RedisStore.layer({ prefix }), (keys) =>
    redis.run(
      get,
      prefix,
      keys.map((key) => `${prefix}session:${key}`)
    )
  )
  yield* empty
  return result
}).pipe(
  Effect.provide(
    Layer.unwrapEffect(
      Effect.map(Config.redacted("REDIS_URL"), (url) => Redis.layer({ url, timeout: "1 minute" }))
    )
  )
)

const measurements: Record<string, Effect.Effect<Readonly<Record<string, number>>, unknown>> = {
  resident,
  postgres: fromPostgres,
  redis: fromRedis
}

say(await Effect.runPromise(measurements[what] ?? Effect.dieMessage(`no measurement ${what}`)))
