import * as fs from "node:fs/promises"
import * as path from "node:path"
import { setFlagsFromString } from "node:v8"
import { runInNewContext } from "node:vm"
import { SqlClient } from "@effect/sql"
import { LibsqlClient } from "@effect/sql-libsql"
import { assert, describe, it } from "@effect/vitest"
import { Context, Deferred, Effect, Exit, Fiber, Layer, Logger, LogLevel, Option, Stream } from "effect"
import { CredentialStore } from "effect-adobe-pass"
import { sampleCredentials, sampleKey } from "effect-adobe-pass/testing/CredentialStoreContract"
import { SqlStore } from "effect-adobe-pass-sql"
import { temporaryDirectory } from "../node/directory.js"
import { behaviour, encryptionWith, everyRow, find, key, pair, save, storeOf } from "./behaviour.js"

setFlagsFromString("--expose-gc")
const collectGarbage: () => void = runInNewContext("gc")

const sqliteIn = (directory: string) =>
  LibsqlClient.layer({ url: `file:${path.join(directory, "store.db")}` })

const forEachFile = <A>(directory: string, use: (file: string) => Promise<A>) =>
  Effect.promise(async () => {
    const names = (await fs.readdir(directory)).toSorted()
    return Promise.all(names.map(async (name) => [name, await use(path.join(directory, name))] as const))
  })

/** The modes of the files, by name. */
const modes = (directory: string) =>
  Effect.map(
    forEachFile(directory, async (file) => ((await fs.stat(file)).mode & 0o777).toString(8)),
    Object.fromEntries
  )

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

  it.scopedLive("lets its owner alone read the file and the side files", () =>
    Effect.gen(function* () {
      const directory = yield* temporaryDirectory
      yield* Effect.flatMap(storeOf(), save).pipe(
        Effect.zipRight(
          Effect.map(modes(directory), (found) =>
            assert.deepStrictEqual(found, {
              "store.db": "600",
              "store.db-shm": "600",
              "store.db-wal": "600"
            })
          )
        ),
        Effect.provide(sqliteIn(directory))
      )
    })
  )

  it.scopedLive("closes a file that others could read, with its side files, also without migrations", () =>
    Effect.gen(function* () {
      const directory = yield* temporaryDirectory
      const wide = yield* Layer.build(sqliteIn(directory))
      yield* Effect.provide(Effect.flatMap(storeOf(), save), wide)
      yield* forEachFile(directory, (file) => fs.chmod(file, 0o666))
      yield* Effect.provide(storeOf({ migrate: false }), wide)
      assert.deepStrictEqual(yield* modes(directory), {
        "store.db": "600",
        "store.db-shm": "600",
        "store.db-wal": "600"
      })
    }).pipe(Effect.scoped, Logger.withMinimumLogLevel(LogLevel.Fatal))
  )

  it.scopedLive.runIf(process.geteuid?.() === 0)("refuses a file of another user that others can read", () =>
    Effect.gen(function* () {
      const directory = yield* temporaryDirectory
      const wide = yield* Layer.build(sqliteIn(directory))
      yield* forEachFile(directory, async (file) => {
        await fs.chmod(file, 0o644)
        await fs.chown(file, 12_345, 12_345)
      })
      assert.deepInclude(yield* Effect.flip(Effect.provide(storeOf(), wide)), {
        _tag: "InvalidInput",
        field: "SqlClient"
      })
      assert.deepStrictEqual(yield* modes(directory), { "store.db": "644" })
    }).pipe(Effect.scoped)
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
              Effect.flatMap(store.lock(key), ({ lease }) => store.saveCredentials(key, pair, { lease }))
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
            store.saveCredentials(sampleKey(digit), sampleCredentials(sampleKey(digit), 1))
          ),
        { concurrency: "unbounded", discard: true }
      )
      assert.strictEqual(yield* Stream.runCount(nodes[0]?.keys ?? Stream.empty), 16)
    })
  )

  it.scopedLive("refuses a record that is not text instead of finding nothing", () =>
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      const store = yield* storeOf()
      yield* store.saveCredentials(key, pair)
      yield* sql`UPDATE adobe_pass_sessions SET record = X'00'`
      const failure = { reason: "Unavailable", code: "UNEXPECTED_ROW" } as const
      assert.deepInclude(yield* Effect.flip(store.load(key)), failure)
      assert.deepInclude(yield* Effect.flip(store.saveCredentials(key, pair)), failure)
    }).pipe(Effect.provide(Layer.unwrapEffect(Effect.map(temporaryDirectory, sqliteIn))))
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
        node.store.saveCredentials(sampleKey(digit), sampleCredentials(sampleKey(digit), 1))
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

describe("an option whose name is none", () => {
  it.scopedLive.each([
    ["lese", { migrate: true, ...{ lese: { ttl: "1 minute" } } }],
    ["tabel", { migrate: true, ...{ tabel: "sessions" } }]
  ] as const)("is refused: %s", ([field, options]) =>
    Effect.gen(function* () {
      const store = Layer.provide(SqlStore.layer(options), sqliteIn(yield* temporaryDirectory))
      const error = yield* Effect.flip(Layer.build(store))
      assert.deepInclude(error, { _tag: "InvalidInput", field })
    })
  )
})
