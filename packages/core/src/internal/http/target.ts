import * as HttpClientRequest from "@effect/platform/HttpClientRequest"
import * as Either from "effect/Either"
import { ForeignOrigin, InvalidInput } from "../../AdobePassError.js"
import type { Environment } from "../../Environment.js"

const token = /^[!#$%&'*+.^_`|~\w-]+$/
const forbidden = /[\u0000-\u0008\u000a-\u001f\u007f\u0100-\uffff]/

const reserved = new Set(["authorization", "ap-device-identifier", "x-device-info", "x-forwarded-for"])

/**
 * The request with its final URL: relative ones on the `sp` host, absolute ones only on the environment's own hosts.
 * Headers that cannot be sent, or that belong to the library, are refused here, before anything is sent.
 */
export const target = (
  environment: Environment,
  request: HttpClientRequest.HttpClientRequest
): Either.Either<HttpClientRequest.HttpClientRequest, ForeignOrigin | InvalidInput> => {
  for (const name in request.headers) {
    if (!token.test(name)) {
      return Either.left(
        new InvalidInput({ field: "headers", problem: "have a name that no header may have" })
      )
    }
    if (reserved.has(name)) {
      return Either.left(
        new InvalidInput({
          field: `headers.${name}`,
          problem: "is set by the library from the device and its session"
        })
      )
    }
    if (forbidden.test(request.headers[name] ?? "")) {
      return Either.left(
        new InvalidInput({ field: `headers.${name}`, problem: "contains characters that no header may have" })
      )
    }
  }
  const { url } = request
  if (url.startsWith("/")) return Either.right(HttpClientRequest.setUrl(request, environment.sp + url))
  if (!URL.canParse(url, `${environment.sp}/`)) {
    return Either.left(new InvalidInput({ field: "url", problem: "is neither a path nor an absolute URL" }))
  }
  const { href, origin, password, username } = new URL(url, `${environment.sp}/`)
  if (username !== "" || password !== "") {
    return Either.left(
      new InvalidInput({ field: "url", problem: "must not contain a user name or password" })
    )
  }
  return origin === environment.sp || origin === environment.mgmt
    ? Either.right(HttpClientRequest.setUrl(request, href))
    : Either.left(new ForeignOrigin({ origin, environment: environment.name }))
}
