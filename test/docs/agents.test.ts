/** AGENTS.md of each package: what its users must know, as ten items that fit on a screen, in every tarball. */
import { readFileSync } from "node:fs"
import { assert, describe, it } from "@effect/vitest"
import { Schema } from "effect"
import { published } from "../packages/licenses.js"
import { read, root } from "./sources.js"

const Manifest = Schema.parseJson(Schema.Struct({ name: Schema.String, files: Schema.Array(Schema.String) }))

describe.each(published)("AGENTS.md of packages/%s", (folder) => {
  const manifest = Schema.decodeSync(Manifest)(readFileSync(`${root}packages/${folder}/package.json`, "utf8"))
  const { lines } = read(`packages/${folder}/AGENTS.md`)

  it("is shipped, with the changelog", () => {
    assert.includeMembers([...manifest.files], ["AGENTS.md", "CHANGELOG.md"])
  })

  it("is named after the package, and has exactly ten items that begin with what to do", () => {
    assert.strictEqual(lines[0], `# Using ${manifest.name}`)
    const items = lines.filter((line) => /^\d+\. /.test(line))
    assert.deepStrictEqual(
      items.map((line) => Number.parseInt(line, 10)),
      [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]
    )
    for (const item of items) assert.match(item, /^\d+\. \*\*/)
  })

  it("fits on a screen, and links to nothing that is not in the tarball", () => {
    assert.isAtMost(lines.length, 80)
    assert.deepStrictEqual(lines.join("\n").match(/\]\((?!\w+:)[^)]*\)/g) ?? [], [])
  })
})

describe("the changelog of a package", () => {
  it.each(published)("of packages/%s has a heading for the version in its manifest", (folder) => {
    const { version } = Schema.decodeSync(Schema.parseJson(Schema.Struct({ version: Schema.String })))(
      readFileSync(`${root}packages/${folder}/package.json`, "utf8")
    )
    assert.include(read(`packages/${folder}/CHANGELOG.md`).lines, `## ${version}`)
  })
})
