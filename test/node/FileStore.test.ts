import * as fs from "node:fs/promises"
import * as os from "node:os"
import * as path from "node:path"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Fiber, Option } from "effect"
import { type AdobePassError, type CredentialStore, StoreBackend } from "effect-adobe-pass"
import {
  sampleCredentials as pair,
  sampleKey as sessionKey,
  sampleToken as token
} from "effect-adobe-pass/testing/CredentialStoreContract"
import type { FileStore } from "effect-adobe-pass-node"
import { faster } from "../support/clocks.js"
import { onStore, temporaryDirectory } from "./directory.js"

const key = sessionKey("a")

type Store = CredentialStore.CredentialStore

const promise = <A>(run: () => Promise<A>) => Effect.promise(run)

const mode = (file: string) =>
  Effect.map(
    promise(() => fs.stat(file)),
    (stats) => (stats.mode & 0o777).toString(8)
  )

/** Why a store cannot be opened. */
const refusal = (directory: string, options: Partial<FileStore.FileStoreOptions> = {}) =>
  Effect.flip(onStore(directory, () => Effect.void, options))

const operations = (
  store: Store
): ReadonlyArray<Effect.Effect<unknown, AdobePassError.CredentialStoreError>> => [
  store.load(key),
  store.saveCredentials(key, pair(key, 2)),
  store.saveToken(key, pair(key, 1), token("t")),
  store.remove(key),
  Effect.scoped(store.lock(key))
]

/** What each operation fails with, as `operation reason code`. */
const failures = (store: Store) =>
  Effect.forEach(operations(store), (operation) =>
    Effect.map(Effect.flip(operation), (error) => {
      assert.notInclude(`${error} ${JSON.stringify(error)}`, os.tmpdir())
      return `${error.operation} ${error.reason} ${error.code}`
    })
  )

const nobody = 65_534
const isRoot = process.geteuid?.() === 0

/** Root is refused nothing, so it becomes somebody else until the scope closes. */
const asNobody = Effect.acquireRelease(
  Effect.sync(() => process.seteuid?.(nobody)),
  () => Effect.sync(() => process.seteuid?.(0))
)

const readOnly = (directory: string) =>
  Effect.gen(function* () {
    for (const name of yield* promise(() => fs.readdir(directory))) {
      if (isRoot) yield* promise(() => fs.chown(path.join(directory, name), nobody, nobody))
    }
    yield* Effect.acquireRelease(
      promise(() => fs.chmod(directory, 0o500)),
      () => promise(() => fs.chmod(directory, 0o700))
    )
    if (!isRoot) return
    yield* promise(() => fs.chown(directory, nobody, nobody))
    yield* asNobody
  })

describe("the files", () => {
  it.scopedLive("and the directory can be read by their owner alone", () =>
    Effect.gen(function* () {
      const directory = path.join(yield* temporaryDirectory, "deep", "store")
      yield* onStore(directory, (store) =>
        Effect.gen(function* () {
          yield* store.saveCredentials(key, pair(key, 1))
          assert.strictEqual(yield* mode(path.join(directory, `${key}.json`)), "600")
          yield* store.saveToken(key, pair(key, 1), token("t"))
          assert.strictEqual(yield* mode(path.join(directory, `${key}.json`)), "600")
          yield* Effect.scoped(
            Effect.zipRight(
              store.lock(key),
              Effect.map(mode(path.join(directory, `${key}.lock`)), (lock) => assert.strictEqual(lock, "600"))
            )
          )
        })
      )
      assert.strictEqual(yield* mode(directory), "700")
      assert.deepStrictEqual(yield* promise(() => fs.readdir(directory)), [`${key}.json`])
    })
  )

  it.scopedLive("survive the store", () =>
    Effect.gen(function* () {
      const directory = yield* temporaryDirectory
      yield* onStore(directory, (store) => store.saveCredentials(key, pair(key, 1)))
      assert.isTrue(Option.isSome(yield* onStore(directory, (store) => store.load(key))))
    })
  )

  for (const [what, content] of [
    ["an empty file", ""],
    ["half a file", '{"version":1,"credentials":{"clientId":"cl'],
    ["a file of zeros", "\0".repeat(300)],
    ["another JSON", "{}"]
  ] as const) {
    it.scopedLive(`are Corrupt, not missing, when ${what} is found in the place of a record`, () =>
      Effect.gen(function* () {
        const directory = yield* temporaryDirectory
        const file = path.join(directory, `${key}.json`)
        yield* promise(() => fs.writeFile(file, content))
        yield* onStore(directory, (store) =>
          Effect.gen(function* () {
            assert.deepInclude(yield* Effect.flip(store.load(key)), { operation: "load", reason: "Corrupt" })
            const saving = store.saveCredentials(key, pair(key, 1))
            assert.deepInclude(yield* Effect.flip(saving), { operation: "save", reason: "Corrupt" })
          })
        )
        assert.strictEqual(yield* promise(() => fs.readFile(file, "utf8")), content)
      })
    )
  }

  it.scopedLive("that were left over are removed at the start, unless they are from this minute", () =>
    Effect.gen(function* () {
      const directory = yield* temporaryDirectory
      for (const name of ["old.tmp", "new.tmp"]) {
        yield* promise(() => fs.writeFile(path.join(directory, name), "half a rec"))
      }
      yield* promise(() => fs.utimes(path.join(directory, "old.tmp"), 1, 1))
      yield* onStore(directory, () => Effect.void)
      assert.deepStrictEqual(yield* promise(() => fs.readdir(directory)), ["new.tmp"])
    })
  )
})

