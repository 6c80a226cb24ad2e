/** What `npm run versions` makes of changesets, in a copy of the manifests. */
import { spawn } from "node:child_process"
import { once } from "node:events"
import { cpSync, mkdtempSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs"
import { rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, assert, beforeAll, describe, it, vi } from "@effect/vitest"
import { Schema } from "effect"
import { root } from "../docs/sources.js"
import { run } from "./support.js"

const published = ["core", "rest-v2", "node", "sql", "redis", "emulator", "cli"]

const Ranges = Schema.optionalWith(Schema.Record({ key: Schema.String, value: Schema.String }), {
  default: () => ({})
})
const Manifest = Schema.Struct({
  name: Schema.String,
  version: Schema.String,
  dependencies: Ranges,
  devDependencies: Ranges,
  peerDependencies: Ranges
})
type Manifest = typeof Manifest.Type

const directory = mkdtempSync(join(tmpdir(), "effect-adobe-pass-version-"))
const text = (path: string) => readFileSync(join(directory, path), "utf8")
const manifest = (folder: string): Manifest =>
  Schema.decodeSync(Schema.parseJson(Manifest))(text(`packages/${folder}/package.json`))

/** The ranges of packages of this repository in a manifest. */
const ranges = ({ dependencies, devDependencies, peerDependencies }: Manifest): ReadonlyArray<string> =>
  [dependencies, devDependencies, peerDependencies].flatMap((group) =>
    Object.entries(group).flatMap(([name, range]) => (name.startsWith("effect-adobe-pass") ? [range] : []))
  )

const version = () => run(directory, [process.execPath, "scripts/version.mjs"])
const changeset = (name: string, kind: string, sentence: string) =>
  writeFileSync(join(directory, `.changeset/${name}.md`), `---\n"${name}": ${kind}\n---\n\n${sentence}\n`)

beforeAll(async () => {
  const folders = readdirSync(`${root}packages`).map((name) => `packages/${name}`)
  for (const file of ["package.json", "package-lock.json"]) cpSync(root + file, join(directory, file))
  cpSync(`${root}scripts`, join(directory, "scripts"), { recursive: true })
  for (const file of ["config.json", "changelog.cjs", "README.md"]) {
    cpSync(`${root}.changeset/${file}`, join(directory, ".changeset", file))
  }
  for (const folder of folders) {
    cpSync(`${root}${folder}/package.json`, join(directory, folder, "package.json"))
  }
  cpSync(`${root}packages/cli/src/version.ts`, join(directory, "packages/cli/src/version.ts"))
  symlinkSync(`${root}node_modules`, join(directory, "node_modules"))
  await run(directory, ["git", "init", "--quiet", "--initial-branch", "main"])
})

afterAll(() => rm(directory, { recursive: true, force: true }))

describe("npm run versions", () => {
  it("leaves everything as it is without a changeset", async () => {
    const before = published.map(manifest)
    assert.match(await version(), /no changeset/)
    assert.deepStrictEqual(published.map(manifest), before)
  })

  it("takes an empty changeset away, and leaves the versions", async () => {
    const before = published.map(manifest)
    writeFileSync(join(directory, ".changeset/empty.md"), "---\n---\n")
    assert.match(await version(), /were empty/)
    assert.deepStrictEqual(published.map(manifest), before)
    assert.notInclude(readdirSync(join(directory, ".changeset")), "empty.md")
  })

  it("leaves the ranges as they were when Changesets fails", async () => {
    const before = published.map(manifest)
    changeset("no-such-package", "patch", "Mends what is not there.")
    const failure = await version().catch(String)
    await rm(join(directory, ".changeset/no-such-package.md"))
    assert.match(failure, /Changesets has failed\. The ranges are what they were/)
    assert.deepStrictEqual(published.map(manifest), before)
  })

  it("leaves the ranges as they were when it is interrupted", async () => {
    const before = published.map(manifest)
    changeset("effect-adobe-pass", "patch", "Mends what was broken.")
    const child = spawn(process.execPath, ["scripts/version.mjs"], { cwd: directory, stdio: "ignore" })
    const ended = once(child, "close")
    await vi.waitFor(() => assert.include(ranges(manifest("cli")), "*"), { timeout: 60_000, interval: 5 })
    child.kill("SIGTERM")
    assert.deepStrictEqual(await ended, [1, null])
    await rm(join(directory, ".changeset/effect-adobe-pass.md"))
    assert.deepStrictEqual(published.map(manifest), before)
  })

  it("gives one version to all packages, their ranges, the lock file and the command", async () => {
    const [major, minor] = manifest("core").version.split(".").map(Number)
    const next = `${major}.${(minor ?? 0) + 1}.0`
    changeset("effect-adobe-pass-rest-v2", "minor", "Adds what was missing.")
    await version()
    assert.deepStrictEqual(
      published.map((folder) => manifest(folder).version),
      published.map(() => next)
    )
    const all = [...published, "examples", "benchmarks"].map(manifest)
    assert.deepStrictEqual([...new Set(all.flatMap(ranges))], [`^${next}`])
    assert.include(text("packages/cli/src/version.ts"), `"${next}"`)
    assert.notInclude(await run(directory, ["npm", "ci", "--dry-run", "--offline"]), "ERESOLVE")
  })

  it("writes the sentence into the changelog of its package, and removes the changeset", () => {
    const { version } = manifest("core")
    const heading = `## ${version}\n\n`
    assert.include(
      text("packages/rest-v2/CHANGELOG.md"),
      `${heading}### Minor Changes\n\n- Adds what was missing.\n`
    )
    assert.include(text("packages/core/CHANGELOG.md"), `${heading}Nothing of its own:`)
    assert.notInclude(readdirSync(join(directory, ".changeset")).join(), "effect-adobe-pass-rest-v2.md")
  })

  it("keeps older versions below a new one", async () => {
    const { version: older } = manifest("core")
    changeset("effect-adobe-pass", "patch", "Mends what was broken.")
    await version()
    const { version: newer } = manifest("core")
    assert.notStrictEqual(newer, older)
    for (const folder of ["core", "rest-v2"]) {
      const changelog = text(`packages/${folder}/CHANGELOG.md`)
      assert.match(changelog, new RegExp(`^# .*\\n\\n## ${newer}\\n[\\s\\S]*\\n## ${older}\\n`), folder)
    }
  })
})
