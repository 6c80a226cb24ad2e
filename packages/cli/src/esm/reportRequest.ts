/** Which report is asked for: its dimensions, and its query as it is sent. */
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import { type CommandFailed, usage } from "../ExitCode.js"

/** Where the reports are, on the management host. */
export const root = "/esm/v3"

export interface ReportRequest {
  readonly dimensions: ReadonlyArray<string>
  /** Parameters as they are written, without `format`. */
  readonly query: ReadonlyArray<string>
}

export interface Parameters {
  readonly start: Option.Option<string>
  readonly end: Option.Option<string>
  readonly limit: Option.Option<number>
  readonly metrics: Option.Option<string>
  readonly filter: ReadonlyArray<string>
}

const nameOf = (written: string): string => /^[^=!]*/.exec(written)?.[0] ?? ""

/** A filter such as `mvpd!=A` is sent as it is written; only what a URL may not contain is encoded. */
const encoded = (written: string): string =>
  written.replace(/[^\w.~!*'()=;:@$,/?%+-]/gu, (character) => encodeURIComponent(character))

const date = /^\d{4}(?:-\d\d(?:-\d\d(?:T\d\d(?:[:\d.]*)?(?:Z|[+-]\d\d:?\d\d)?)?)?)?$/
const milliseconds = /^\d{12,14}$/

const dateOf = (name: "start" | "end", text: string): Effect.Effect<string, CommandFailed> =>
  date.test(text) || (name === "end" && milliseconds.test(text))
    ? Effect.succeed(`${name}=${text.replace("+", "%2B")}`)
    : usage(`--${name} is a date such as 2026-05-01 or 2026-05-01T12:00, or the beginning of one.`)

const limitOf = (limit: number): Effect.Effect<string, CommandFailed> =>
  limit > 0 ? Effect.succeed(`limit=${limit}`) : usage("--limit is the number of records, at least 1.")

const metricsOf = (metrics: string): Effect.Effect<string, CommandFailed> =>
  /^[\w-]+(?:,[\w-]+)*$/.test(metrics)
    ? Effect.succeed(`metrics=${metrics}`)
    : usage("--metrics is a list of names such as authz-attempts,media-tokens.")

const reserved = new Set(["start", "end", "limit", "metrics", "format", "access_token"])

const filterOf = (filter: string): Effect.Effect<string, CommandFailed> => {
  const name = nameOf(filter)
  if (!/^[\w-]+$/.test(name) || reserved.has(name)) {
    return usage(`--filter is a dimension, alone or with = or != and a value, such as mvpd!=NorthCable.`)
  }
  return filter.includes("&")
    ? usage("--filter is one filter: repeat it for another one, and write %26 for & in a value.")
    : Effect.succeed(encoded(filter))
}

/** The parameters of the flags, in the order of Adobe's table. */
const ofFlags = ({ end, filter, limit, metrics, start }: Parameters) =>
  Effect.all([
    ...Option.toArray(Option.map(start, (text) => dateOf("start", text))),
    ...Option.toArray(Option.map(end, (text) => dateOf("end", text))),
    ...Option.toArray(Option.map(limit, limitOf)),
    ...Option.toArray(Option.map(metrics, metricsOf)),
    ...filter.map(filterOf)
  ])

/** The parameters of a path, which are sent as they are written, too. */
const ofPath = (query: string): Effect.Effect<ReadonlyArray<string>, CommandFailed> => {
  const parameters = query.split("&").filter((written) => written !== "")
  const names = parameters.map(nameOf)
  if (names.includes("access_token")) {
    return usage("PATH contains access_token: leave it out, the command gets a token by itself.")
  }
  return names.includes("format")
    ? usage("PATH contains format: leave it out and use --format.")
    : Effect.succeed(parameters.map(encoded))
}

/** The dimensions of a path with or without `/esm/v3`. */
const dimensionsOf = (path: string): Effect.Effect<ReadonlyArray<string>, CommandFailed> => {
  if (/^https?:/i.test(path)) return usage("PATH is a path such as year/month, without the host.")
  const dimensions = path.split("/").filter((segment) => segment !== "")
  const below = dimensions[0] === "esm" ? dimensions.slice(2) : dimensions
  if (dimensions[0] === "esm" && dimensions[1] !== "v3") return usage("PATH is below /esm/v3.")
  const ending = /\.\w+$/.exec(path)?.[0]
  if (ending !== undefined) return usage(`PATH ends in ${ending}: leave it out and use --format.`)
  return below.every((segment) => /^[\w-]+$/.test(segment))
    ? Effect.succeed(below)
    : usage("PATH is a list of dimensions such as year/month/day, with or without a query.")
}

/** Nothing is sent before all of it is right. */
export const make = (path: string, parameters: Parameters): Effect.Effect<ReportRequest, CommandFailed> =>
  Effect.gen(function* () {
    const at = path.indexOf("?")
    const [before, query] = at === -1 ? [path, ""] : [path.slice(0, at), path.slice(at + 1)]
    const written = yield* ofPath(query)
    const flags = yield* ofFlags(parameters)
    const names = written.map(nameOf)
    const twice = flags.map(nameOf).find((name) => reserved.has(name) && names.includes(name))
    if (twice !== undefined) return yield* usage(`${twice} is in PATH, and a flag: leave one of them out.`)
    return { dimensions: yield* dimensionsOf(before), query: [...written, ...flags] }
  })

export const pathOf = (dimensions: ReadonlyArray<string>): string => [root, ...dimensions].join("/")

/** The value of a parameter, as far as the request says it. */
export const valueOf = ({ query }: ReportRequest, name: string): string | undefined =>
  query.findLast((written) => written.startsWith(`${name}=`))?.slice(name.length + 1)
