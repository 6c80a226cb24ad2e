/** The links of the built site that lead nowhere: to a file that is not there, or to no place on its page. */
import { existsSync, readdirSync, readFileSync } from "node:fs"
import { join, posix } from "node:path"

const attributes = (html: string, name: string): ReadonlyArray<string> =>
  [...html.matchAll(new RegExp(`\\s(?:${name})="([^"]*)"`, "g"))].map(([, value = ""]) =>
    value.replaceAll("&amp;", "&")
  )

export const deadLinks = (directory: string, base: string): ReadonlyArray<string> => {
  const pages = new Map(
    readdirSync(directory, { recursive: true, encoding: "utf8" })
      .filter((path) => path.endsWith(".html"))
      .map((path) => [path.replaceAll("\\", "/"), readFileSync(join(directory, path), "utf8")])
  )
  const places = new Map([...pages].map(([path, html]) => [path, new Set(attributes(html, "id"))]))
  const isDead = (page: string, link: string): boolean => {
    const { origin, pathname, hash, protocol } = new URL(link, `http://site.invalid${base}${page}`)
    if (origin !== "http://site.invalid") return !["http:", "https:", "mailto:", "data:"].includes(protocol)
    if (!pathname.startsWith(base)) return true
    const path = decodeURI(pathname.slice(base.length))
    const file = path === "" || path.endsWith("/") ? posix.join(path, "index.html") : path
    if (hash === "" || !pages.has(file)) return !existsSync(join(directory, file))
    return places.get(file)?.has(decodeURIComponent(hash.slice(1))) !== true
  }
  return [...pages].flatMap(([page, html]) =>
    [...new Set(attributes(html, "href|src"))]
      .filter((link) => isDead(page, link))
      .map((link) => `${page}: ${link}`)
  )
}
