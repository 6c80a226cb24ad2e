import { spawnSync } from "node:child_process"
import * as fs from "node:fs/promises"
import * as os from "node:os"
import * as path from "node:path"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Fiber, Option, Stream } from "effect"
import { type AdobePassError, type CredentialStore, type SessionKey, StoreBackend } from "effect-adobe-pass"
import {
  sampleCredentials as pair,
  sampleKey as sessionKey,
  sampleToken as token
} from "effect-adobe-pass/testing/CredentialStoreContract"
import type { FileStore } from "effect-adobe-pass-node"
import { faster } from "../support/clocks.js"
import { namesIn, onStore, temporaryDirectory } from "./directory.js"

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
  store: Store,
  key: SessionKey.SessionKey
): ReadonlyArray<Effect.Effect<unknown, AdobePassError.CredentialStoreError>> => [
  store.load(key),
  store.saveCredentials(key, pair(sessionKey("a"), 2)),
  store.saveToken(key, pair(sessionKey("a"), 1), token("t")),
  store.remove(key),
  Effect.scoped(store.lock(key))
]

/** What each operation fails with, as `operation reason code`. */
const failures = (store: Store, of = key) =>
  Effect.forEach(operations(store, of), (operation) =>
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

const run = (command: string, ...args: ReadonlyArray<string>) => spawnSync(command, args).status === 0

/** A fresh file system, whose root has the inode of every other one of its kind. */
const mounted = (directory: string) =>
  Effect.acquireRelease(
    Effect.sync(() => assert.isTrue(run("mount", "-t", "tmpfs", "none", directory))),
    () => Effect.sync(() => run("umount", directory))
  )

/** In a namespace of its own, so that nothing is mounted yet. */
const canMount = run("unshare", "--mount", "mount", "-t", "tmpfs", "none", os.tmpdir())

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
      assert.deepStrictEqual(yield* namesIn(directory), [`${key}.json`])
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
      assert.deepStrictEqual(yield* namesIn(directory), ["new.tmp"])
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

  it.scopedLive.runIf(isRoot)(
    "is refused when it is closed and belongs to another user, also by a link",
    () =>
      Effect.gen(function* () {
        const parent = yield* temporaryDirectory
        const directory = path.join(parent, "of another user")
        const link = path.join(parent, "link")
        yield* promise(() => fs.mkdir(directory, { mode: 0o700 }))
        yield* promise(() => fs.symlink(directory, link))
        yield* promise(() => fs.chown(directory, 12_345, 12_345))
        for (const name of [directory, link]) {
          assert.deepInclude(yield* refusal(name), {
            _tag: "InvalidInput",
            field: "directory",
            problem: "belongs to another user; name one of this user, or one that does not exist yet"
          })
        }
        assert.deepStrictEqual(yield* promise(() => fs.readdir(directory)), [])
      })
  )
})

describe("a directory that is named by a link", () => {
  it.scopedLive("stays the store's when the link leads elsewhere", () =>
    Effect.gen(function* () {
      const parent = yield* temporaryDirectory
      const link = path.join(parent, "link")
      const [first, second] = [path.join(parent, "first"), path.join(parent, "second")]
      yield* Effect.forEach([first, second], (name) => promise(() => fs.mkdir(name)))
      yield* promise(() => fs.symlink(first, link))
      yield* onStore(link, (store) =>
        Effect.gen(function* () {
          yield* promise(() => fs.unlink(link))
          yield* promise(() => fs.symlink(second, link))
          yield* store.saveCredentials(key, pair(key, 1))
        })
      )
      assert.deepStrictEqual(yield* namesIn(first), [`${key}.json`])
      assert.deepStrictEqual(yield* namesIn(second), [])
    })
  )
})

describe("a key that is not one of a session", () => {
  it.scopedLive("is refused by every operation, and no file outside the directory is touched", () =>
    Effect.gen(function* () {
      const parent = yield* temporaryDirectory
      const victim = path.join(parent, "victim.json")
      yield* promise(() => fs.writeFile(victim, "a letter"))
      yield* onStore(path.join(parent, "store"), (store) =>
        // As from plain JavaScript.
        Effect.gen(function* () {
          assert.deepStrictEqual(yield* failures(store, "../victim" as SessionKey.SessionKey), [
            "load Unavailable INVALID_KEY",
            "save Unavailable INVALID_KEY",
            "save Unavailable INVALID_KEY",
            "remove Unavailable INVALID_KEY",
            "lock Unavailable INVALID_KEY"
          ])
        })
      )
      assert.strictEqual(yield* promise(() => fs.readFile(victim, "utf8")), "a letter")
      assert.deepStrictEqual((yield* promise(() => fs.readdir(parent))).toSorted(), ["store", "victim.json"])
    })
  )
})

