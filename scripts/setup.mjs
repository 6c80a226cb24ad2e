// Installs the workspace when it is missing or older than the lock file, so that `npm start` and `npm test` are
// the only commands a newcomer needs.
import { spawnSync } from "node:child_process"
import { existsSync, statSync } from "node:fs"
import { fileURLToPath } from "node:url"

const root = fileURLToPath(new URL("..", import.meta.url))
const lock = `${root}package-lock.json`
const installed = `${root}node_modules/.package-lock.json`

const [major = 0, minor = 0] = process.versions.node.split(".").map(Number)
const supported = major > 22 || (major === 22 && minor >= 12) || (major === 20 && minor >= 19)
if (!supported) {
  console.error(`This workspace needs Node.js 20.19, 22.12 or newer; this is ${process.version}.`)
  process.exit(1)
}
if (!existsSync(installed) || statSync(installed).mtimeMs < statSync(lock).mtimeMs) {
  console.log("Installing dependencies ...")
  const { status } = spawnSync("npm", ["ci", "--no-audit", "--no-fund", "--loglevel=error"], {
    cwd: root,
    stdio: "inherit",
    shell: process.platform === "win32"
  })
  process.exit(status ?? 1)
}
