/** The site of the documents as a reader gets it: built by `npm run docs`, and served as files under a path. */
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs"
import { createServer, type Server } from "node:http"
import { extname, join, posix } from "node:path"
import { afterAll, assert, beforeAll, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { publicModules, root, type SourceText } from "../docs/sources.js"
import {
  describeBrowser,
  doing,
  expectAccessible,
  type OpenOptions,
  open,
  screenshot,
  sharedBrowser
} from "../support/browser.js"
import { run } from "./support.js"

const base = "/adobe-pass/docs/"
const site = join(root, "packages/docs/dist/site")

const types: Readonly<Record<string, string>> = {
  ".html": "text/html",
  ".js": "text/javascript",
  ".css": "text/css",
  ".json": "application/json",
  ".svg": "image/svg+xml",
  ".md": "text/markdown",
  ".yml": "text/yaml",
  ".txt": "text/plain"
}

/** As plain as a server of files can be: it knows no rule of the site, and sends nothing outside of the path. */
const server: Server = createServer(({ url = "" }, response) => {
  const { pathname } = new URL(url, "http://localhost")
  const path = pathname.startsWith(base) ? join(site, decodeURI(pathname.slice(base.length))) : ""
  const file = pathname.endsWith("/") ? join(path, "index.html") : path
  if (!existsSync(file) || !statSync(file).isFile()) return response.writeHead(404).end()
  return response
    .writeHead(200, { "content-type": types[extname(file)] ?? "application/octet-stream" })
    .end(readFileSync(file))
})

/** Of the first page, with a slash at its end. */
let home = ""

beforeAll(async () => {
  await run(root, ["npm", "run", "docs"], { ...process.env, DOCS_BASE: base })
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
  const address = server.address()
  home = `http://127.0.0.1:${typeof address === "object" ? address?.port : ""}${base}`
})

afterAll(() => {
  server.close()
  server.closeAllConnections()
})

const files = (extension: string): ReadonlyArray<string> =>
  readdirSync(site, { recursive: true, encoding: "utf8" })
    .map((path) => path.replaceAll("\\", "/"))
    .filter((path) => path.endsWith(extension))
    .sort()

const pages = () => files(".html").filter((path) => path !== "404.html")

const text = (path: string): string => readFileSync(join(site, path), "utf8")

const attributes = (html: string, name: string): ReadonlyArray<string> =>
  [...html.matchAll(new RegExp(`\\s(?:${name})="([^"]*)"`, "g"))].map(([, value = ""]) =>
    value.replaceAll("&amp;", "&")
  )

/** Follows every link from the first page. */
const crawl = async () => {
  const bodies = new Map<string, string | undefined>()
  const links: Array<{ readonly from: string; readonly to: URL }> = []
  const queue = [home]
  for (let url = queue.pop(); url !== undefined; url = queue.pop()) {
    if (bodies.has(url)) continue
    const response = await fetch(url)
    const body = await response.text()
    bodies.set(url, response.ok ? body : undefined)
    if (response.headers.get("content-type") !== "text/html") continue
    for (const link of attributes(body, "href|src")) {
      const to = new URL(link, url)
      if (to.origin !== new URL(home).origin) continue
      links.push({ from: url, to })
      queue.push(to.href.replace(/#.*/, ""))
    }
  }
  return { bodies, links }
}

/** The names that a module exports, without those that are internal. */
const exported = ({ lines }: SourceText): ReadonlyArray<string> => [
  ...new Set(
    lines.flatMap((line, index) => {
      const name = /^export (?:declare |abstract )*(?:const|class|interface|type|function) (\w+)/.exec(
        line
      )?.[1]
      if (name === undefined) return []
      const comment = lines.slice(0, index).join("\n").split("/**").at(-1) ?? ""
      return comment.includes("@internal") ? [] : [name]
    })
  )
]

describe("the site of the documents", () => {
  it("has no link, anchor or asset that leads nowhere, and no page that nothing leads to", async () => {
    const { bodies, links } = await crawl()
    const dead = links.filter(({ to }) => {
      const body = bodies.get(to.href.replace(/#.*/, ""))
      if (body === undefined) return true
      return to.hash !== "" && !attributes(body, "id").includes(decodeURIComponent(to.hash.slice(1)))
    })
    assert.deepStrictEqual(
      dead.map(({ from, to }) => `${from}: ${to.href}`),
      []
    )
    const reached = new Set([...bodies.keys()].map((url) => url.replace(/\/$/, "/index.html")))
    assert.deepStrictEqual(
      pages().filter((path) => !reached.has(`${home}${path}`)),
      []
    )
  })

  it("has every page as Markdown, whose links lead to Markdown", () => {
    const markdown = files(".md")
    assert.deepStrictEqual(
      markdown,
      pages().map((path) => path.replace(/html$/, "md"))
    )
    const dead = markdown.flatMap((path) =>
      [
        ...text(path)
          .replaceAll(/^```[\s\S]*?^```$/gm, "")
          .matchAll(/\]\((?!\w+:|#)([^)#\s]+)[^)]*\)/g)
      ]
        .map(([, link = ""]) => posix.join(posix.dirname(path), link))
        .filter((target) => !existsSync(join(site, target)))
        .map((target) => `${path}: ${target}`)
    )
    assert.deepStrictEqual(dead, [])
  })

  it("lists every page for language models, with what it is about, and has them all in one file", () => {
    const list = text("llms.txt")
    assert.match(list, /^# effect-adobe-pass\n\n> .+\.\n\n## /)
    const listed = [...list.matchAll(/^- \[[^\]]+\]\(([^)]+)\): \S.*$/gm)].map(([, path]) => path)
    assert.sameMembers(listed, [...files(".md")])
    const whole = text("llms-full.txt")
    assert.deepStrictEqual(
      files(".md").filter((path) => !whole.includes(`<!-- ${path} -->`)),
      []
    )
  })

  it("has a page for every public module, with all that it exports", () => {
    const missing = publicModules.flatMap((module) => {
      const [, folder = "", name = ""] = /^packages\/([^/]+)\/src\/(.+)\.ts$/.exec(module.path) ?? []
      const path = `api/effect-adobe-pass${folder === "core" ? "" : `-${folder}`}/${name}`
      const ids = attributes(text(`${path}.html`), "id")
      const names = exported(module)
      assert.isNotEmpty(names, module.path)
      return names.filter((name) => !ids.includes(name.toLowerCase())).map((name) => `${path}: ${name}`)
    })
    assert.deepStrictEqual(missing, [])
  })
})

describeBrowser("the site of the documents in a browser", () => {
  const browser = sharedBrowser()

  const visit = (path: string, options?: OpenOptions) =>
    Effect.gen(function* () {
      const opened = yield* open(browser, options)
      yield* doing(() => opened.page.goto(`${home}${path}`, { waitUntil: "networkidle" }))
      return opened
    })

  const guide = () => pages().find((path) => path.startsWith("docs/") && path !== "docs/index.html") ?? ""

  it.scopedLive("finds a name of the API and a guide by its search, and goes there", () =>
    Effect.gen(function* () {
      const { complaints, origins, page } = yield* visit("")
      for (const [words, path] of [
        ["claimedScopes", "api/effect-adobe-pass/AccessToken.html#claimedscopes"],
        [/<title>([^|<]+)/.exec(text(guide()))?.[1]?.trim() ?? "", guide()]
      ] as const) {
        yield* doing(() => page.getByRole("button", { name: "Search" }).first().click())
        yield* doing(() => page.getByRole("searchbox").fill(words))
        yield* doing(() => page.locator(`a.result[href*="${path}"]`).first().click())
        yield* doing(() => page.waitForURL((url) => url.href.includes(path)))
      }
      assert.deepStrictEqual(complaints, [])
      assert.deepStrictEqual([...origins], [new URL(home).origin])
    })
  )

  for (const [name, path] of [
    ["home", () => ""],
    ["a guide", guide],
    ["an API page", () => "api/effect-adobe-pass/ProtectedClient.html"]
  ] as const) {
    for (const [width, dark] of [
      [390, true],
      [1280, false]
    ] as const) {
      it.scopedLive(`shows ${name} to everybody, at ${width} px, ${dark ? "dark" : "light"}`, () =>
        Effect.gen(function* () {
          const opened = yield* visit(path(), { width, dark })
          yield* screenshot(opened, `docs-${name.replaceAll(" ", "-")}-${width}-${dark ? "dark" : "light"}`)
          // The theme has faults that keep nobody from reading.
          yield* expectAccessible(opened, ["serious", "critical"])
          assert.deepStrictEqual(opened.complaints, [])
          assert.deepStrictEqual([...opened.origins], [new URL(home).origin])
        })
      )
    }
  }
})
