/** The notices of the bundle of `adobe-pass`, which only bundling tells, against the table of licenses. */
import { mkdtempSync, readFileSync } from "node:fs"
import { rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, assert, describe, it } from "@effect/vitest"
import { root } from "../docs/sources.js"
import { licenses, readLock } from "./licenses.js"
import { run } from "./support.js"

const directory = mkdtempSync(join(tmpdir(), "effect-adobe-pass-licenses-"))

afterAll(() => rm(directory, { recursive: true, force: true }))

describe("the bundle of adobe-pass", () => {
  it("holds nothing but what the table of licenses lists for it", async () => {
    await run(root, [process.execPath, "scripts/bundle.mjs", directory])
    const notices = readFileSync(join(directory, "LICENSES.txt"), "utf8")
    const bundled = notices
      .split(`\n${"-".repeat(80)}\n\n`)
      .map((notice) => notice.slice(0, notice.indexOf("\n")))
    const listed = licenses(readLock())
      .filter(({ comesWith }) => comesWith.includes("cli"))
      .map(({ name, version }) => `${name} ${version}`)
    assert.isAbove(bundled.length, 10)
    assert.includeMembers(listed, bundled)
  })
})
