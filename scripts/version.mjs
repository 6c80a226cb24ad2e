// Turns the changesets into versions, changelogs and ranges: `npm run versions`, in the root of the workspace. Not
// `version`, which `npm version` would run as well.
//
// Changesets calls a package a major change when the range of a peer is left, and `^0.1.0` does not hold 0.2.0. The
// packages of this repository are peers of each other and move together, so their ranges are open (`*`) while Changesets
// runs, and say `^VERSION` afterwards. When it fails or is interrupted, the manifests are what they were before.
import { spawn } from "node:child_process"
import { once } from "node:events"
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"

const root = process.cwd()
const lockPath = join(root, "package-lock.json")
const kinds = ["dependencies", "devDependencies", "peerDependencies"]

const readJson = (path) => JSON.parse(readFileSync(path, "utf8"))
const writeJson = (path, value) => writeFileSync(path, `${JSON.stringify(value, undefined, 2)}\n`)

const folders = readJson(join(root, "package.json")).workspaces
const manifests = folders.map((folder) => join(root, folder, "package.json"))
const own = new Set(manifests.map((path) => readJson(path).name))
const [group] = readJson(join(root, ".changeset/config.json")).fixed

/** Gives every dependency of a manifest, or of a package of the lock file, on a package of this workspace a range. */
const withRange = (manifest, range) => {
  for (const kind of kinds) {
    for (const name of Object.keys(manifest[kind] ?? {})) {
      if (own.has(name)) manifest[kind][name] = range
    }
  }
  return manifest
}
const setRanges = (range) => {
  for (const path of manifests) writeJson(path, withRange(readJson(path), range))
}

/** The one version of the packages that are published. */
const currentVersion = () => {
  const published = manifests.map(readJson).filter(({ name }) => group.includes(name))
  const versions = [...new Set(published.map(({ version }) => version))]
  if (versions.length !== 1) throw new Error(`The packages have several versions: ${versions.join(", ")}.`)
  return versions[0]
}

const waiting = () =>
  readdirSync(join(root, ".changeset")).filter((file) => file.endsWith(".md") && file !== "README.md")

/** Runs Changesets, and ends it with a signal that ends this script. */
const runChangesets = async () => {
  const tool = join(root, "node_modules/@changesets/cli/bin.js")
  const child = spawn(process.execPath, [tool, "version"], { stdio: "inherit" })
  for (const signal of signals) process.once(signal, () => child.kill(signal))
  const [status, signal] = await once(child, "close")
  if (status !== 0) throw new Error(`Changesets has ${signal === null ? "failed" : "been interrupted"}.`)
}

/** The version that the changesets make; the manifests stay as they are when there is none. */
const nextVersion = async () => {
  const texts = manifests.map((path) => readFileSync(path, "utf8"))
  const before = currentVersion()
  let version = before
  try {
    setRanges("*")
    await runChangesets()
    version = currentVersion()
    if (version === before && waiting().length > 0) throw new Error("Changesets has left the versions.")
    return version === before ? undefined : version
  } finally {
    if (version !== before) setRanges(`^${version}`)
    else for (const [index, path] of manifests.entries()) writeFileSync(path, texts[index])
  }
}

if (waiting().length === 0) {
  console.log("There is no changeset, so the versions stay.")
  process.exit(0)
}

// A signal that comes before Changesets runs must not end this script between two manifests.
const signals = ["SIGINT", "SIGTERM"]
for (const signal of signals) process.on(signal, () => {})

const version = await nextVersion().catch((error) => {
  console.error(`${error.message} The ranges are what they were; see above, and look at git status.`)
  process.exit(1)
})
if (version === undefined) {
  console.log("The changesets were empty, so the versions stay.")
  process.exit(0)
}

/** A version without a sentence would look like a mistake. */
const nothing = "Nothing of its own: all packages have one version.\n"
for (const path of manifests.filter((path) => group.includes(readJson(path).name))) {
  const changelog = path.replace(/package\.json$/, "CHANGELOG.md")
  const text = existsSync(changelog) ? readFileSync(changelog, "utf8") : `# ${readJson(path).name}\n`
  const heading = `## ${version}\n`
  const [head, tail = ""] = text.includes(heading) ? text.split(heading) : [`${text}\n`, ""]
  if (/^\s*(?:## |$)/.test(tail))
    writeFileSync(changelog, `${head}${heading}\n${nothing}\n${tail.trimStart()}`)
}

// What the command says about itself.
const constant = join(root, "packages/cli/src/version.ts")
writeFileSync(constant, readFileSync(constant, "utf8").replace(/"[^"]+"/, JSON.stringify(version)))

// Only names and ranges of this workspace have changed, so nothing has to be resolved.
const lock = readJson(lockPath)
folders.forEach((folder, index) => {
  const { version: newest } = readJson(manifests[index])
  Object.assign(withRange(lock.packages[folder], `^${version}`), { version: newest })
})
writeJson(lockPath, lock)
console.log(`All packages have the version ${version}.`)
