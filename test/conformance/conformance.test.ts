import { readdirSync, readFileSync } from "node:fs"
import { dirname, join, relative, sep } from "node:path"
import { fileURLToPath } from "node:url"
import { assert, describe, it } from "@effect/vitest"
import { citations, type FoundTest, testsIn } from "../support/titles.js"

const root = join(dirname(fileURLToPath(import.meta.url)), "..", "..")

/** What the table must list: the requirements on a client that registers, holds a token and makes calls. */
const required = [
  ...Array.from({ length: 15 }, (_, index) => `A${index + 1}`),
  ...["B1", "B2", "B3"],
  ...Array.from({ length: 12 }, (_, index) => `C${index + 1}`),
  ...["D1", "D2", "D3", "D4", "D5"],
  ...["E1", "E2", "E3", "E4", "E5", "E6"],
  ...["F1", "F2", "F3", "F4"],
  ...Array.from({ length: 10 }, (_, index) => `G${index + 1}`),
  ...Array.from({ length: 10 }, (_, index) => `H${index + 1}`),
  ...["I1", "I2", "I3", "I4"],
  ...["J1", "J2", "J8", "J9"]
]

/** The tests of every test file, by its path from the root. */
const sources: ReadonlyMap<string, { readonly text: string; readonly tests: ReadonlyArray<FoundTest> }> =
  new Map(
    readdirSync(join(root, "test"), { recursive: true, encoding: "utf8" })
      .filter((file) => file.endsWith(".test.ts"))
      .map((file) => {
        const text = readFileSync(join(root, "test", file), "utf8")
        return [`test/${file.split(sep).join("/")}`, { text, tests: testsIn(text) }]
      })
  )

interface Row {
  readonly number: string
  readonly statement: string
  readonly tests: ReadonlyArray<{ readonly file: string; readonly name: string }>
  readonly status: string
}

/** `| A1 | What it says. | \`test/a.test.ts\`: \`outer > title (A1)\`<br>... | proven |` */
const readRow = (line: string): Row => {
  const [number = "", statement = "", tests = "", status = ""] = line
    .slice(1, -1)
    .split("|")
    .map((cell) => cell.trim())
  return {
    number,
    statement,
    status,
    tests: [...tests.matchAll(/`([^`]+)`: `([^`]+)`/g)].map(([, file = "", name = ""]) => ({ file, name }))
  }
}

const page = readFileSync(join(root, "test", "conformance.md"), "utf8")
const rows = page
  .split("\n")
  .filter((line) => /^\| [A-Z]\d+ /.test(line))
  .map(readRow)

const thisFile = relative(root, fileURLToPath(import.meta.url))
  .split(sep)
  .join("/")

describe("the table of requirements", () => {
  it("lists every requirement once, with a statement and a status", () => {
    assert.deepStrictEqual(
      required.filter((number) => !rows.some((row) => row.number === number)),
      [],
      "these are missing"
    )
    const numbers = rows.map(({ number }) => number)
    assert.deepStrictEqual(
      numbers.filter((number, index) => numbers.indexOf(number) !== index),
      [],
      "these are listed twice"
    )
    for (const { number, statement, status } of rows) {
      assert.match(statement, /^[A-Z].*\.$/, `${number} needs a sentence`)
      assert.include(["proven", "open"], status, number)
    }
  })

  it("names for every proven requirement tests that exist and cite it, and none for an open one", () => {
    const wrong: Array<string> = []
    for (const { number, status, tests } of rows) {
      if (status === "proven" && tests.length === 0) wrong.push(`${number} is proven by nothing`)
      if (status !== "proven" && tests.length > 0) wrong.push(`${number} is open but names a test`)
      for (const { file, name } of tests) {
        const test = sources.get(file)?.tests.find((found) => found.name === name)
        if (!sources.has(file)) wrong.push(`${number}: there is no ${file}`)
        else if (test === undefined) wrong.push(`${number}: ${file} has no test "${name}"`)
        else if (!test.cites.includes(number)) wrong.push(`${number}: "${name}" does not cite it`)
      }
    }
    assert.isEmpty(wrong, wrong.join("\n"))
  })

  it("lists every requirement that the title of a test cites", () => {
    const listed = new Set(rows.map(({ number }) => number))
    const strangers = [...sources].flatMap(([file, { tests }]) =>
      tests.flatMap(({ cites, name }) =>
        cites.filter((number) => !listed.has(number)).map((number) => `${number}, cited by ${file}: ${name}`)
      )
    )
    assert.isEmpty(strangers, strangers.join("\n"))
  })

  it("no entry is open", () => {
    const open = rows
      .filter(({ status }) => status !== "proven")
      .map(({ number, statement }) => `${number} ${statement}`)
    assert.isEmpty(open, `these are not proven by any test:\n${open.join("\n")}`)
  })
})

describe("the reader of titles", () => {
  it("finds tests inside of describes, with modifiers, tables of cases and templates", () => {
    const source = [
      'describe("outer (A1)", () => {',
      "  // it('is not a test', ...)",
      '  it("plain", () => expect("it(")).toBe(/[)"]/)',
      '  it.effect.each<[Model, () => number]>([["a", f(1)]])("case %s (B2, C3)", () => {})',
      "  it.live.skipIf(missing)(",
      "    `template $" + "{name}`, () => {}",
      "  )",
      '  describe("inner", () => { it("deep \\"quoted\\"", () => { hit("not one") }) })',
      "})",
      'it("alone", () => {})'
    ].join("\n")
    assert.deepStrictEqual(testsIn(source), [
      { name: "outer (A1) > plain", cites: ["A1"] },
      { name: "outer (A1) > case %s (B2, C3)", cites: ["A1", "B2", "C3"] },
      { name: "outer (A1) > template $" + "{name}", cites: ["A1"] },
      { name: 'outer (A1) > inner > deep "quoted"', cites: ["A1"] },
      { name: "alone", cites: [] }
    ])
  })

  it("finds tests in every test file, and every citation in it", () => {
    for (const [file, { tests, text }] of sources) {
      // A file that runs the tests of a contract has none of its own.
      if (/^\s*it\b/m.test(text)) assert.isNotEmpty(tests, file)
      if (file === thisFile) continue
      const cited = new Set(tests.flatMap(({ cites }) => cites))
      const titles = [...text.matchAll(/["`]([^"`\n]*\([A-Z]\d{1,2}(?:, [A-Z]\d{1,2})*\)[^"`\n]*)["`]/g)]
      const missed = titles
        .flatMap(([, title = ""]) => citations(title))
        .filter((number) => !cited.has(number))
      assert.deepStrictEqual([...new Set(missed)], [], file)
    }
  })
})
