/** Passes a request on to Adobe Pass, and the answer back. */
import * as HttpClientRequest from "@effect/platform/HttpClientRequest"
import type * as HttpClientResponse from "@effect/platform/HttpClientResponse"
import * as HttpMethod from "@effect/platform/HttpMethod"
import * as Chunk from "effect/Chunk"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import { type RawCallError, UnexpectedResponse } from "effect-adobe-pass/AdobePassError"
import * as Device from "effect-adobe-pass/Device"
import * as ProtectedClient from "effect-adobe-pass/ProtectedClient"
import { RegisteredApplication } from "effect-adobe-pass/RegisteredApplication"
import { plainAddress } from "./admission.js"
import { ofError, type Refused, refuse, tokenDropped } from "./answer.js"
import { deviceOf } from "./device.js"
import { cut, type Exchange, end, write } from "./exchange.js"
import { ofRequest, ofResponse } from "./headers.js"
import { bodyOf, type RequestBody } from "./requestBody.js"
import type { Target } from "./target.js"
import type { Warn } from "./warnings.js"

/** What forwarding depends on. */
export interface ForwardOptions {
  /** The longest body, in bytes. */
  readonly maxBody: number
  readonly trustedProxies: number | undefined
  /** As whom calls are made that are not for a device. */
  readonly instance: Device.Device
  readonly warn: Warn
}

type Response = HttpClientResponse.HttpClientResponse

const methodNotAllowed = refuse(
  405,
  "MethodNotAllowed",
  "The gateway passes on GET, HEAD, POST, PUT, PATCH, DELETE and OPTIONS.",
  { allow: "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS" }
)

/** The request that the library sends; relative URLs belong to its `sp` host. */
const requestOf = (
  { incoming: { method = "", rawHeaders } }: Exchange,
  { host, pathAndQuery }: Target,
  mgmt: string,
  forDevice: boolean,
  { body }: RequestBody
): Effect.Effect<HttpClientRequest.HttpClientRequest, Refused> => {
  if (!HttpMethod.isHttpMethod(method)) return methodNotAllowed
  // A device sends its own user agent, to /o/client/* as well.
  const { "user-agent": userAgent, ...others } = ofRequest(rawHeaders)
  const headers = forDevice || userAgent === undefined ? others : { ...others, "user-agent": userAgent }
  const request = HttpClientRequest.make(method)(host === "sp" ? pathAndQuery : mgmt + pathAndQuery).pipe(
    HttpClientRequest.setHeaders(headers)
  )
  return Effect.succeed(body._tag === "Empty" ? request : HttpClientRequest.setBody(request, body))
}

const send = (
  request: HttpClientRequest.HttpClientRequest,
  device: Device.Device | undefined,
  instance: Device.Device
): Effect.Effect<Response, RawCallError, ProtectedClient.ProtectedClient> =>
  Effect.flatMap(ProtectedClient.ProtectedClient, (adobe) =>
    device === undefined
      ? Effect.provideService(adobe.withoutDevice.raw.execute(request), Device.CurrentInstance, instance)
      : Effect.provideService(adobe.raw.execute(request), Device.CurrentDevice, device)
  )

/** The answer, unless the body of the request goes wrong before. */
const answered = (
  request: HttpClientRequest.HttpClientRequest,
  device: Device.Device | undefined,
  instance: Device.Device,
  { failed }: RequestBody
): Effect.Effect<Response, Refused, ProtectedClient.ProtectedClient> => {
  const call = Effect.mapError(send(request, device, instance), ofError)
  return request.body._tag !== "Stream"
    ? call
    : Effect.raceFirst(call, Deferred.await(failed)).pipe(
        Effect.filterOrFail(
          ({ status }) => status !== 401,
          () => tokenDropped
        )
      )
}

/** Adobe Pass has sent a header that cannot be passed on. */
const unusableHead = (status: number): Refused =>
  ofError(new UnexpectedResponse({ operation: "call", status, reason: "UnknownStatus", issues: ["headers"] }))

/** Status and headers; they leave with the first piece of the body, so that one that fails at once is still told. */
const head = (
  { incoming, outgoing }: Exchange,
  response: Response,
  close: boolean
): Effect.Effect<void, Refused> =>
  Effect.try({
    try: () => {
      outgoing.statusCode = response.status
      for (const [name, value] of ofResponse(response)) outgoing.setHeader(name, value)
      // The rest of a body that Adobe Pass did not wait for is of no use to anybody.
      if (close || !incoming.complete) outgoing.setHeader("connection", "close")
    },
    catch: () => unusableHead(response.status)
  })

/** The body, as fast as the client reads it. A body that breaks ends the connection: its client must not take it for whole. */
const body = (exchange: Exchange, response: Response): Effect.Effect<void, Refused> =>
  ProtectedClient.readBody(({ stream }) =>
    Stream.runForEachChunk(stream, (pieces) =>
      Effect.forEach(Chunk.toReadonlyArray(pieces), (piece) => write(exchange, piece), { discard: true })
    )
  )(response).pipe(
    Effect.catchAll((error) => (exchange.outgoing.headersSent ? cut(exchange) : Effect.fail(ofError(error))))
  )

/**
 * Passes a request on, and its answer back. Succeeds with the status of Adobe Pass when the client has all of it, and
 * fails with what the client is to be told instead.
 */
export const forward = (
  exchange: Exchange,
  target: Target,
  { instance, maxBody, trustedProxies, warn }: ForwardOptions,
  isDraining: () => boolean
): Effect.Effect<number, Refused, ProtectedClient.ProtectedClient | RegisteredApplication> =>
  Effect.gen(function* () {
    const { rawHeaders, socket } = exchange.incoming
    const { environment } = yield* RegisteredApplication
    const peer = { address: plainAddress(socket.remoteAddress), trustedProxies }
    const device = yield* deviceOf(rawHeaders, peer)
    if (device !== undefined) yield* warn(device, rawHeaders)
    const given = yield* bodyOf(exchange, maxBody)
    const request = yield* requestOf(exchange, target, environment.mgmt, device !== undefined, given)
    const response = yield* answered(request, device, instance, given)
    yield* head(exchange, response, isDraining())
    yield* body(exchange, response)
    yield* end(exchange)
    return response.status
  })
