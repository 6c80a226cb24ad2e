/** What clients do when the service does not do what it should. Most of it is waiting, so they do it side by side. */
import { Effect } from "effect"
import { decisions } from "../contender.js"
import { inProcess } from "../contenderProcess.js"
import { type Entry, library, pacing, peers } from "../contenders/index.js"
import type { Scenario } from "../scenario.js"
import { standIn } from "../standIn.js"
import { figure, table } from "../statistics.js"
import { targetOf } from "../target.js"

/** The token is revoked while calls are in flight. Their refusals arrive over so many milliseconds. */
const inFlight = 100
const over = 200

const revoked = (contender: Entry) =>
  Effect.gen(function* () {
    const server = yield* standIn
    const run = yield* inProcess(contender)
    // As long as a token request takes on a network.
    yield* server.control("tokens?mode=ok&delay=20")
    yield* run.open(targetOf(server.baseUrl))
    yield* run.call({ calls: 1 })
    yield* server.control("reset")
    const paths = Array.from(
      { length: inFlight },
      (_, index) => `${decisions}?delay=${50 + Math.floor((index * over) / inFlight)}`
    )
    const [{ ok }] = yield* Effect.all(
      [run.call({ calls: inFlight, paths }), Effect.delay(server.control("revoke"), "25 millis")],
      { concurrency: 2 }
    )
    const { token } = yield* server.counts
    return [`${ok} of ${inFlight}`, `${token}`]
  }).pipe(Effect.scoped)

interface Life {
  /** Of the token, in seconds. */
  readonly lifetime: number
  /** When the client wants another one, in seconds after it got the first. */
  readonly due: number
}

/** A client with a margin of so many seconds before the end. */
const margin = (seconds: number): Life => ({ lifetime: seconds + 1, due: 1.2 })

const lives: Readonly<Record<string, Life>> = {
  // At most half of a short life is the window, in which a device has a place of its own.
  "effect-adobe-pass": { lifetime: 48, due: 36.5 },
  "google-auth-library": margin(300),
  "@azure/core-rest-pipeline": margin(120),
  "undici-oidc-interceptor": margin(30)
}

/** Of what is remembered by hand. */
const byHand = margin(60)

const seconds = 10
const perSecond = 20

/** The token is due, still valid, and the token endpoint answers 503. */
const out = (contender: Entry) =>
  Effect.gen(function* () {
    const server = yield* standIn
    const run = yield* inProcess(contender)
    const { due, lifetime } = lives[contender.name] ?? byHand
    yield* server.control(`ttl?seconds=${lifetime}`)
    yield* run.open(targetOf(server.baseUrl))
    yield* run.call({ calls: 1 })
    yield* Effect.sleep(`${due} seconds`)
    yield* server.control("reset")
    yield* server.control("tokens?mode=unavailable")
    const results = yield* Effect.all(
      Array.from({ length: seconds }, (_, second) =>
        Effect.delay(run.call({ calls: perSecond }), second === 0 ? 0 : "950 millis")
      )
    )
    const ok = results.reduce((sum, result) => sum + result.ok, 0)
    const unhandled = results.reduce((sum, result) => sum + result.unhandled, 0)
    const { token } = yield* server.counts
    return [
      `${ok} of ${seconds * perSecond}`,
      `${token}${unhandled > 0 ? `, ${unhandled} unhandled rejections` : ""}`
    ]
  }).pipe(Effect.scoped)

const tooMany = 20

/** More calls at once than the service lets through. */
const throttled = (contender: Entry) =>
  Effect.gen(function* () {
    const server = yield* standIn
    const run = yield* inProcess(contender === library ? pacing : contender)
    yield* run.open(targetOf(server.baseUrl))
    yield* run.call({ calls: 1 })
    // So that its own bucket is full again, too.
    yield* Effect.sleep("5 seconds")
    yield* server.control("throttle")
    const { millis, ok } = yield* run.call({ calls: tooMany })
    const { throttled } = yield* server.counts
    return [`${ok} of ${tooMany}`, `${throttled}`, `${figure(millis / 1000)} s`]
  }).pipe(Effect.scoped)

export const failures: Scenario = {
  name: "failures",
  title: "When the service does not do what it should",
  run: Effect.gen(function* () {
    const contenders = [library, ...peers]
    const first = yield* Effect.forEach(contenders, revoked)
    const rest = yield* Effect.forEach(
      contenders,
      (contender) => Effect.all([out(contender), throttled(contender)], { concurrency: 2 }),
      { concurrency: "unbounded" }
    )
    const rows = contenders.map(({ name }, index) => [
      name,
      ...(first[index] ?? []),
      ...(rest[index] ?? []).flat()
    ])
    return {
      claim: `When a token is revoked while ${inFlight} calls are in flight, ${first[0]?.[0]} succeed, with ${first[0]?.[1]} token request; while the token endpoint is out of order and the token is still valid, ${rest[0]?.[0][0]} do.`,
      tables: table(
        [
          "",
          "token revoked: succeed",
          "token requests",
          "token endpoint out: succeed",
          "token requests",
          "throttled: succeed",
          "429s",
          "after"
        ],
        rows
      )
    }
  })
}
