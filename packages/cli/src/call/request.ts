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

/** Headers that say how a request is carried, which the connection decides. */
const ofConnection: ReadonlySet<string> = new Set([
  "connection",
  "content-length",
  "expect",
  "host",
  "keep-alive",
  "proxy-connection",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
  "__proto__"
])

/** Headers by name. Those that are given twice become a list. */
export const headersOf = (lines: ReadonlyArray<string>): Effect.Effect<Headers, CommandFailed> =>
  Effect.reduce(lines, noHeaders, (headers, line) => {
    const [, name, value] = /^([^\s:]+):[ \t]*(.*?)[ \t]*$/.exec(line) ?? []
    if (name === undefined || value === undefined) return usage("Write a header as --header 'Name: value'.")
    if (ofConnection.has(name.toLowerCase())) {
      return usage(`--header cannot set ${name}, which belongs to the connection: leave it out.`)
    }
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

/** A path that a URL would change, so that it leads elsewhere than its beginning says. */
const leadsElsewhere = (path: string): boolean => {
  const [before = ""] = path.split(/[?#]/, 1)
  return /[\\\p{Cc}]/u.test(before) || before.split("/").some((part) => /^(?:\.|%2e){1,2}$/i.test(part))
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
  if (leadsElsewhere(path)) {
    return usage("PATH has a part . or .., a backslash or a control character: write it without.")
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
