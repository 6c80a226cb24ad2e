import * as fs from "node:fs/promises"
import * as path from "node:path"
import { setFlagsFromString } from "node:v8"
import { runInNewContext } from "node:vm"
import { SqlClient } from "@effect/sql"
import { LibsqlClient } from "@effect/sql-libsql"
import { PgClient } from "@effect/sql-pg"
import { assert, describe, it } from "@effect/vitest"
import { Context, Deferred, Effect, Exit, Fiber, Layer, Option, Redacted, Stream } from "effect"
import { CredentialStore, Encryption, SessionKey } from "effect-adobe-pass"
import { sampleKey, samplePair, sampleToken } from "effect-adobe-pass/CredentialStoreContract"
import { Migrations, SqlStore } from "effect-adobe-pass-sql"
import { temporaryDirectory } from "../node/directory.js"
import { wrongBy } from "../support/clocks.js"
import { describeOwnPostgres, describePostgres, ownPostgres, usePostgres } from "../support/postgres.js"
import { leaksIn, searcher, shown, witness } from "../support/secrets.js"

const key = sampleKey("a")
const clientSecret = "the-client-secret-of-the-device"
const clientId = "the-client-identifier-of-the-device"
const tokenValue = "the-access-token-of-the-device"
const find = searcher([
  { name: "client secret", value: clientSecret },
  { name: "client identifier", value: clientId },
  { name: "token", value: tokenValue }
])

const pair = {
  ...samplePair(key, 1),
  clientId: Redacted.make(clientId),
  clientSecret: Redacted.make(clientSecret)
}

setFlagsFromString("--expose-gc")
const collectGarbage: () => void = runInNewContext("gc")

const storeOf = (options: SqlStore.Options = {}) => SqlStore.make(options)

/** Saves a pair and its token. */
const save = (store: typeof CredentialStore.CredentialStore.Service) =>
  Effect.zipRight(
    store.saveCredentials(key, pair, undefined),
    store.saveToken(key, pair, sampleToken(tokenValue))
  )

const encryptionWith = (...ids: readonly [string, ...ReadonlyArray<string>]) => {
  const [first, ...others] = ids.map((id) => ({
    id,
    secret: Redacted.make(Buffer.alloc(32, id).toString("base64"))
  }))
  return first === undefined ? Effect.die("no key") : Encryption.make([first, ...others])
}

const everyRow = Effect.flatMap(SqlClient.SqlClient, (sql) => sql`SELECT * FROM adobe_pass_sessions`)

/** What holds on every database. */
const behaviour = (
  client: Effect.Effect<Layer.Layer<SqlClient.SqlClient, unknown>, never, import("effect").Scope.Scope>
) => {
  const onDatabase = <A, E>(use: Effect.Effect<A, E, SqlClient.SqlClient>) =>
    Effect.flatMap(client, (layer) => Effect.provide(use, layer))

  it.scopedLive("keeps its migrations in a table of its own, and leaves those of the host alone", () =>
    onDatabase(
      Effect.gen(function* () {
        const sql = yield* SqlClient.SqlClient
        yield* storeOf()
        const rows = yield* sql`SELECT migration_id, name FROM adobe_pass_sessions_migrations`
        assert.deepStrictEqual(
          rows.map(({ name }) => name),
          ["sessions"]
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
          const winner = yield* store.saveCredentials(key, samplePair(key, 1), undefined)
          assert.strictEqual(Redacted.value(winner.clientId), "client-1")
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
        yield* one.saveCredentials(key, samplePair(key, 1), undefined)
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
        assert.deepInclude(yield* Effect.flip(storeOf({ lease: { ttl: 0 } })), { field: "lease.ttl" })
      })
    )
  )

  it.scopedLive("loads more sessions at once than a statement can have parameters", () =>
    onDatabase(
      Effect.gen(function* () {
        const store = yield* storeOf()
        yield* store.saveCredentials(key, samplePair(key, 1), undefined)
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
        yield* store.saveCredentials(key, samplePair(key, 1), undefined)
        yield* store.saveCredentials(sampleKey("b"), samplePair(sampleKey("b"), 1), undefined)
        yield* store.remove(sampleKey("b"))
        yield* sql`UPDATE adobe_pass_sessions SET updated_at = updated_at - 90000000`
        yield* store.saveCredentials(sampleKey("c"), samplePair(sampleKey("c"), 1), undefined)
        yield* store.remove(sampleKey("c"))
        yield* storeOf()
        const left = yield* sql`SELECT session FROM adobe_pass_sessions ORDER BY session`
        assert.deepStrictEqual(
          left.map(({ session }) => session),
          [key, sampleKey("c")]
        )
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
        yield* (yield* storeOf({ table: "in_clear" })).saveCredentials(key, pair, undefined)
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
            Effect.flatMap(store.lock(key), (lease) => store.saveCredentials(key, pair, pair, lease))
          )
          yield* store.loadMany([key])
          yield* sql`ALTER TABLE adobe_pass_sessions RENAME TO elsewhere`
          return yield* store.saveCredentials(key, pair, undefined)
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

  for (const minutes of [-10, 10]) {
    it.scopedLive(
      `ends leases by the database's clock: a node that is ${minutes} minutes off waits as long as others`,
      () =>
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
                    Effect.scoped(
                      Effect.map(two.lock(key), ({ takenOver }) => order.push(`second: ${takenOver}`))
                    ),
                    wrong
                  ),
                  "200 millis"
                )
              ],
              { concurrency: 2 }
            )
            assert.deepStrictEqual(order, ["first is done", "second: false"])
          })
        )
    )
  }
}