describe("a disk that fails", () => {
  it.scopedLive("does not open when the directory is a file", () =>
    Effect.gen(function* () {
      const file = path.join(yield* temporaryDirectory, "file")
      yield* promise(() => fs.writeFile(file, ""))
      for (const name of [file, path.join(file, "store"), path.join(file, "a", "store")]) {
        assert.deepInclude(yield* refusal(name), { _tag: "InvalidInput", field: "directory" }, name)
      }
    })
  )

  it.scopedLive("creates the parents of its directory", () =>
    Effect.gen(function* () {
      const directory = path.join(yield* temporaryDirectory, "a", "b", "store")
      yield* onStore(directory, (store) => store.load(sessionKey("a")))
      assert.isTrue((yield* promise(() => fs.stat(directory))).isDirectory())
    })
  )

  it.scopedLive.skipIf(process.platform !== "linux")(
    "does not open below /proc, which creates nothing and exists on Linux only",
    () =>
      Effect.gen(function* () {
        for (const name of ["/proc/adobe-pass", "/proc/adobe-pass/store"]) {
          assert.deepInclude(yield* refusal(name), {
            _tag: "CredentialStoreError",
            reason: "Unavailable",
            code: "ENOENT"
          })
        }
      })
  )

  it.scopedLive("is a failure of every operation when the directory has become a file", () =>
    Effect.gen(function* () {
      const directory = path.join(yield* temporaryDirectory, "store")
      yield* onStore(directory, (store) =>
        Effect.gen(function* () {
          yield* promise(() => fs.rm(directory, { recursive: true }))
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

  it.scopedLive(
    "never looks like a device without a record when another file system is mounted over it",
    () =>
      Effect.gen(function* () {
        const directory = yield* temporaryDirectory
        yield* onStore(directory, (store) =>
          Effect.gen(function* () {
            yield* store.saveCredentials(key, pair(key, 1))
            const { lease } = yield* store.lock(key)
            // The root of a fresh file system may have the same inode, so only what is in it differs.
            for (const id of [undefined, "another id"]) {
              for (const name of yield* promise(() => fs.readdir(directory))) {
                yield* promise(() => fs.rm(path.join(directory, name)))
              }
              if (id !== undefined) yield* promise(() => fs.writeFile(path.join(directory, "store.id"), id))
              const stale = { reason: "Unavailable", code: "ESTALE" } as const
              assert.deepInclude(yield* Effect.flip(store.load(key)), stale)
              const saving = store.saveCredentials(key, pair(key, 2), { lease, read: Option.none() })
              assert.strictEqual((yield* Effect.flip(saving))._tag, "CredentialStoreError")
              assert.deepInclude(yield* Effect.flip(store.remove(key)), stale)
              assert.deepInclude(yield* Effect.flip(Stream.runCollect(store.keys)), stale)
              const first = store.saveCredentials(key, pair(key, 2), { read: Option.none() })
              assert.deepInclude(yield* Effect.flip(first), stale)
            }
          }).pipe(Effect.scoped)
        )
      })
  )

  it.scopedLive.runIf(canMount)(
    `never looks like a device without a record when a volume is mounted over its volume${canMount ? "" : " (needs the right to mount)"}`,
    () =>
      Effect.gen(function* () {
        const directory = yield* temporaryDirectory
        const stat = promise(() => fs.stat(directory))
        yield* mounted(directory)
        const { ino } = yield* stat
        yield* onStore(directory, (store) =>
          Effect.gen(function* () {
            yield* store.saveCredentials(key, pair(key, 1))
            const id = yield* promise(() => fs.readFile(path.join(directory, "store.id")))
            yield* mounted(directory)
            assert.strictEqual((yield* stat).ino, ino)
            assert.deepInclude(yield* Effect.flip(store.load(key)), { reason: "Unavailable", code: "ESTALE" })
            // A copy of the id does not make it the same volume.
            yield* promise(() => fs.writeFile(path.join(directory, "store.id"), id))
            assert.deepInclude(yield* Effect.flip(store.load(key)), { reason: "Unavailable", code: "ESTALE" })
          }).pipe(Effect.scoped)
        )
      })
  )

  it.scopedLive("never looks like a device without a record when the directory is a copy", () =>
    Effect.gen(function* () {
      const directory = path.join(yield* temporaryDirectory, "store")
      yield* onStore(directory, (store) =>
        Effect.gen(function* () {
          yield* promise(() => fs.rename(directory, `${directory}-moved`))
          yield* promise(() => fs.cp(`${directory}-moved`, directory, { recursive: true }))
          assert.deepInclude(yield* Effect.flip(store.load(key)), { reason: "Unavailable", code: "ESTALE" })
        })
      )
    })
  )

  it.scopedLive("is opened again with its id, by every store on it", () =>
    Effect.gen(function* () {
      const directory = yield* temporaryDirectory
      const id = promise(() => fs.readFile(path.join(directory, "store.id"), "utf8"))
      const first = yield* onStore(directory, () => id)
      assert.strictEqual(yield* onStore(directory, () => id), first)
      assert.strictEqual(yield* mode(path.join(directory, "store.id")), "600")
    })
  )

  for (const [suffix, operation] of [
    ["json", (store: Store) => store.load(key)],
    ["lock", (store: Store) => Effect.scoped(store.lock(key))],
    ["write.lock", (store: Store) => store.remove(key)]
  ] as const) {
    it.scopedLive(`is a failure when a link without a target is in the place of a .${suffix} file`, () =>
      Effect.gen(function* () {
        const directory = yield* temporaryDirectory
        yield* onStore(directory, (store) =>
          Effect.gen(function* () {
            const link = path.join(directory, `${key}.${suffix}`)
            yield* promise(() => fs.symlink(path.join(directory, "nowhere"), link))
            const error = yield* Effect.flip(operation(store))
            assert.deepInclude(error, { reason: "Unavailable", code: "DANGLING_LINK" })
            assert.include(error.message, "a symbolic link without a target")
          })
        )
      })
    )
  }

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
        assert.deepStrictEqual(yield* namesIn(directory), [])
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
            const { lease } = yield* store.lock(key)
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
