/** One protected call: its token, its permit, and what follows a refused token. */
import type * as HttpClientRequest from "@effect/platform/HttpClientRequest"
import * as HttpClientResponse from "@effect/platform/HttpClientResponse"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import type { AccessToken } from "../../AccessToken.js"
import { type ProtectedCallError, type RawCallError, Throttled } from "../../AdobePassError.js"
import type { Device } from "../../Device.js"
import * as EnhancedError from "../../EnhancedError.js"
import type { RegisteredApplication } from "../../RegisteredApplication.js"
import type { Sessions } from "../../Sessions.js"
import type { Throttle } from "../../Throttle.js"
import type { Send } from "../../Transport.js"
import { hardTimeout } from "../hardTimeout.js"
import { boundedBody } from "./boundedBody.js"
import { classify } from "./classify.js"
import { deviceSecrets } from "./deviceSecrets.js"
import { commonFailure, notSent, transportError } from "./failures.js"
import type { Api } from "./target.js"
import { withHeaders } from "./withHeaders.js"

/** What calls need. */
export interface CallServices {
  readonly application: RegisteredApplication
  readonly sessions: Sessions
  readonly send: Send
  /** Limit, in milliseconds, of the body of an answer that is not handed on as it is. */
  readonly timeout: number
}

/** Where the permits of a call come from. */
export interface Pace {
  readonly throttle: Throttle
  readonly key: string
  /** The shortest wait after a 429, in milliseconds. */
  readonly shortestHold: number
}

/** A call under way. */
export interface Call {
  readonly request: HttpClientRequest.HttpClientRequest
  readonly api: Api
  /** Whose token the call carries. */
  readonly device: Device
  /** The headers that say for which device the call is made; none for a call that is not made for one. */
  readonly deviceHeaders: Readonly<Record<string, string>>
  /** Undefined for an API whose limits are not known. */
  readonly pace: Pace | undefined
  /** Whether a refused token was replaced. */
  replaced: boolean
}

/** A response with what is needed to turn it into an error. */
interface Answer {
  readonly response: HttpClientResponse.HttpClientResponse
  readonly token: AccessToken
  readonly attempts: number
}

/** How an attempt failed: its error, and for raw calls the response, if there was one. */
export interface FailedAttempt {
  readonly error: ProtectedCallError
  readonly raw: Either.Either<HttpClientResponse.HttpClientResponse, RawCallError>
}

export const withoutResponse = (error: RawCallError): FailedAttempt => ({ error, raw: Either.left(error) })

type Attempt = Effect.Effect<HttpClientResponse.HttpClientResponse, FailedAttempt>

/** Whether the body of a request can be sent twice. Other kinds may contain a stream. */
export const isReplayable = ({ body }: HttpClientRequest.HttpClientRequest): boolean =>
  body._tag !== "Stream" && (body._tag !== "Raw" || typeof body.body === "string")

const idempotentMethods = new Set(["GET", "HEAD", "PUT", "DELETE", "OPTIONS"])

const wasNotSent = (error: ProtectedCallError): boolean =>
  error._tag === "TransportError" && error.reason === "NotConnected"

/** Whether a call may be sent again after a retryable error; `always` when its POST may be sent twice. */
export const mayRepeat = (
  request: HttpClientRequest.HttpClientRequest,
  always: boolean,
  error: ProtectedCallError
): boolean => {
  if (!isReplayable(request)) return false
  switch (error._tag) {
    case "Throttled":
      return error.operation === "call" && error.status !== undefined
    case "TemporaryFailure":
      return true
    case "ServiceUnavailable":
    case "TransportError":
      return (
        error.operation === "call" && (always || wasNotSent(error) || idempotentMethods.has(request.method))
      )
    default:
      return false
  }
}

/** Management APIs count the calls of their caller's address, not those of a device. */
const limitOf = ({ api, pace }: Call, error: Throttled): Throttled =>
  api === "management"
    ? new Throttled({
        ...error,
        countedBy: "caller",
        retryAfterMillis: Math.max(error.retryAfterMillis, pace?.shortestHold ?? 0)
      })
    : error

/** A token and a permit. After a wait for the permit the token is asked for again. */
const authorize = (
  { sessions }: CallServices,
  call: Call,
  attempts: number,
  urgent: boolean
): Effect.Effect<AccessToken, FailedAttempt> => {
  const { device, pace } = call
  const token = Effect.mapError(sessions.accessToken(device), withoutResponse)
  if (pace === undefined) return token
  return Effect.flatMap(token, (first) =>
    Effect.matchEffect(pace.throttle.take(pace.key, { urgent }), {
      onSuccess: (waited) => (waited ? token : Effect.succeed(first)),
      onFailure: (overloaded) =>
        Effect.fail(withoutResponse(limitOf(call, notSent("call", overloaded, attempts))))
    })
  )
}

const withAuthorization = (
  { application }: CallServices,
  { deviceHeaders, request }: Call,
  token: AccessToken
): HttpClientRequest.HttpClientRequest => {
  const own = request.headers["user-agent"]
  return withHeaders(request, {
    "user-agent": application.userAgent,
    ...deviceHeaders,
    ...(own === undefined ? {} : { "user-agent": own }),
    authorization: `Bearer ${Redacted.value(token.value)}`
  })
}

