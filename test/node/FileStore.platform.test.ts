import * as fs from "node:fs/promises"
import * as path from "node:path"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Logger, Option, Redacted } from "effect"
import {
  sampleCredentials as pair,
  sampleKey as sessionKey
} from "effect-adobe-pass/testing/CredentialStoreContract"
import { Platform, posix, windows } from "../../packages/node/src/internal/platform.js"
import { onStore, temporaryDirectory } from "./directory.js"

const key = sessionKey("a")

/** What is logged, in place of the log. */
const logged = <A, E, R>(effect: Effect.Effect<A, E, R>) =>
  Effect.suspend(() => {
    const lines: Array<string> = []
    const logger = Logger.make(({ message }) => void lines.push(String(message)))
    return Effect.as(Effect.provide(effect, Logger.replace(Logger.defaultLogger, logger)), lines)
  })

describe("a file store on Windows", () => {
  it.scopedLive(
    "opens a directory whose mode and owner say nothing, and says once what it cannot promise",
    () =>
      Effect.gen(function* () {
        const directory = yield* temporaryDirectory
        yield* Effect.promise(() => fs.writeFile(path.join(directory, "letters.txt"), ""))
        yield* Effect.promise(() => fs.chmod(directory, 0o777))
        const lines = yield* logged(
          onStore(directory, (store) =>
            Effect.gen(function* () {
              yield* store.saveCredentials(key, pair(key, 1))
              yield* store.saveCredentials(key, pair(key, 2), { replaces: pair(key, 1) })
              const { credentials } = Option.getOrThrow(yield* store.load(key))
              assert.strictEqual(Redacted.value(credentials.clientId), "client-2")
            })
          )
        )
        assert.strictEqual(lines.length, 1)
        assert.match(lines[0] ?? "", /no file modes.*does not sync directories/)
        assert.strictEqual((yield* Effect.promise(() => fs.stat(directory))).mode & 0o777, 0o777)
      }).pipe(Effect.provideService(Platform, windows))
  )

  it.scopedLive("repeats what failed only because another process had the file open", () =>
    Effect.gen(function* () {
      const directory = yield* temporaryDirectory
      const record = path.join(directory, `${key}.json`)
      yield* onStore(directory, (store) =>
        Effect.gen(function* () {
          yield* store.saveCredentials(key, pair(key, 1))
          // A link to a directory in place of the record fails with a code that is declared busy here.
          yield* Effect.promise(() => fs.rename(record, `${record}.aside`))
          yield* Effect.promise(() => fs.symlink(directory, record))
          const [loaded] = yield* Effect.all(
            [
              store.load(key),
              Effect.delay(
                Effect.promise(() => fs.rename(`${record}.aside`, record)),
                "60 millis"
              )
            ],
            { concurrency: 2 }
          )
          assert.isTrue(Option.isSome(loaded))
        })
      )
    }).pipe(Effect.provideService(Platform, { ...posix, busyCodes: ["EISDIR"] }))
  )
})
