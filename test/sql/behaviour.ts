import { SqlClient } from "@effect/sql"
import { assert, describe, it } from "@effect/vitest"
import { Context, Duration, Effect, Exit, Layer, Option, Redacted, type Scope, Stream } from "effect"
import { ClientCredentials, CredentialStore, Encryption, SessionKey } from "effect-adobe-pass"
import { sampleCredentials, sampleKey, sampleToken } from "effect-adobe-pass/testing/CredentialStoreContract"
import { Migrations, SqlStore } from "effect-adobe-pass-sql"
import * as Leases from "../../packages/sql/src/internal/leases.js"
import * as Table from "../../packages/sql/src/internal/table.js"
import { wrongBy } from "../support/clocks.js"
import { leaksIn, searcher, shown, witness } from "../support/secrets.js"

export const key = sampleKey("a")
const clientSecret = "the-client-secret-of-the-device"
const clientId = "the-client-identifier-of-the-device"
const tokenValue = "the-access-token-of-the-device"
export const find = searcher([
  { name: "client secret", value: clientSecret },
  { name: "client identifier", value: clientId },
  { name: "token", value: tokenValue }
])

export const pair = new ClientCredentials.ClientCredentials({
  ...sampleCredentials(key, 1),
  clientId: Redacted.make(clientId),
  clientSecret: Redacted.make(clientSecret)
})

/** A busy machine is not an outage. */
export const timeout = "1 minute"

export const storeOf = (options: SqlStore.SqlStoreOptions = {}) => SqlStore.make({ timeout, ...options })

/** Saves a pair and its token. */
export const save = (store: CredentialStore.CredentialStore) =>
  Effect.zipRight(store.saveCredentials(key, pair), store.saveToken(key, pair, sampleToken(tokenValue)))

export const encryptionWith = (...ids: readonly [string, ...ReadonlyArray<string>]) => {
  const [first, ...others] = ids.map((id) => ({
    id,
    secret: Redacted.make(Buffer.alloc(32, id).toString("base64"))
  }))
  return first === undefined ? Effect.die("no key") : Encryption.make([first, ...others])
}

export const everyRow = Effect.flatMap(SqlClient.SqlClient, (sql) => sql`SELECT * FROM adobe_pass_sessions`)

