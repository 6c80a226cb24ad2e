/** The packages as they are published: what their tarballs hold, and what they bring along. */
import { mkdirSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs"
import { rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, assert, describe, it } from "@effect/vitest"
import { Schema } from "effect"
import { inject } from "vitest"
import { root } from "../docs/sources.js"
import { installWords, names, run, tarballIn, tool } from "./support.js"

const packed = inject("packed")
const directory = mkdtempSync(join(tmpdir(), "effect-adobe-pass-install-"))
const tarball = (name: string) => tarballIn(packed, name)

afterAll(() => rm(directory, { recursive: true, force: true }))

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

describe.each(names)("the tarball of %s", (name) => {
  it("holds the build, its license and its README", async () => {
    const files = (await run(root, ["tar", "-tzf", tarball(name)])).split("\n")
    assert.includeMembers(
      files,
      ["LICENSE", "README.md", "package.json", "dist/index.js", "dist/index.d.ts", "src/index.ts"].map(
        (file) => `package/${file}`
      )
    )
  })

  it("has no fault that publint or attw knows", async () => {
    await run(root, [tool("publint"), "run", "--strict", tarball(name)])
    await run(root, [tool("attw"), "--profile", "esm-only", "--format", "ascii", tarball(name)])
  })
})

describe("the modules of the tarballs", () => {
  it("do not import each other in a circle", async () => {
    const folders = names.map((name) => join(directory, `modules-of-${name}`))
    for (const [index, name] of names.entries()) {
      const folder = folders[index] ?? ""
      mkdirSync(folder)
      await run(folder, ["tar", "-xzf", tarball(name), "--strip-components=1"])
    }
    const madge = join(packed, "tools/node_modules/.bin/madge")
    const output = await run(directory, [madge, "--circular", "--extensions", "js", ...folders])
    assert.match(output, /Processed \d{3,} files/)
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
    const words = [...[name, ...peers].map(tarball), "effect@3", "@effect/platform@0.97"]
    await run(folder, ["npm", "install", "--no-audit", "--no-fund", ...words])
    assert.sameMembers([...installedIn(folder)], [name, ...peers, ...platform, ...others])
  })
})

describe("the README", () => {
  it("installs every package", () => {
    assert.includeMembers([...installWords()], names)
  })
})
