/** The page on migration names calls that exist, all of them, and what an error of v1 becomes. */
import { readFileSync } from "node:fs"
import { HttpApi } from "@effect/platform"
import { describe, expect, it } from "@effect/vitest"
import { Effect, Predicate, Schema } from "effect"
import { AdobePassError, CurrentDevice, ProtectedClient } from "effect-adobe-pass"
import * as Library from "effect-adobe-pass-rest-v2"
import { RestV2, RestV2Api } from "effect-adobe-pass-rest-v2"
import { device, system } from "../support/system.js"
import { quoted, read, tableRows } from "./sources.js"

const page = read("docs/guides/migrating-to-rest-api-v2.md")

const calls = ["Calls of REST API v1", "Calls of the SDKs"].flatMap((heading) => tableRows(page, heading))
const callbacks = tableRows(page, "Callbacks of the SDKs")

/** The functions in a record of records, by their paths: `sessions.create`. */
const functionsOf = (value: object, path = ""): ReadonlyArray<string> =>
  Object.entries(value).flatMap(([name, member]: [string, unknown]) =>
    Predicate.isFunction(member)
      ? [`${path}${name}`]
      : Predicate.isRecord(member)
        ? functionsOf(member, `${path}${name}.`)
        : []
  )

describe("the tables of calls", () => {
  it.effect("name every call of the library, and none that it has not", () =>
    Effect.gen(function* () {
      const named = [
        ...calls.flatMap(([, , ours]) => quoted(ours)),
        ...callbacks.flatMap(([, ours]) => quoted(ours))
      ].filter((name) => /^[a-z]\w*(\.\w+)+$/.test(name))
      expect([...new Set(named)].toSorted()).toEqual(functionsOf(yield* RestV2.make).toSorted())
    }).pipe(Effect.provide(system()))
  )

  it("name every operation of the contract, and none that it has not", () => {
    const named = calls
      .flatMap(([, theirs]) => quoted(theirs))
      .filter((operation) => operation.includes("/api/v2/"))
    const operations = new Set<string>()
    HttpApi.reflect(RestV2Api.RestV2Api, {
      onGroup: () => {},
      onEndpoint: ({ endpoint }) =>
        operations.add(`${endpoint.method} ${endpoint.path.replaceAll(/:(\w+)/g, "{$1}")}`)
    })
    expect([...new Set(named)].toSorted()).toEqual([...operations].toSorted())
  })
})

it("the table of what is remembered names modules of the library", () => {
  const named = tableRows(page, "What the SDKs remembered").flatMap(([, ours]) => quoted(ours))
  expect(named).not.toEqual([])
  expect(Object.keys(Library)).toEqual(expect.arrayContaining(named))
})

describe("the table of errors", () => {
  const Entry = Schema.Struct({ action: Schema.String, code: Schema.String, status: Schema.Number })
  const catalogue = Schema.decodeUnknownSync(
    Schema.parseJson(Schema.Struct({ v1: Schema.Array(Entry), v2: Schema.Array(Entry) }))
  )(readFileSync(new URL("../core/fixtures/enhanced-errors.json", import.meta.url), "utf8"))
  const rows = tableRows(page, "Errors")

  it("has every code of v1 once", () => {
    const codes = [...new Set(catalogue.v1.map(({ code }) => code))]
    expect(rows.flatMap(([v1]) => quoted(v1).filter((text) => text.includes("_"))).toSorted()).toEqual(
      codes.toSorted()
    )
  })

  it.effect("has the class that the code of v2 becomes", () =>
    Effect.gen(function* () {
      const adobe = yield* ProtectedClient.ProtectedClient
      for (const [v1, v2 = "", ours] of rows) {
        const codes = v2 === "the same" ? quoted(v1) : quoted(v2)
        for (const entry of catalogue.v2.filter(({ code }) => codes.includes(code))) {
          expect(quoted(ours), entry.code).toContain((yield* adobe.itemError(entry))._tag)
        }
        for (const tag of quoted(ours)) expect(Object.keys(AdobePassError)).toContain(tag)
      }
    }).pipe(Effect.provideService(CurrentDevice, device()), Effect.provide(system()))
  )

  it("has codes of v2 that there are", () => {
    const codes = catalogue.v2.map(({ code }) => code)
    const named = rows.flatMap(([v1, v2 = ""]) => (v2 === "the same" ? quoted(v1) : quoted(v2)))
    expect(named.filter((text) => text.includes("_") && !codes.includes(text))).toEqual([])
  })
})
