import { assert, describe, it } from "@effect/vitest"
import { Effect, Option } from "effect"
import { RowCount } from "effect-adobe-pass-cli/esm/csv"
import { isShallow } from "effect-adobe-pass-cli/esm/hal"
import { limitOf } from "effect-adobe-pass-cli/esm/limit"
import * as ReportRequest from "effect-adobe-pass-cli/esm/reportRequest"
import { shown, shownJson } from "effect-adobe-pass-cli/esm/shown"
import { table } from "effect-adobe-pass-cli/esm/table"
import { seeded } from "../support/seeded.js"

const none: ReportRequest.Parameters = {
  start: Option.none(),
  end: Option.none(),
  limit: Option.none(),
  metrics: Option.none(),
  filter: []
}

const request = (path: string, parameters: Partial<ReportRequest.Parameters> = {}) =>
  ReportRequest.make(path, { ...none, ...parameters })

describe("the request of a report", () => {
  it.effect.each([
    ["/", [], []],
    ["year/month", ["year", "month"], []],
    ["/esm/v3/year/month/", ["year", "month"], []],
    ["/esm/v3", [], []],
    ["media-company/year?mvpd!=A&mvpd&x=1&x=2", ["media-company", "year"], ["mvpd!=A", "mvpd", "x=1", "x=2"]],
    ["year?application-name=Big TV#1 é", ["year"], ["application-name=Big%20TV%231%20%C3%A9"]],
    ["year?mvpd=A%26B+C", ["year"], ["mvpd=A%26B+C"]]
  ] as const)("reads %s", ([path, dimensions, query]) =>
    Effect.gen(function* () {
      assert.deepStrictEqual(yield* request(path), { dimensions, query } as never)
    })
  )

  it.effect("keeps filters as they are written, and adds the other flags", () =>
    Effect.gen(function* () {
      const { query } = yield* request("year?mvpd", {
        start: Option.some("2026-05-01T00:00:00+02:00"),
        end: Option.some("1780000000000"),
        limit: Option.some(5),
        metrics: Option.some("count,media-tokens"),
        filter: ["mvpd!=A", "mvpd!=B", "dc"]
      })
      assert.deepStrictEqual(query, [
        "mvpd",
        "start=2026-05-01T00:00:00%2B02:00",
        "end=1780000000000",
        "limit=5",
        "metrics=count,media-tokens",
        "mvpd!=A",
        "mvpd!=B",
        "dc"
      ])
    })
  )

  it.effect.each([
    ["https://mgmt.auth.adobe.com/esm/v3/year", {}, /without the host/],
    ["/esm/v2/year", {}, /below \/esm\/v3/],
    ["year.csv", {}, /--format/],
    ["year/../../control", {}, /PATH/],
    ["year month", {}, /list of dimensions/],
    ["year?access_token=abc", {}, /access_token/],
    ["year?format=csv", {}, /--format/],
    ["year?limit=1", { limit: Option.some(2) }, /limit is in PATH/],
    ["year", { limit: Option.some(0) }, /at least 1/],
    ["year", { start: Option.some("yesterday") }, /--start/],
    ["year", { start: Option.some("1780000000000") }, /--start/],
    ["year", { end: Option.some("2026&limit=1") }, /--end/],
    ["year", { metrics: Option.some("a b") }, /--metrics/],
    ["year", { filter: ["=A"] }, /--filter/],
    ["year", { filter: ["limit=3"] }, /--filter/],
    ["year", { filter: ["mvpd=A&B"] }, /%26/]
  ] as const)("refuses %s with %j before anything is sent", ([path, parameters, message]) =>
    Effect.gen(function* () {
      const error = yield* Effect.flip(request(path, parameters))
      assert.strictEqual(error.exitCode, 2)
      assert.match(error.message, message)
      assert.notInclude(error.message, "abc")
    })
  )
})

describe("the limit of a report", () => {
  it("is that of the request, or else the one that the answer tells", () => {
    const asked = { dimensions: [], query: ["limit=7"] }
    const open = { dimensions: [], query: [] }
    assert.strictEqual(limitOf(asked, "/esm/v3?limit=9"), 7)
    assert.strictEqual(limitOf(open, "/esm/v3?start=2026&limit=9"), 9)
    assert.strictEqual(limitOf(open, 'attachment; filename="report__2026-07-20_2026-08-20_50.csv"'), 50)
    assert.strictEqual(limitOf(open, undefined), 1000)
  })
})

