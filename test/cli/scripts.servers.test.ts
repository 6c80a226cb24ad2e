import * as fs from "node:fs/promises"
import * as path from "node:path"
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { directory, run } from "./scripts/shell.js"
import { emulator } from "./support.js"

/** An emulator, and what a script needs of it. */
const system = Effect.gen(function* () {
  const adobe = yield* emulator({ throttle: "off", scopes: ["api:client:v2", "analytics:client"] })
  const cwd = yield* directory
  const statement = path.join(cwd, "statement.txt")
  yield* Effect.promise(() => fs.writeFile(statement, adobe.softwareStatement))
  const env = { ADOBE_PASS: adobe.baseUrl, STATEMENT: statement }
  const script = (name: string, ...args: ReadonlyArray<string>) => run(name, cwd, env, args)
  return { adobe, cwd, script }
})

describe("a shell script that was written for Adobe Pass", () => {
  it.scopedLive("registers, and gets a token by query with a JSON content type", () =>
    Effect.gen(function* () {
      const { adobe, script } = yield* system
      const { code, stderr, stdout } = yield* script("token.sh")
      assert.deepStrictEqual([code, stderr], [0, ""])
      const [registered, token] = yield* adobe.log
      assert.strictEqual(registered?.route, "register")
      assert.include(registered?.body, adobe.softwareStatement)
      assert.include(token, { route: "token", method: "POST", body: "", status: 201 })
      assert.strictEqual(token?.headers["content-type"], "application/json")
      assert.match(token?.query ?? "", /^grant_type=client_credentials&client_id=[\da-f-]{36}&client_secret=/)
      assert.match(stdout, /^[\w-]+\.[\w-]+\.[\w-]+\n$/)
      assert.strictEqual((yield* script("token.sh")).code, 0)
      assert.include(yield* adobe.counts, { register: 1, token: 2 })
    })
  )

  it.scopedLive("drills down over the links of reports", () =>
    Effect.gen(function* () {
      const { adobe, script } = yield* system
      const { code, stderr, stdout } = yield* script("drill-down.sh")
      assert.deepStrictEqual([code, stderr], [0, ""])
      const rows = stdout.trimEnd().split("\n")
      assert.isAbove(rows.length, 5)
      for (const row of rows) assert.match(row, /^\d{4}\t1\t[12]\t\w+\t\d+$/)
      assert.notInclude(stdout, "NorthCable")
      assert.strictEqual((yield* adobe.counts).management, 7)
    })
  )

  it.scopedLive("downloads a report in CSV under the name that the answer gives it", () =>
    Effect.gen(function* () {
      const { cwd, script } = yield* system
      const { code, stderr, stdout } = yield* script("csv.sh")
      assert.deepStrictEqual([code, stderr], [0, ""])
      assert.match(stdout, /^media-company,year,month,day,authn-attempts,.*,media-tokens\nACME,\d{4},1,1,\d+/)
      const files = yield* Effect.promise(() => fs.readdir(cwd))
      assert.strictEqual(
        files.filter((file) => /^report__\d{4}-01-01_\d{4}-01-03_1000\.csv$/.test(file)).length,
        1
      )
    })
  )

  it.scopedLive("keeps its token, and replaces one that has expired", () =>
    Effect.gen(function* () {
      const { adobe, script } = yield* system
      const first = yield* script("mvpds.sh", "ACME")
      assert.deepStrictEqual([first.code, first.stderr], [0, ""])
      assert.match(first.stdout, /^NorthCable\tNorth Cable$/m)
      assert.deepStrictEqual(yield* script("mvpds.sh", "ACME"), first)
      assert.strictEqual((yield* adobe.counts).token, 1)
      yield* adobe.expireTokens
      assert.deepStrictEqual(yield* script("mvpds.sh", "ACME"), first)
      assert.include(yield* adobe.counts, { register: 1, token: 2, api: 4 })
    })
  )
})
