/** Which requests are passed on, and where to. */
import * as Either from "effect/Either"
import { type Refused, refuse } from "./answer.js"

/** A path of Adobe Pass with its query, as the caller wrote it. */
export interface Target {
  readonly host: "sp" | "mgmt"
  readonly pathAndQuery: string
}

const hosts: ReadonlyArray<readonly [prefix: string, host: Target["host"]]> = [
  ["/api/v2/", "sp"],
  ["/esm/", "mgmt"],
  ["/control/", "mgmt"],
  ["/reset-tempass/", "mgmt"],
  ["/cmu/", "mgmt"]
]

const invalid = (problem: string): Refused => refuse(400, "InvalidTarget", `The request target ${problem}.`)

/** The characters of RFC 3986; a percent sign begins an encoded byte. */
const pathCharacters = /^(?:[\w\-.~!$&'()*+,;=:@/]|%[\da-f]{2})*$/i
const queryCharacters = /^[!$-;=?-~]*$/

/** Encoded slashes, dots and backslashes, control characters, and a percent sign, which may hide one of them. */
const disguised = /%(?:2f|2e|5c|25|[01][\da-f]|7f)/i

/** A dot segment, also with a path parameter behind it, which some servers take away. */
const dotSegment = /(?:^|\/)\.{1,2}(?:[/;]|$)/

/** The path as a server may read it; undefined when its bytes are not UTF-8, such as a dot that is written in two bytes. */
const decoded = (path: string): string | undefined => {
  try {
    return decodeURIComponent(path)
  } catch {
    return undefined
  }
}

const problemOf = (path: string, query: string): Refused | undefined => {
  if (!pathCharacters.test(path) || !queryCharacters.test(query)) {
    return invalid("has characters that a URL does not have: percent-encode them")
  }
  if (disguised.test(path)) {
    return invalid("has an encoded slash, dot, backslash, percent sign or control character in its path")
  }
  const read = decoded(path)
  if (read === undefined) return invalid("has bytes in its path that are not UTF-8")
  if (path.includes("//") || dotSegment.test(read)) {
    return invalid('has an empty segment, "." or ".." in its path: write the path that is meant')
  }
  return undefined
}

/** The path of a request target, without its query. */
export const pathOf = (target: string): string => target.split("?", 1)[0] ?? ""

/** Checks a request target in origin form. */
export const check = (target: string): Either.Either<string, Refused> => {
  if (!target.startsWith("/"))
    return Either.left(invalid("must be a path: the gateway is not a forward proxy"))
  const path = pathOf(target)
  const problem = problemOf(path, target.slice(path.length))
  return problem === undefined ? Either.right(target) : Either.left(problem)
}

/** Where a request target that has been checked belongs; undefined when to none of the APIs. */
export const route = (target: string): Target | undefined => {
  const found = hosts.find(([prefix]) => target.startsWith(prefix))
  return found === undefined ? undefined : { host: found[1], pathAndQuery: target }
}

/** What a path that belongs to none of the APIs is told. */
export const notFound: Refused = refuse(
  404,
  "NotFound",
  `The gateway passes on ${hosts.map(([prefix]) => prefix).join(", ")}; it registers and gets tokens by itself, and answers /healthz, /readyz, /metrics and /status.`
)
