import type * as HttpClientRequest from "@effect/platform/HttpClientRequest"
import { textsOfJson } from "./deviceSecrets.js"

/** Headers that are the same for everybody. */
const common = new Set(["accept", "content-length", "content-type", "user-agent"])

/** A form field that is longer is an assertion or a token. */
const longestField = 256

const fieldsOf = ({ body }: HttpClientRequest.HttpClientRequest): ReadonlyArray<string> =>
  body._tag === "Uint8Array" && body.contentType.startsWith("application/x-www-form-urlencoded")
    ? [...new URLSearchParams(new TextDecoder().decode(body.body)).values()]
    : []

/**
 * What a caller says with a call about a person, which a server might echo: headers, what they hold as JSON in base64, and
 * long fields of a form.
 */
export const requestSecrets = (request: HttpClientRequest.HttpClientRequest): ReadonlyArray<string> => [
  ...Object.entries(request.headers).flatMap(([name, value]) =>
    common.has(name) ? [] : [value, ...textsOfJson(value)]
  ),
  ...fieldsOf(request).filter(({ length }) => length > longestField)
]