describe("a directory that is open to other users", () => {
  it.scopedLive("is closed when there is nothing in it but the store's", () =>
    Effect.gen(function* () {
      const directory = yield* temporaryDirectory
      yield* promise(() => fs.writeFile(path.join(directory, `${key}.lock`), ""))
      yield* promise(() => fs.chmod(directory, 0o755))
      yield* onStore(directory, () => Effect.void)
      assert.strictEqual(yield* mode(directory), "700")
    })
  )

  it.scopedLive("is refused and left alone when something else is in it", () =>
    Effect.gen(function* () {
      const directory = yield* temporaryDirectory
      yield* promise(() => fs.writeFile(path.join(directory, "letters.txt"), ""))
      yield* promise(() => fs.chmod(directory, 0o755))
      assert.deepInclude(yield* refusal(directory), { _tag: "InvalidInput", field: "directory" })
      assert.strictEqual(yield* mode(directory), "755")
    })
  )

  it.scopedLive.runIf(isRoot)("is refused when it belongs to another user", () =>
    Effect.gen(function* () {
      const directory = yield* temporaryDirectory
      yield* promise(() => fs.chmod(directory, 0o755))
      yield* promise(() => fs.chown(directory, 12_345, 12_345))
      assert.deepInclude(yield* refusal(directory), { _tag: "InvalidInput", field: "directory" })
    })
  )
})

describe("a disk that fails", () => {
  it.scopedLive("does not open when the directory is a file", () =>
    Effect.gen(function* () {
      const file = path.join(yield* temporaryDirectory, "file")
      yield* promise(() => fs.writeFile(file, ""))
      assert.deepInclude(yield* refusal(file), {
        _tag: "CredentialStoreError",
        reason: "Unavailable",
        code: "EEXIST"
      })
      assert.deepInclude(yield* refusal(path.join(file, "store")), {
        _tag: "CredentialStoreError",
        reason: "Unavailable",
        code: "ENOTDIR"
      })
    })
  )

  it.scopedLive("is a failure of every operation when the directory has become a file", () =>
    Effect.gen(function* () {
      const directory = path.join(yield* temporaryDirectory, "store")
      yield* onStore(directory, (store) =>
        Effect.gen(function* () {
          yield* promise(() => fs.rmdir(directory))
          yield* promise(() => fs.writeFile(directory, ""))
          assert.deepStrictEqual(yield* failures(store), [
            "load Unavailable ENOTDIR",
            "save Unavailable ENOTDIR",
            "save Unavailable ENOTDIR",
            "remove Unavailable ENOTDIR",
            "lock Unavailable ENOTDIR"
          ])
        })
      )
    })
  )

  it.scopedLive("never looks like a device without a record when the directory is gone or another", () =>
    Effect.gen(function* () {
      const directory = path.join(yield* temporaryDirectory, "store")
      yield* onStore(directory, (store) =>
        Effect.gen(function* () {
          yield* promise(() => fs.rename(directory, `${directory}-moved`))
          assert.deepInclude(yield* Effect.flip(store.load(key)), { reason: "Unavailable", code: "ENOENT" })
          yield* promise(() => fs.mkdir(directory))
          assert.deepInclude(yield* Effect.flip(store.load(key)), { reason: "Unavailable", code: "ESTALE" })
        })
      )
    })
  )

  it.scopedLive("is a failure when a record cannot be read", () =>
    Effect.gen(function* () {
      const directory = yield* temporaryDirectory
      yield* promise(() => fs.mkdir(path.join(directory, `${key}.json`)))
      yield* onStore(directory, (store) =>
        Effect.gen(function* () {
          assert.deepInclude(yield* Effect.flip(store.load(key)), { reason: "Unavailable", code: "EISDIR" })
        })
      )
    })
  )

  it.scopedLive("that can only be read gives the records and refuses to save", () =>
    Effect.gen(function* () {
      const directory = yield* temporaryDirectory
      yield* onStore(directory, (store) => store.saveCredentials(key, pair(key, 1)))
      yield* readOnly(directory)
      yield* onStore(directory, (store) =>
        Effect.gen(function* () {
          assert.isTrue(Option.isSome(yield* store.load(key)))
          const saving = store.saveCredentials(sessionKey("b"), pair(sessionKey("b"), 1))
          assert.deepInclude(yield* Effect.flip(saving), {
            operation: "save",
            reason: "Unavailable",
            code: "EACCES"
          })
        })
      )
    })
  )

  it.scopedLive.runIf(isRoot)("does not open when the directory is closed and belongs to another user", () =>
    Effect.gen(function* () {
      const directory = yield* temporaryDirectory
      yield* asNobody
      assert.deepInclude(yield* refusal(directory), { reason: "Unavailable", code: "EACCES" })
    })
  )
})

