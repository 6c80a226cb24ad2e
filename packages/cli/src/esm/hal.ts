/** A report in JSON: its records, and the links to other reports. */
import type * as HttpClientResponse from "@effect/platform/HttpClientResponse"
import * as Effect from "effect/Effect"
import * as ParseResult from "effect/ParseResult"
import * as Schema from "effect/Schema"
import { type BodyError, UnexpectedResponse } from "effect-adobe-pass/AdobePassError"
import type { Device } from "effect-adobe-pass/Device"
import * as ProtectedClient from "effect-adobe-pass/ProtectedClient"
import { RegisteredApplication } from "effect-adobe-pass/RegisteredApplication"
import { CommandFailed, ExitCode, usage } from "../ExitCode.js"
import { ask } from "./ask.js"
import { pathOf, type ReportRequest, root } from "./reportRequest.js"
import { shown } from "./shown.js"

const nullable = { nullable: true, exact: true } as const

const Link = Schema.Struct({ href: Schema.String, name: Schema.optionalWith(Schema.String, nullable) })

type Link = typeof Link.Type

/** One child stands alone, several in a list. */
const Links = Schema.Struct({
  self: Schema.optionalWith(Link, nullable),
  "roll-up": Schema.optionalWith(Link, nullable),
  "drill-down": Schema.optionalWith(Schema.Union(Link, Schema.Array(Link)), nullable)
})

const Hal = Schema.Struct({
  _links: Schema.optionalWith(Links, { nullable: true, default: () => ({}) }),
  report: Schema.optionalWith(Schema.Array(Schema.Record({ key: Schema.String, value: Schema.Unknown })), {
    nullable: true,
    default: () => []
  })
})

export type Hal = typeof Hal.Type

/** A report as it came, and decoded. */
export interface Report {
  readonly document: unknown
  readonly hal: Hal
  readonly headers: HttpClientResponse.HttpClientResponse["headers"]
}

const decode = Schema.decodeUnknown(Hal)

const issues = (error: ParseResult.ParseError): ReadonlyArray<string> =>
  ParseResult.ArrayFormatter.formatErrorSync(error)
    .slice(0, 3)
    .map(({ path }) => shown(path.join(".")))

/** A report in JSON is held in memory, so it may not have more than the 8 MiB that `buffered` takes. */
const tooLong = (error: BodyError) =>
  error._tag === "UnexpectedResponse" && error.reason === "TooLarge"
    ? new CommandFailed({
        exitCode: ExitCode.refused,
        message:
          "The report is longer than 8 MiB: take --format csv, which is not held in memory, a shorter period or a smaller --limit."
      })
    : error

/** Reports have four levels; what is written as JSON again must not fill the stack. */
const deepest = 100

/** Whether a value of JSON is nested no deeper than that. */
export const isShallow = (value: unknown, left = deepest): boolean =>
  typeof value !== "object" ||
  value === null ||
  (left > 0 && Object.values(value).every((one) => isShallow(one, left - 1)))

/** The report of a request. */
export const fetched = (request: ReportRequest, device: Device) =>
  Effect.gen(function* () {
    const response = yield* ask(request, "json", device)
    const buffered = yield* Effect.mapError(ProtectedClient.buffered(response), tooLong)
    const document = yield* ProtectedClient.readBody(({ json }) => json)(buffered)
    if (!isShallow(document)) {
      return yield* new CommandFailed({
        exitCode: ExitCode.unavailable,
        message: `The report is nested deeper than ${deepest} levels, as no report is: ask Adobe, or take --format csv.`
      })
    }
    const hal = yield* Effect.mapError(
      decode(document),
      (error) =>
        new UnexpectedResponse({
          operation: "call",
          status: response.status,
          reason: "UnexpectedJson",
          issues: issues(error)
        })
    )
    const report: Report = { document, hal, headers: response.headers }
    return report
  })

/** The name of a link, or else the last dimension of the path that it leads to. */
const nameOf = ({ href, name }: Link): string => name ?? href.replace(/[?#].*$/, "").replace(/^.*\//, "")

/** The links to the reports below, by name. */
export const drillDowns = ({ _links }: Hal): ReadonlyArray<readonly [name: string, link: Link]> => {
  const links = _links["drill-down"]
  const list = links === undefined ? [] : "href" in links ? [links] : links
  return list.map((link) => [nameOf(link), link])
}

/** The period of a report, which Adobe Pass chooses where it is not asked for. */
export const periodOf = ({ _links }: Hal): string | undefined => {
  const parameters = new URLSearchParams(_links.self?.href.replace(/^[^?]*/, "") ?? "")
  const [start, end] = [parameters.get("start"), parameters.get("end")]
  return start === null || end === null ? undefined : shown(`${start} to ${end}`)
}

/** The dimensions of a link, which must lead to a report of the same host. */
const dimensionsOf = (href: string, host: string): ReadonlyArray<string> | undefined => {
  if (!URL.canParse(href, host)) return undefined
  const { origin, pathname } = new URL(href, host)
  if (origin !== host || !`${pathname}/`.startsWith(`${root}/`)) return undefined
  return pathname
    .slice(root.length)
    .split("/")
    .filter((segment) => segment !== "")
}

/** One step down. Filters may not be valid on the way, so the report is asked for its links alone. */
const step = (dimensions: ReadonlyArray<string>, name: string, device: Device) =>
  Effect.gen(function* () {
    const { hal } = yield* fetched({ dimensions, query: ["limit=1"] }, device)
    const links = drillDowns(hal)
    const found = links.find(([linkName]) => linkName === name)
    if (found === undefined) {
      const names = links.map(([linkName]) => shown(linkName)).join(", ")
      return yield* usage(
        `${pathOf(dimensions)} cannot be drilled down to ${name}: ${names === "" ? "it has no links" : `there are ${names}`}.`
      )
    }
    const { environment } = yield* RegisteredApplication
    const below = dimensionsOf(found[1].href, environment.mgmt)
    if (below === undefined) {
      return yield* new CommandFailed({
        exitCode: ExitCode.unavailable,
        message: `The link to ${name} leads away from the reports of ${environment.mgmt}, so it was not followed.`
      })
    }
    return below
  })

/** The request at the end of links of these names; its query is added again. */
export const followed = (request: ReportRequest, names: ReadonlyArray<string>, device: Device) =>
  Effect.map(
    Effect.reduce(names, request.dimensions, (dimensions, name) => step(dimensions, name, device)),
    (dimensions): ReportRequest => ({ ...request, dimensions })
  )
