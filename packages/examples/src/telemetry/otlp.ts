import { Effect, Schema } from "effect"
import type { Export, Signal } from "./Collector.js"

const Attribute = Schema.Struct({
  key: Schema.String,
  value: Schema.Struct({
    stringValue: Schema.optional(Schema.String),
    intValue: Schema.optional(Schema.Union(Schema.Number, Schema.NumberFromString)),
    doubleValue: Schema.optional(Schema.Number),
    boolValue: Schema.optional(Schema.Boolean)
  })
})

const Span = Schema.Struct({
  traceId: Schema.String,
  spanId: Schema.String,
  parentSpanId: Schema.optional(Schema.String),
  name: Schema.String,
  startTimeUnixNano: Schema.BigInt,
  endTimeUnixNano: Schema.BigInt,
  status: Schema.Struct({ code: Schema.Number, message: Schema.optional(Schema.String) })
})

const Point = Schema.Struct({
  attributes: Schema.Array(Attribute),
  asInt: Schema.optional(Schema.Union(Schema.Number, Schema.NumberFromString)),
  asDouble: Schema.optional(Schema.Number),
  /** Of a histogram. */
  count: Schema.optional(Schema.Number),
  sum: Schema.optional(Schema.Number)
})

const Points = Schema.Struct({ dataPoints: Schema.Array(Point) })

const Metric = Schema.Struct({
  name: Schema.String,
  sum: Schema.optional(Points),
  gauge: Schema.optional(Points),
  histogram: Schema.optional(Points)
})

const LogRecord = Schema.Struct({
  severityText: Schema.String,
  body: Schema.Struct({ stringValue: Schema.optional(Schema.String) }),
  attributes: Schema.Array(Attribute),
  spanId: Schema.optional(Schema.String)
})

const Traces = Schema.Struct({
  resourceSpans: Schema.Array(
    Schema.Struct({ scopeSpans: Schema.Array(Schema.Struct({ spans: Schema.Array(Span) })) })
  )
})

const Metrics = Schema.Struct({
  resourceMetrics: Schema.Array(
    Schema.Struct({ scopeMetrics: Schema.Array(Schema.Struct({ metrics: Schema.Array(Metric) })) })
  )
})

const Logs = Schema.Struct({
  resourceLogs: Schema.Array(
    Schema.Struct({ scopeLogs: Schema.Array(Schema.Struct({ logRecords: Schema.Array(LogRecord) })) })
  )
})

export type Span = typeof Span.Type
export type Metric = typeof Metric.Type
export type LogRecord = typeof LogRecord.Type

/** The exports of one signal, decoded. Fails with `ParseError` when one is not OTLP in JSON. */
const decodeAll = <A, I>(exports: ReadonlyArray<Export>, signal: Signal, schema: Schema.Schema<A, I>) =>
  Effect.forEach(
    exports.filter((received) => received.signal === signal),
    ({ body }) => Schema.decode(Schema.parseJson(schema))(body)
  )

/** What the exports contain, in the order in which it came. */
export const decode = (exports: ReadonlyArray<Export>) =>
  Effect.gen(function* () {
    const traces = yield* decodeAll(exports, "traces", Traces)
    const metrics = yield* decodeAll(exports, "metrics", Metrics)
    const logs = yield* decodeAll(exports, "logs", Logs)
    return {
      spans: traces.flatMap(({ resourceSpans }) =>
        resourceSpans.flatMap(({ scopeSpans }) => scopeSpans.flatMap(({ spans }) => spans))
      ),
      /** Numbers are totals: the last export has them all. */
      metrics: metrics
        .slice(-1)
        .flatMap(({ resourceMetrics }) =>
          resourceMetrics.flatMap(({ scopeMetrics }) => scopeMetrics.flatMap(({ metrics }) => metrics))
        ),
      logs: logs.flatMap(({ resourceLogs }) =>
        resourceLogs.flatMap(({ scopeLogs }) => scopeLogs.flatMap(({ logRecords }) => logRecords))
      )
    }
  })
