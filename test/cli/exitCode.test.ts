import { assert, describe, it } from "@effect/vitest"
import { ConfigError } from "effect"
import { AdobePassError } from "effect-adobe-pass"
import { CommandFailed, codes, describe as described, ExitCode, usage } from "effect-adobe-pass-cli/ExitCode"
import * as Help from "effect-adobe-pass-cli/Help"

/** The tags of all errors that the library declares. */
const tags = Object.values(AdobePassError).flatMap((exported) =>
  typeof exported === "function" && "_tag" in exported && typeof exported._tag === "string"
    ? [exported._tag]
    : []
)

describe("an exit code", () => {
  it("belongs to every error of the library, and to nothing else", () => {
    assert.isAbove(tags.length, 20)
    assert.sameMembers(Object.keys(codes), tags)
  })

  it("is told by the overview, each one", () => {
    const text = Help.overview([]).replaceAll("\n", " ")
    for (const code of new Set(Object.values(ExitCode))) assert.match(text, new RegExp(` ${code} [a-zA-Z]`))
  })

  it("is 5 for a throttled call, 6 for one without an answer and 7 for a store that fails", () => {
    const errors = [
      [new AdobePassError.Throttled({ operation: "token", retryAfterMillis: 1000, attempts: 1 }), 5],
      [new AdobePassError.TransportError({ operation: "token", reason: "Timeout", attempts: 1 }), 6],
      [new AdobePassError.CredentialStoreError({ operation: "load", reason: "Corrupt" }), 7],
      [new AdobePassError.InvalidClient({ status: 400 }), 4],
      [new AdobePassError.InvalidInput({ field: "x", problem: "is wrong" }), 3],
      [usage("no"), 2]
    ] as const
    for (const [error, code] of errors) assert.strictEqual(described(error).exitCode, code)
  })

  it("comes with the first thing that is wrong with the configuration", () => {
    const missing = ConfigError.MissingData(["ADOBE_PASS_X"], "")
    const invalid = ConfigError.InvalidData(["ADOBE_PASS_Y"], "must be a number")
    assert.deepStrictEqual(
      [missing, invalid, ConfigError.And(invalid, missing), ConfigError.Or(missing, invalid)].map(
        (error) => described(error).message
      ),
      [
        "ADOBE_PASS_X must be set.",
        "ADOBE_PASS_Y must be a number.",
        "ADOBE_PASS_Y must be a number.",
        "ADOBE_PASS_Y must be a number."
      ]
    )
    assert.strictEqual(
      described(ConfigError.Or(missing, ConfigError.MissingData(["ADOBE_PASS_Z"], ""))).message,
      "ADOBE_PASS_X or ADOBE_PASS_Z must be set."
    )
  })

  it("of what a command itself finds wrong stays", () => {
    assert.strictEqual(described(new CommandFailed({ exitCode: 42, message: "m" })).exitCode, 42)
  })
})
