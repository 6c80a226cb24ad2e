/** The whole programs in the documents, which a reader saves and starts: they run here as they stand, against the emulator. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, assert, describe, it, vi } from "@effect/vitest"
import { Effect } from "effect"
import { Emulator } from "effect-adobe-pass-emulator"
import { codeBlocks, documents, root } from "./sources.js"

/** What a program writes when it runs against the emulator. */
const expected: { readonly [path: string]: RegExp } = {
  "README.md": /^Sign in first\.$/,
  "docs/guides/one-application.md": /^\d+ providers, signed in with 0 of them$/,
  "packages/core/README.md": /NorthCable/
}

const programs = documents
  .flatMap(codeBlocks)
  .filter(({ code }) => code.some((line) => line.includes("await Effect.runPromise(")))

// Inside of the workspace, because its packages resolve there; vitest.config.ts knows the name.
const cache = join(root, "node_modules/.cache")
mkdirSync(cache, { recursive: true })
const directory = mkdtempSync(join(cache, "effect-adobe-pass-runs-"))

afterAll(() => rmSync(directory, { recursive: true, force: true }))

/** The variables that the documents tell a reader to export. */
const variables = (emulator: Emulator.Emulator, store: string) => ({
  ADOBE_PASS_ENVIRONMENT: "emulator",
  ADOBE_PASS_SP_URL: emulator.baseUrl,
  ADOBE_PASS_SOFTWARE_STATEMENT: emulator.softwareStatement,
  ADOBE_PASS_STORE_DIRECTORY: store,
  ADOBE_PASS_TRANSPORT_PROXY: "none"
})

const exported = (values: Readonly<Record<string, string>>) =>
  Effect.acquireRelease(
    Effect.sync(() => {
      for (const [name, value] of Object.entries(values)) vi.stubEnv(name, value)
    }),
    () => Effect.sync(() => vi.unstubAllEnvs())
  )

const written = Effect.map(
  Effect.acquireRelease(
    Effect.sync(() => {
      const lines: Array<unknown> = []
      return { lines, log: vi.spyOn(console, "log").mockImplementation((line: unknown) => lines.push(line)) }
    }),
    ({ log }) => Effect.sync(() => log.mockRestore())
  ),
  ({ lines }) => lines
)

const temporary = Effect.acquireRelease(
  Effect.sync(() => mkdtempSync(join(tmpdir(), "effect-adobe-pass-program-"))),
  (path) => Effect.sync(() => rmSync(path, { recursive: true, force: true }))
)

describe("the programs in the documents", () => {
  it("are those that are run here", () => {
    assert.sameMembers(
      programs.map(({ path }) => path),
      Object.keys(expected)
    )
  })

  for (const { code, offset, path } of programs) {
    it.scopedLive(`${path}:${offset} registers a device, makes its calls and writes what came of it`, () =>
      Effect.gen(function* () {
        const emulator = yield* Emulator.Emulator
        yield* exported(variables(emulator, yield* temporary))
        const lines = yield* written
        const file = join(directory, `${path.replaceAll("/", "__")}__${offset}.ts`)
        writeFileSync(file, code.join("\n"))
        yield* Effect.promise(() => import(/* @vite-ignore */ file))
        assert.strictEqual(lines.length, 1)
        const [line] = lines
        assert.match(typeof line === "string" ? line : JSON.stringify(line), expected[path] ?? /^$/)
        const { register, token } = yield* emulator.counts
        assert.deepStrictEqual({ register, token }, { register: 1, token: 1 })
      }).pipe(Effect.provide(Emulator.layerServer()))
    )
  }
})
