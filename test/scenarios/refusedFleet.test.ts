import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { type Outcome, outcomeOf } from "../support/refusedFleet.js"

// The table in docs/guides/refused-credentials.md is made with 10,000.
const asked = process.env["REFUSED_DEVICES"]
const devices = Number(asked ?? 300)

const print = (what: string, outcome: Outcome) =>
  asked === undefined
    ? Effect.void
    : Effect.sync(() => process.stderr.write(`${what}: ${JSON.stringify(outcome)}\n`))

const isWithin = (outcome: Outcome, limits: Outcome): void => {
  assert.isAtMost(outcome.signedOut, limits.signedOut, "signed out")
  assert.isAtMost(outcome.healed, limits.healed, "seconds until all are well")
  assert.isAtMost(outcome.tokenRequests, limits.tokenRequests * devices, "token requests for each device")
}

describe("a fleet whose client credentials are refused", () => {
  it.effect.each([
    { slip: 1, limits: { signedOut: 0, healed: 15, tokenRequests: 2 } },
    { slip: 6, limits: { signedOut: 1, healed: 30, tokenRequests: 4 } },
    { slip: 60, limits: { signedOut: 2, healed: 60, tokenRequests: 10 } },
    { slip: 600, limits: { signedOut: 5, healed: 60, tokenRequests: 40 } }
  ])(
    "by a slip of $slip seconds keeps them, but for those that were tried",
    ({ limits, slip }) =>
      Effect.gen(function* () {
        const outcome = yield* outcomeOf({ devices, slip })
        yield* print(`a slip of ${slip} s`, outcome)
        isWithin(outcome, limits)
      }),
    900_000
  )

  it.effect.each([
    { part: "all", lost: devices, healed: 60 * Math.ceil(Math.log2(devices / 3 + 1) + 2) },
    { part: "half", lost: devices / 2, healed: 60 * Math.ceil(Math.log2(devices / 6 + 1) + 2) },
    { part: "one", lost: 1, healed: 15 }
  ])(
    "because Adobe Pass lost $part of them replaces these, twice as many each minute",
    ({ healed, lost, part }) =>
      Effect.gen(function* () {
        const outcome = yield* outcomeOf({ devices, lost })
        yield* print(`the loss of ${part}`, outcome)
        assert.strictEqual(outcome.signedOut, lost)
        isWithin(outcome, { signedOut: lost, healed, tokenRequests: 40 })
      }),
    900_000
  )

  it.effect("replaces more in a minute when an option says so", () =>
    Effect.gen(function* () {
      const outcome = yield* outcomeOf({ devices: 100, lost: 100, options: { replacements: 50 } })
      assert.isAtMost(outcome.healed, 120)
    })
  )
})
