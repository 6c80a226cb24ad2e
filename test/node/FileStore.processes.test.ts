import * as fs from "node:fs/promises"
import * as path from "node:path"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Fiber, Option } from "effect"
import { CredentialStore } from "effect-adobe-pass"
import { FileStore } from "effect-adobe-pass-node"
import { faster } from "../support/clocks.js"
import { useWorker } from "../support/workers.js"
import { namesIn, onStore, storeDirectory } from "./directory.js"
import { sharedKey as key, largePair } from "./records.js"

const start = useWorker(new URL("worker.ts", import.meta.url))
const startWorker = (command: string, directory: string) => start({ args: [command, directory] })

const fourWorkers = (command: string, directory: string) =>
  Effect.gen(function* () {
    const workers = yield* Effect.all(Array.from({ length: 4 }, () => startWorker(command, directory)))
    const codes = yield* Effect.forEach(workers, ({ ended }) => ended)
    assert.deepStrictEqual(codes, [0, 0, 0, 0])
    return workers.flatMap(({ lines }) => lines)
  })

describe.concurrent("four processes of twenty fibers each, on one session", () => {
  it.scopedLive("are under the lock one at a time, so that one of them registers and all get its pair", () =>
    Effect.gen(function* () {
      const lines = yield* fourWorkers("contend", yield* storeDirectory)
      assert.strictEqual(lines.filter((line) => line === "registered").length, 1)
      const pairs = lines.filter((line) => line.startsWith("pair "))
      assert.strictEqual(pairs.length, 80)
      assert.strictEqual(new Set(pairs).size, 1)
    })
  )

  it.scopedLive("agree on one pair when they save without a lock", () =>
    Effect.gen(function* () {
      const lines = yield* fourWorkers("race", yield* storeDirectory)
      const pairs = lines.filter((line) => line.startsWith("first "))
      assert.strictEqual(pairs.length, 80)
      assert.strictEqual(new Set(pairs).size, 1)
    })
  )

  it.scopedLive("lose no replacement", () =>
    Effect.gen(function* () {
      const directory = yield* storeDirectory
      yield* onStore(directory, (store) => store.saveCredentials(key, largePair(0)))
      yield* fourWorkers("count", directory)
      const last = yield* onStore(directory, (store) => store.load(key))
      assert.strictEqual(Option.getOrThrow(last).credentials.issuedAt, 40)
    })
  )
})

describe.concurrent("a process that holds the lock", () => {
  it.scopedLive("and is killed does not keep the next one waiting", () =>
    Effect.gen(function* () {
      const directory = yield* storeDirectory
      const worker = yield* startWorker("hold", directory)
      yield* worker.says("held")
      yield* worker.signal("SIGKILL")
      yield* worker.ended
      // Less than the time for which a living holder may be silent.
      yield* onStore(directory, (store) => Effect.scoped(store.lock(key)), { lockWait: "5 seconds" })
      assert.deepStrictEqual(yield* namesIn(directory), [])
    })
  )

  for (const [what, command, unfinished] of [
    ["of a new session", "hold", true],
    ["of a session that has a record", "holdKnown", false]
  ] as const) {
    it.scopedLive(
      `${what} and is killed ${unfinished ? "tells the next one so, once" : "had begun nothing"}`,
      () =>
        Effect.gen(function* () {
          const directory = yield* storeDirectory
          const worker = yield* startWorker(command, directory)
          yield* worker.says("held")
          yield* worker.signal("SIGKILL")
          yield* worker.ended
          const pass = onStore(directory, (store) => Effect.scoped(store.lock(key)))
          assert.strictEqual((yield* pass).lease.unfinished, unfinished)
          assert.isFalse((yield* pass).lease.unfinished)
        })
    )
  }

  it.scopedLive("makes others fail as Locked after their wait, but reading and saving go on", () =>
    Effect.gen(function* () {
      const directory = yield* storeDirectory
      const worker = yield* startWorker("hold", directory)
      yield* worker.says("held")
      yield* Effect.gen(function* () {
        const store = yield* CredentialStore.CredentialStore
        const error = yield* Effect.flip(Effect.scoped(store.lock(key)))
        assert.deepInclude(error, { operation: "lock", reason: "Locked" })
        yield* store.saveCredentials(key, largePair(1))
        assert.isTrue(Option.isSome(yield* store.load(key)))
      }).pipe(Effect.provide(FileStore.layer({ directory, lockWait: "200 millis" })))
    })
  )

  it.scopedLive("and lives keeps the lock, however long it takes", () =>
    Effect.gen(function* () {
      const directory = yield* storeDirectory
      const worker = yield* startWorker("hold", directory)
      yield* worker.says("held")
      const waiting = yield* Effect.fork(
        Effect.withClock(
          onStore(directory, (store) => Effect.scoped(store.lock(key))),
          // Without the renewals of the holder, the lock would be taken over after five seconds.
          yield* faster(2)
        )
      )
      yield* Effect.sleep("6.5 seconds")
      assert.isTrue(Option.isNone(yield* Fiber.poll(waiting)))
      yield* worker.signal("SIGKILL")
      yield* Fiber.join(waiting)
    })
  )

  it.scopedLive("and stands still loses the lock, and does not take the new holder's when it goes on", () =>
    Effect.gen(function* () {
      const directory = yield* storeDirectory
      const worker = yield* startWorker("holdUntilTold", directory)
      yield* worker.says("held")
      yield* worker.signal("SIGSTOP")
      yield* onStore(directory, (store) =>
        Effect.scoped(
          Effect.gen(function* () {
            yield* Effect.withClock(store.lock(key), yield* faster(50))
            const lockFile = path.join(directory, `${key}.lock`)
            const ours = yield* Effect.promise(() => fs.readFile(lockFile, "utf8"))
            yield* worker.signal("SIGCONT")
            worker.process.stdin?.write("go\n")
            yield* worker.says("released")
            assert.strictEqual(yield* Effect.promise(() => fs.readFile(lockFile, "utf8")), ours)
          })
        )
      )
      assert.deepStrictEqual(yield* namesIn(directory), [])
    })
  )
})
