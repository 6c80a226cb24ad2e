import * as fs from "node:fs/promises"
import * as path from "node:path"
import { assert, it } from "@effect/vitest"
import { Clock, Duration, Effect, Option, Random } from "effect"
import { kills } from "../support/kills.js"
import { useWorker } from "../support/workers.js"
import { namesIn, onStore, storeDirectory } from "./directory.js"
import { sharedKey as key, largePairNumber } from "./records.js"

const start = useWorker(new URL("worker.ts", import.meta.url))
const startWorker = (command: string, directory: string) => start({ args: [command, directory] })

const lanes = 5

/** Runs the writer again and again on one directory and kills it at a random moment; the files that were left over. */
const killWriters = (times: number, seed: string) =>
  Effect.gen(function* () {
    const directory = yield* storeDirectory
    const random = Random.make(seed)
    let current = 0
    let saved = 0
    for (let kill = 0; kill < times; kill++) {
      yield* Effect.scoped(
        Effect.gen(function* () {
          const worker = yield* startWorker("write", directory)
          yield* worker.says(`start ${current}`)
          // Sometimes at its first save.
          const saves = yield* random.nextIntBetween(0, 5)
          if (saves > 0) yield* worker.says(`saved ${current + saves}`)
          yield* Effect.sleep(Duration.micros(BigInt(yield* random.nextIntBetween(0, 10_000))))
          yield* worker.signal("SIGKILL")
          yield* worker.ended
          if (worker.lines.length > 1) saved += 1
          const reported = Number(worker.lines.at(-1)?.split(" ")[1])
          const found = yield* onStore(directory, (store) => store.load(key))
          current = Option.match(found, {
            onNone: () => 0,
            onSome: ({ credentials }) => largePairNumber(credentials)
          })
          assert.include([reported, reported + 1], current)
        })
      )
      if (kill % 3 === 2) {
        yield* Effect.promise(() => fs.rm(path.join(directory, `${key}.json`), { force: true }))
        current = 0
      }
    }
    const names = yield* namesIn(directory)
    return { directory, saved, leftovers: names.filter((name) => !name.endsWith(".json")) }
  })

it.scopedLive(
  `a process killed ${kills} times while it saves leaves the old record or the new one, and the next goes on`,
  () =>
    Effect.gen(function* () {
      const seed = process.env["SEED"] ?? `${yield* Clock.currentTimeMillis}`
      const killed = yield* Effect.all(
        Array.from({ length: lanes }, (_, lane) => killWriters(kills / lanes, `${seed}-${lane}`)),
        { concurrency: "unbounded" }
      ).pipe(Effect.tapErrorCause(() => Effect.sync(() => console.error(`SEED=${seed}`))))
      const saved = killed.reduce((sum, lane) => sum + lane.saved, 0)
      const leftovers = killed.reduce((sum, lane) => sum + lane.leftovers.length, 0)
      assert.isAbove(saved, kills / 2)
      console.log(
        `killed ${kills} times with SEED=${seed}: ${saved} had saved, ${leftovers} unfinished files were left`
      )

      const longAgo = (yield* Clock.currentTimeMillis) / 1000 - 120
      for (const { directory, leftovers } of killed) {
        for (const name of leftovers) {
          yield* Effect.promise(() => fs.utimes(path.join(directory, name), longAgo, longAgo))
        }
        yield* onStore(directory, (store) => Effect.scoped(store.lock(key)))
        const names = yield* namesIn(directory)
        assert.isFalse(names.some((name) => name.endsWith(".tmp")))
      }
    })
)
