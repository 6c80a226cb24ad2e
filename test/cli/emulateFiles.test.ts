import * as fs from "node:fs/promises"
import * as os from "node:os"
import * as path from "node:path"
import { NodeContext } from "@effect/platform-node"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Either, Schema } from "effect"
import * as Files from "effect-adobe-pass-cli/emulate/files"
import { Emulator, SavedState } from "effect-adobe-pass-emulator"

const directory = Effect.acquireRelease(
  Effect.promise(() => fs.mkdtemp(path.join(os.tmpdir(), "adobe-pass-emulate-"))),
  (made) => Effect.promise(() => fs.rm(made, { recursive: true, force: true }))
)

const real = "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJhIiwiaXNzIjoiYXV0aC5hZG9iZS5jb20ifQ.c2ln\n"

/** What checking and keeping a file are refused with. */
const refusals = (kind: Files.Kind, file: string) =>
  Effect.gen(function* () {
    const both = [Files.checkKept(kind, file), Files.keep(kind, file, kind.start)]
    const results = yield* Effect.forEach(both, Effect.either)
    return results.map((result) => (Either.isLeft(result) ? result.left.message.replace(file, "FILE") : ""))
  }).pipe(Effect.provide(NodeContext.layer))

describe("a file that an emulator keeps", () => {
  it.scoped("never takes the place of what an emulator has not written", () =>
    Effect.gen(function* () {
      const home = yield* directory
      for (const kind of [Files.statement, Files.state]) {
        const file = path.join(home, "statement.txt")
        yield* Effect.promise(() => fs.writeFile(file, real))
        const sentence = `--${kind.flag} FILE holds something other than ${kind.what}, and is not replaced: name another file, or remove it.`
        assert.deepStrictEqual(yield* refusals(kind, file), [sentence, sentence])
        assert.strictEqual(yield* Effect.promise(() => fs.readFile(file, "utf8")), real)
        assert.deepStrictEqual(yield* Effect.promise(() => fs.readdir(home)), ["statement.txt"])
      }
    })
  )

  it.scoped("never takes the place of a directory or a link", () =>
    Effect.gen(function* () {
      const home = yield* directory
      const link = path.join(home, "link")
      yield* Effect.promise(() => fs.symlink("/dev/null", link))
      const sentence = "FILE is not a regular file, and is not replaced: name another file."
      assert.deepStrictEqual(yield* refusals(Files.statement, link), [sentence, sentence])
      const inside = path.join(home, "directory")
      yield* Effect.promise(() => fs.mkdir(inside))
      assert.deepStrictEqual(yield* refusals(Files.state, inside), [sentence, sentence])
      assert.isTrue((yield* Effect.promise(() => fs.lstat(link))).isSymbolicLink())
    })
  )

  it.scoped("takes the place of an older one, and of an empty one", () =>
    Effect.gen(function* () {
      const file = path.join(yield* directory, "state.json")
      yield* Effect.promise(() => fs.writeFile(file, ""))
      assert.deepStrictEqual(yield* refusals(Files.state, file), ["", ""])
      assert.deepStrictEqual(yield* refusals(Files.state, file), ["", ""])
    })
  )

  it.effect("starts as the emulator writes it", () =>
    Effect.gen(function* () {
      const emulator = yield* Emulator.Emulator
      const encoded = yield* Effect.flatMap(
        emulator.exportState,
        Schema.encode(Schema.parseJson(SavedState.SavedState))
      )
      assert.isTrue(encoded.startsWith(Files.state.start))
      assert.isTrue(emulator.softwareStatement.startsWith(Files.statement.start))
    }).pipe(Effect.provide(Emulator.layer()))
  )
})
