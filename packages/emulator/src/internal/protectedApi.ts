/** What calls with an access token have in common, the echo of such calls, and Reset TempPass. */
import * as Either from "effect/Either"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import { forwardedFor, type ReceivedRequest } from "../Traffic.js"
import { type Answer, empty, enhancedError, html, json } from "./answer.js"
import type { Endpoint } from "./endpoint.js"
import type { Application, Client, Registry, TokenReading } from "./registry.js"
import { deviceHolder, identityHolder } from "./restV2/tempPassUse.js"
import type { Settings } from "./settings.js"

/** What a check reads of a request. */
type WithHeaders = Pick<ReceivedRequest, "headers">

const tokenOf = (request: WithHeaders): string | undefined =>
  /^Bearer +(\S+)$/i.exec(request.headers["authorization"] ?? "")?.[1]

/** A request with a token that the registry may know. */
interface WithToken {
  readonly registry: Registry
  readonly nowMillis: number
  readonly request: WithHeaders
}

const bearer = ({ nowMillis, registry, request }: WithToken): TokenReading => {
  const token = tokenOf(request)
  return token === undefined ? { _tag: "Invalid" } : registry.readToken(token, nowMillis)
}

/** The application whose token a call carries, whatever became of the token. */
export const applicationOf = (request: WithHeaders, registry: Registry): Option.Option<Application> =>
  Option.map(registry.holderOf(tokenOf(request) ?? ""), ({ application }) => application)

/** Standard alphabet with padding, no line breaks. */
export const fromBase64 = (text: string): string | undefined =>
  /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/.test(text)
    ? Buffer.from(text, "base64").toString("utf8")
    : undefined

export const deviceIdentifier = (request: WithHeaders): string | undefined => {
  const match = /^fingerprint ([^\s]+)$/.exec(request.headers["ap-device-identifier"] ?? "")
  return match?.[1] === undefined ? undefined : fromBase64(match[1]) || undefined
}

const DeviceInfo = Schema.Record({ key: Schema.String, value: Schema.Unknown })
const requiredKeys = ["model", "version", "osName", "osVersion", "connectionType"]
const decodeDeviceInfo = Schema.decodeOption(Schema.parseJson(DeviceInfo))

/** Right(undefined) when the header is absent, as in a browser; Left when it is invalid. */
export const deviceInfo = (
  settings: Settings,
  request: WithHeaders
): Either.Either<Readonly<Record<string, unknown>> | undefined, "invalid"> => {
  const header = request.headers["x-device-info"]
  if (header === undefined) return Either.right(undefined)
  const info = Option.getOrUndefined(decodeDeviceInfo(fromBase64(header) ?? ""))
  if (settings.deviceInfo === "lenient") return Either.right(info)
  return info !== undefined && requiredKeys.every((key) => key in info && info[key] !== "")
    ? Either.right(info)
    : Either.left("invalid")
}

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

/** The client of a call; Left when its token is not good enough for REST API v2. */
export const clientOf = (call: WithToken): Either.Either<Client, Answer> => {
  const token = bearer(call)
  // Adobe's reference does not specify the body of a 401; a client must manage without one.
  if (token._tag === "Expired") return Either.left(empty(401))
  if (token._tag === "Invalid" || Option.isNone(token.client)) {
    return Either.left(enhancedError("invalid_access_token_client_application"))
  }
  return token.scopes.includes("api:client:v2")
    ? Either.right(token.client.value)
    : Either.left(enhancedError("invalid_access_token_service_provider"))
}

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

/** Which temporary accesses are meant: of one holder, or of all. */
const meant = (request: ReceivedRequest, parameters: URLSearchParams): string | undefined => {
  const isGeneric = request.path.replace(/\/$/, "").endsWith("/generic")
  const holder = parameters.get(isGeneric ? "key" : "device_id")
  if (holder === null || holder === "all") return undefined
  return isGeneric ? identityHolder(holder) : deviceHolder(holder)
}

/** Unlike `/api/v2/`, it distinguishes an invalid token (401) from a revoked client (403). */
export const resetTempPass: Endpoint = ({ nowMillis, registry, request, restV2 }) => {
  if (request.method !== "DELETE") return html(405, "Not Allowed")
  const token = bearer({ registry, nowMillis, request })
  if (token._tag !== "Valid") return empty(401)
  if (Option.isNone(token.client)) return empty(403)
  const parameters = new URLSearchParams(request.query)
  const [serviceProvider, mvpd] = [parameters.get("requestor_id"), parameters.get("mvpd_id")]
  if (serviceProvider === null || mvpd === null) return empty(400)
  const holder = meant(request, parameters)
  restV2.tempPasses.reset(
    (use) =>
      use.serviceProvider === serviceProvider &&
      use.mvpd === mvpd &&
      (holder === undefined || use.holder === holder)
  )
  return empty(204)
}
