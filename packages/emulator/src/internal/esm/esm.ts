/**
 * Entitlement Service Monitoring: reports of what happened in the emulated world, over the tree of dimensions of a
 * programmer.
 */
import * as Either from "effect/Either"
import * as Option from "effect/Option"
import { type Answer, empty, html } from "../answer.js"
import type { Call, Endpoint } from "../endpoint.js"
import { bearer } from "../protectedApi.js"
import { type Format, formats } from "./formats.js"
import { last, parametersOf, queryOf } from "./query.js"
import { refreshedAt, reportOf } from "./report.js"
import { drillDowns } from "./tree.js"

/** Whether a path belongs to it. */
export const isEsm = (path: string): boolean => /^\/esm\/v3(?:[./]|$)/.test(path)

const scope = "analytics:client"

/** The token may be a parameter, too; the header comes first. */
const tokenOf = ({ nowMillis, registry, request }: Call) => {
  const parameter = last(parametersOf(request.query), "access_token")
  const { authorization = parameter === undefined ? "" : `Bearer ${parameter}` } = request.headers
  return bearer({ nowMillis, registry, request: { headers: { authorization } } })
}

const refused = (call: Call): Answer | undefined => {
  if (call.request.method !== "GET") return html(405, "Not Allowed")
  const token = tokenOf(call)
  if (token._tag !== "Valid" || Option.isNone(token.client)) return empty(401)
  return token.scopes.includes(scope) ? undefined : empty(403)
}

const isFormat = (name: string): name is Format => Object.hasOwn(formats, name)

/** The formats that a header names, in its order. */
const accepted = (header: string): Format | undefined => {
  const types = header.split(",").map((range) => range.split(";", 1)[0]?.trim().toLowerCase() ?? "")
  for (const type of types) {
    if (type === "*/*" || type === "application/*" || type === "") return "json"
    const name = /^(?:application|text)\/(?:hal\+)?(\w+)$/.exec(type)?.[1] ?? ""
    if (isFormat(name)) return name
  }
  return undefined
}

/** By the ending of the path, then by `format`, then by `Accept`; undefined when it is none that there is. */
const formatOf = ({ request }: Call): Format | undefined => {
  const asked = /\.([^./]*)$/.exec(request.path)?.[1] ?? last(parametersOf(request.query), "format")
  if (asked === undefined) return accepted(request.headers["accept"] ?? "*/*")
  return isFormat(asked) ? asked : undefined
}

/** The dimensions, without the prefix and the ending. */
const pathOf = ({ request }: Call): ReadonlyArray<string> =>
  request.path
    .slice("/esm/v3".length)
    .replace(/\.[^./]*$/, "")
    .split("/")
    .filter((dimension) => dimension !== "")

const explained = (explanation: string): Answer => ({
  status: 400,
  headers: [["content-type", "text/plain;charset=UTF-8"]],
  body: explanation
})

const report = (call: Call, path: ReadonlyArray<string>, format: Format): Answer => {
  const { nowMillis, request, restV2 } = call
  const answer = Either.gen(function* () {
    const query = yield* queryOf(request.query, nowMillis)
    return formats[format]({ path, query, report: yield* reportOf(restV2.world, path, query, nowMillis) })
  })
  if (Either.isLeft(answer)) return explained(answer.left)
  const lastModified = new Date(refreshedAt(nowMillis)).toUTCString()
  return { ...answer.right, headers: [...answer.right.headers, ["last-modified", lastModified]], gzip: true }
}

export const esm: Endpoint = (call) => {
  const refusal = refused(call)
  if (refusal !== undefined) return refusal
  const path = pathOf(call)
  if (drillDowns(path) === undefined) return html(404, "Not Found")
  const format = formatOf(call)
  return format === undefined ? html(406, "Not Acceptable") : report(call, path, format)
}
