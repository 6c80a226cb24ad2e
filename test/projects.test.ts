import { readdirSync, readFileSync } from "node:fs"
import { fileURLToPath } from "node:url"
import { assert, describe, it } from "@effect/vitest"
import { createVitest } from "vitest/node"

const here = fileURLToPath(new URL(".", import.meta.url))

/** The test files, by their paths from this directory. */
const files = readdirSync(here, { recursive: true, encoding: "utf8" })
  .map((file) => file.replaceAll("\\", "/"))
  .filter((file) => /\b(?:test|spec)s?\.[cm]?[jt]sx?$/.test(file))
  .sort()

describe("a test file", () => {
  it("belongs to exactly one project", async () => {
    const vitest = await createVitest("test", { root: `${here}..`, watch: false })
    try {
      const specifications = await vitest.globTestSpecifications()
      assert.deepStrictEqual(specifications.map(({ moduleId }) => moduleId.slice(here.length)).sort(), files)
    } finally {
      await vitest.close()
    }
  })

  it("has no time limit of its own, which a busy machine would exceed", () => {
    const limited = files.filter((file) =>
      /^\s*[})], [\d_]{4,}\)|\{ (?:\.\.\.runs\(.*\), )?timeout: [\d_]{4,} \}\s*$/m.test(
        readFileSync(here + file, "utf8")
      )
    )
    assert.deepStrictEqual(limited, [])
  })

  it("that starts servers or processes says so in its name", () => {
    const needing = (modules: string) =>
      files.filter((file) =>
        new RegExp(`from "[./]*(?:support|fleet)/(?:${modules})\\.js"|from "\\./(?:${modules})\\.js"`).test(
          readFileSync(here + file, "utf8")
        )
      )
    const named = (name: string) => files.filter((file) => file.endsWith(`.${name}.test.ts`))
    assert.deepStrictEqual(needing("workers|cli"), named("processes"))
    assert.includeMembers(
      [...named("servers"), ...named("processes"), ...named("packages")],
      needing("postgres|redis|nginx|servers|fleet")
    )
  })
})
