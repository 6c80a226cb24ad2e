/** The first page of the console: the requests as they come, newest first. */
import type { Counts, LoggedRequest, Route } from "../../../Traffic.js"
import type { Answer } from "../../answer.js"
import { deviceIdentifier } from "../../protectedApi.js"
import type { Exchange } from "../../requestLog.js"
import { timeOfDay } from "../format.js"
import { type Content, html } from "../html.js"
import { maskedText } from "../secrets.js"
import { commandForm, consolePage, notice, prefix } from "./layout.js"
import { liveControls, liveScript } from "./live.js"

const routes: ReadonlyArray<readonly [Route, string]> = [
  ["register", "Registration"],
  ["token", "Token"],
  ["api", "REST API v2"],
  ["management", "Management"],
  ["other", "Other"]
]

const routeNames: ReadonlyMap<Route, string> = new Map(routes)

/** The name of a route, for people. */
export const routeName = (route: Route): string => routeNames.get(route) ?? route

const statuses = [
  ["2", "2xx success"],
  ["3", "3xx redirect"],
  ["4", "4xx refused"],
  ["5", "5xx failure"],
  ["none", "no answer"]
] as const

const pageSize = 100

interface Filter {
  readonly route: string
  readonly status: string
  readonly text: string
  /** Only requests with a smaller number. */
  readonly before: number
}

const readFilter = (query: URLSearchParams): Filter => ({
  route: query.get("route") ?? "",
  status: query.get("status") ?? "",
  text: (query.get("text") ?? "").trim(),
  before: Number(query.get("before") ?? "") || Number.POSITIVE_INFINITY
})

const searched = (logged: LoggedRequest): string =>
  [logged.method, logged.path, logged.query, logged.status, logged.forwardedFor, deviceIdentifier(logged)]
    .join(" ")
    .toLowerCase()

const matches =
  ({ before, route, status, text }: Filter) =>
  ({ logged, number }: Exchange): boolean =>
    number < before &&
    (route === "" || logged.route === route) &&
    (status === "" || `${logged.status ?? "none"}`.startsWith(status)) &&
    (text === "" || searched(logged).includes(text.toLowerCase()))

const options = (all: ReadonlyArray<readonly [string, string]>, chosen: string): Content => [
  html`<option value="">All</option>`,
  all.map(
    ([value, name]) => html`<option value="${value}"${value === chosen && html` selected`}>${name}</option>`
  )
]

const filterForm = ({ route, status, text }: Filter): Content => html`<form class="filter" method="get"
 action="${prefix}" role="search" aria-label="Requests">
<div class="field"><label for="route">Route</label><select id="route" name="route">${options(routes, route)}</select></div>
<div class="field"><label for="status">Answer</label><select id="status" name="status">${options(statuses, status)}</select></div>
<div class="field text"><label for="text">Text</label><input id="text" name="text" type="search" value="${text}"
 placeholder="path, device, address" autocapitalize="none" spellcheck="false"></div>
<button class="primary">Filter</button><a class="button" href="${prefix}">Show all</a>
</form>`

const colours: Readonly<Record<string, string>> = { "2": "good", "3": "info", "4": "warn", "5": "bad" }

/** The status, or what became of the request instead. */
export const outcomeBadge = ({ outcome, status }: LoggedRequest): Content => {
  const text =
    outcome === "answered" ? `${status}` : outcome === "truncated" ? `${status} truncated` : outcome
  const colour = outcome === "answered" ? colours[text.slice(0, 1)] : outcome === "pending" ? "" : "bad"
  return html`<span class="badge ${colour}">${text}</span>`
}

const row = ({ logged, number }: Exchange): Content => {
  const { forwardedFor, method, path, query } = logged
  const device = deviceIdentifier(logged)
  const facts = [device, forwardedFor].filter((fact) => fact !== undefined).join(" · ")
  return html`<tr>
<td class="quiet once narrow-gone">${timeOfDay(logged.at)}</td>
<td class="path"><a id="request-${number}" href="${prefix}requests/${number}"><b>${method}</b> ${path}${
    query !== "" && html`<span class="quiet">?${maskedText(query)}</span>`
  }</a><div class="quiet facts wide-gone">${facts}</div></td>
<td class="device narrow-gone">${device}</td>
<td class="narrow-gone once">${forwardedFor}</td>
<td class="end">${outcomeBadge(logged)}</td>
</tr>`
}

const older = (query: URLSearchParams, last: Exchange | undefined): Content => {
  if (last === undefined) return undefined
  const next = new URLSearchParams(query)
  next.set("before", `${last.number}`)
  return html`<p><a class="button slim" href="${prefix}?${next.toString()}">Older requests</a></p>`
}

const list = (exchanges: ReadonlyArray<Exchange>, filter: Filter, query: URLSearchParams): Content => {
  const found = exchanges.filter(matches(filter)).reverse()
  const shown = found.slice(0, pageSize)
  const none =
    exchanges.length === 0
      ? "No request has come yet. Point a client at this address, and they appear here."
      : "No request matches the filter."
  return found.length === 0
    ? html`<p class="quiet">${none}</p>`
    : [
        html`<table class="log">
<thead><tr><th scope="col" class="narrow-gone">Time</th><th scope="col">Request</th>
<th scope="col" class="narrow-gone">Device</th><th scope="col" class="narrow-gone">Address</th><th scope="col" class="end">Answer</th></tr></thead>
<tbody>${shown.map(row)}</tbody>
</table>`,
        older(query, found.length > shown.length ? shown.at(-1) : undefined)
      ]
}

const summary = (counts: Counts): Content =>
  html`<p class="facts">${routes
    .filter(([route]) => counts[route] > 0)
    .map(([route, name]) => html`<span>${name} <b>${counts[route]}</b></span>`)}${
    counts.throttled > 0 && html`<span>Throttled <b>${counts.throttled}</b></span>`
  }</p>`

export const requestsPage = (
  exchanges: ReadonlyArray<Exchange>,
  counts: Counts,
  query: URLSearchParams
): Answer => {
  const filter = readFilter(query)
  return consolePage({
    part: "",
    title: "Requests",
    script: liveScript,
    content: [
      notice(query, { "clear-log": "The log is empty." }),
      html`<div class="row spread"><h1>Requests</h1>${liveControls}</div>`,
      filterForm(filter),
      html`<div class="panel stack" data-live>${summary(counts)}${list(exchanges, filter, query)}</div>`,
      commandForm({ command: "clear-log", returnTo: "", button: "Clear the log", danger: true })
    ]
  })
}
