/** The licenses of what comes with the packages, by the lock file. `npm run licenses` writes the table. */
import { readFileSync } from "node:fs"
import { Schema } from "effect"
import { root } from "../docs/sources.js"

export const path = "docs/reference/licenses.md"

/** The packages that are published, by their folders. */
export const published = ["core", "rest-v2", "node", "sql", "redis", "emulator", "cli"] as const

const Ranges = Schema.optionalWith(Schema.Record({ key: Schema.String, value: Schema.String }), {
  default: () => ({})
})

const Entry = Schema.Struct({
  name: Schema.optional(Schema.String),
  version: Schema.optionalWith(Schema.String, { default: () => "" }),
  license: Schema.optionalWith(Schema.String, { default: () => "" }),
  /** The folder of a package of this repository. */
  resolved: Schema.optional(Schema.String),
  link: Schema.optionalWith(Schema.Boolean, { default: () => false }),
  dependencies: Ranges,
  devDependencies: Ranges,
  optionalDependencies: Ranges,
  peerDependencies: Ranges,
  peerDependenciesMeta: Schema.optionalWith(
    Schema.Record({
      key: Schema.String,
      value: Schema.Struct({ optional: Schema.optionalWith(Schema.Boolean, { default: () => false }) })
    }),
    { default: () => ({}) }
  )
})
type Entry = typeof Entry.Type

export type Lock = Readonly<Record<string, Entry>>

const LockFile = Schema.parseJson(
  Schema.Struct({ packages: Schema.Record({ key: Schema.String, value: Entry }) })
)

export const readLock = (): Lock =>
  Schema.decodeSync(LockFile)(readFileSync(`${root}package-lock.json`, "utf8")).packages

export interface Licensed {
  readonly name: string
  readonly version: string
  readonly license: string
  /** The folders of the packages that it comes with. */
  readonly comesWith: ReadonlyArray<string>
}

/** Where a dependency of the package at `from` is, from the inside out, as Node.js looks for it. */
const located = (lock: Lock, from: string, name: string): string | undefined => {
  for (let at = from; ; at = at.slice(0, Math.max(0, at.lastIndexOf("/node_modules/")))) {
    const candidate = at === "" ? `node_modules/${name}` : `${at}/node_modules/${name}`
    const entry = lock[candidate]
    if (entry !== undefined) return entry.link ? entry.resolved : candidate
    if (at === "") return undefined
  }
}

/** What npm installs with a package: all but what is for development only, and peers that are optional. */
const needed = (entry: Entry): ReadonlyArray<string> => [
  ...Object.keys(entry.dependencies),
  ...Object.keys(entry.optionalDependencies),
  ...Object.keys(entry.peerDependencies).filter((peer) => entry.peerDependenciesMeta[peer]?.optional !== true)
]

/** The paths of all that comes with the package in a folder. The command is a bundle of its development dependencies. */
const closure = (lock: Lock, folder: string): ReadonlySet<string> => {
  const found = new Set<string>()
  const visit = (from: string, names: ReadonlyArray<string>): void => {
    for (const name of names) {
      const at = located(lock, from, name)
      const entry = at === undefined ? undefined : lock[at]
      if (at === undefined || entry === undefined || found.has(at)) continue
      found.add(at)
      visit(at, needed(entry))
    }
  }
  const own = lock[folder]
  if (own === undefined) throw new Error(`The lock file has no ${folder}.`)
  visit(folder, folder === "packages/cli" ? Object.keys(own.devDependencies) : needed(own))
  return found
}

const isOwn = (at: string): boolean => at.startsWith("packages/") && !at.includes("/node_modules/")

/** Everything that comes with the published packages and is not one of them, by name and version. */
export const licenses = (lock: Lock): ReadonlyArray<Licensed> => {
  const byId = new Map<string, Licensed>()
  for (const folder of published) {
    for (const at of closure(lock, `packages/${folder}`)) {
      const entry = lock[at]
      if (entry === undefined || isOwn(at)) continue
      const name = entry.name ?? at.slice(at.lastIndexOf("node_modules/") + "node_modules/".length)
      const id = `${name}@${entry.version}`
      const comesWith = new Set([...(byId.get(id)?.comesWith ?? []), folder])
      byId.set(id, { name, version: entry.version, license: entry.license, comesWith: [...comesWith] })
    }
  }
  return [...byId.entries()].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, licensed]) => licensed)
}

/** The licenses that ask for no more than a notice. */
const permissive = new Set([
  "0BSD",
  "Apache-2.0",
  "BlueOak-1.0.0",
  "BSD-2-Clause",
  "BSD-3-Clause",
  "CC0-1.0",
  "ISC",
  "MIT"
])

/** Whether a license is permissive: each part of an `AND`, or one of an `OR`. Without a license nothing is allowed. */
export const isPermissive = (license: string): boolean =>
  license
    .replaceAll(/[()]/g, "")
    .split(" AND ")
    .every((part) => part.split(" OR ").some((choice) => permissive.has(choice)))

const row = (cells: ReadonlyArray<string>, widths: ReadonlyArray<number>): string =>
  `| ${cells.map((cell, i) => cell.padEnd(widths[i] ?? 0)).join(" | ")} |`

const tableOf = (rows: ReadonlyArray<ReadonlyArray<string>>): string => {
  const header = ["Package", "Version", "License", "Comes with"]
  const widths = header.map((_, i) => Math.max(...[header, ...rows].map((cells) => cells[i]?.length ?? 0)))
  const rule = `| ${widths.map((width) => "-".repeat(width)).join(" | ")} |`
  return [row(header, widths), rule, ...rows.map((cells) => row(cells, widths))].join("\n")
}

/** The document with the table. */
export const render = (lock: Lock): string => {
  const rows = licenses(lock).map(({ comesWith, license, name, version }) => [
    `\`${name}\``,
    version,
    license,
    comesWith.join(", ")
  ])
  return `# Licenses

The packages of this repository are under the [MIT license](../../LICENSE). This is what comes with them: their
dependencies and required peers, and what those need in turn, in the versions that this repository is tested with. npm may
install newer ones within the ranges. Packages that only some platforms install are included.

\`effect-adobe-pass-cli\` installs nothing: it is a bundle, of parts of what is listed for \`cli\`. The texts of their
licenses are in its file \`dist/LICENSES.txt\`.

\`npm run licenses\` writes this page. A test compares it with the lock file, and fails when a license is not one of
${[...permissive].map((license) => `\`${license}\``).join(", ")}.

${tableOf(rows)}
`
}
