/** S5: the token is to be replaced, and the token endpoint is out of order. */
import { Effect, Schema } from "effect"
import { library } from "../contenders/byName.js"
import { peers } from "../contenders/index.js"
import { output } from "../process.js"
import type { Scenario } from "../scenario.js"
import { table } from "../statistics.js"

interface Life {
  /** Of the token, in seconds. */
  readonly lifetime: number
  /** When the client wants another one, in seconds after it got the first. */
  readonly start: number
}

/** A client with a margin of so many seconds before the end. */
const margin = (seconds: number): Life => ({ lifetime: Math.max(15, seconds + 1), start: 1.2 })

const lives: Readonly<Record<string, Life>> = {
  // At most half of a short life is the window, in which a device has a place of its own.
  "effect-adobe-pass": { lifetime: 48, start: 36.5 },
  "google-auth-library": margin(300),
  "@azure/core-rest-pipeline": margin(120),
  "undici-oidc-interceptor": margin(30),
  "@badgateway/oauth2-client": margin(0)
}

/** Of what is remembered by hand. */
const byHand = margin(60)

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
  idle: true,
  title: "The token is due, and the token endpoint is out of order",
  run: Effect.gen(function* () {
    const rows = yield* Effect.forEach(
      [library, ...peers],
      ({ name }) => {
        const { lifetime, start } = lives[name] ?? byHand
        return Effect.map(
          Effect.forEach(
            modes,
            (mode) =>
              Effect.flatMap(
                output("./expiredRun.js", { args: [name, mode, `${lifetime}`, `${start}`] }),
                Result
              ),
            { concurrency: "unbounded" }
          ),
          (results) => [
            name,
            `${lifetime} s`,
            ...results.flatMap(({ calls, ok, tokens, unhandled }) => [
              `${calls - ok} of ${calls}`,
              `${tokens}${unhandled > 0 ? `, ${unhandled} unhandled rejections` : ""}`
            ])
          ]
        )
      },
      { concurrency: "unbounded" }
    )
    return table(
      ["", "lifetime", "503: failed calls", "token requests", "hanging: failed calls", "token requests"],
      rows
    )
  })
}
