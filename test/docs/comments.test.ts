import { describe, expect, it } from "@effect/vitest"
import { publicModules, type SourceText } from "./sources.js"

const exported =
  /^export (?:declare |abstract |async )*(?:const|class|interface|type|function|enum|namespace) (\w+)/

/** The doc comment that ends right above a line; empty when there is none. */
const commentAbove = (lines: ReadonlyArray<string>, index: number): string => {
  if (!(lines[index - 1] ?? "").trimEnd().endsWith("*/")) return ""
  const start = lines.slice(0, index).findLastIndex((line) => line.trimStart().startsWith("/**"))
  return lines.slice(start, index).join("\n")
}

/** What is missing, as `file:line: Name has no @since`. */
const gaps = ({ lines, path }: SourceText): ReadonlyArray<string> => {
  const moduleComment = (lines[0] ?? "").startsWith("/**")
    ? lines.slice(0, lines.findIndex((line) => line.includes("*/")) + 1).join("\n")
    : ""
  const ofModule = moduleComment.includes("@since") ? [] : [`${path}:1: the module has no @since`]
  const ofExports = lines.flatMap((line, index) => {
    const name = exported.exec(line)?.[1]
    if (name === undefined) return []
    const comment = commentAbove(lines, index)
    if (/@internal\b/.test(comment)) return []
    return ["@since", "@category"]
      .filter((tag) => !new RegExp(`${tag} \\S`).test(comment))
      .map((tag) => `${path}:${index + 1}: ${name} has no ${tag}`)
  })
  return [...ofModule, ...ofExports]
}

describe("doc comments", () => {
  it("stand above every export of every public module, with @since and @category", () => {
    expect(publicModules.length).toBeGreaterThan(20)
    expect(publicModules.flatMap(gaps)).toEqual([])
  })

  it("are found missing", () => {
    const lines = [
      "/**",
      " * A module.",
      " */",
      "",
      "/** @since 1 */",
      "export const a = 1",
      "export type B = 1"
    ]
    expect(gaps({ path: "m.ts", lines })).toEqual([
      "m.ts:1: the module has no @since",
      "m.ts:6: a has no @category",
      "m.ts:7: B has no @since",
      "m.ts:7: B has no @category"
    ])
  })
})