const sqliteIn = (directory: string) =>
  LibsqlClient.layer({ url: `file:${path.join(directory, "store.db")}` })

describe("a store in SQLite", () => {
  behaviour(Effect.map(temporaryDirectory, sqliteIn))

  it.scopedLive("leaves no secret in any of its files when it is encrypted", () =>
    Effect.gen(function* () {
      const directory = yield* temporaryDirectory
      yield* Effect.scoped(
        Effect.gen(function* () {
          const store = yield* storeOf({ encryption: yield* encryptionWith("k1") })
          yield* save(store)
          const names = yield* Effect.promise(() => fs.readdir(directory))
          assert.include(names, "store.db-wal")
          for (const name of names) {
            const bytes = yield* Effect.promise(() => fs.readFile(path.join(directory, name), "latin1"))
            assert.deepStrictEqual(find(bytes), [], name)
          }
        }).pipe(Effect.provide(sqliteIn(directory)))
      )
    })
  )

  it.scopedLive("is in its own file, also when it is made and used in a transaction on another one", () =>
    Effect.gen(function* () {
      const contexts = yield* Effect.forEach([1, 2], () =>
        Effect.flatMap(temporaryDirectory, (directory) => Layer.build(sqliteIn(directory)))
      )
      const [hosts, own] = contexts
      if (hosts === undefined || own === undefined) return yield* Effect.die("two clients were made")
      const exit = yield* Effect.exit(
        Context.get(hosts, SqlClient.SqlClient).withTransaction(
          Effect.gen(function* () {
            const store = yield* Effect.provide(storeOf(), own)
            yield* Effect.scoped(
              Effect.flatMap(store.lock(key), (lease) => store.saveCredentials(key, pair, undefined, lease))
            )
            return yield* Effect.fail("rolled back")
          })
        )
      )
      assert.deepStrictEqual(exit, Exit.fail("rolled back"))
      assert.isTrue(Option.isSome(yield* (yield* Effect.provide(storeOf(), own)).load(key)))
      assert.isTrue(Exit.isFailure(yield* Effect.exit(Effect.provide(everyRow, hosts))))
    })
  )

  it.scopedLive("waits for another process that writes to the file, instead of failing", () =>
    Effect.gen(function* () {
      const directory = yield* temporaryDirectory
      const nodes = yield* Effect.forEach([1, 2, 3, 4], () =>
        Effect.map(
          Layer.build(Layer.fresh(Layer.provide(SqlStore.layer(), sqliteIn(directory)))),
          Context.get(CredentialStore.CredentialStore)
        )
      )
      const digits = [..."0123456789abcdef"]
      yield* Effect.forEach(
        nodes,
        (store) =>
          Effect.forEach(digits, (digit) =>
            store.saveCredentials(sampleKey(digit), samplePair(sampleKey(digit), 1), undefined)
          ),
        { concurrency: "unbounded", discard: true }
      )
      assert.strictEqual(yield* Stream.runCount(nodes[0]?.keys ?? Stream.empty), 16)
    })
  )

  it.scopedLive("has written what it says it has, also after the file was busy for long", () =>
    Effect.gen(function* () {
      const directory = yield* temporaryDirectory
      const build = Effect.map(
        Layer.build(Layer.fresh(Layer.provideMerge(SqlStore.layer(), sqliteIn(directory)))),
        (services) => ({
          store: Context.get(services, CredentialStore.CredentialStore),
          sql: Context.get(services, SqlClient.SqlClient)
        })
      )
      const [node, other] = yield* Effect.all([build, build])
      const save = (digit: string) =>
        node.store.saveCredentials(sampleKey(digit), samplePair(sampleKey(digit), 1), undefined)
      const isVisible = (digit: string) => Effect.map(other.store.load(sampleKey(digit)), Option.isSome)

      const [begun, end] = yield* Effect.all([Deferred.make<void>(), Deferred.make<void>()])
      const writing = yield* other.sql
        .withTransaction(Effect.zipRight(Deferred.succeed(begun, undefined), Deferred.await(end)))
        .pipe(Effect.fork)
      yield* Deferred.await(begun)
      const busy = yield* Effect.fork(save("a"))
      // The connection waits for a second, and then leaves its statement open.
      yield* Effect.sleep("1500 millis")
      yield* Deferred.succeed(end, undefined)
      yield* Fiber.join(writing)
      const first = yield* Fiber.await(busy)
      const second = yield* Effect.exit(save("b"))
      assert.strictEqual(yield* isVisible("a"), Exit.isSuccess(first))
      assert.strictEqual(yield* isVisible("b"), Exit.isSuccess(second))

      // The garbage collector closes the statement.
      const third = yield* Effect.retry(Effect.zipRight(Effect.sync(collectGarbage), save("c")), {
        times: 20
      })
      assert.isTrue(yield* isVisible("c"))
      assert.isDefined(third)
    })
  )
})

