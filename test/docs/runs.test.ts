/** The tests in the documents, which a reader pastes, do what they claim: they run here as they stand there. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { afterAll, assert, describe, it } from "@effect/vitest"
import { codeBlocks, documents, publicModules, root } from "./sources.js"

const tests = [...documents, ...publicModules]
  .flatMap(codeBlocks)
  .filter(({ code }) => code.some((line) => line.includes('from "@effect/vitest"')))

// Inside of the workspace, because its packages resolve there; vitest.config.ts knows the name.
const cache = join(root, "node_modules/.cache")
mkdirSync(cache, { recursive: true })
const directory = mkdtempSync(join(cache, "effect-adobe-pass-runs-"))

afterAll(() => rmSync(directory, { recursive: true, force: true }))

it("there are tests in the documents", () => {
  assert.includeMembers(
    tests.map(({ path }) => path),
    [
      "docs/guides/tests-without-a-license.md",
      "docs/guides/stores.md",
      "packages/emulator/README.md",
      "packages/emulator/src/EmulatedAdobePass.ts"
    ]
  )
})

for (const { code, offset, path } of tests) {
  describe(`${path}:${offset}`, async () => {
    const file = join(directory, `${path.replaceAll("/", "__")}__${offset}.ts`)
    writeFileSync(file, code.join("\n"))
    await import(/* @vite-ignore */ file)
  })
}
