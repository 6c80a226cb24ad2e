import { assert, describe, it } from "@effect/vitest"
import * as Options from "effect-adobe-pass/Options"
import { ExitCode } from "effect-adobe-pass-cli/ExitCode"
import * as Variable from "effect-adobe-pass-cli/Variable"
import { NodeTransport } from "effect-adobe-pass-node"
import { quoted, read, tableRows } from "./sources.js"

const page = read("packages/cli/README.md")

const flagsOf = (heading: string): ReadonlyArray<string> =>
  tableRows(page, heading).flatMap(([flag]) => quoted(flag).map((text) => text.replace(/ .*/, "")))

/** Options that are described where they belong: with the library, and with a command. */
const elsewhere = new Set([
  "redirectUri",
  "userAgent",
  "export.keysFile",
  ...Options.adobePass.rows("", "").map(({ option }) => option),
  ...NodeTransport.options.rows("transport", "").map(({ option }) => option)
])

describe("the README of the command line", () => {
  it("has each option with its variable", () => {
    const rows = tableRows(page, "Configuration").map(([option, variables]) => [
      quoted(option)[0],
      quoted(variables)[0]
    ])
    const own = [...Variable.known].filter(
      (option) => !elsewhere.has(option) && !option.startsWith("gateway.")
    )
    assert.sameDeepMembers(
      rows,
      own.map((option) => [option, Variable.of(option)])
    )
  })

  it("has each option of the gateway as a flag", () => {
    const flags = [...Variable.known]
      .filter((option) => option.startsWith("gateway."))
      .map(
        (option) =>
          `--${option.slice("gateway.".length).replace(/[A-Z]/g, (upper) => `-${upper.toLowerCase()}`)}`
      )
    assert.sameMembers(
      [...flagsOf("`adobe-pass gateway`")].filter((flag) => flag.startsWith("--")),
      flags
    )
  })

  it("has each exit code", () => {
    assert.deepStrictEqual(
      tableRows(page, "Exit codes").map(([code]) => Number(code)),
      Object.values(ExitCode)
    )
  })
})