/** Whether the answer says that the token is not valid (any more). Reset TempPass says so with 403, too. */
const refusesToken = ({ application }: CallServices, { request }: Call, status: number): boolean =>
  status === 401 ||
  (status === 403 && request.url.startsWith(`${application.environment.mgmt}/reset-tempass/`))

/** One attempt with whatever token is right. A token that is refused is replaced once in a call. */
export const attempt = (services: CallServices, call: Call, attempts: number, replacing = false): Attempt =>
  Effect.flatMap(authorize(services, call, attempts, replacing || attempts > 1), (token) =>
    Effect.matchEffect(services.send(withAuthorization(services, call, token)), {
      onSuccess: (response) => {
        if (response.status >= 200 && response.status < 300) return Effect.succeed(response)
        const answer = { response, token, attempts }
        return !replacing && refusesToken(services, call, response.status)
          ? replaceToken(services, call, answer)
          : refusal(services, call, answer)
      },
      onFailure: (error) => Effect.fail(withoutResponse(transportError("call", error, attempts)))
    })
  )

const replaceToken = (services: CallServices, call: Call, answer: Answer): Attempt =>
  Effect.flatMap(services.sessions.reject(call.device, answer.token), () => {
    if (call.replaced || !isReplayable(call.request)) return refusal(services, call, answer)
    call.replaced = true
    return Effect.zipRight(bodyOf(services, answer.response), attempt(services, call, answer.attempts, true))
  })

/**
 * The whole body of an answer that is not handed on as it is, so that it does not keep its connection. A body that is
 * too long or does not arrive in time counts as empty, and the status decides.
 */
const bodyOf = (
  { timeout }: CallServices,
  response: HttpClientResponse.HttpClientResponse
): Effect.Effect<Uint8Array<ArrayBuffer>> =>
  boundedBody(response).pipe(
    hardTimeout(timeout, () => "timeout" as const),
    Effect.map(Option.getOrElse(() => new Uint8Array())),
    Effect.orElseSucceed(() => new Uint8Array())
  )

/** The answer with a body that was read already and can be read again, as bytes, text or stream. */
const withBody = (
  response: HttpClientResponse.HttpClientResponse,
  body: Uint8Array<ArrayBuffer>
): HttpClientResponse.HttpClientResponse =>
  response.status < 200
    ? response
    : HttpClientResponse.fromWeb(
        response.request,
        new Response(body.byteLength === 0 ? null : body, {
          status: response.status,
          headers: new globalThis.Headers(response.headers)
        })
      )

/** A JWT, and its parts: an explanation may quote them without the header that all have in common. */
const quotable = (jwt: string): ReadonlyArray<string> => [
  jwt,
  jwt.slice(jwt.indexOf(".") + 1),
  ...jwt.split(".").slice(1)
]

/** Values that a server might echo. */
const secretsOf = (
  { application, sessions }: CallServices,
  device: Device,
  token: AccessToken
): Effect.Effect<ReadonlyArray<string>> =>
  Effect.map(sessions.state(device), ({ credentials }) => [
    ...deviceSecrets(device),
    ...quotable(Redacted.value(token.value)),
    ...quotable(Redacted.value(application.softwareStatement.value)),
    ...(credentials === undefined
      ? []
      : [Redacted.value(credentials.clientId), Redacted.value(credentials.clientSecret)])
  ])

/** ESM and its relatives explain a refusal in plain text, and nowhere else. */
const explanation = (
  { headers }: HttpClientResponse.HttpClientResponse,
  text: string
): EnhancedError.EnhancedError =>
  headers["content-type"]?.startsWith("text/plain") === true && text.trim() !== ""
    ? { message: text.trim() }
    : {}

const errorOf = (
  services: CallServices,
  call: Call,
  { attempts, response, token }: Answer,
  body: Uint8Array
): Effect.Effect<ProtectedCallError> =>
  Effect.gen(function* () {
    const { api, device, request } = call
    const common = commonFailure("call", response, yield* Clock.currentTimeMillis, attempts)
    if (common?._tag === "Throttled") return limitOf(call, common)
    if (common !== undefined && common._tag !== "ServiceUnavailable") return common
    const text = new TextDecoder().decode(body)
    const enhanced = Option.getOrElse(EnhancedError.decode(text), () => explanation(response, text))
    const secrets = yield* secretsOf(services, device, token)
    return classify(EnhancedError.scrub(enhanced, secrets), {
      status: response.status,
      attempts,
      replayable: isReplayable(request),
      restV2: api === "restV2",
      scopes: token.scopes,
      retryAfterMillis: common?.retryAfterMillis
    })
  })

const refusal = (services: CallServices, call: Call, answer: Answer): Effect.Effect<never, FailedAttempt> =>
  Effect.gen(function* () {
    const body = yield* bodyOf(services, answer.response)
    const error = yield* errorOf(services, call, answer, body)
    if (error._tag === "Throttled" && call.pace !== undefined) {
      yield* call.pace.throttle.hold(call.pace.key, error.retryAfterMillis)
    }
    return yield* Effect.fail({ error, raw: Either.right(withBody(answer.response, body)) })
  })
