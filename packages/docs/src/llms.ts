/** The site for language models, as https://llmstxt.org describes it: a list of all pages, and all pages in one. */
import { join, posix } from "node:path"
import { withLinks } from "./markdown.js"
import { type Group, groups } from "./menu.js"
import { type Page, readPages, write } from "./pages.js"
import { description } from "./repository.js"

const entry = ({ path, summary, title }: Page): string =>
  `- [${title}](${path})${summary === "" ? "" : `: ${summary}`}`

const all = ({ groups, pages }: Group): ReadonlyArray<Page> => [...pages, ...groups.flatMap(all)]

const isLocal = (destination: string): boolean => !/^(?:[a-z][a-z+.-]*:|\/)/i.test(destination)

/** A page among others: its links start at the root of the site. */
const among = ({ path, text }: Page): string =>
  withLinks(text, (destination) =>
    destination.startsWith("#")
      ? `${path}${destination}`
      : isLocal(destination)
        ? posix.join(posix.dirname(path), destination)
        : destination
  )

/** Links are relative, so that they hold wherever the site is served. */
export const writeLists = (pagesIn: string, directory: string): void => {
  const sections = groups(readPages(pagesIn))
  const head = `# effect-adobe-pass\n\n> ${description}.\n`
  const lists = sections.map((group) => `## ${group.name}\n\n${all(group).map(entry).join("\n")}\n`)
  write(join(directory, "llms.txt"), [head, ...lists].join("\n"))
  const texts = sections.flatMap(all).map((page) => `<!-- ${page.path} -->\n\n${among(page).trim()}\n`)
  write(join(directory, "llms-full.txt"), [head, ...texts].join("\n"))
}
