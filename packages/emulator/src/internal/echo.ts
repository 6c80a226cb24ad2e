/** The echo of calls of REST API v2, for tests of a client's headers. */
import * as Either from "effect/Either"
import { forwardedFor } from "../Traffic.js"
import { empty, enhancedError, json } from "./answer.js"
import type { Endpoint } from "./endpoint.js"
import { clientOf, deviceIdentifier, deviceInfo } from "./protectedApi.js"

const queryRecord = (query: string): Record<string, string | ReadonlyArray<string>> => {
  const parameters = new URLSearchParams(query)
  return Object.fromEntries(
    [...new Set(parameters.keys())].map((name) => {
      const [first = "", ...rest] = parameters.getAll(name)
      return [name, rest.length === 0 ? first : [first, ...rest]]
    })
  )
}

const secretHeaders = new Set(["authorization", "cookie"])

/**
 * Operations that demand less than a token and a device by Adobe's tables of headers: the page that a browser
 * opens needs no token; configuration, and what a second screen calls, need no device.
 */
const browserPage = /^\/api\/v2\/authenticate\/[^/]+\/[^/]+\/?$/
const withoutDevice = /^\/api\/v2\/[^/]+\/(?:configuration|sessions\/[^/]+|profiles\/code\/[^/]+)\/?$/

/** Checks token and device of a call as Adobe does and echoes it, so that a test sees what its client sent. */
export const echo: Endpoint = ({ nowMillis, registry, request, settings }) => {
  if (browserPage.test(request.path)) {
    return { ...empty(302), headers: [["location", "https://mvpd.invalid/login"]] }
  }
  const client = clientOf({ registry, nowMillis, request })
  if (Either.isLeft(client)) return client.left
  const identifier = deviceIdentifier(request)
  const mayLackDevice =
    withoutDevice.test(request.path) && request.headers["ap-device-identifier"] === undefined
  if (identifier === undefined && !mayLackDevice) return enhancedError("invalid_header_device_identifier")
  const info = deviceInfo(settings, request)
  if (Either.isLeft(info)) return enhancedError("invalid_header_device_info")
  return json(200, {
    method: request.method,
    path: request.path,
    query: queryRecord(request.query),
    headers: Object.fromEntries(Object.entries(request.headers).filter(([name]) => !secretHeaders.has(name))),
    clientId: client.right.id,
    deviceIdentifier: identifier ?? null,
    deviceInfo: info.right ?? null,
    forwardedFor: forwardedFor(request) ?? null,
    body: request.body
  })
}
