/** How far the clock of this machine is from that of the server, by the `Date` of an answer. */
import * as HttpClient from "@effect/platform/HttpClient"
import * as HttpClientRequest from "@effect/platform/HttpClientRequest"
import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type { InvalidInput } from "effect-adobe-pass/AdobePassError"
import * as NodeTransport from "effect-adobe-pass-node/NodeTransport"
import { ExitCode } from "../ExitCode.js"
import { span } from "../Time.js"
import { version } from "../version.js"
import { type Check, type Facts, type Finding, need, Skipped } from "./check.js"
import { error, ok, warning } from "./findings.js"
import { answered, type Traffic } from "./traffic.js"

/** The difference up to which nothing is said. */
const tolerable = Duration.toMillis("30 seconds")

/** The difference from which on tokens may be taken for valid that are not. */
const harmful = Duration.toMillis("5 minutes")

/** An answer with what is needed of it, and the middle of the time that it took. */
export interface Sighting {
  readonly date: string | undefined
  /** The seconds that the answer was in a cache. */
  readonly age: string | undefined
  readonly midpoint: number
}

/** Longer than a cache keeps an answer, in seconds. */
const longestAge = 31_536_000

/** The date that HTTP prescribes, such as `Thu, 26 Nov 2026 07:00:00 GMT`. */
const httpDate = /^[A-Z][a-z]{2}, \d{2} [A-Z][a-z]{2} \d{4} \d{2}:\d{2}:\d{2} GMT$/

/** By how much this clock is ahead, in milliseconds. The server cuts its time to whole seconds. */
export const skewOf = ({ age = "0", date = "", midpoint }: Sighting): number | undefined => {
  if (!httpDate.test(date) || !/^\d{1,9}$/.test(age) || Number(age) > longestAge) return undefined
  const server = Date.parse(date) + 500 + Number(age) * 1000
  return Number.isNaN(server) ? undefined : midpoint - server
}

const sight = (
  origin: string,
  facts: Facts,
  traffic: Traffic
): Effect.Effect<Sighting, InvalidInput | Skipped> =>
  Effect.gen(function* () {
    const transport = HttpClient.withTracerPropagation(yield* NodeTransport.make(facts.transport), false)
    const before = yield* Clock.currentTimeMillis
    const { headers, status } = yield* transport
      .execute(HttpClientRequest.head(`${origin}/`, { headers: { "user-agent": `adobe-pass/${version}` } }))
      .pipe(
        Effect.timeout("10 seconds"),
        Effect.mapError(
          () => new Skipped({ reason: `${new URL(origin).host} does not answer a HEAD request` })
        )
      )
    const after = yield* Clock.currentTimeMillis
    yield* answered(traffic, status)
    return { date: headers["date"], age: headers["age"], midpoint: (before + after) / 2 }
  }).pipe(Effect.scoped)

const judge = (host: string, skew: number): Finding => {
  const far = Math.abs(skew)
  if (far <= tolerable) return ok(`This clock and that of ${host} agree within ${span(tolerable)}.`)
  const what = `This clock is ${span(far)} ${skew > 0 ? "ahead of" : "behind"} that of ${host}.`
  const advice = "Set the clock of this machine by NTP: tokens would be used too long, or renewed too often."
  return far > harmful ? error(ExitCode.configuration, what, advice) : warning(what, advice)
}

export const clock: Check = {
  name: "clock",
  run: (facts, { traffic }) =>
    Effect.gen(function* () {
      const { sp } = yield* need(facts, "environment")
      yield* need(facts, "reached")
      const { host } = new URL(sp)
      const skew = skewOf(yield* sight(sp, facts, traffic))
      if (skew === undefined) return yield* new Skipped({ reason: `${host} does not tell its time` })
      return { findings: [judge(host, skew)] }
    })
}
