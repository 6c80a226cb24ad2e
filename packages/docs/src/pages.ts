/** The pages of the site: Markdown in one folder, from which the site, its menu and the lists for machines are made. */
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs"
import { dirname, join } from "node:path"
import { onSite, pageOf } from "./links.js"
import { summary, title } from "./markdown.js"
import { documents, libraries, read } from "./repository.js"

export const write = (file: string, text: string): void => {
  mkdirSync(dirname(file), { recursive: true })
  writeFileSync(file, text)
}

/** VitePress takes what lies in `public` as it is. */
export const writeDocuments = (directory: string): void => {
  for (const document of documents) {
    const text = onSite(document, read(document), [directory, join(directory, "public")])
    write(join(directory, pageOf(document)), text)
  }
}

const moduleLine = (directory: string, from: string, name: string): string => {
  const text = summary(readFileSync(join(directory, "api", `${name}.md`), "utf8").replace(/^##[\s\S]*/m, ""))
  return `- [${name.slice(name.indexOf("/") + 1)}](${from}${name}.md)${text === "" ? "" : `: ${text}`}`
}

/** The lists of modules: one for each package, and one of all. */
export const writeApiIndexes = (directory: string): void => {
  const sections = libraries.map(({ description, modules, name }) => {
    const lines = (from: string) =>
      modules.map((module) => moduleLine(directory, from, module.name)).join("\n")
    write(join(directory, "api", name, "index.md"), `# ${name}\n\n${description}.\n\n${lines("../")}\n`)
    return `## ${name}\n\n${description}.\n\n${lines("")}\n`
  })
  const text = "Every public module of every package, from the doc comments of its source."
  write(join(directory, "api/index.md"), `# API reference\n\n${text}\n\n${sections.join("\n")}`)
}

export interface Page {
  /** From the root of the site: `docs/guides/fleet.md`. */
  readonly path: string
  readonly title: string
  /** One sentence. */
  readonly summary: string
  readonly text: string
}

export const readPages = (directory: string): ReadonlyArray<Page> =>
  readdirSync(directory, { recursive: true, encoding: "utf8" })
    .map((path) => path.replaceAll("\\", "/"))
    .filter((path) => path.endsWith(".md") && !path.startsWith("public/"))
    .sort()
    .map((path) => {
      const text = readFileSync(join(directory, path), "utf8")
      return { path, title: title(text) ?? path, summary: summary(text), text }
    })
