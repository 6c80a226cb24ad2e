/** The packages as a user gets them: packed, checked, and installed into an empty folder from the registry. */
import { execFile } from "node:child_process"
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { promisify } from "node:util"
import { afterAll, assert, beforeAll, describe, it } from "@effect/vitest"
import { Schema } from "effect"
import { read, root } from "../docs/sources.js"

const folders: Readonly<Record<string, string>> = {
  "effect-adobe-pass": "core",
  "effect-adobe-pass-rest-v2": "rest-v2",
  "effect-adobe-pass-node": "node",
  "effect-adobe-pass-sql": "sql",
  "effect-adobe-pass-redis": "redis",
  "effect-adobe-pass-emulator": "emulator"
}
const names = Object.keys(folders)

const Manifest = Schema.parseJson(
  Schema.Struct({
    version: Schema.optionalWith(Schema.String, { default: () => "" }),
    devDependencies: Schema.optionalWith(Schema.Record({ key: Schema.String, value: Schema.String }), {
      default: () => ({})
    })
  })
)
const manifest = (path: string) => Schema.decodeSync(Manifest)(readFileSync(path, "utf8"))

/** What npm writes about a folder: its packages by path, with those that only some platforms have marked. */
const Installed = Schema.parseJson(
  Schema.Struct({
    packages: Schema.Record({
      key: Schema.String,
      value: Schema.Struct({ optional: Schema.optionalWith(Schema.Boolean, { default: () => false }) })
    })
  })
)
const installedIn = (folder: string): ReadonlyArray<string> =>
  Object.entries(
    Schema.decodeSync(Installed)(readFileSync(join(folder, "node_modules/.package-lock.json"), "utf8"))
      .packages
  )
    .filter(([, { optional }]) => !optional)
    .map(([path]) => path.slice("node_modules/".length))

const directory = mkdtempSync(join(tmpdir(), "effect-adobe-pass-packages-"))
const tarball = (name: string) =>
  join(directory, `${name}-${manifest(`${root}packages/core/package.json`).version}.tgz`)

/** The output of a command, or an error that shows it. */
const run = async (cwd: string, command: string, ...args: ReadonlyArray<string>): Promise<string> => {
  const env = { ...process.env, npm_config_store_dir: join(directory, "pnpm") }
  try {
    const { stderr, stdout } = await promisify(execFile)(command, [...args], { cwd, env, maxBuffer: 1e8 })
    return stdout + stderr
  } catch (error) {
    const { stderr = "", stdout = "" }: { readonly stderr?: string; readonly stdout?: string } = Object(error)
    throw new Error(`${command} ${args.join(" ")}\n${stdout}${stderr}`, { cause: error })
  }
}

const tool = (name: string) => `${root}node_modules/.bin/${name}`

/** The names that the install lines of the README give to npm, with tarballs for the packages of this repository. */
const installLines = (): ReadonlyArray<ReadonlyArray<string>> =>
  read("README.md")
    .lines.flatMap((line) => /^npm install (?<words>[^#]+)/.exec(line)?.groups?.["words"] ?? [])
    .map((words) => words.trim().split(/\s+/))
    .map((words) => words.map((word) => (names.includes(word) ? tarball(word) : word)))

const managers = {
  npm: { install: ["npm", "install", "--no-audit", "--no-fund"], execute: ["npm", "exec", "--no", "--"] },
  pnpm: { install: [tool("pnpm"), "add"], execute: [tool("pnpm"), "exec"] }
} as const

beforeAll(async () => {
  const workspaces = Object.values(folders).flatMap((folder) => ["--workspace", `packages/${folder}`])
  await run(root, "npm", "pack", ...workspaces, "--pack-destination", directory)
})

afterAll(() => rmSync(directory, { recursive: true, force: true }))

describe.each(names)("the tarball of %s", (name) => {
  it("holds the build, its license and its README", async () => {
    const files = (await run(root, "tar", "-tzf", tarball(name))).split("\n")
    assert.includeMembers(
      files,
      ["LICENSE", "README.md", "package.json", "dist/index.js", "dist/index.d.ts", "src/index.ts"].map(
        (file) => `package/${file}`
      )
    )
  })

  it("has no fault that publint or attw knows", async () => {
    await run(root, tool("publint"), "run", "--strict", tarball(name))
    await run(root, tool("attw"), "--profile", "esm-only", "--format", "ascii", tarball(name))
  })
})

/** What Effect, its platform and their dependencies are. */
const platform = [
  "@effect/platform",
  "@standard-schema/spec",
  "effect",
  "fast-check",
  "find-my-way-ts",
  "msgpackr",
  "multipasta",
  "pure-rand"
]

describe.each([
  ["effect-adobe-pass", [], []],
  ["effect-adobe-pass-node", ["effect-adobe-pass"], ["undici"]],
  ["effect-adobe-pass-rest-v2", ["effect-adobe-pass"], []],
  ["effect-adobe-pass-emulator", ["effect-adobe-pass", "effect-adobe-pass-rest-v2"], []]
] as const)("npm install %s", (name, peers, others) => {
  it("brings what is used and nothing else", async () => {
    const folder = join(directory, `only-${name}`)
    mkdirSync(folder)
    writeFileSync(join(folder, "package.json"), JSON.stringify({ name: "consumer", private: true }))
    const words = [name, ...peers].map(tarball)
    await run(
      folder,
      "npm",
      "install",
      "--no-audit",
      "--no-fund",
      ...words,
      "effect@3",
      "@effect/platform@0.97"
    )
    assert.sameMembers([...installedIn(folder)], [name, ...peers, ...platform, ...others])
  })
})

describe("the README", () => {
  it("installs every package", () => {
    const installed = installLines().flat()
    assert.includeMembers(installed, names.map(tarball))
  })
})

describe.each(["npm", "pnpm"] as const)("an empty folder and %s", (manager) => {
  const { execute, install } = managers[manager]
  const folder = join(directory, `with-${manager}`)
  const developed = manifest(`${root}package.json`).devDependencies

  beforeAll(async () => {
    mkdirSync(folder)
    writeFileSync(
      join(folder, "package.json"),
      JSON.stringify({ name: "consumer", private: true, type: "module" })
    )
    const [command, ...args] = install
    const tools = ["typescript", "@types/node"].map((name) => `${name}@${developed[name]}`)
    for (const words of [...installLines(), ["--save-dev", ...tools]]) {
      const output = await run(folder, command, ...args, ...words)
      assert.notMatch(output, /unmet peer|ERESOLVE|EBADENGINE|deprecated effect/i)
    }
  })

  it("installs Effect 3 by the lines of the README", () => {
    assert.match(manifest(join(folder, "node_modules/effect/package.json")).version, /^3\./)
  })

  it("compiles a program and runs it for one call", async () => {
    copyFileSync(join(import.meta.dirname, "consumer.ts"), join(folder, "consumer.ts"))
    const [command, ...args] = execute
    await run(
      folder,
      command,
      ...args,
      "tsc",
      "--module",
      "nodenext",
      "--target",
      "es2022",
      "--strict",
      "consumer.ts"
    )
    const output = await run(folder, process.execPath, "consumer.js")
    assert.deepStrictEqual(JSON.parse(output), { provider: "ACME", register: 1, token: 1, api: 1, stores: 2 })
  })

  it("has the command of the emulator", async () => {
    const [command, ...args] = execute
    const output = await run(folder, command, ...args, "effect-adobe-pass-emulator", "--help")
    assert.match(output, /^Usage: effect-adobe-pass-emulator /)
  })
})
