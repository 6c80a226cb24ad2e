/** S5: the token is to be replaced, and the token endpoint is out of order. */
import { Effect, Schema } from "effect"
import { library } from "../contenders/byName.js"
import { peers } from "../contenders/index.js"
import { output } from "../process.js"
import type { Scenario } from "../scenario.js"
import { table } from "../statistics.js"

/** How long before its end a client wants another token, in seconds. */
const margins: Readonly<Record<string, number>> = {
  "effect-adobe-pass": 30,
  "google-auth-library": 300,
  "@azure/core-rest-pipeline": 120,
  "undici-oidc-interceptor": 30,
  "@badgateway/oauth2-client": 0
}

/** Of what is remembered by hand. */
const byHand = 60

/** A client without a margin asks when the token is over; it has one that ends after the measurement. */
const lifetimeOf = (name: string) => Math.max(31, (margins[name] ?? byHand) + 1)

const Result = Schema.decodeUnknown(
  Schema.parseJson(
    Schema.Struct({
      calls: Schema.Number,
      ok: Schema.Number,
      tokens: Schema.Number,
      unhandled: Schema.Number
    })
  )
)

const modes = ["unavailable", "hanging"] as const

export const expired: Scenario = {
  name: "expired",
  title: "The token is due, and the token endpoint is out of order",
  run: Effect.gen(function* () {
    const rows = yield* Effect.forEach(
      [library, ...peers],
      ({ name }) =>
        Effect.map(
          Effect.forEach(
            modes,
            (mode) =>
              Effect.flatMap(
                output("./expiredRun.js", { args: [name, mode, `${lifetimeOf(name)}`] }),
                Result
              ),
            { concurrency: "unbounded" }
          ),
          (results) => [
            name,
            `${margins[name] ?? byHand} s`,
            ...results.flatMap(({ calls, ok, tokens, unhandled }) => [
              `${calls - ok} of ${calls}`,
              `${tokens}${unhandled > 0 ? `, ${unhandled} unhandled rejections` : ""}`
            ])
          ]
        ),
      { concurrency: "unbounded" }
    )
    return table(
      ["", "margin", "503: failed calls", "token requests", "hanging: failed calls", "token requests"],
      rows
    )
  })
}
