import { SqlClient } from "@effect/sql"
import { PgClient } from "@effect/sql-pg"
import { assert, it } from "@effect/vitest"
import { Effect, Exit, Option, Redacted } from "effect"
import { sampleCredentials, sampleKey } from "effect-adobe-pass/testing/CredentialStoreContract"
import { describeOwnPostgres, describePostgres, ownPostgres, usePostgres } from "../support/postgres.js"
import { behaviour, encryptionWith, everyRow, find, key, pair, save, storeOf } from "./behaviour.js"

describePostgres("a store in PostgreSQL", () => {
  const postgres = usePostgres()
  const client = Effect.map(
    Effect.flatMap(postgres, ({ database }) => database),
    (url) => PgClient.layer({ url: Redacted.make(url), maxConnections: 4 })
  )

  behaviour(client)

  it.scopedLive("does not join a transaction of its caller, whose rollback takes no pair away", () =>
    Effect.flatMap(client, (layer) =>
      Effect.gen(function* () {
        const sql = yield* SqlClient.SqlClient
        const store = yield* storeOf()
        const exit = yield* Effect.exit(
          sql.withTransaction(Effect.zipRight(store.saveCredentials(key, pair), Effect.fail("rolled back")))
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
              yield* (yield* storeOf()).saveCredentials(key, pair)
              return yield* Effect.fail("rolled back")
            })
          )
        )
        assert.deepStrictEqual(exit, Exit.fail("rolled back"))
        assert.lengthOf(yield* everyRow, 1)
      }).pipe(Effect.provide(layer))
    )
  )

  it.scopedLive("goes on when the server ends its connections, as it does before it restarts", () =>
    Effect.gen(function* () {
      const server = yield* postgres
      const url = yield* server.database
      const name = new URL(url).pathname.slice(1)
      const layer = PgClient.layer({ url: Redacted.make(url), maxConnections: 4 })
      const terminate = server.execute(
        `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '${name}'`
      )
      yield* Effect.gen(function* () {
        const store = yield* storeOf()
        yield* store.saveCredentials(key, pair)
        const load = Effect.map(store.load(key), Option.isSome)
        for (let round = 0; round < 5; round++) {
          // Opens all connections of the pool.
          yield* Effect.all(
            Array.from({ length: 4 }, () => load),
            { concurrency: "unbounded" }
          )
          yield* terminate
          const found = yield* Effect.forEach([1, 2, 3, 4], () => load, {
            concurrency: round % 2 === 0 ? 1 : 4
          })
          assert.deepStrictEqual(found, [true, true, true, true])
          yield* terminate
          const next = sampleCredentials(sampleKey("b"), round)
          yield* Effect.scoped(
            Effect.flatMap(store.lock(sampleKey("b")), ({ lease }) =>
              store.saveCredentials(sampleKey("b"), next, {
                lease,
                replaces: round === 0 ? undefined : sampleCredentials(sampleKey("b"), round - 1)
              })
            )
          )
        }
      }).pipe(Effect.provide(layer))
    })
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
              Array.from({ length: 20 }, (_, n) => sampleCredentials(session, n)),
              (credentials) => store.saveCredentials(session, credentials),
              { concurrency: "unbounded" }
            )
            assert.strictEqual(
              new Set(winners.map(({ credentials }) => Redacted.value(credentials.clientId))).size,
              1
            )
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
