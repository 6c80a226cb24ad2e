/**
 * Builds the site into `dist/site`. `DOCS_BASE` is the path under which it will be served, `/` unless it is set; with
 * `--serve` it is shown on this machine afterwards.
 */
import { cpSync, rmSync } from "node:fs"
import { join } from "node:path"
import { parseArgs } from "node:util"
import { preview } from "vite"
import { build } from "vitepress"
import { writeApiReference } from "./apiReference.js"
import { deadLinks } from "./deadLinks.js"
import { writeLists } from "./llms.js"
import { readPages, writeApiIndexes, writeDocuments } from "./pages.js"
import { base, pagesDirectory, siteDirectory, siteRoot } from "./paths.js"

const { values } = parseArgs({ options: { serve: { type: "boolean", default: false } } })

rmSync(pagesDirectory, { recursive: true, force: true })
writeDocuments(pagesDirectory)
console.log("Reading the public modules ...")
await writeApiReference(join(pagesDirectory, "api"))
writeApiIndexes(pagesDirectory)

await build(siteRoot)
for (const { path } of readPages(pagesDirectory))
  cpSync(join(pagesDirectory, path), join(siteDirectory, path))
writeLists(pagesDirectory, siteDirectory)

const dead = deadLinks(siteDirectory, base)
if (dead.length > 0) {
  console.error(`These links lead nowhere:\n${dead.join("\n")}`)
  process.exit(1)
}
console.log(`The site is in ${siteDirectory}`)

if (values.serve) {
  const server = await preview({
    configFile: false,
    root: siteRoot,
    base,
    appType: "mpa",
    build: { outDir: siteDirectory },
    preview: { host: "127.0.0.1" }
  })
  server.printUrls()
}
