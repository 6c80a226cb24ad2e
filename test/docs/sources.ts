/** The documents and sources of the project, as text. TypeScript 7 has no API for programs, and Biome keeps the form. */
import { existsSync, readdirSync, readFileSync } from "node:fs"
import { fileURLToPath } from "node:url"

export const root = fileURLToPath(new URL("../..", import.meta.url))

export interface SourceText {
  /** Relative to the root of the project. */
  readonly path: string
  readonly lines: ReadonlyArray<string>
}

export const read = (path: string): SourceText => ({
  path,
  lines: readFileSync(`${root}${path}`, "utf8").split("\n")
})

const modules = [
  "core/src",
  "core/src/testing",
  "emulator/src",
  "node/src",
  "redis/src",
  "rest-v2/src",
  "sql/src"
]

/** Every module that a user can import by name: not `internal`, not a command. */
export const publicModules: ReadonlyArray<SourceText> = modules.flatMap((directory) =>
  readdirSync(`${root}packages/${directory}`)
    .filter((file) => file.endsWith(".ts") && file !== "index.ts" && file !== "main.ts")
    .map((file) => read(`packages/${directory}/${file}`))
)

/** All sources of these packages. */
export const sources = (packages: ReadonlyArray<string>): ReadonlyArray<SourceText> =>
  packages.flatMap((name) =>
    readdirSync(`${root}packages/${name}/src`, { encoding: "utf8", recursive: true })
      .filter((path) => path.endsWith(".ts"))
      .map((path) => read(`packages/${name}/src/${path}`))
  )

/** What the project and each package may have beside their sources. */
const beside = ["README.md", "AGENTS.md", "CHANGELOG.md", "CONTRIBUTING.md", "SECURITY.md"]

const existing = (directory: string): ReadonlyArray<string> =>
  beside.map((file) => `${directory}${file}`).filter((path) => existsSync(`${root}${path}`))

export const documents: ReadonlyArray<SourceText> = [
  ...existing(""),
  ...readdirSync(`${root}docs`, { encoding: "utf8", recursive: true })
    .filter((path) => path.endsWith(".md"))
    .map((path) => `docs/${path}`)
    .toSorted(),
  ...readdirSync(`${root}packages`).flatMap((name) => existing(`packages/${name}/`))
].map(read)

export interface CodeBlock {
  readonly path: string
  /** Number of the line before the first line of code, so that line n of the block is line `offset + n`. */
  readonly offset: number
  readonly code: ReadonlyArray<string>
}

/** The `ts` blocks of a document, or of the doc comments of a module. */
export const codeBlocks = ({ lines, path }: SourceText): ReadonlyArray<CodeBlock> => {
  const blocks: Array<CodeBlock> = []
  const prefix = path.endsWith(".md") ? /^/ : /^\s*\* ?/
  let open: { offset: number; code: Array<string> } | undefined
  lines.forEach((line, index) => {
    const text = line.replace(prefix, "")
    if (open === undefined) {
      if (/^```ts\b/.test(text) && prefix.test(line)) open = { offset: index + 1, code: [] }
    } else if (text.startsWith("```")) {
      blocks.push({ path, ...open })
      open = undefined
    } else open.code.push(text)
  })
  return blocks
}

/** The headings of a document, outside of its code blocks. */
export const headings = ({ lines }: SourceText): ReadonlyArray<string> => {
  let inCode = false
  return lines.flatMap((line) => {
    if (line.trimStart().startsWith("```")) inCode = !inCode
    return !inCode && /^#+ /.test(line) ? [line.replace(/^#+ /, "")] : []
  })
}

/** The rows of the tables under a heading of a document, without the header rows; cells are trimmed. */
export const tableRows = (document: SourceText, heading: string): ReadonlyArray<ReadonlyArray<string>> => {
  const start = document.lines.findIndex((line) => /^#+ /.test(line) && line.replace(/^#+ /, "") === heading)
  if (start === -1) throw new Error(`${document.path} has no heading "${heading}"`)
  const length = document.lines.slice(start + 1).findIndex((line) => /^#+ /.test(line))
  const section = document.lines.slice(start + 1, length === -1 ? undefined : start + 1 + length)
  const isRule = (line: string | undefined) => line !== undefined && /^\|[\s:|-]+\|$/.test(line)
  return section
    .filter((line, i) => line.startsWith("|") && !isRule(line) && !isRule(section[i + 1]))
    .map((line) =>
      line
        .split(/(?<!\\)\|/)
        .slice(1, -1)
        .map((cell) => cell.trim())
    )
}

/** The text in back quotes of a cell. */
export const quoted = (cell: string | undefined): ReadonlyArray<string> =>
  [...(cell ?? "").matchAll(/`([^`]+)`/g)].map(([, text]) => text ?? "")
