/** Where the links of a document lead on the site. A page lies where its document lies in the repository. */
import { copyFileSync, existsSync, mkdirSync, statSync } from "node:fs"
import { dirname, join, posix } from "node:path"
import { withLinks } from "./markdown.js"
import { documents, libraries, root } from "./repository.js"

/** A README is the index of its folder. */
export const pageOf = (document: string): string => document.replace(/(^|\/)README\.md$/, "$1index.md")

const pages = new Map([
  ...documents.map((document) => [document, pageOf(document)] as const),
  ...libraries.flatMap(({ modules }) =>
    modules.map(({ name, source }) => [source, `api/${name}.md`] as const)
  )
])

/** A link to a page for a link to a folder with a README, a document, or a module. */
const page = (path: string): string | undefined => pages.get(posix.join(path, "README.md")) ?? pages.get(path)

/** Pictures, and configurations that a reader takes along. */
const isAttachment = (path: string): boolean =>
  /\.(?:svg|png|jpe?g|gif|webp)$|^docs\/.*\.(?:json|ya?ml)$/.test(path)

/**
 * The text of a document with links that hold on the site. Links to other files of the repository become text; one that
 * leads nowhere is an error. Attachments are put where `copyTo` says.
 */
export const onSite = (document: string, text: string, copyTo: ReadonlyArray<string>): string =>
  withLinks(text, (destination) => {
    if (/^(?:[a-z][a-z+.-]*:|#|\/\/)/i.test(destination)) return destination
    const [, path = "", fragment = ""] = /^([^#?]*)(?:\?[^#]*)?(#.*)?$/.exec(destination) ?? []
    const target = posix.join(posix.dirname(document), decodeURI(path)).replace(/\/$/, "")
    const file = join(root, target)
    if (target.startsWith("..") || !existsSync(file)) {
      throw new Error(`${document} links to ${destination}, which does not exist.`)
    }
    if (isAttachment(target) && statSync(file).isFile()) {
      for (const directory of copyTo) {
        mkdirSync(dirname(join(directory, target)), { recursive: true })
        copyFileSync(file, join(directory, target))
      }
      return destination
    }
    const found = page(target)
    if (found === undefined) return undefined
    const relative = posix.relative(posix.dirname(pageOf(document)), found)
    // Fragments of a source file are numbers of lines.
    return `${relative}${target.endsWith(".ts") ? "" : fragment}`
  })
