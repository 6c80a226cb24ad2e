/** What the gateway has done so far, for its metrics and its status. */
import * as Effect from "effect/Effect"
import * as Metric from "effect/Metric"
import * as MetricBoundaries from "effect/MetricBoundaries"

const requests = Metric.counter("adobe_pass_gateway_requests_total", {
  description: "Requests by family of status",
  incremental: true
})

const durations = Metric.histogram(
  "adobe_pass_gateway_request_duration_seconds",
  MetricBoundaries.fromIterable([0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60]),
  "Time from the head of a request to the end of its answer, waits for a permit included"
)

const inFlight = Metric.gauge("adobe_pass_gateway_in_flight", {
  description: "Calls under way"
})

/** Counts of one gateway. */
export class Activity {
  readonly startedAt: number
  isDraining = false
  inFlight = 0

  constructor(startedAt: number) {
    this.startedAt = startedAt
  }

  /** A call under way. */
  begin(): Effect.Effect<void> {
    this.inFlight++
    return Metric.set(inFlight, this.inFlight)
  }

  end(): Effect.Effect<void> {
    this.inFlight--
    return Metric.set(inFlight, this.inFlight)
  }
}

/** Counts a request that has been answered; `undefined` when its client left before. */
export const count = (status: number | undefined, millis: number): Effect.Effect<void> =>
  Effect.zipRight(
    Metric.increment(
      Metric.tagged(requests, "status", status === undefined ? "none" : `${Math.floor(status / 100)}xx`)
    ),
    Metric.update(durations, millis / 1000)
  )
