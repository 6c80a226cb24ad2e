import * as fs from "node:fs/promises"
import * as path from "node:path"
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { useCli } from "../support/cli.js"
import { directory, linesOf, run } from "./scripts/shell.js"
import { emulator, environmentOf } from "./support.js"

const cli = useCli()

/** A gateway in front of an emulator, which a script may also call itself. */
const system = Effect.gen(function* () {
  const home = yield* cli.home
  const adobe = yield* emulator({ throttle: "off", scopes: ["api:client:v2", "analytics:client"] })
  const env = yield* environmentOf(adobe, home)
  const gateway = yield* cli.start(home, ["gateway", "--listen", "127.0.0.1:0"], { env })
  const [, url = ""] = yield* Effect.orDie(gateway.says(/listens on (http:\/\/\S+)/))
  const statement = path.join(home, "script-statement.txt")
  yield* Effect.promise(() => fs.writeFile(statement, adobe.softwareStatement))
  return {
    adobe,
    byItself: { ADOBE_PASS: adobe.baseUrl, STATEMENT: statement },
    overGateway: { GATEWAY: url }
  }
})

describe("a shell script that uses the gateway", () => {
  it.scopedLive.each([
    ["drill-down.sh", []],
    ["csv.sh", []],
    ["mvpds.sh", ["ACME"]]
  ] as const)("has three lines at most, knows no secret, and prints what %s prints", ([name, args]) =>
    Effect.gen(function* () {
      const lines = yield* linesOf(`gateway/${name}`)
      assert.isAtMost(lines.length, 3)
      assert.isBelow(lines.length, (yield* linesOf(name)).length)
      const { adobe, byItself, overGateway } = yield* system
      const alone = yield* run(name, yield* directory, byItself, args)
      assert.deepStrictEqual([alone.code, alone.stderr], [0, ""])
      yield* adobe.clearLog
      const first = yield* run(`gateway/${name}`, yield* directory, overGateway, args)
      assert.deepStrictEqual(first, alone)
      assert.deepStrictEqual(yield* run(`gateway/${name}`, yield* directory, overGateway, args), alone)
      assert.include(yield* adobe.counts, { register: 1, token: 1 })
    })
  )
})
