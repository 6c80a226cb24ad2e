import { Order } from "effect"
import type { LogRecord, Metric, Span } from "./otlp.js"

const indent = (depth: number) => "  ".repeat(depth)

const cell = (text: string, width: number) => `${text.padEnd(width - 2)}  `

const byStart = Order.mapInput(Order.bigint, ({ startTimeUnixNano }: Span) => startTimeUnixNano)

const spanLine = ({ endTimeUnixNano, name, startTimeUnixNano, status }: Span, depth: number): string => {
  const millis = (endTimeUnixNano - startTimeUnixNano) / 1_000_000n
  return `${cell(indent(depth) + name, 44)}${String(millis).padStart(5)} ms${status.code === 2 ? "  failed" : ""}`
}

/** The spans under their parents, by the time at which they began. */
export const spanTree = (spans: ReadonlyArray<Span>): ReadonlyArray<string> => {
  const known = new Set(spans.map(({ spanId }) => spanId))
  const childrenOf = (parent: string | undefined) =>
    spans
      .filter(({ parentSpanId }) =>
        parent === undefined
          ? parentSpanId === undefined || !known.has(parentSpanId)
          : parentSpanId === parent
      )
      .toSorted(byStart)
  const lines = (parent: string | undefined, depth: number): ReadonlyArray<string> =>
    childrenOf(parent).flatMap((span) => [spanLine(span, depth), ...lines(span.spanId, depth + 1)])
  return lines(undefined, 1)
}

const value = ({ asDouble, asInt, count, sum }: Points[number]): string =>
  count === undefined
    ? String(asInt ?? asDouble ?? "")
    : `${count} (mean ${((sum ?? 0) / Math.max(1, count)).toFixed(1)})`

type Points = NonNullable<Metric["sum"]>["dataPoints"]

/** A line for each metric and its attributes, with the value. */
export const metricTable = (metrics: ReadonlyArray<Metric>): ReadonlyArray<string> =>
  metrics
    .flatMap(({ gauge, histogram, name, sum }) =>
      ((sum ?? gauge ?? histogram)?.dataPoints ?? []).map((point) => {
        const attributes = point.attributes.map(({ key, value }) => `${key}=${value.stringValue ?? ""}`)
        return `  ${cell(name, 38)}${cell(attributes.join(","), 26)}${value(point)}`
      })
    )
    .toSorted()

/** A line for each record of the log. */
export const logLines = (logs: ReadonlyArray<LogRecord>): ReadonlyArray<string> =>
  logs.map(({ attributes, body, severityText, spanId }) => {
    const known = attributes.flatMap(({ key, value }) =>
      key === "fiberId" ? [] : [`${key}=${value.stringValue ?? value.intValue ?? value.doubleValue ?? ""}`]
    )
    return `  ${cell(severityText, 8)}${cell(body.stringValue ?? "", 12)}${cell(known.join(","), 24)}${spanId === undefined ? "" : "in a span"}`.trimEnd()
  })
