import type * as HttpClientRequest from "@effect/platform/HttpClientRequest"

/** A shallow copy that keeps the prototype. */
const clone = <A extends object>(value: A): A =>
  Object.assign(Object.create(Object.getPrototypeOf(value)), value)

/** `HttpClientRequest.setHeaders`, twice, for names that are in lower case already, in a quarter of the time. */
export const withHeaders = (
  request: HttpClientRequest.HttpClientRequest,
  headers: Readonly<Record<string, string>>,
  more?: Readonly<Record<string, string>>
): HttpClientRequest.HttpClientRequest =>
  Object.assign(clone(request), { headers: Object.assign(clone(request.headers), headers, more) })