describePostgres("a store in", () => {
  const postgres = usePostgres()
  const client = Effect.map(
    Effect.flatMap(postgres, ({ database }) => database),
    (url) => PgClient.layer({ url: Redacted.make(url), maxConnections: 4 })
  )

  describe("PostgreSQL", () => {
    behaviour(client)

    it.scopedLive("does not join a transaction of its caller, whose rollback takes no pair away", () =>
      Effect.flatMap(client, (layer) =>
        Effect.gen(function* () {
          const sql = yield* SqlClient.SqlClient
          const store = yield* storeOf()
          const exit = yield* Effect.exit(
            sql.withTransaction(
              Effect.zipRight(store.saveCredentials(key, pair, undefined), Effect.fail("rolled back"))
            )
          )
          assert.isTrue(Exit.isFailure(exit))
          assert.isTrue(Option.isSome(yield* store.load(key)))
        }).pipe(Effect.provide(layer))
      )
    )

    it.scopedLive("stays, table and pair, when the transaction in which it was made is rolled back", () =>
      Effect.flatMap(client, (layer) =>
        Effect.gen(function* () {
          const sql = yield* SqlClient.SqlClient
          const exit = yield* Effect.exit(
            sql.withTransaction(
              Effect.gen(function* () {
                yield* (yield* storeOf()).saveCredentials(key, pair, undefined)
                return yield* Effect.fail("rolled back")
              })
            )
          )
          assert.deepStrictEqual(exit, Exit.fail("rolled back"))
          assert.lengthOf(yield* everyRow, 1)
        }).pipe(Effect.provide(layer))
      )
    )

    for (const isolation of ["repeatable read", "serializable"]) {
      it.scopedLive(`lets every one of many savers know the winner where transactions are ${isolation}`, () =>
        Effect.gen(function* () {
          const server = yield* postgres
          const url = yield* server.database
          const name = new URL(url).pathname.slice(1)
          yield* server.execute(`ALTER DATABASE ${name} SET default_transaction_isolation = '${isolation}'`)
          const layer = PgClient.layer({ url: Redacted.make(url), maxConnections: 10 })
          yield* Effect.gen(function* () {
            const store = yield* storeOf()
            for (const digit of "0123456789") {
              const session = sampleKey(digit)
              const winners = yield* Effect.forEach(
                Array.from({ length: 20 }, (_, n) => samplePair(session, n)),
                (credentials) => store.saveCredentials(session, credentials, undefined),
                { concurrency: "unbounded" }
              )
              assert.strictEqual(new Set(winners.map(({ clientId }) => Redacted.value(clientId))).size, 1)
            }
          }).pipe(Effect.provide(layer))
        })
      )
    }

    it.scopedLive("works over a client that renames its columns", () =>
      Effect.gen(function* () {
        const url = yield* Effect.flatMap(postgres, ({ database }) => database)
        const renaming = PgClient.layer({
          url: Redacted.make(url),
          transformResultNames: (name) => name.toUpperCase(),
          transformQueryNames: (name) => `x_${name}`
        })
        yield* Effect.gen(function* () {
          const store = yield* storeOf()
          yield* save(store)
          assert.isTrue(Option.isSome(yield* store.load(key)))
          assert.strictEqual((yield* store.loadMany([key])).size, 1)
        }).pipe(Effect.provide(renaming))
      })
    )
  })
})

describeOwnPostgres("a PostgreSQL that logs every statement", () => {
  it.scopedLive("logs no secret when the store is encrypted, and none in the text of a statement", () =>
    Effect.gen(function* () {
      const server = yield* ownPostgres({ log_statement: "all" })
      const layer = PgClient.layer({ url: Redacted.make(server.url) })
      const encryption = yield* encryptionWith("k1")
      yield* Effect.provide(Effect.flatMap(storeOf({ encryption }), save), layer)
      assert.include(server.log(), "lease_fence")
      assert.deepStrictEqual(find(server.log()), [])
      yield* Effect.provide(Effect.flatMap(storeOf({ table: "in_clear" }), save), layer)
      const statements = server
        .log()
        .split("\n")
        .filter((line) => !line.includes("DETAIL:"))
      assert.deepStrictEqual(find(statements.join("\n")), [])
    })
  )
})
