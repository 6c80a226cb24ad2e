// Bundles `adobe-pass` into one file, so that it installs without dependencies and starts fast.
import { chmodSync, readFileSync, rmSync } from "node:fs"
import { fileURLToPath } from "node:url"
import { build } from "esbuild"

const directory = new URL("../packages/cli/", import.meta.url)
const outfile = process.argv[2] ?? fileURLToPath(new URL("dist/adobe-pass.js", directory))

// Modules of CommonJS that are bundled may require what comes with Node.js.
const require = 'import { createRequire } from "node:module"; const require = createRequire(import.meta.url);'

rmSync(outfile, { force: true })
await build({
  entryPoints: [fileURLToPath(new URL("src/main.ts", directory))],
  outfile,
  bundle: true,
  minify: true,
  keepNames: true,
  platform: "node",
  format: "esm",
  target: "node20",
  conditions: ["effect-adobe-pass-source"],
  // PostgreSQL's native bindings are optional.
  external: ["pg-native"],
  banner: { js: require },
  legalComments: "linked",
  logLevel: "error"
})
chmodSync(outfile, 0o755)
if (!readFileSync(outfile, "utf8").startsWith("#!")) throw new Error(`${outfile} has no interpreter line.`)
