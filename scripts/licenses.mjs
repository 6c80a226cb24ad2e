// Writes the table of the licenses of all run-time dependencies.
import { mkdirSync, writeFileSync } from "node:fs"
import { dirname, join } from "node:path"
import { fileURLToPath } from "node:url"
import { path, readLock, render } from "../test/packages/licenses.js"

const file = join(fileURLToPath(new URL("../", import.meta.url)), path)
mkdirSync(dirname(file), { recursive: true })
writeFileSync(file, render(readLock()))
console.log(`Written: ${file}`)
