// Bundles `adobe-pass`, so that it installs without dependencies and starts fast: a launcher, the code of every command,
// and a file for each part that only some commands load. Arguments: the directory to write (default: that of the
// package), and a file for esbuild's account of what went where.
import { chmodSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { build } from "esbuild"

const root = fileURLToPath(new URL("../", import.meta.url))
const [outdir = join(root, "packages/cli/dist"), account] = process.argv.slice(2)

// Modules of CommonJS that are bundled may require what comes with Node.js.
const require = 'import { createRequire } from "node:module"; const require = createRequire(import.meta.url);'

rmSync(outdir, { recursive: true, force: true })
const { metafile } = await build({
  absWorkingDir: root,
  entryPoints: { "adobe-pass": "packages/cli/src/main.ts" },
  outdir,
  bundle: true,
  splitting: true,
  chunkNames: "parts/[name]-[hash]",
  minify: true,
  keepNames: true,
  platform: "node",
  format: "esm",
  target: "node20",
  conditions: ["effect-adobe-pass-source"],
  // PostgreSQL's native bindings are optional. The other is a package of somebody else that `debug`, of ioredis, takes along
  // where it happens to be installed.
  external: ["pg-native", "supports-color"],
  banner: { js: require },
  legalComments: "none",
  metafile: true,
  logLevel: "error"
})

/** The folders of the packages that are in the bundle. */
const bundled = Object.values(metafile.outputs)
  .flatMap(({ inputs }) => Object.entries(inputs))
  .flatMap(([path, { bytesInOutput }]) =>
    bytesInOutput > 0 ? (/^.*node_modules\/(?:@[^/]+\/)?[^/]+/.exec(path)?.[0] ?? []) : []
  )

/** What the licenses of those packages ask of a copy. */
const notice = (folder) => {
  const { license, name, version } = JSON.parse(readFileSync(join(root, folder, "package.json"), "utf8"))
  const file = readdirSync(join(root, folder)).find((file) => /^(?:licen[cs]e|copying)/i.test(file))
  const text =
    file === undefined ? `License: ${license}` : readFileSync(join(root, folder, file), "utf8").trim()
  return `${name} ${version}\n\n${text}\n`
}

const notices = [...new Set(bundled)].sort().map(notice)
writeFileSync(join(outdir, "LICENSES.txt"), notices.join(`\n${"-".repeat(80)}\n\n`))
if (account !== undefined) writeFileSync(account, JSON.stringify(metafile))

const launcher = join(outdir, "adobe-pass.js")
chmodSync(launcher, 0o755)
if (!readFileSync(launcher, "utf8").startsWith("#!")) throw new Error(`${launcher} has no interpreter line.`)
