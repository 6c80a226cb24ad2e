/** `adobe-pass esm`: a report of Entitlement Service Monitoring. */
import * as Args from "@effect/cli/Args"
import * as Command from "@effect/cli/Command"
import * as Options from "@effect/cli/Options"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import type { Device } from "effect-adobe-pass/Device"
import * as Application from "../Application.js"
import * as Caller from "../Caller.js"
import { usage } from "../ExitCode.js"
import * as Csv from "../esm/csv.js"
import * as Hal from "../esm/hal.js"
import { noteOnLimit } from "../esm/limit.js"
import * as ReportRequest from "../esm/reportRequest.js"
import { shown, shownJson } from "../esm/shown.js"
import { table } from "../esm/table.js"
import * as Flag from "../Flag.js"
import * as Output from "../Output.js"
import * as Settings from "../Settings.js"
import { at } from "../Time.js"

const formats = ["table", "csv", "json"] as const

type Format = (typeof formats)[number]

const options = {
  ...Settings.options,
  instance: Caller.options.instance,
  start: Flag.text("start", "From when on, Pacific time: 2026, 2026-05-01 or 2026-05-01T12:00"),
  end: Flag.text("end", "Until when, in the same form (default now)"),
  limit: Options.integer("limit").pipe(
    Options.withDescription("The largest number of records"),
    Options.optional
  ),
  metrics: Flag.text("metrics", "Only these metrics: authz-attempts,media-tokens"),
  filter: Flag.texts(
    "filter",
    "mvpd=A, mvpd!=A, or mvpd to add the dimension; sent as written, may be repeated"
  ),
  drillDown: Flag.texts("drill-down", "Follows the link of this name first; may be repeated, or be a/b"),
  links: Options.boolean("links").pipe(Options.withDescription("Show where one can go from here")),
  format: Options.choice("format", formats).pipe(
    Options.withDescription("table, csv or json (default: table on a terminal, else csv)"),
    Options.optional
  ),
  json: Options.boolean("json").pipe(Options.withDescription("The same as --format json"))
}

const path = Args.text({ name: "PATH" }).pipe(
  Args.withDescription(
    "Dimensions such as year/month/day, with or without /esm/v3 and a query; / is the root"
  )
)

const formatOf = (asked: Option.Option<Format>, json: boolean) =>
  Effect.gen(function* () {
    const { stdout } = yield* Output.Output
    if (!json) return Option.getOrElse(asked, (): Format => (stdout.isTerminal ? "table" : "csv"))
    const isOther = Option.exists(asked, (format) => format !== "json")
    if (isOther) return yield* usage("--json and --format name different formats: leave one of them out.")
    return "json"
  })

/** What the numbers are about, for a person. */
const noteOnPeriod = ({ hal, headers }: Hal.Report) => {
  const { length } = hal.report
  const period = Hal.periodOf(hal) ?? "the period that Adobe Pass chose"
  const refreshed = Date.parse(headers["last-modified"] ?? "")
  const counted = Number.isNaN(refreshed) ? "live" : `counted at ${at(refreshed)}`
  return Output.note(
    `${length} record${length === 1 ? "" : "s"} of ${period} (Pacific time, UTC-8), ${counted}.`
  )
}

/** No more names than a line or two can hold. */
const someOf = (names: ReadonlyArray<string>): string =>
  names.length > 30 ? `${names.slice(0, 30).join(", ")} and ${names.length - 30} more` : names.join(", ")

const asTable = (request: ReportRequest.ReportRequest, device: Device) =>
  Effect.gen(function* () {
    const { stdout } = yield* Output.Output
    const report = yield* Hal.fetched(request, device)
    const { left, rows } = table(
      report.hal.report,
      request,
      stdout.isTerminal ? yield* stdout.columns : undefined
    )
    if (rows.length > 1) yield* Output.line(Output.table(stdout, rows))
    yield* noteOnPeriod(report)
    if (left.length > 0) {
      yield* Output.note(
        `Not shown for lack of room: ${someOf(left)}. Choose with --metrics, or take --format csv.`
      )
    }
    yield* noteOnLimit(request, report.hal.report.length, report.hal._links.self?.href)
  })

const asJson = (request: ReportRequest.ReportRequest, device: Device) =>
  Effect.gen(function* () {
    const { document, hal } = yield* Hal.fetched(request, device)
    yield* Output.line(shownJson(document))
    yield* noteOnLimit(request, hal.report.length, hal._links.self?.href)
  })

const asCsv = (request: ReportRequest.ReportRequest, device: Device) =>
  Effect.flatMap(Csv.written(request, device), ({ file, records }) => noteOnLimit(request, records, file))

const writers = { table: asTable, json: asJson, csv: asCsv }

const showLinks = (request: ReportRequest.ReportRequest, format: Format, device: Device) =>
  Effect.gen(function* () {
    const { hal } = yield* Hal.fetched({ ...request, query: ["limit=1"] }, device)
    const drillDowns = Hal.drillDowns(hal).map(([name, { href }]) => ({ name, href }))
    const rollUp = hal._links["roll-up"]?.href
    if (format === "json") {
      return yield* Output.line(shownJson({ drill_down: drillDowns, roll_up: rollUp ?? null }))
    }
    for (const { href, name } of drillDowns)
      yield* Output.line(`drill-down  ${shown(name).padEnd(24)}${shown(href)}`)
    if (rollUp !== undefined) yield* Output.line(`${"roll-up".padEnd(36)}${shown(rollUp)}`)
  })

export const esm = Command.make("esm", { ...options, path }, (flags) =>
  Effect.gen(function* () {
    const request = yield* ReportRequest.make(flags.path, flags)
    const format = yield* formatOf(flags.format, flags.json)
    const names = flags.drillDown.flatMap((name) => name.split("/").filter((part) => part !== ""))
    const settings = yield* Settings.resolve(
      flags,
      Settings.flags({ instance: { flag: "instance", value: flags.instance } })
    )
    const device = yield* Caller.instance(settings)
    const report = Effect.flatMap(Hal.followed(request, names, device), (followed) =>
      flags.links ? showLinks(followed, format, device) : writers[format](followed, device)
    )
    yield* Effect.provide(report, Application.layer(settings))
  })
).pipe(
  Command.withDescription(
    "Writes a report of Entitlement Service Monitoring: a table on a terminal, CSV elsewhere, or JSON."
  )
)
