/** What `/status` says. */
import * as Effect from "effect/Effect"
import * as Metric from "effect/Metric"
import * as Schema from "effect/Schema"
import * as AdobePass from "effect-adobe-pass/AdobePass"
import * as Metrics from "effect-adobe-pass/Metrics"
import * as Output from "../Output.js"
import { at, span } from "../Time.js"
import { version } from "../version.js"
import type { Activity } from "./activity.js"

const Count = Schema.NonNegative.pipe(Schema.finite())

const Time = Schema.String.pipe(Schema.filter((text) => !Number.isNaN(Date.parse(text))))

/** Times are seconds and ISO 8601. */
export const Status = Schema.Struct({
  version: Schema.String,
  environment: Schema.String,
  uptime_seconds: Count,
  shutting_down: Schema.Boolean,
  in_flight: Count,
  sessions: Count,
  calls: Count,
  token_requests: Count,
  /** The part of the reads of a token that found a usable one in memory; null before the first one. */
  token_hit_ratio: Schema.NullOr(Schema.Number.pipe(Schema.between(0, 1))),
  /** When the last call was started that Adobe Pass has answered. */
  last_success_at: Schema.NullOr(Time),
  /** Of the endpoint that has failed most often in a row. */
  consecutive_failures: Count,
  throttle: Schema.Struct({ buckets: Count, held: Count }),
  /** What is wrong now, and what to do. */
  incidents: Schema.Array(Schema.Struct({ incident: Schema.String, message: Schema.String }))
})

export interface Status extends Schema.Schema.Type<typeof Status> {}

const sum = (counts: ReadonlyMap<string, number>): number =>
  Array.from(counts.values()).reduce((total, count) => total + count, 0)

const iso = (millis: number | undefined): string | null =>
  millis === undefined ? null : new Date(millis).toISOString()

const latest = (times: ReadonlyArray<number | undefined>): number | undefined =>
  times.reduce((last, time) => (last === undefined || (time !== undefined && time > last) ? time : last))

/** The status of this gateway. */
export const now = (
  activity: Activity
): Effect.Effect<Status, never, Effect.Effect.Context<typeof AdobePass.health>> =>
  Effect.gen(function* () {
    const { at, endpoints, environment, incidents, sessions, throttle } = yield* AdobePass.health
    const { mgmt, registration, sp, token } = endpoints
    return {
      version,
      environment,
      // The clock may have been set back.
      uptime_seconds: Math.max(0, Math.floor((at - activity.startedAt) / 1000)),
      shutting_down: activity.isDraining,
      in_flight: activity.inFlight,
      sessions: sessions.inMemory,
      calls: sum((yield* Metric.value(Metrics.calls)).occurrences),
      token_requests: sum((yield* Metric.value(Metrics.tokenRequests)).occurrences),
      token_hit_ratio: sessions.hitRatio === undefined ? null : Math.round(sessions.hitRatio * 1000) / 1000,
      last_success_at: iso(latest([sp.lastSuccessAt, mgmt.lastSuccessAt])),
      consecutive_failures: Math.max(
        ...[registration, token, sp, mgmt].map(({ consecutiveFailures }) => consecutiveFailures)
      ),
      throttle: { buckets: throttle.buckets, held: throttle.held },
      incidents: incidents.map(({ _tag, message }) => ({ incident: _tag, message }))
    }
  })

const percent = (ratio: number | null): string =>
  ratio === null ? "no calls yet" : `${(ratio * 100).toFixed(1)} %`

const lastSuccess = (time: string | null): string => (time === null ? "never" : at(Date.parse(time)))

/** The status for a person. */
export const table = (channel: Output.Channel, status: Status): string =>
  Output.table(channel, [
    ["gateway", status.shutting_down ? "shutting down" : `up for ${span(status.uptime_seconds * 1000)}`],
    ["environment", Output.printable(status.environment)],
    ["version", Output.printable(status.version)],
    ["sessions in memory", String(status.sessions)],
    ["calls", `${status.calls}, ${status.in_flight} under way`],
    ["tokens", `${status.token_requests} requested; hit ratio: ${percent(status.token_hit_ratio)}`],
    ["last success", lastSuccess(status.last_success_at)],
    ["failures in a row", String(status.consecutive_failures)],
    ["throttle", `${status.throttle.buckets} addresses paced, ${status.throttle.held} held after a 429`],
    ...status.incidents.map(({ incident, message }): [string, string] => [
      Output.printable(incident),
      Output.printable(message)
    ])
  ])
