/** A report as a table: dimensions first, then metrics, as many as a terminal has room for. */
import type { Hal } from "./hal.js"
import type { ReportRequest } from "./reportRequest.js"
import { shown } from "./shown.js"

export interface Table {
  readonly rows: readonly [ReadonlyArray<string>, ...ReadonlyArray<ReadonlyArray<string>>]
  /** Metrics for which there was no room. */
  readonly left: ReadonlyArray<string>
}

const longestCell = 60
/** More metrics than any report has, and fewer than would make a table that nobody can read or write. */
const mostMetrics = 200

const cellOf = (value: unknown): string => {
  const text = shown(
    typeof value === "string" ? value : value === undefined || value === null ? "" : JSON.stringify(value)
  )
  return text.length > longestCell ? `${text.slice(0, longestCell - 1)}…` : text
}

/** The dimensions of the path in its order, and those that the query adds; everything else is a metric. */
const columnsOf = (records: Hal["report"], { dimensions, query }: ReportRequest) => {
  const names = [...new Set(records.flatMap((record) => Object.keys(record)))]
  const wanted = [...dimensions, ...query.filter((written) => !written.includes("="))]
  const present = [...new Set(wanted)].filter((name) => names.includes(name))
  return { dimensions: present, metrics: names.filter((name) => !present.includes(name)) }
}

const gap = 2

/** As many metrics as fit, and at least one. */
const fitting = (
  dimensions: ReadonlyArray<number>,
  metrics: ReadonlyArray<number>,
  columns: number
): number => {
  let width = dimensions.reduce((sum, one) => sum + one + gap, 0)
  const first = metrics.findIndex((one, at) => {
    width += one + (at === 0 && dimensions.length === 0 ? 0 : gap)
    return at > 0 && width - gap > columns
  })
  return first === -1 ? metrics.length : first
}

/** Numbers are aligned to the right. `columns` is the width of the terminal; undefined where there is none. */
export const table = (records: Hal["report"], request: ReportRequest, columns: number | undefined): Table => {
  const { dimensions, metrics: all } = columnsOf(records, request)
  const metrics = all.slice(0, mostMetrics)
  const cells = (names: ReadonlyArray<string>) => [
    names.map(cellOf),
    ...records.map((record) => names.map((name) => cellOf(record[name])))
  ]
  const [ofDimensions, ofMetrics] = [cells(dimensions), cells(metrics)]
  const widths = (rows: ReadonlyArray<ReadonlyArray<string>>, count: number) =>
    Array.from({ length: count }, (_, at) =>
      rows.reduce((most, row) => Math.max(most, row[at]?.length ?? 0), 0)
    )
  const metricWidths = widths(ofMetrics, metrics.length)
  const count =
    columns === undefined
      ? metrics.length
      : fitting(widths(ofDimensions, dimensions.length), metricWidths, columns)
  const [head = [], ...rows] = ofDimensions.map((row, at) => [
    ...row,
    ...(ofMetrics[at] ?? []).slice(0, count).map((cell, column) => cell.padStart(metricWidths[column] ?? 0))
  ])
  return { rows: [head, ...rows], left: all.slice(count).map(shown) }
}
