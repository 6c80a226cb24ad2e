/** Who makes a call: what its access token and its device headers say. */
import * as Either from "effect/Either"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import type { ReceivedRequest } from "../Traffic.js"
import { type Answer, empty, enhancedError } from "./answer.js"
import type { Application, Client, Registry, TokenReading } from "./registry.js"
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

export const bearer = ({ nowMillis, registry, request }: WithToken): TokenReading => {
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
