// Writes the OpenAPI document of REST API v2 to the file that is named, or to packages/rest-v2/openapi.json.
import { writeFileSync } from "node:fs"
import { fileURLToPath } from "node:url"
import * as OpenApiDocument from "effect-adobe-pass-rest-v2/OpenApiDocument"

const own = fileURLToPath(new URL("../packages/rest-v2/openapi.json", import.meta.url))
const [file = own] = process.argv.slice(2)

writeFileSync(file, `${JSON.stringify(OpenApiDocument.make(), undefined, 2)}\n`)
console.log(`Written: ${file}`)
