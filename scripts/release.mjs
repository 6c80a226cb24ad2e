// Publishes the packages: `npm run release`, in the root of the workspace; with `--dry-run` it shows what would be
// published. Packs every package once, checks the tarballs, and publishes those very files, a package after those that
// it needs. Stops at the first failure; a second run goes on where the first has stopped.
//
//   --dry-run              checks and shows, and publishes nothing; also where npm takes it, in npm run release --dry-run
//   --registry URL         another registry than that of the configuration of npm
//   --without-provenance   for a registry that has none; npm makes provenance in a workflow only
import { spawnSync } from "node:child_process"
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { parseArgs } from "node:util"

const { values: flags } = parseArgs({
  options: {
    "dry-run": { type: "boolean", default: false },
    registry: { type: "string" },
    "without-provenance": { type: "boolean", default: false }
  }
})
const root = process.cwd()
const limit = 30 * 60_000
const isDry = flags["dry-run"] || process.env.npm_config_dry_run === "true"
const provenance = !flags["without-provenance"]
if (!provenance && flags.registry === undefined) {
  console.error("--without-provenance is for another registry: name it with --registry.")
  process.exit(1)
}
const toRegistry = flags.registry === undefined ? [] : ["--registry", flags.registry]

const readJson = (path) => JSON.parse(readFileSync(path, "utf8"))

/** The outcome of a command, which gets a time limit and no terminal. */
const run = (command, ...args) =>
  spawnSync(command, args, {
    cwd: root,
    encoding: "utf8",
    timeout: limit,
    maxBuffer: 1e8,
    stdio: ["ignore", "pipe", "pipe"],
    shell: process.platform === "win32" && command === "npm"
  })
const output = (command, ...args) => {
  const { error, status, stderr, stdout } = run(command, ...args)
  if (status === 0) return stdout
  throw new Error(`${command} ${args.join(" ")} failed: ${error?.message ?? (stderr || stdout)}`)
}

const workspace = readJson(join(root, "package.json"))
  .workspaces.map((folder) => ({ folder, manifest: readJson(join(root, folder, "package.json")) }))
  .filter(({ manifest }) => manifest.private !== true)

/** The packages that a package needs, or holds: all of them have to be there first. */
const needs = ({ dependencies, devDependencies, peerDependencies }) =>
  Object.keys({ ...dependencies, ...devDependencies, ...peerDependencies })

/** Each package after those that it needs. */
const inOrder = (packages) => {
  const names = packages.map(({ manifest }) => manifest.name)
  const ready = packages.find(({ manifest }) => !needs(manifest).some((name) => names.includes(name)))
  if (packages.length === 0) return []
  if (ready === undefined) throw new Error(`These packages need each other: ${names.join(", ")}.`)
  return [ready, ...inOrder(packages.filter((other) => other !== ready))]
}

/** What the registry has of this version, if anything. One that does not answer is no reason to publish. */
const published = ({ name, version }) => {
  const words = ["view", `${name}@${version}`, "dist.integrity", "--json", ...toRegistry]
  const { error, status, stderr, stdout } = run("npm", ...words)
  // Of a package whose other versions are there, npm says nothing.
  if (status === 0) return stdout.trim() === "" ? undefined : JSON.parse(stdout)
  if (stdout.includes('"E404"')) return undefined
  throw new Error(`The registry does not say whether it has ${name}@${version}: ${error?.message ?? stderr}`)
}

const expectedFiles = ["README.md", "LICENSE", "AGENTS.md", "CHANGELOG.md"]

/** What keeps a package from being published, in sentences that say what to do. */
const faultsOf = ({ files, folder, manifest }) => {
  const changelog = join(root, folder, "CHANGELOG.md")
  const lines = existsSync(changelog) ? readFileSync(changelog, "utf8").split("\n") : []
  const missing = expectedFiles.filter((file) => !files.some(({ path }) => path === file))
  return [
    ...(lines.includes(`## ${manifest.version}`)
      ? []
      : [
          `Describe ${manifest.version} in ${folder}/CHANGELOG.md: npm run versions does it from changesets.`
        ]),
    ...missing.map((file) => `Add ${file} to ${folder}, and to "files" of its package.json.`)
  ]
}

/** What of a version that the registry has already is not what was packed: it would be published in parts. */
const othersOf = ({ integrity, manifest: { name, version }, published }) =>
  published === undefined || published === integrity
    ? []
    : [`Raise the version with npm run versions: the registry has another ${name}@${version} than this one.`]

