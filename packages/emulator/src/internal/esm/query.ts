/** The query of a report: filters by dimension, and the parameters that are none. */
import * as Either from "effect/Either"
import { dimensions, timeDimensions } from "./dimensions.js"
import { metrics } from "./metrics.js"
import { endOf, type Period, periodOf, startOf } from "./period.js"

/** Both lists are alternatives; undefined when the report is not filtered so. */
export interface Filter {
  readonly among: ReadonlyArray<string> | undefined
  readonly notAmong: ReadonlyArray<string>
}

export interface Query {
  readonly period: Period
  readonly limit: number
  /** Undefined when the caller has not chosen. */
  readonly metrics: ReadonlyArray<string> | undefined
  readonly filters: ReadonlyMap<string, Filter>
  /** Dimensions without a value: they are added to the report. */
  readonly included: ReadonlyArray<string>
  /** What was asked for, as it was written, without the parameters that `self` shows with their values. */
  readonly rest: string
}

/** What the answer says when the query cannot be used. */
export type Explanation = string

/** A parameter as it is written: `mvpd!=A` is not equal, `mvpd` has no value. */
interface Parameter {
  readonly name: string
  readonly isNegated: boolean
  readonly value: string | undefined
  readonly written: string
}

const decoded = (text: string): string =>
  new URLSearchParams(`_=${text.replaceAll("&", "%26")}`).get("_") ?? ""

const parameterOf = (written: string): Parameter => {
  const [name = "", ...rest] = written.split("=")
  const whole = decoded(name)
  const isNegated = rest.length > 0 && whole.endsWith("!")
  return {
    name: isNegated ? whole.slice(0, -1) : whole,
    isNegated,
    value: rest.length === 0 ? undefined : decoded(rest.join("=")),
    written
  }
}

export const parametersOf = (query: string): ReadonlyArray<Parameter> =>
  query
    .split("&")
    .filter((written) => written !== "")
    .map(parameterOf)

export const last = (parameters: ReadonlyArray<Parameter>, name: string): string | undefined =>
  parameters.findLast((parameter) => parameter.name === name && !parameter.isNegated)?.value

const reserved = new Set(["access_token", "start", "end", "format", "limit", "metrics"])
const shownBySelf = new Set(["access_token", "start", "end", "format", "limit"])

/** "limit=1000" and a period of a month are what Adobe's samples show where nothing was asked for. */
const defaultLimit = "1000"

const limitOf = (text: string = defaultLimit): Either.Either<number, Explanation> =>
  /^\d{1,9}$/.test(text)
    ? Either.right(Number(text))
    : Either.left(`Invalid value of parameter limit: ${text}`)

const chosenMetrics = (
  parameters: ReadonlyArray<Parameter>
): Either.Either<Query["metrics"], Explanation> => {
  const names = parameters
    .filter(({ name }) => name === "metrics")
    .flatMap(({ value = "" }) => value.split(","))
    .filter((name) => name !== "")
  const unknown = names.find((name) => !Object.hasOwn(metrics, name))
  if (unknown !== undefined) return Either.left(`Unknown metric: ${unknown}`)
  return Either.right(names.length === 0 ? undefined : names)
}

const unusable = ({ name }: Parameter): Explanation | undefined => {
  if (!Object.hasOwn(dimensions, name)) return `Unknown filter: ${name}`
  return Object.hasOwn(timeDimensions, name)
    ? `The time dimension ${name} is not a filter: use start and end`
    : undefined
}

const filtersOf = (parameters: ReadonlyArray<Parameter>): Query["filters"] => {
  const filters = new Map<string, Filter>()
  for (const { isNegated, name, value } of parameters) {
    if (value === undefined) continue
    const { among, notAmong } = filters.get(name) ?? { among: undefined, notAmong: [] }
    filters.set(
      name,
      isNegated ? { among, notAmong: [...notAmong, value] } : { among: [...(among ?? []), value], notAmong }
    )
  }
  return filters
}

/** Left: what is wrong with it. Time is the server's. */
export const queryOf = (raw: string, nowMillis: number): Either.Either<Query, Explanation> =>
  Either.gen(function* () {
    const parameters = parametersOf(raw)
    const ofDimensions = parameters.filter(({ name }) => !reserved.has(name))
    for (const parameter of ofDimensions) {
      const problem = unusable(parameter)
      if (problem !== undefined) return yield* Either.left(problem)
    }
    const end = yield* endOf(last(parameters, "end"), nowMillis)
    const start = yield* startOf(last(parameters, "start"), end)
    return {
      period: yield* periodOf(start, end),
      limit: yield* limitOf(last(parameters, "limit")),
      metrics: yield* chosenMetrics(parameters),
      filters: filtersOf(ofDimensions),
      included: ofDimensions.flatMap(({ name, value }) => (value === undefined ? [name] : [])),
      rest: parameters
        .filter(({ name }) => !shownBySelf.has(name))
        .map(({ written }) => written)
        .join("&")
    }
  })