describe("the table of a report", () => {
  const records = [
    { "media-tokens": "5", mvpd: "NorthCable", day: "1", "authn-attempts": "12345" },
    { mvpd: "A\u001b[31mred", day: "10", "authn-attempts": 7, "media-tokens": null }
  ]
  const asked = { dimensions: ["day"], query: ["mvpd", "mvpd!=X"] }

  it("has the dimensions first, then the metrics, aligned to the right", () => {
    const { left, rows } = table(records, asked, undefined)
    assert.deepStrictEqual(rows, [
      ["day", "mvpd", "media-tokens", "authn-attempts"],
      ["1", "NorthCable", "           5", "         12345"],
      ["10", "A\uFFFD[31mred", "            ", "             7"]
    ])
    assert.deepStrictEqual(left, [])
  })

  it("leaves out and names the metrics for which a terminal has no room, but the first", () => {
    const narrow = table(records, asked, 3 + 2 + 10 + 2 + 12)
    assert.deepStrictEqual(narrow.rows[0], ["day", "mvpd", "media-tokens"])
    assert.deepStrictEqual(narrow.left, ["authn-attempts"])
    assert.deepStrictEqual(table(records, asked, 10).left, ["authn-attempts"])
    assert.deepStrictEqual(table(records, asked, 3 + 2 + 10 + 2 + 12 + 2 + 14).left, [])
  })

  it.effect("has 200 metrics at most, and names the others", () =>
    Effect.gen(function* () {
      const record = Object.fromEntries(Array.from({ length: 203 }, (_, at) => [`metric-${at}`, at]))
      const { left, rows } = table([record], yield* request("year"), undefined)
      assert.lengthOf(rows[0], 200)
      assert.deepStrictEqual(left, ["metric-200", "metric-201", "metric-202"])
    })
  )

  it("shortens what is too long for a cell", () => {
    const { rows } = table([{ mvpd: "x".repeat(1000) }], { dimensions: ["mvpd"], query: [] }, undefined)
    assert.strictEqual(rows[1]?.[0]?.length, 60)
  })
})

describe("what a terminal is shown", () => {
  it("has no characters that it obeys, and JSON still means the same", () => {
    const text = "a\u001b]0;t\u0007b\u009bc\u202ed\u{e0001}é"
    assert.strictEqual(shown(text), "a\uFFFD]0;t\uFFFDb\uFFFDc\uFFFDd\uFFFDé")
    const json = shownJson({ text })
    assert.match(json, /^[\n\u0020-\u007eé]*$/)
    assert.deepStrictEqual(JSON.parse(json), { text })
  })
})

describe("the rows of a CSV", () => {
  const count = (pieces: ReadonlyArray<string>) => {
    const rows = new RowCount()
    for (const piece of pieces) rows.add(Buffer.from(piece))
    return rows.records
  }

  it("are counted without the head, with line feeds in quotes, and with and without a last line feed", () => {
    assert.strictEqual(count([]), 0)
    assert.strictEqual(count(["a,b\n"]), 0)
    assert.strictEqual(count(["a,b\r\n1,2\r\n3,4"]), 2)
    assert.strictEqual(count(['a\n"x\ny"\n"say ""\n"""\n']), 2)
  })

  const seed = 4711
  it(`are counted alike, however the bytes come (seed ${seed})`, () => {
    const random = seeded(seed)
    const text = `head\n${'"a\n""b",é\n1,2\n'.repeat(20)}`
    for (let n = 0; n < 50; n++) {
      const pieces: Array<string> = []
      for (let at = 0; at < text.length; ) {
        const length = 1 + Math.floor(random() * 7)
        pieces.push(text.slice(at, at + length))
        at += length
      }
      assert.strictEqual(count(pieces), 40)
    }
  })
})

it("takes no report that is nested without end", () => {
  const nested = (levels: number): unknown => JSON.parse("[".repeat(levels) + "]".repeat(levels))
  assert.isTrue(isShallow(nested(100)))
  assert.isFalse(isShallow(nested(5000)))
})
