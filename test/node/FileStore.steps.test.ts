/** What a save does step by step. Named pipes stand for a disk that is slow at a certain step. */
import { execFileSync } from "node:child_process"
import callbacks from "node:fs"
import * as fs from "node:fs/promises"
import { syncBuiltinESMExports } from "node:module"
import * as path from "node:path"
import { assert, describe, it, vi } from "@effect/vitest"
import { Effect, Fiber, Option } from "effect"
import {
  sampleCredentials as pair,
  sampleKey as sessionKey
} from "effect-adobe-pass/testing/CredentialStoreContract"
import { namesIn, onStore, temporaryDirectory } from "./directory.js"

const key = sessionKey("a")

const promise = <A>(run: () => Promise<A>) => Effect.promise(run)

const exists = (file: string) =>
  promise(() =>
    fs.lstat(file).then(
      () => true,
      () => false
    )
  )

/** Waits until something is so. */
const until = (condition: Effect.Effect<boolean>) =>
  Effect.repeat(Effect.delay(condition, "5 millis"), { until: (is) => is })

const makePipe = (file: string) => Effect.sync(() => execFileSync("mkfifo", [file]))

/** Gives this text to the next one who reads the pipe; whoever opens it before waits. */
const feed = (pipe: string, text: string) => promise(() => fs.writeFile(pipe, text))

/** Lets whoever waits for the pipe go on, and waits for nobody. */
const free = (pipe: string) =>
  promise(async () => {
    const handle = await fs.open(pipe, fs.constants.O_RDWR)
    await handle.close()
  })

/** Whether this process still reads the pipe. */
const isOpen = (pipe: string) =>
  promise(async () => {
    const open = await fs.readdir("/proc/self/fd")
    const targets = await Promise.all(open.map((fd) => fs.readlink(`/proc/self/fd/${fd}`).catch(() => "")))
    return targets.includes(pipe)
  })

/** The content of the lock file of another process. */
const lockOf = (pid: number, host: string) =>
  JSON.stringify({ pid, host, owner: "6f1e5a4e-3b1c-4f6d-9d7a-0a1b2c3d4e5f" })

/** What each sync finds: a directory or a file, and the text that has the record's name by then. */
const syncs = (record: string) =>
  Effect.acquireRelease(
    Effect.sync(() => {
      const found: Array<readonly [what: string, record: string]> = []
      const { fsync } = callbacks
      const spy = vi.spyOn(callbacks, "fsync").mockImplementation((fd, done) => {
        const what = callbacks.fstatSync(fd).isDirectory() ? "directory" : "file"
        found.push([what, callbacks.existsSync(record) ? callbacks.readFileSync(record, "utf8") : ""])
        fsync(fd, done)
      })
      syncBuiltinESMExports()
      return { found, spy }
    }),
    ({ spy }) =>
      Effect.sync(() => {
        spy.mockRestore()
        syncBuiltinESMExports()
      })
  )

describe("a file store", () => {
  it.scopedLive("syncs a record before it gets its name, and its name before the save returns", () =>
    Effect.gen(function* () {
      const directory = yield* temporaryDirectory
      const record = path.join(directory, `${key}.json`)
      const text = Effect.catchAllCause(
        promise(() => fs.readFile(record, "utf8")),
        () => Effect.succeed("")
      )
      yield* onStore(directory, (store) =>
        Effect.gen(function* () {
          const { found } = yield* syncs(record)
          const changes = [
            store.saveCredentials(key, pair(key, 1)),
            store.saveCredentials(key, pair(key, 2), { replaces: pair(key, 1) }),
            store.remove(key)
          ]
          let before = ""
          for (const change of changes) {
            yield* change
            const after = yield* text
            assert.notStrictEqual(after, before)
            const file = after === "" ? [] : [["file", before] as const]
            assert.deepStrictEqual(found.splice(0), [...file, ["directory", after]])
            before = after
          }
        }).pipe(Effect.scoped)
      )
    })
  )

  it.scopedLive("writes nothing when its write lock was taken over while the disk was slow", () =>
    Effect.gen(function* () {
      const directory = yield* temporaryDirectory
      const record = path.join(directory, `${key}.json`)
      const lock = path.join(directory, `${key}.write.lock`)
      yield* onStore(directory, (store) =>
        Effect.gen(function* () {
          yield* store.saveCredentials(key, pair(key, 1))
          const read = yield* store.load(key)
          const text = yield* promise(() => fs.readFile(record, "utf8"))
          yield* promise(() => fs.rm(record))
          yield* makePipe(record)
          const saving = yield* Effect.fork(
            Effect.flip(store.saveCredentials(key, pair(key, 2), { replaces: pair(key, 1), read }))
          )
          yield* until(exists(lock))
          yield* promise(() => fs.writeFile(lock, lockOf(process.ppid, "another host")))
          yield* feed(record, text)
          assert.deepInclude(yield* Fiber.join(saving), { operation: "save", reason: "Locked" })
          assert.isTrue((yield* promise(() => fs.lstat(record))).isFIFO())
          assert.include(yield* promise(() => fs.readFile(lock, "utf8")), "another host")
        })
      )
    })
  )

  it.scopedLive("puts a lock back that a living process took while the stale one was removed", () =>
    Effect.gen(function* () {
      const directory = yield* temporaryDirectory
      const lock = path.join(directory, `${key}.lock`)
      const temporaries = Effect.map(namesIn(directory), (names) =>
        names.filter((name) => name.endsWith(".tmp"))
      )
      yield* onStore(directory, (store) =>
        Effect.gen(function* () {
          const host = yield* Effect.scoped(
            Effect.zipRight(
              store.lock(key),
              promise(async () => JSON.parse(await fs.readFile(lock, "utf8")).host)
            )
          )
          const stale = lockOf(2_000_000_000, host)
          yield* makePipe(lock)
          const waiting = yield* Effect.fork(Effect.scoped(store.lock(key)))
          // Found stale, found still the same, and then, moved aside, another one.
          yield* feed(lock, stale)
          yield* until(Effect.map(isOpen(lock), (open) => !open))
          yield* feed(lock, stale)
          yield* until(Effect.map(exists(lock), (there) => !there))
          const [aside = ""] = yield* temporaries
          yield* feed(path.join(directory, aside), lockOf(process.ppid, "another host"))
          yield* until(Effect.map(temporaries, (names) => names.length === 0))
          assert.isTrue((yield* promise(() => fs.lstat(lock))).isFIFO())
          assert.isTrue(Option.isNone(yield* Fiber.poll(waiting)))

          const interrupting = yield* Effect.fork(Fiber.interrupt(waiting))
          yield* until(Effect.zipRight(free(lock), Effect.map(Fiber.poll(interrupting), Option.isSome)))
        })
      )
    })
  )
})
