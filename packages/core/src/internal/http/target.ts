import * as HttpClientRequest from "@effect/platform/HttpClientRequest"
import * as HttpMethod from "@effect/platform/HttpMethod"
import * as Either from "effect/Either"
import { ForeignOrigin, InvalidInput } from "../../AdobePassError.js"
import type { Environment } from "../../Environment.js"
import { reservedHeaders } from "./identifyingHeaders.js"
import { withHeaders } from "./withHeaders.js"

/**
 * Which APIs a call belongs to. Those of `management` are called by a server, which they know by its address, and not
 * for a device.
 */
export type Api = "restV2" | "management" | "other"

/** A request with its final URL. */
export interface Target {
  readonly request: HttpClientRequest.HttpClientRequest
  readonly api: Api
  readonly path: string
}

const headerName = /^[!#$%&'*+.^_`|~\w-]+$/
const forbidden = /[\u0000-\u0008\u000a-\u001f\u007f\u0100-\uffff]/

/** For an environment whose host serves the management APIs, too. */
const managementPath = /^\/(?:cmu|control|esm|reset-tempass)\//

const plainJson = /^application\/json\s*(?:;\s*charset=utf-8\s*)?$/i
const jsonHeaders = ["accept", "content-type"] as const

/** REST API v2 demands JSON with its charset, in exactly these characters; the platform writes it without. */
const withCharset = (request: HttpClientRequest.HttpClientRequest): HttpClientRequest.HttpClientRequest => {
  const { accept, "content-type": contentType } = request.headers
  if (accept === undefined && contentType === undefined) return request
  const names = jsonHeaders.filter((name) => plainJson.test(request.headers[name] ?? ""))
  return names.length === 0
    ? request
    : withHeaders(request, Object.fromEntries(names.map((name) => [name, "application/json;charset=utf-8"])))
}

/** Headers that cannot be sent, or that belong to the library. */
const problemOfHeaders = (
  headers: HttpClientRequest.HttpClientRequest["headers"]
): InvalidInput | undefined => {
  for (const name in headers) {
    if (!headerName.test(name)) {
      return new InvalidInput({ field: "headers", problem: "include a name that is not a valid header name" })
    }
    if (reservedHeaders.includes(name)) {
      return new InvalidInput({
        field: `headers.${name}`,
        problem: "is set by the library from the device and its session"
      })
    }
    if (forbidden.test(headers[name] ?? "")) {
      return new InvalidInput({
        field: `headers.${name}`,
        problem: "contains characters that a header value may not contain"
      })
    }
  }
  return undefined
}

const targetAt = (
  environment: Environment,
  request: HttpClientRequest.HttpClientRequest,
  origin: string,
  path: string
): Target => {
  const isManagement = origin === environment.mgmt && (origin !== environment.sp || managementPath.test(path))
  const api = isManagement ? "management" : path.startsWith("/api/v2/") ? "restV2" : "other"
  const final = HttpClientRequest.setUrl(request, origin + path)
  return { request: api === "restV2" ? withCharset(final) : final, api, path }
}

/**
 * Where a request goes: relative URLs on the `sp` host, absolute ones only on the environment's own hosts. What cannot
 * be sent is refused here, before anything is sent.
 */
export const target = (
  environment: Environment,
  request: HttpClientRequest.HttpClientRequest
): Either.Either<Target, ForeignOrigin | InvalidInput> => {
  // CONNECT, say, which asks for a tunnel.
  if (!HttpMethod.isHttpMethod(request.method)) {
    return Either.left(
      new InvalidInput({ field: "method", problem: "must be GET, HEAD, POST, PUT, PATCH, DELETE or OPTIONS" })
    )
  }
  const problem = problemOfHeaders(request.headers)
  if (problem !== undefined) return Either.left(problem)
  const { url } = request
  if (url.startsWith("/")) return Either.right(targetAt(environment, request, environment.sp, url))
  if (!URL.canParse(url, `${environment.sp}/`)) {
    return Either.left(new InvalidInput({ field: "url", problem: "is neither a path nor an absolute URL" }))
  }
  const { href, origin, password, protocol, username } = new URL(url, `${environment.sp}/`)
  // A `blob:` URL has the origin of its maker.
  if (protocol !== "https:" && protocol !== "http:") {
    return Either.left(new InvalidInput({ field: "url", problem: "must be an http or https URL" }))
  }
  if (username !== "" || password !== "") {
    return Either.left(
      new InvalidInput({ field: "url", problem: "must not contain a user name or password" })
    )
  }
  return origin === environment.sp || origin === environment.mgmt || environment.aliases.includes(origin)
    ? Either.right(targetAt(environment, request, origin, href.slice(origin.length)))
    : Either.left(new ForeignOrigin({ origin, environment: environment.name }))
}
