import { type DefaultTheme, defineConfig } from "vitepress"
import { type Group, groups } from "../src/menu.js"
import { readPages } from "../src/pages.js"
import { base, pagesDirectory, siteDirectory } from "../src/paths.js"
import { description } from "../src/repository.js"

const menu = groups(readPages(pagesDirectory))

/** A package is known by the name that one installs. */
const label = (group: Group, title: string): string =>
  group.name.startsWith("effect-adobe-pass") && title.startsWith(`${group.name}/`)
    ? title.slice(group.name.length + 1)
    : title

const items = (group: Group): Array<DefaultTheme.SidebarItem> => [
  ...group.pages.map(({ path, title }) => ({ text: label(group, title), link: `/${path}` })),
  ...group.groups.map((inner): DefaultTheme.SidebarItem => {
    const [first, ...others] = inner.pages
    const text = inner.name
    if (first === undefined) return { text }
    if (others.length === 0) return { text, link: `/${first.path}` }
    return { text, link: `/${first.path}`, collapsed: true, items: items({ ...inner, pages: others }) }
  })
]

const firstPage = (name: string): Array<DefaultTheme.NavItemWithLink> => {
  const path = menu.find((group) => group.name === name)?.pages[0]?.path
  return path === undefined ? [] : [{ text: name, link: `/${path}` }]
}

/** The anchors of GitHub, where the documents are read as well. */
const slugify = (heading: string): string =>
  heading
    .trim()
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}\s_-]/gu, "")
    .replaceAll(" ", "-")

const icon = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32"><rect width="32" height="32" rx="7" fill="#3451b2"/><path d="M9 16.5l5 5 9-11" fill="none" stroke="#fff" stroke-width="3.5"/></svg>`

export default defineConfig({
  base,
  srcDir: pagesDirectory,
  outDir: siteDirectory,
  cacheDir: "node_modules/.cache/vitepress",
  lang: "en",
  title: "effect-adobe-pass",
  description,
  cleanUrls: false,
  lastUpdated: false,
  metaChunk: true,
  head: [["link", { rel: "icon", href: `data:image/svg+xml,${encodeURIComponent(icon)}` }]],
  transformHead: ({ pageData: { relativePath } }) =>
    relativePath === "404.md"
      ? []
      : [["link", { rel: "alternate", type: "text/markdown", href: `${base}${relativePath}` }]],
  markdown: {
    anchor: { slugify },
    theme: { light: "github-light-high-contrast", dark: "github-dark-high-contrast" }
  },
  vite: { build: { chunkSizeWarningLimit: 4096 } },
  themeConfig: {
    outline: { level: [2, 3] },
    nav: ["Guides", "Reference", "API reference"].flatMap(firstPage),
    sidebar: menu.map((group) => ({ text: group.name, items: items(group) })),
    search: { provider: "local" },
    docFooter: { prev: false, next: false }
  }
})
