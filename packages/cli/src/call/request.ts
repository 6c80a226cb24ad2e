/** The request of `adobe-pass call`, from what stands on the command line. */
import type * as HttpBody from "@effect/platform/HttpBody"
import * as HttpClientRequest from "@effect/platform/HttpClientRequest"
import * as HttpMethod from "@effect/platform/HttpMethod"
import * as Effect from "effect/Effect"
import type { Environment } from "effect-adobe-pass/Environment"
import { type CommandFailed, usage } from "../ExitCode.js"

export type Headers = Readonly<Record<string, string>>

/** APIs that the management host serves; all others are on the host of the service providers. */
const management = /^\/(?:cmu|control|esm|reset-tempass)\//

/** The method in capitals. */
export const methodOf = (text: string): Effect.Effect<HttpMethod.HttpMethod, CommandFailed> => {
  const method = text.toUpperCase()
  return HttpMethod.isHttpMethod(method)
    ? Effect.succeed(method)
    : usage("METHOD must be GET, HEAD, POST, PUT, PATCH, DELETE or OPTIONS.")
}

const noHeaders: Headers = {}

/** Headers by name. Those that are given twice become a list. */
export const headersOf = (lines: ReadonlyArray<string>): Effect.Effect<Headers, CommandFailed> =>
  Effect.reduce(lines, noHeaders, (headers, line) => {
    const [, name, value] = /^([^\s:]+):[ \t]*(.*?)[ \t]*$/.exec(line) ?? []
    if (name === undefined || value === undefined) return usage("Write a header as --header 'Name: value'.")
    const before = headers[name.toLowerCase()]
    return Effect.succeed({
      ...headers,
      [name.toLowerCase()]: before === undefined ? value : `${before}, ${value}`
    })
  })

/** The path with these queries behind its own, all as they are written: `URLSearchParams` would spoil `mvpd!=A`. */
const withQueries = (path: string, queries: ReadonlyArray<string>): string => {
  const [before = ""] = path.split("#", 1)
  const added = queries.filter((query) => query !== "").map((query) => query.replaceAll("#", "%23"))
  if (added.length === 0) return before
  const joint = !before.includes("?") ? "?" : /[?&]$/.test(before) ? "" : "&"
  return before + joint + added.join("&")
}

/** The URL of a path or of an absolute URL. */
export const urlOf = (
  environment: Environment,
  path: string,
  queries: ReadonlyArray<string>
): Effect.Effect<string, CommandFailed> => {
  const isPath = path.startsWith("/") && !path.startsWith("//")
  if (!isPath && !/^https?:\/\//i.test(path)) {
    const hosts = [...new Set([environment.sp, environment.mgmt])].join(" or ")
    return usage(`PATH must begin with /, or be a URL of ${hosts}.`)
  }
  const url = withQueries(path, queries)
  return Effect.succeed(management.test(url) ? environment.mgmt + url : url)
}

/** Methods that say what to do by their URL alone. */
const bodiless: ReadonlySet<string> = new Set(["GET", "HEAD"])

/** The whole request. */
export const make = (
  method: HttpMethod.HttpMethod,
  url: string,
  headers: Headers,
  body: HttpBody.HttpBody | undefined
): Effect.Effect<HttpClientRequest.HttpClientRequest, CommandFailed> => {
  const request = HttpClientRequest.make(method)(url, { headers })
  if (body === undefined) return Effect.succeed(request)
  return bodiless.has(method)
    ? usage(`${method} carries no --data: use POST, or put it into the query.`)
    : Effect.succeed(HttpClientRequest.setBody(request, body))
}
