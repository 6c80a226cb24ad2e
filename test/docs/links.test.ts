import { existsSync } from "node:fs"
import { dirname, join, relative } from "node:path"
import { expect, it } from "@effect/vitest"
import { documents, headings, read, root, type SourceText } from "./sources.js"

/** The anchor that a heading gets: lower case, without punctuation, with a hyphen for each space. */
const anchor = (heading: string): string =>
  heading
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}\s_-]/gu, "")
    .replaceAll(" ", "-")

/** The links to files and headings that lead nowhere. */
const broken = (document: SourceText): ReadonlyArray<string> =>
  [...document.lines.join("\n").matchAll(/\]\((?!\w+:)([^)#\s]*)(?:#([^)\s]*))?\)/g)]
    .filter(([, path = "", fragment]) => {
      const target = relative(
        root,
        join(root, path === "" ? document.path : join(dirname(document.path), path))
      )
      if (target.startsWith("..") || !existsSync(join(root, target))) return true
      return fragment !== undefined && !headings(read(target)).map(anchor).includes(fragment)
    })
    .map(([link]) => `${document.path}: ${link}`)

it("every link of the documents leads to a file, and to a heading that it has", () => {
  expect(documents.map(({ path }) => path)).toEqual(
    expect.arrayContaining([
      "README.md",
      "docs/README.md",
      "docs/guides/fleet.md",
      "docs/reference/errors.md"
    ])
  )
  expect(documents.flatMap(broken)).toEqual([])
})

it("a link that leads nowhere is reported", () => {
  const lines = ["[a](#install) [b](#gone) [c](gone.md) [d](https://a.example/gone)"]
  expect(broken({ path: "README.md", lines })).toEqual(["README.md: ](#gone)", "README.md: ](gone.md)"])
})
