/** The core where there is no Node.js: in Bun, in Deno, and in a page of Chromium. */
import { copyFileSync, mkdtempSync, writeFileSync } from "node:fs"
import { rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, assert, beforeAll, describe, it } from "@effect/vitest"
import { Effect, type Scope } from "effect"
import { Emulator } from "effect-adobe-pass-emulator"
import { build } from "esbuild"
import { inject } from "vitest"
import { describeBrowser, doing, open, sharedBrowser } from "../support/browser.js"
import { cachesIn, consumer, run } from "./support.js"

const packed = inject("packed")
const directory = mkdtempSync(join(tmpdir(), "effect-adobe-pass-runtimes-"))
const command = (name: string) => join(packed, "tools/node_modules/.bin", name)
const env = cachesIn(packed)

beforeAll(async () => {
  const words = ["effect-adobe-pass", "effect@3", "@effect/platform@0.97"]
  writeFileSync(join(directory, "package.json"), consumer(packed, words))
  copyFileSync(join(import.meta.dirname, "fetched.ts"), join(directory, "fetched.ts"))
  await run(directory, [command("bun"), "install"], env)
})

afterAll(() => rm(directory, { recursive: true, force: true }))

/** An emulator on a port, and what it has seen after one call. */
const emulated = <E>(
  call: (emulator: Emulator.Emulator) => Effect.Effect<string, E, Scope.Scope>
): Promise<{ readonly provider: string; readonly counts: ReadonlyArray<number> }> =>
  Effect.gen(function* () {
    const emulator = yield* Emulator.Emulator
    const provider = yield* call(emulator)
    const { api, register, token } = yield* emulator.counts
    return { provider, counts: [register, token, api] }
  }).pipe(Effect.scoped, Effect.provide(Emulator.layerServer()), Effect.runPromise)

const expected = { provider: "ACME", counts: [1, 1, 1] }

/** A program for a runtime with a command line: it may reach the emulator, and no file, variable or process. */
const program = (name: string, { baseUrl, softwareStatement }: Emulator.Emulator) => {
  const words = [baseUrl, softwareStatement].map((word) => JSON.stringify(word)).join(", ")
  writeFileSync(
    join(directory, `${name}.ts`),
    `import { call } from "./fetched.ts"\n\nconsole.log(await call(${words}))\n`
  )
  return { file: `${name}.ts`, host: new URL(baseUrl).host }
}

describe("the core over fetch", () => {
  it("registers, gets a token and calls the API in Bun", async () => {
    const seen = await emulated((emulator) =>
      Effect.promise(async () => {
        const { file } = program("bun", emulator)
        return (await run(directory, [command("bun"), "run", file], env)).trim()
      })
    )
    assert.deepStrictEqual(seen, expected)
  })

  it("registers, gets a token and calls the API in Deno, which lets it reach that host and nothing else", async () => {
    const seen = await emulated((emulator) =>
      Effect.promise(async () => {
        const { file, host } = program("deno", emulator)
        const options = ["--no-prompt", "--node-modules-dir=manual", `--allow-net=${host}`]
        return (await run(directory, [command("deno"), "run", ...options, file], env)).trim()
      })
    )
    assert.deepStrictEqual(seen, expected)
  })
})

/** The program in one file for a page, and what it imports that was not bundled. */
const bundle = async () => {
  const { metafile, outputFiles } = await build({
    absWorkingDir: directory,
    entryPoints: ["fetched.ts"],
    bundle: true,
    format: "iife",
    globalName: "program",
    platform: "browser",
    target: "es2022",
    write: false,
    metafile: true,
    logLevel: "silent"
  })
  const imports = Object.values(metafile.inputs).flatMap((input) => input.imports)
  return {
    script: outputFiles.map(({ text }) => text).join(""),
    external: imports.filter(({ external }) => external === true).map(({ path }) => path)
  }
}

describeBrowser("the core over fetch, in a page", () => {
  const browser = sharedBrowser()

  it("registers, gets a token and calls the API, and imports nothing of Node.js", async () => {
    const { external, script } = await bundle()
    assert.deepStrictEqual(external, [])
    const seen = await emulated(({ baseUrl, softwareStatement }) =>
      Effect.gen(function* () {
        const { complaints, page } = yield* open(browser)
        // The page has the origin of the emulator, as one behind the same proxy as the API has.
        const address = `${baseUrl}/page`
        yield* doing(() =>
          page.route(address, (route) => route.fulfill({ contentType: "text/html", body: "" }))
        )
        yield* doing(() => page.goto(address))
        yield* doing(() => page.addScriptTag({ content: script }))
        const words = [baseUrl, softwareStatement].map((word) => JSON.stringify(word)).join(", ")
        const provider = yield* doing(() => page.evaluate<string>(`program.call(${words})`))
        assert.deepStrictEqual([...complaints], [])
        return provider
      })
    )
    assert.deepStrictEqual(seen, expected)
  })
})
