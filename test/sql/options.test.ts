import { assert, describe, it } from "@effect/vitest"
import { SqlOptions } from "effect-adobe-pass-sql"

describe("the options of the SQL store", () => {
  it.each([
    ["table", { table: 5 }],
    ["migrate", { migrate: "no" }]
  ])("are checked: %s", (field, options) => {
    const checked = SqlOptions.store.check(options as never)
    assert.strictEqual(checked._tag === "Left" ? checked.left.field : undefined, field)
  })
})
