/** The packages as a user gets them: installed by each manager of packages, compiled by each TypeScript, and run. */
import { copyFileSync, mkdirSync, mkdtempSync, writeFileSync } from "node:fs"
import { rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, assert, beforeAll, describe, it } from "@effect/vitest"
import { inject } from "vitest"
import { root } from "../docs/sources.js"
import { cachesIn, consumer, installWords, manifest, run, tool } from "./support.js"

const packed = inject("packed")
const directory = mkdtempSync(join(tmpdir(), "effect-adobe-pass-managers-"))
const tools = join(packed, "tools/node_modules")
const developed = manifest(`${root}package.json`).devDependencies

afterAll(() => rm(directory, { recursive: true, force: true }))

const yarn1 = [process.execPath, join(tools, "yarn/bin/yarn.js")]
const yarn4 = [process.execPath, join(tools, "@yarnpkg/cli-dist/bin/yarn.js")]
const bun = join(tools, ".bin/bun")

interface Manager {
  readonly install: ReadonlyArray<string>
  readonly execute: ReadonlyArray<string>
}

const managers: Readonly<Record<string, Manager>> = {
  npm: {
    install: ["npm", "install", "--no-audit", "--no-fund"],
    execute: ["npm", "exec", "--no", "--"]
  },
  pnpm: { install: [tool("pnpm"), "install"], execute: [tool("pnpm"), "exec"] },
  "yarn 1": {
    install: [...yarn1, "install", "--non-interactive"],
    execute: [...yarn1, "--silent", "run"]
  },
  "yarn 4": { install: [...yarn4, "install"], execute: [...yarn4, "run"] },
  bun: { install: [bun, "install"], execute: [bun, "x", "--no-install"] }
}

/** Yarn 4 refuses to write a lock file under CI, and would place packages where TypeScript 7 cannot find them. */
const configuration = "nodeLinker: node-modules\nenableImmutableInstalls: false\nenableTelemetry: false\n"

const compilers: Readonly<Record<string, string>> = {
  "TypeScript 5.9": join(tools, "typescript/bin/tsc"),
  "TypeScript 7": `${root}node_modules/typescript/bin/tsc`
}

type Case = readonly [compiler: string, resolution: "nodenext" | "bundler", exact: boolean]

/** Managers differ in where they place packages, not in what these hold: npm is checked with everything. */
const everything: ReadonlyArray<Case> = [
  ["TypeScript 5.9", "nodenext", true],
  ["TypeScript 5.9", "bundler", true],
  ["TypeScript 7", "nodenext", true],
  ["TypeScript 7", "bundler", true],
  ["TypeScript 7", "nodenext", false]
]

/** TypeScript 7 takes a fifth of the time of 5.9. */
const casesOf = (manager: string): ReadonlyArray<Case> =>
  manager === "npm"
    ? everything
    : [
        ["TypeScript 7", "bundler", true],
        ["TypeScript 7", "nodenext", true]
      ]

const optionsOf = (resolution: Case[1]) => ({
  module: resolution === "bundler" ? "preserve" : "nodenext",
  moduleResolution: resolution,
  target: "es2022",
  strict: "true",
  skipLibCheck: "false",
  types: "node"
})

/** The command that compiles the program of the folder. */
const compile = (compiler: string, options: Readonly<Record<string, string>>): ReadonlyArray<string> => {
  const flags = Object.entries(options).flatMap(([option, value]) => [`--${option}`, value])
  return [process.execPath, compilers[compiler] ?? "", ...flags, "consumer.ts"]
}

/** What the program prints. */
const answer = { provider: "ACME", register: 1, token: 1, api: 1, stores: 2 }

describe.each(Object.entries(managers))("an empty folder and %s", (name, { execute, install }) => {
  const folder = join(directory, name.replace(" ", "-"))
  const env = cachesIn(packed)

  beforeAll(async () => {
    mkdirSync(folder)
    const words = [...installWords(), `@types/node@${developed["@types/node"]}`]
    writeFileSync(join(folder, "package.json"), consumer(packed, words))
    writeFileSync(join(folder, ".yarnrc.yml"), configuration)
    copyFileSync(join(import.meta.dirname, "consumer.ts"), join(folder, "consumer.ts"))
    const output = await run(folder, install, env)
    assert.notMatch(output, /unmet peer|doesn't provide|ERESOLVE|EBADENGINE|deprecated effect/i)
  })

  it("have Effect 3 by the lines of the README", () => {
    assert.match(manifest(join(folder, "node_modules/effect/package.json")).version, /^3\./)
  })

  it.each(casesOf(name))(
    "compile a program with %s for %s, exactOptionalPropertyTypes: %s, and check all declarations",
    async (compiler, resolution, exact) => {
      await run(
        folder,
        compile(compiler, { ...optionsOf(resolution), exactOptionalPropertyTypes: `${exact}` })
      )
    }
  )

  it("run it for one call", async () => {
    const output = await run(folder, [process.execPath, "consumer.js"], env)
    assert.deepStrictEqual(JSON.parse(output), answer)
  })

  it("have the command of the emulator", async () => {
    const output = await run(folder, [...execute, "effect-adobe-pass-emulator", "--help"], env)
    assert.match(output, /^Usage: effect-adobe-pass-emulator /)
  })
})

describe("an empty folder and Plug'n'Play of yarn 4", () => {
  const folder = join(directory, "plug-n-play")

  it("run a program for one call", async () => {
    const env = cachesIn(packed)
    mkdirSync(folder)
    writeFileSync(join(folder, "package.json"), consumer(packed, installWords()))
    writeFileSync(join(folder, ".yarnrc.yml"), configuration.replace("node-modules", "pnp"))
    copyFileSync(join(directory, "npm/consumer.js"), join(folder, "consumer.js"))
    await run(folder, [...yarn4, "install"], env)
    const output = await run(folder, [...yarn4, "node", "consumer.js"], env)
    assert.deepStrictEqual(JSON.parse(output.slice(output.indexOf("{"))), answer)
  })
})

describe("a program without the types of the DOM", () => {
  /**
   * `@effect/platform` names `Storage` of the DOM (`KeyValueStore.layerStorage`), and takes no other declarations for it:
   * who compiles with `lib` alone needs `skipLibCheck`, or `"DOM"` in `lib`.
   */
  const fault =
    /^node_modules\/@effect\/platform\/dist\/dts\/KeyValueStore\.d\.ts\(.*Cannot find name 'Storage'\.$/

  it("finds one fault in all declarations, and that in @effect/platform", async () => {
    const options = { ...optionsOf("nodenext"), lib: "es2022", noEmit: "true" }
    const output = await run(join(directory, "npm"), compile("TypeScript 7", options)).then(
      () => "",
      (error: unknown) => (error instanceof Error ? error.message : String(error))
    )
    const faults = output.split("\n").filter((line) => line.includes("error TS"))
    assert.lengthOf(faults, 1, output)
    assert.match(faults[0] ?? "", fault)
  })
})
