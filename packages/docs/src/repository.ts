/** What the site is made of: the Markdown of the repository, its packages, and their public modules. */
import { readdirSync, readFileSync } from "node:fs"
import { fileURLToPath } from "node:url"

export const root = fileURLToPath(new URL("../../../", import.meta.url))

export const read = (path: string): string => readFileSync(`${root}${path}`, "utf8")

const member = (value: unknown, key: string): unknown =>
  typeof value === "object" && value !== null ? Reflect.get(value, key) : undefined

const text = (value: unknown): string => (typeof value === "string" ? value : "")

const manifest = (folder: string): unknown => JSON.parse(read(`${folder}package.json`))

const filesOf = (folder: string, extension: string): ReadonlyArray<string> =>
  readdirSync(`${root}${folder}`, { withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith(extension))
    .map(({ name }) => `${folder}${name}`)
    .sort()

const foldersOf = (folder: string): ReadonlyArray<string> =>
  readdirSync(`${root}${folder}`, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => `${folder}${name}/`)
    .sort()

/** What the manifest of the workspace says of the whole. */
export const description = text(member(manifest(""), "description"))

export interface Package {
  /** From the root of the repository, with a slash at its end. */
  readonly folder: string
  readonly name: string
  readonly description: string
}

const workspaces = member(manifest(""), "workspaces")

/** The packages in the order of the workspace, then those that do not belong to it. */
export const packages: ReadonlyArray<Package> = [
  ...new Set([
    ...(Array.isArray(workspaces) ? workspaces.map((path) => `${text(path)}/`) : []),
    ...foldersOf("packages/")
  ])
].map((folder) => ({
  folder,
  name: text(member(manifest(folder), "name")),
  description: text(member(manifest(folder), "description"))
}))

const withMarkdown = (folder: string): ReadonlyArray<string> => [
  ...filesOf(folder, ".md"),
  ...foldersOf(folder).flatMap(withMarkdown)
]

/** The documents: those at the root and in the folders of the packages, and all of `docs`. */
export const documents: ReadonlyArray<string> = [
  ...filesOf("", ".md"),
  ...withMarkdown("docs/"),
  ...packages.flatMap(({ folder }) => filesOf(folder, ".md"))
]

export interface Module {
  readonly source: string
  /** As a program imports it. */
  readonly name: string
}

/** A library has an entry of its own; commands, examples and benchmarks have none. */
const isLibrary = ({ folder }: Package): boolean =>
  member(member(manifest(folder), "exports"), ".") !== undefined

const modulesOf = ({ folder, name }: Package): ReadonlyArray<Module> =>
  [`${folder}src/`, ...foldersOf(`${folder}src/`).filter((path) => !path.endsWith("/internal/"))]
    .flatMap((path) => filesOf(path, ".ts"))
    .filter((source) => !/\/(?:index|main)\.ts$/.test(source))
    .map((source) => ({ source, name: `${name}/${source.slice(`${folder}src/`.length, -".ts".length)}` }))

export const libraries: ReadonlyArray<Package & { readonly modules: ReadonlyArray<Module> }> = packages
  .filter(isLibrary)
  .map((library) => ({ ...library, modules: modulesOf(library) }))