describe("a lock file that nobody touches", () => {
  /** A lock of a process that is alive, or of one on another host. */
  const foreignLock = (directory: string, pid: number, host: string) =>
    promise(() =>
      fs.writeFile(
        path.join(directory, `${key}.lock`),
        JSON.stringify({ pid, host, owner: "6f1e5a4e-3b1c-4f6d-9d7a-0a1b2c3d4e5f" })
      )
    )

  for (const [what, write] of [
    ["of a process id that was given to another process", (d: string) => foreignLock(d, process.ppid, "")],
    ["of another host", (d: string) => foreignLock(d, 1_234_567, "another host")],
    ["with nothing in it", (d: string) => promise(() => fs.writeFile(path.join(d, `${key}.lock`), ""))]
  ] as const) {
    it.scopedLive(`${what} is respected for ten seconds, and then taken away`, () =>
      Effect.gen(function* () {
        const directory = yield* temporaryDirectory
        yield* write(directory)
        yield* onStore(directory, (store) =>
          Effect.gen(function* () {
            const slow = yield* Effect.fork(Effect.scoped(store.lock(key)))
            yield* Effect.sleep("300 millis")
            assert.isTrue(Option.isNone(yield* Fiber.poll(slow)))
            yield* Fiber.interrupt(slow)
            yield* Effect.withClock(Effect.scoped(store.lock(key)), yield* faster(50))
          })
        )
        assert.deepStrictEqual(yield* promise(() => fs.readdir(directory)), [])
      })
    )
  }
})

describe("a lock that was lost", () => {
  it.scopedLive("lets its old holder neither save a first pair nor replace the one of the new holder", () =>
    Effect.gen(function* () {
      const directory = yield* temporaryDirectory
      yield* onStore(directory, (store) =>
        Effect.scoped(
          Effect.gen(function* () {
            const lease = yield* store.lock(key)
            yield* store.saveCredentials(key, pair(key, 1), { lease })
            yield* promise(() =>
              fs.writeFile(
                path.join(directory, `${key}.lock`),
                JSON.stringify({
                  pid: 1,
                  host: "another host",
                  owner: "6f1e5a4e-3b1c-4f6d-9d7a-0a1b2c3d4e5f"
                })
              )
            )
            const lost = { operation: "save", reason: "Locked", code: StoreBackend.leaseLost } as const
            const replacing = store.saveCredentials(key, pair(key, 2), { replaces: pair(key, 1), lease })
            assert.deepInclude(yield* Effect.flip(replacing), lost)
            yield* store.remove(key)
            const first = store.saveCredentials(key, pair(key, 2), { lease })
            assert.deepInclude(yield* Effect.flip(first), lost)
            assert.isTrue(Option.isNone(yield* store.load(key)))
          })
        )
      )
    })
  )
})

describe("options", () => {
  it.scopedLive("that cannot be used are refused", () =>
    Effect.gen(function* () {
      const directory = yield* temporaryDirectory
      assert.deepInclude(yield* refusal(""), { _tag: "InvalidInput", field: "directory" })
      assert.deepInclude(yield* refusal(directory, { lockWait: 0 }), {
        _tag: "InvalidInput",
        field: "lockWait"
      })
      assert.deepInclude(yield* refusal(directory, { timeout: -1 }), {
        _tag: "InvalidInput",
        field: "timeout"
      })
    })
  )
})
