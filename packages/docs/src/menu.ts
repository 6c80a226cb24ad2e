/** The groups of pages, from their folders and first headings: the menu of the site, and the order of its lists. */
import { posix } from "node:path"
import { withLinks } from "./markdown.js"
import type { Page } from "./pages.js"
import { libraries, packages } from "./repository.js"

export interface Group {
  readonly name: string
  readonly pages: ReadonlyArray<Page>
  readonly groups: ReadonlyArray<Group>
}

const named = (folder: string): string => folder.charAt(0).toUpperCase() + folder.slice(1)

/** The pages in the order in which another links to them, then the others. */
const inOrderOf = (index: Page | undefined, pages: ReadonlyArray<Page>): ReadonlyArray<Page> => {
  const linked: Array<string> = []
  if (index !== undefined) {
    withLinks(index.text, (destination) => {
      linked.push(posix.join(posix.dirname(index.path), destination.replace(/#.*/, "")))
      return destination
    })
  }
  const position = ({ path }: Page): number => (linked.includes(path) ? linked.indexOf(path) : linked.length)
  return [...pages].sort((a, b) => position(a) - position(b))
}

const folderOf = ({ path }: Page): string => `${posix.dirname(path)}/`

export const groups = (pages: ReadonlyArray<Page>): ReadonlyArray<Group> => {
  const at = (path: string): ReadonlyArray<Page> => pages.filter((page) => page.path === path)
  const within = (folder: string): ReadonlyArray<Page> => pages.filter((page) => folderOf(page) === folder)
  const [index] = at("docs/index.md")

  const start: Group = { name: "Start", pages: [...at("index.md"), ...at("docs/index.md")], groups: [] }

  /** What lies in `docs` itself is a guide. */
  const folders = new Set([
    "docs/guides/",
    ...pages.map(folderOf).filter((folder) => /^docs\/./.test(folder))
  ])
  const documents = [...folders].map((folder): Group => {
    const direct = folder === "docs/guides/" ? within("docs/").filter((page) => page !== index) : []
    const name = named(posix.basename(folder))
    return { name, pages: inOrderOf(index, [...within(folder), ...direct]), groups: [] }
  })

  const ofPackages: Group = {
    name: "Packages",
    pages: [],
    groups: packages.map(({ folder, name }) => ({
      name,
      pages: [
        ...at(`${folder}index.md`),
        ...within(folder).filter(({ path }) => !path.endsWith("/index.md"))
      ],
      groups: []
    }))
  }

  const api: Group = {
    name: "API reference",
    pages: at("api/index.md"),
    groups: libraries.map(({ modules, name }) => ({
      name,
      pages: [`api/${name}/index.md`, ...modules.map((module) => `api/${module.name}.md`)].flatMap(at),
      groups: []
    }))
  }

  const project: Group = {
    name: "Project",
    pages: within("./").filter(({ path }) => path !== "index.md"),
    groups: []
  }

  return [start, ...documents, ofPackages, api, project].filter(
    ({ groups, pages }) => groups.length + pages.length > 0
  )
}
