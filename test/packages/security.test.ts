/** Promises of SECURITY.md that the sources keep by what they lack; tests of behaviour keep the others. */
import { readdirSync, readFileSync } from "node:fs"
import { assert, describe, it } from "@effect/vitest"
import { Schema } from "effect"
import { read, root } from "../docs/sources.js"
import { published } from "./licenses.js"

const Manifest = Schema.parseJson(
  Schema.Struct({ scripts: Schema.Record({ key: Schema.String, value: Schema.String }) })
)

/** What runs text as code, or loads it from elsewhere. */
const evaluates = /(?<![\w.$])(?:eval\(|Function\(|import\(["'`]?(?:data|https?):)|node:vm\b|\bnew Function\b/

const evaluating = (line: string): boolean => evaluates.test(line)

describe.each(published)("the package in packages/%s", (folder) => {
  it("evaluates no text as code", () => {
    const found = readdirSync(`${root}packages/${folder}/src`, { recursive: true, encoding: "utf8" })
      .filter((path) => path.endsWith(".ts"))
      .flatMap((path) => read(`packages/${folder}/src/${path}`).lines.filter(evaluating))
    assert.deepStrictEqual(found, [])
  })

  it("runs nothing when it is installed", () => {
    const { scripts } = Schema.decodeSync(Manifest)(
      readFileSync(`${root}packages/${folder}/package.json`, "utf8")
    )
    assert.deepStrictEqual(Object.keys(scripts), ["prepack", "prepublishOnly"])
  })
})

describe("text that would be evaluated", () => {
  it.each([
    "eval(text)",
    "new Function(text)",
    'import vm from "node:vm"',
    'import("data:text/javascript,1")'
  ])("is found in %s", (line) => assert.isTrue(evaluating(line)))

  it("is not found in what only looks like it", () => {
    for (const line of ["redis.eval(script)", "isFunction(value)", 'import("./token.js")']) {
      assert.isFalse(evaluating(line), line)
    }
  })
})
