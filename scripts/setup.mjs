// Installs the workspace when it is missing or older than the lock file, so that `npm start` and `npm test` are
// the only commands a newcomer needs. Arguments: folders with a lock file of their own that are installed as well.
import { spawnSync } from "node:child_process"
import { existsSync, statSync } from "node:fs"
import { fileURLToPath } from "node:url"

const root = fileURLToPath(new URL("..", import.meta.url))

const [major = 0, minor = 0] = process.versions.node.split(".").map(Number)
const supported = major > 22 || (major === 22 && minor >= 12) || (major === 20 && minor >= 19)
if (!supported) {
  console.error(`This workspace needs Node.js 20.19, 22.12 or newer; this is ${process.version}.`)
  process.exit(1)
}
for (const folder of ["", ...process.argv.slice(2).map((path) => `${path}/`)]) {
  const lock = `${root}${folder}package-lock.json`
  const installed = `${root}${folder}node_modules/.package-lock.json`
  if (existsSync(installed) && statSync(installed).mtimeMs >= statSync(lock).mtimeMs) continue
  console.log(folder === "" ? "Installing dependencies ..." : `Installing dependencies of ${folder} ...`)
  const { error, status } = spawnSync("npm", ["ci", "--no-audit", "--no-fund", "--loglevel=error"], {
    cwd: `${root}${folder}`,
    stdio: "inherit",
    shell: process.platform === "win32"
  })
  if (error !== undefined) {
    console.error(`npm could not be started [${error.code}]: check that it is installed beside Node.js.`)
  }
  if (status !== 0) process.exit(status ?? 1)
}