/** The packages with a peer of this workspace in any version, as it stands in manifests while versions are made. */
const withOpenPeers = (packages) => {
  const names = packages.map(({ manifest }) => manifest.name)
  return packages.filter(({ manifest }) =>
    Object.entries(manifest.peerDependencies ?? {}).some(
      ([name, range]) => range === "*" && names.includes(name)
    )
  )
}

const foldersOf = (packages) => packages.map(({ folder }) => folder).join(", ")

/** What keeps the workspace from being published. */
const faultsOfAll = (packages) => {
  const { stdout: changes } = run("git", "status", "--porcelain")
  const branch = run("git", "rev-parse", "--abbrev-ref", "HEAD").stdout.trim()
  const pending = readdirSync(join(root, ".changeset")).filter(
    (file) => file.endsWith(".md") && file !== "README.md"
  )
  const versions = [...new Set(packages.map(({ manifest }) => manifest.version))]
  const homeless = packages.filter(({ manifest }) => manifest.repository?.url === undefined)
  const open = withOpenPeers(packages)
  return [
    ...(changes === "" ? [] : ["Commit or remove what git status shows."]),
    ...(branch === "main" ? [] : [`Release from main; this is ${branch || "no branch"}.`]),
    ...(pending.length === 0 ? [] : [`Run npm run versions and commit: ${pending.join(", ")} still wait.`]),
    ...(versions.length === 1 ? [] : [`Give all packages one version; there are ${versions.join(", ")}.`]),
    ...(open.length === 0
      ? []
      : [`Give the peers of this workspace the range ^${versions[0]} instead of * in ${foldersOf(open)}.`]),
    ...(homeless.length === 0
      ? []
      : [
          `Set "repository" ({ "type": "git", "url", "directory" }) in the package.json of ${foldersOf(homeless)}: provenance needs the public home of the sources.`
        ])
  ]
}

/** Packs the packages into a directory, as users will get them. */
const pack = (directory, ordered) => {
  const workspaces = ordered.flatMap(({ folder }) => ["--workspace", folder])
  const words = ["--json", "--foreground-scripts=false", "--pack-destination", directory, ...workspaces]
  const packed = Object.values(JSON.parse(output("npm", "pack", ...words)))
  return ordered.map((entry) => {
    const { filename, files, integrity, size, unpackedSize } = packed.find(
      ({ name }) => name === entry.manifest.name
    )
    return { ...entry, files, integrity, size, unpackedSize, tarball: join(directory, filename) }
  })
}

const kilobytes = (bytes) => `${(bytes / 1024).toFixed(1)} kB`
const tagOf = ({ version }) => (version.includes("-") ? "next" : "latest")

const show = ({ files, manifest, published, size, unpackedSize }) => {
  console.log(
    [
      `${manifest.name}@${manifest.version}`,
      `  registry    ${published === undefined ? "does not have this version" : "has this version, so it is skipped"}`,
      `  files       ${files.length}, ${kilobytes(size)} packed, ${kilobytes(unpackedSize)} unpacked`,
      `  tag         ${tagOf(manifest)}`,
      `  provenance  ${provenance ? "yes" : "no"}`
    ].join("\n")
  )
}

const publish = ({ manifest, tarball }) => {
  const words = ["--access", "public", "--tag", tagOf(manifest), ...(provenance ? ["--provenance"] : [])]
  output("npm", "publish", tarball, ...words, ...toRegistry)
  console.log(`Published ${manifest.name}@${manifest.version}.`)
}

/** Ends with the faults; nothing has been published before. */
const refuse = (faults) => {
  if (faults.length > 0) throw new Error(["Nothing was published. Before it can be:", ...faults].join("\n- "))
}

const release = (directory) => {
  const ordered = inOrder(workspace)
  const faults = faultsOfAll(ordered)
  // Packing builds everything, which takes minutes.
  if (!isDry) refuse(faults)
  const packages = pack(directory, ordered)
  faults.push(...packages.flatMap(faultsOf))
  if (!isDry) refuse(faults)
  const states = packages.map((entry) => ({ ...entry, published: published(entry.manifest) }))
  states.forEach(show)
  faults.push(...states.flatMap(othersOf))
  refuse(faults)
  if (isDry) return console.log("All checks are green. Nothing was published.")
  states.filter(({ published }) => published === undefined).forEach(publish)
  const tag = `v${packages[0].manifest.version}`
  console.log(`The registry has all packages. Tag them: git tag ${tag} && git push origin ${tag}`)
}

const directory = mkdtempSync(join(tmpdir(), "effect-adobe-pass-release-"))
try {
  release(directory)
} catch (error) {
  console.error(error instanceof Error ? error.message : error)
  process.exitCode = 1
} finally {
  rmSync(directory, { recursive: true, force: true })
}
