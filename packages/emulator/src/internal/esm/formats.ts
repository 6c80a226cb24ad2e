/** A report as JSON, XML, CSV or HTML. */
import { type Answer, json } from "../answer.js"
import { type Content, html } from "../pages/html.js"
import { written } from "./period.js"
import type { Query } from "./query.js"
import type { Report } from "./report.js"
import { drillDowns } from "./tree.js"

export type Format = "json" | "xml" | "csv" | "html"

/** A report with its place in the tree. */
export interface Placed {
  readonly path: ReadonlyArray<string>
  readonly query: Query
  readonly report: Report
}

const hrefOf = (path: ReadonlyArray<string>): string => ["/esm/v3", ...path].join("/")

/** With all parameters, also those that the caller has left out. */
const selfOf = ({ path, query }: Placed): string => {
  const { limit, period, rest } = query
  const implied = `start=${written(period.start)}&end=${written(period.end)}&limit=${limit}`
  return `${hrefOf(path)}?${implied}${rest === "" ? "" : `&${rest}`}`
}

interface Child {
  readonly href: string
  readonly name: string
}

const childrenOf = (path: ReadonlyArray<string>): ReadonlyArray<Child> =>
  (drillDowns(path) ?? []).map((name) => ({ href: hrefOf([...path, name]), name }))

/** A single child stands alone, several in a list. */
const linksOf = (placed: Placed) => {
  const { path } = placed
  const children = childrenOf(path)
  return {
    self: { href: selfOf(placed) },
    ...(path.length === 0 ? {} : { "roll-up": { href: hrefOf(path.slice(0, -1)) } }),
    ...(children.length === 0 ? {} : { "drill-down": children.length === 1 ? children[0] : children })
  }
}

const namesOf = ({ dimensions, metrics }: Report): ReadonlyArray<string> => [...dimensions, ...metrics]

const asJson = (placed: Placed): Answer => {
  const names = namesOf(placed.report)
  const report = placed.report.rows.map((row) =>
    Object.fromEntries(row.map((value, at) => [names[at], value]))
  )
  return json(200, { _links: linksOf(placed), report })
}

const entities: Readonly<Record<string, string>> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" }

const attribute = (name: string, value: string): string =>
  ` ${name}="${value.replace(/[&<>"]/g, (character) => entities[character] ?? "")}"`

/** Adobe's sample has a bare `&` in an attribute; this is well-formed. */
const asXml = (placed: Placed): Answer => {
  const { path, report } = placed
  const names = namesOf(report)
  const link = (rel: string, href: string) => `<link${attribute("rel", rel)}${attribute("href", href)}/>`
  const links = [
    ...(path.length === 0 ? [] : [link("roll-up", hrefOf(path.slice(0, -1)))]),
    ...childrenOf(path).map(({ href }) => link("drill-down", href))
  ]
  const records = report.rows.map(
    (row) => `<record${row.map((value, at) => attribute(names[at] ?? "", value)).join("")}/>`
  )
  return {
    status: 200,
    headers: [["content-type", "application/xml;charset=UTF-8"]],
    body: `<resource${attribute("href", selfOf(placed))}><links>${links.join("")}</links><report>${records.join("")}</report></resource>`
  }
}

const cell = (value: string): string => (/[",\r\n]/.test(value) ? `"${value.replaceAll('"', '""')}"` : value)

const asCsv = ({ query, report }: Placed): Answer => {
  const { limit, period } = query
  const [start, end] = [written(period.start).slice(0, 10), written(period.end).slice(0, 10)]
  return {
    status: 200,
    headers: [
      ["content-type", "text/csv;charset=UTF-8"],
      ["content-disposition", `attachment; filename="report__${start}_${end}_${limit}.csv"`]
    ],
    body: [namesOf(report), ...report.rows].map((row) => `${row.map(cell).join(",")}\n`).join("")
  }
}

const asHtml = ({ path, report }: Placed): Answer => {
  const row = (tag: "th" | "td", values: ReadonlyArray<string>): Content => html`<tr>${values.map((value) =>
    tag === "th" ? html`<th>${value}</th>` : html`<td>${value}</td>`
  )}</tr>
`
  const { markup } = html`<!doctype html>
<html><head><title>${hrefOf(path)}</title></head><body><table>
${row("th", namesOf(report))}${report.rows.map((values) => row("td", values))}</table></body></html>
`
  return { status: 200, headers: [["content-type", "text/html;charset=UTF-8"]], body: markup }
}

export const formats: Readonly<Record<Format, (placed: Placed) => Answer>> = {
  json: asJson,
  xml: asXml,
  csv: asCsv,
  html: asHtml
}
