/** What `/status` says. */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Metric from "effect/Metric"
import * as Schema from "effect/Schema"
import * as Metrics from "effect-adobe-pass/Metrics"
import { RegisteredApplication } from "effect-adobe-pass/RegisteredApplication"
import { Throttle } from "effect-adobe-pass/Throttle"
import * as Output from "../Output.js"
import { at, span } from "../Time.js"
import { version } from "../version.js"
import type { Activity } from "./activity.js"
import type { Holds } from "./pacing.js"

/** Times are seconds and ISO 8601. */
export const Status = Schema.Struct({
  version: Schema.String,
  environment: Schema.String,
  uptime_seconds: Schema.Number,
  shutting_down: Schema.Boolean,
  in_flight: Schema.Number,
  sessions: Schema.Number,
  calls: Schema.Number,
  token_requests: Schema.Number,
  /** The part of the calls that found their token in memory or in the store; null before the first one. */
  token_hit_ratio: Schema.NullOr(Schema.Number),
  last_success_at: Schema.NullOr(Schema.String),
  consecutive_failures: Schema.Number,
  throttle: Schema.Struct({ buckets: Schema.Number, held: Schema.Number })
})

export interface Status extends Schema.Schema.Type<typeof Status> {}

const sum = (counts: ReadonlyMap<string, number>): number =>
  Array.from(counts.values()).reduce((total, count) => total + count, 0)

const hitRatio = (calls: number, tokenRequests: number): number | null =>
  calls === 0 ? null : Math.round(Math.max(0, 1 - tokenRequests / calls) * 1000) / 1000

const iso = (millis: number | undefined): string | null =>
  millis === undefined ? null : new Date(millis).toISOString()

/** The status of this gateway. */
export const now = (
  activity: Activity,
  holds: Holds
): Effect.Effect<Status, never, RegisteredApplication | Throttle> =>
  Effect.gen(function* () {
    const { environment } = yield* RegisteredApplication
    const throttle = yield* Throttle
    const time = yield* Clock.currentTimeMillis
    const calls = sum((yield* Metric.value(Metrics.calls)).occurrences)
    const tokenRequests = sum((yield* Metric.value(Metrics.tokenRequests)).occurrences)
    return {
      version,
      environment: environment.name,
      uptime_seconds: Math.floor((time - activity.startedAt) / 1000),
      shutting_down: activity.isDraining,
      in_flight: activity.inFlight,
      sessions: (yield* Metric.value(Metrics.sessions)).value,
      calls,
      token_requests: tokenRequests,
      token_hit_ratio: hitRatio(calls, tokenRequests),
      last_success_at: iso(activity.lastSuccess),
      consecutive_failures: activity.consecutiveFailures,
      throttle: { buckets: yield* throttle.size, held: holds.count(time) }
    }
  })

const percent = (ratio: number | null): string =>
  ratio === null ? "no calls yet" : `${(ratio * 100).toFixed(1)} %`

const lastSuccess = (time: string | null): string => (time === null ? "never" : at(Date.parse(time)))

/** The status for a person. */
export const table = (channel: Output.Channel, status: Status): string =>
  Output.table(channel, [
    ["gateway", status.shutting_down ? "shutting down" : `up for ${span(status.uptime_seconds * 1000)}`],
    ["environment", status.environment],
    ["version", status.version],
    ["sessions in memory", String(status.sessions)],
    ["calls", `${status.calls}, ${status.in_flight} under way`],
    ["tokens", `${status.token_requests} requested; hit ratio: ${percent(status.token_hit_ratio)}`],
    ["last success", lastSuccess(status.last_success_at)],
    ["failures in a row", String(status.consecutive_failures)],
    ["throttle", `${status.throttle.buckets} addresses paced, ${status.throttle.held} held after a 429`]
  ])
