/** Where the site is made, and where it will be served. */
import { join } from "node:path"
import { root } from "./repository.js"

export const siteRoot = join(root, "packages/docs")

/** The pages as Markdown. */
export const pagesDirectory = join(siteRoot, "dist/pages")

export const siteDirectory = join(siteRoot, "dist/site")

/** With a slash at both ends. */
export const base = `/${process.env["DOCS_BASE"] ?? ""}/`.replaceAll(/\/{2,}/g, "/")