/** What holds on every database. */
export const behaviour = (
  client: Effect.Effect<Layer.Layer<SqlClient.SqlClient, unknown>, never, Scope.Scope>
) => {
  const onDatabase = <A, E>(use: Effect.Effect<A, E, Scope.Scope | SqlClient.SqlClient>) =>
    Effect.flatMap(client, (layer) => Effect.provide(use, layer))

  it.scopedLive("keeps its migrations in a table of its own, and leaves those of the host alone", () =>
    onDatabase(
      Effect.gen(function* () {
        const sql = yield* SqlClient.SqlClient
        yield* storeOf()
        const rows = yield* sql`SELECT migration_id, name FROM adobe_pass_sessions_migrations`
        assert.deepStrictEqual(
          rows.map(({ name }) => name),
          ["sessions", "begun"]
        )
        assert.isTrue(Exit.isFailure(yield* Effect.exit(sql`SELECT * FROM effect_sql_migrations`)))
      })
    )
  )

  it.scopedLive("is made by any number of processes at once", () =>
    Effect.flatMap(client, (layer) =>
      Effect.gen(function* () {
        const stores = yield* Effect.forEach(
          Array.from({ length: 6 }),
          () =>
            Effect.map(
              Layer.build(Layer.fresh(Layer.provide(SqlStore.layer(), layer))),
              Context.get(CredentialStore.CredentialStore)
            ),
          { concurrency: "unbounded" }
        )
        for (const store of stores) {
          const winner = yield* store.saveCredentials(key, sampleCredentials(key, 1))
          assert.strictEqual(Redacted.value(winner.credentials.clientId), "client-1")
        }
      })
    )
  )

  it.scopedLive("makes no table when it is told not to", () =>
    onDatabase(
      Effect.gen(function* () {
        const store = yield* storeOf({ migrate: false })
        assert.deepInclude(yield* Effect.flip(store.load(key)), { operation: "load", reason: "Unavailable" })
        yield* Migrations.run()
        assert.isTrue(Option.isNone(yield* store.load(key)))
      })
    )
  )

  it.scopedLive("keeps stores of different tables apart", () =>
    onDatabase(
      Effect.gen(function* () {
        const one = yield* storeOf()
        const two = yield* storeOf({ table: "of_another_team" })
        yield* one.saveCredentials(key, sampleCredentials(key, 1))
        assert.isTrue(Option.isNone(yield* two.load(key)))
        assert.deepStrictEqual([...(yield* Stream.runCollect(two.keys))], [])
      })
    )
  )

  it.scopedLive("refuses a name of a table that cannot be one, before any statement", () =>
    onDatabase(
      Effect.gen(function* () {
        for (const table of [
          "",
          "1st",
          "a b",
          'a"; DROP TABLE users; --',
          "x".repeat(41),
          "public.sessions"
        ]) {
          assert.deepInclude(yield* Effect.flip(storeOf({ table })), { _tag: "InvalidInput", field: "table" })
        }
        for (const [field, options] of [
          ["lease.ttl", { lease: { ttl: 0 } }],
          ["lease.wait", { lease: { wait: Duration.infinity } }],
          ["timeout", { timeout: "-1 seconds" }]
        ] as const) {
          assert.deepInclude(yield* Effect.flip(storeOf(options)), { _tag: "InvalidInput", field })
        }
        assert.isTrue(Exit.isFailure(yield* Effect.exit(everyRow)))
      })
    )
  )

  it.scopedLive("loads more sessions at once than a statement can have parameters", () =>
    onDatabase(
      Effect.gen(function* () {
        const store = yield* storeOf()
        yield* store.saveCredentials(key, sampleCredentials(key, 1))
        const absent = Array.from({ length: 70_000 }, (_, n) =>
          SessionKey.SessionKey.make(n.toString(16).padStart(64, "0"))
        )
        const found = yield* store.loadMany([...absent, key])
        assert.deepStrictEqual([...found.keys()], [key])
      })
    )
  )

  it.scopedLive("lists more sessions than fit on a page, each once", () =>
    onDatabase(
      Effect.gen(function* () {
        const sql = yield* SqlClient.SqlClient
        const store = yield* storeOf()
        const rows = Array.from({ length: 2500 }, (_, n) => ({
          session: n.toString(16).padStart(64, "0"),
          record: "{}",
          updated_at: 0
        }))
        for (let at = 0; at < rows.length; at += 250) {
          yield* sql`INSERT INTO adobe_pass_sessions ${sql.insert(rows.slice(at, at + 250))}`
        }
        const keys = [...(yield* Stream.runCollect(store.keys))]
        assert.deepStrictEqual(
          keys.map(String),
          rows.map(({ session }) => session)
        )
      })
    )
  )

  it.scopedLive("removes on start the rows that held nothing for a day, and no others", () =>
    onDatabase(
      Effect.gen(function* () {
        const sql = yield* SqlClient.SqlClient
        const store = yield* storeOf()
        yield* store.saveCredentials(key, sampleCredentials(key, 1))
        yield* store.saveCredentials(sampleKey("b"), sampleCredentials(sampleKey("b"), 1))
        yield* store.remove(sampleKey("b"))
        const holdOf = (digit: string, expired: number) => ({
          session: sampleKey(digit),
          lease_owner: "a holder that died",
          lease_expires: Date.now() - expired,
          updated_at: Date.now()
        })
        yield* sql`INSERT INTO adobe_pass_sessions ${sql.insert([holdOf("d", 90_000_000), holdOf("e", -60_000)])}`
        yield* sql`UPDATE adobe_pass_sessions SET updated_at = updated_at - 90000000`
        yield* store.saveCredentials(sampleKey("c"), sampleCredentials(sampleKey("c"), 1))
        yield* store.remove(sampleKey("c"))
        yield* storeOf()
        const left = yield* sql`SELECT session FROM adobe_pass_sessions ORDER BY session`
        assert.deepStrictEqual(
          left.map(({ session }) => session),
          [key, sampleKey("c"), sampleKey("e")]
        )
      })
    )
  )

  it.scopedLive("renews the lease of its owner only: one that lost it does not keep the next one alive", () =>
    onDatabase(
      Effect.gen(function* () {
        const sql = yield* SqlClient.SqlClient
        yield* storeOf()
        const leases = Leases.make(yield* Table.make(sql, "adobe_pass_sessions"))
        const expiry = Effect.map(everyRow, ([row]) => Number(row?.["lease_expires"]))
        yield* leases.acquire(key, "one", 1, Option.none())
        yield* Effect.sleep("20 millis")
        assert.isTrue(Option.isSome(yield* leases.acquire(key, "two", 60_000, Option.none())))
        const before = yield* expiry
        assert.isFalse(yield* leases.renew(key, "one", 600_000))
        assert.strictEqual(yield* expiry, before)
        assert.isTrue(yield* leases.renew(key, "two", 600_000))
        assert.isAbove(yield* expiry, before)
      })
    )
  )

  it.scopedLive("finds these rows by an index, not by reading the whole table", () =>
    onDatabase(
      Effect.gen(function* () {
        const sql = yield* SqlClient.SqlClient
        yield* storeOf()
        const sweep = sql`DELETE FROM adobe_pass_sessions WHERE record IS NULL AND updated_at < 1`
        const plan = yield* sql.onDialectOrElse({
          sqlite: () => sql`EXPLAIN QUERY PLAN ${sweep}`,
          orElse: () =>
            // A small table is read faster than its index.
            sql.withTransaction(Effect.zipRight(sql`SET LOCAL enable_seqscan = off`, sql`EXPLAIN ${sweep}`))
        })
        assert.include(JSON.stringify(plan), "adobe_pass_sessions_empty")
      })
    )
  )

  it.scopedLive("brings a table up to date that an earlier version made, whoever else does so", () =>
    onDatabase(
      Effect.gen(function* () {
        const sql = yield* SqlClient.SqlClient
        yield* (yield* storeOf()).saveCredentials(key, pair)
        yield* sql`ALTER TABLE adobe_pass_sessions DROP COLUMN lease_begun`
        yield* sql`DELETE FROM adobe_pass_sessions_migrations WHERE migration_id = 2`
        yield* Effect.all([storeOf(), storeOf(), storeOf()], { concurrency: "unbounded" })
        const store = yield* storeOf()
        assert.isTrue(Option.isSome(yield* store.load(key)))
        yield* Effect.scoped(store.lock(key))
      })
    )
  )

  it.scopedLive("shows nothing readable in its keys, and encrypted nothing at all", () =>
    onDatabase(
      Effect.gen(function* () {
        const encryption = yield* encryptionWith("k1")
        yield* save(yield* storeOf({ encryption }))
        const [row, ...others] = yield* everyRow
        assert.lengthOf(others, 0)
        assert.deepStrictEqual(find(JSON.stringify(row)), [])
        assert.strictEqual(row?.["session"], key)
        yield* (yield* storeOf({ table: "in_clear" })).saveCredentials(key, pair)
      })
    )
  )

  it.scopedLive("encrypts with the first key what it saves, whichever key it was read with", () =>
    onDatabase(
      Effect.gen(function* () {
        yield* save(yield* storeOf({ encryption: yield* encryptionWith("old") }))
        const both = yield* storeOf({ encryption: yield* encryptionWith("new", "old") })
        assert.strictEqual(Option.getOrThrow(yield* both.load(key)).encryptedWith, "old")
        yield* both.saveToken(key, pair, sampleToken("another-token"))
        const only = yield* storeOf({ encryption: yield* encryptionWith("new") })
        const stored = Option.getOrThrow(yield* only.load(key))
        assert.strictEqual(stored.encryptedWith, "new")
        assert.strictEqual(Redacted.value(stored.credentials.clientSecret), clientSecret)
        const none = yield* storeOf()
        assert.strictEqual((yield* Effect.flip(none.load(key))).reason, "Encrypted")
      })
    )
  )

  it.scopedLive("tells no secret in statements, spans, logs or errors, whatever goes wrong", () =>
    onDatabase(
      Effect.gen(function* () {
        const sql = yield* SqlClient.SqlClient
        const store = yield* storeOf()
        const run = Effect.gen(function* () {
          yield* save(store)
          yield* Effect.scoped(
            Effect.flatMap(store.lock(key), ({ lease }) =>
              store.saveCredentials(key, pair, { replaces: pair, lease })
            )
          )
          yield* Effect.scoped(store.lock(key))
          yield* store.loadMany([key])
          yield* sql`ALTER TABLE adobe_pass_sessions RENAME TO elsewhere`
          return yield* store.saveCredentials(key, pair)
        })
        const seen = yield* witness(run)
        assert.isTrue(Exit.isFailure(seen.exit))
        const names = seen.spans.map(({ name }) => name)
        for (const operation of ["acquire", "compareAndSet", "read", "readMany", "release"]) {
          assert.include(names, `SqlStore.${operation}`)
        }
        assert.deepStrictEqual(leaksIn(find, yield* shown(seen)), [])
      })
    )
  )

  // Both mostly wait.
  describe.concurrent("ends leases by the database's clock:", () => {
    for (const minutes of [-10, 10]) {
      it.scopedLive(`a node that is ${minutes} minutes off waits as long as others`, () =>
        Effect.flatMap(client, (layer) =>
          Effect.gen(function* () {
            const nodes = yield* Effect.forEach([1, 2], () =>
              Effect.map(
                Layer.build(
                  Layer.fresh(Layer.provide(SqlStore.layer({ lease: { ttl: "1 second" } }), layer))
                ),
                Context.get(CredentialStore.CredentialStore)
              )
            )
            const [one, two] = nodes
            if (one === undefined || two === undefined) return yield* Effect.die("two nodes were started")
            const wrong = yield* wrongBy(minutes * 60_000)
            const order: Array<string> = []
            yield* Effect.all(
              [
                Effect.scoped(
                  Effect.gen(function* () {
                    yield* one.lock(key)
                    yield* Effect.sleep("2500 millis")
                    order.push("first is done")
                  })
                ),
                Effect.delay(
                  Effect.withClock(
                    Effect.scoped(Effect.map(two.lock(key), () => order.push("second"))),
                    wrong
                  ),
                  "200 millis"
                )
              ],
              { concurrency: 2 }
            )
            assert.deepStrictEqual(order, ["first is done", "second"])
          })
        )
      )
    }
  })
}
