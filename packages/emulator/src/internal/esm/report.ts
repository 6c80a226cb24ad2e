/** A report: what happened in its period, counted by the dimensions of its path. */
import * as Either from "effect/Either"
import type { World } from "../../World.js"
import { dimensions, timeDimensions } from "./dimensions.js"
import { type Batch, batches } from "./happenings.js"
import { metrics as allMetrics, metricsOf } from "./metrics.js"
import { type Period, pacific } from "./period.js"
import type { Explanation, Query } from "./query.js"

export interface Report {
  readonly dimensions: ReadonlyArray<string>
  readonly metrics: ReadonlyArray<string>
  /** The values of the dimensions, then those of the metrics. */
  readonly rows: ReadonlyArray<ReadonlyArray<string>>
}

const hour = 3_600_000

/** More records than this are "too much data", whatever the limit. */
const mostRecords = 20_000

/** Numbers are counted once an hour. */
export const refreshedAt = (nowMillis: number): number => Math.floor(nowMillis / hour) * hour

/** Nothing is known from before the last year. */
const history = (nowMillis: number): Period => {
  const end = pacific(refreshedAt(nowMillis))
  return { start: Date.UTC(new Date(end).getUTCFullYear() - 1, 0, 1), end }
}

/** On a path without a time dimension the period has no effect. */
const countedPeriod = (path: ReadonlyArray<string>, { period }: Query, nowMillis: number): Period => {
  const known = history(nowMillis)
  return path.some((name) => Object.hasOwn(timeDimensions, name))
    ? { start: Math.max(period.start, known.start), end: Math.min(period.end, known.end) }
    : known
}

const valueOf = (batch: Batch, name: string): string => dimensions[name]?.(batch) ?? ""

/** Whether a batch passes all filters. */
const passes =
  ({ filters }: Query) =>
  (batch: Batch): boolean => {
    for (const [name, { among, notAmong }] of filters) {
      const value = valueOf(batch, name)
      if (among?.includes(value) === false || notAmong.includes(value)) return false
    }
    return true
  }

interface Counted {
  readonly values: ReadonlyArray<string>
  readonly sums: Array<number>
}

/** Numbers by their size, as in the hours of a day, and texts by their characters. */
const inOrder = (one: string, other: string): number =>
  Number(one) - Number(other) || (one < other ? -1 : one > other ? 1 : 0)

const byValues = (one: Counted, other: Counted): number => {
  for (const [at, value] of one.values.entries()) {
    const order = inOrder(value, other.values[at] ?? "")
    if (order !== 0) return order
  }
  return 0
}

export const reportOf = (
  world: World,
  path: ReadonlyArray<string>,
  query: Query,
  nowMillis: number
): Either.Either<Report, Explanation> => {
  const columns = [...new Set([...path, ...query.included])]
  const metrics = query.metrics ?? metricsOf(path)
  const { end, start } = countedPeriod(path, query, nowMillis)
  const isCounted = passes(query)
  const counted = new Map<string, Counted>()
  for (const batch of batches(world, start, end)) {
    if (!isCounted(batch)) continue
    const values = columns.map((name) => valueOf(batch, name))
    const key = JSON.stringify(values)
    const found = counted.get(key) ?? { values, sums: metrics.map(() => 0) }
    for (const [at, name] of metrics.entries()) {
      found.sums[at] = (found.sums[at] ?? 0) + (allMetrics[name]?.(batch) ?? 0)
    }
    counted.set(key, found)
  }
  if (counted.size > mostRecords) {
    return Either.left(`Too much data: ${counted.size} records. Use a shorter period or fewer dimensions`)
  }
  const rows = Array.from(counted.values())
    .sort(byValues)
    .slice(0, query.limit)
    .map(({ sums, values }) => [...values, ...sums.map(String)])
  return Either.right({ dimensions: columns, metrics, rows })
}
