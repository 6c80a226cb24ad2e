/** What the answer to a call becomes that is not a success. */
import * as HttpClientResponse from "@effect/platform/HttpClientResponse"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Option from "effect/Option"
import * as Predicate from "effect/Predicate"
import * as Redacted from "effect/Redacted"
import type { AccessToken } from "../../AccessToken.js"
import type { CallRefused, ProtectedCallError } from "../../AdobePassError.js"
import type { Device } from "../../Device.js"
import * as EnhancedError from "../../EnhancedError.js"
import { boundedBody } from "./boundedBody.js"
import { classify, classifyItem } from "./classify.js"
import { deviceSecrets } from "./deviceSecrets.js"
import {
  type Answer,
  type Call,
  type CallServices,
  type FailedAttempt,
  isReplayable,
  limitOf
} from "./protectedCall.js"
import { statusFailure } from "./statusFailure.js"

/**
 * The whole body of an answer that is not handed on as it is, so that it does not keep its connection. A body that is
 * too long or does not arrive in time counts as empty, and the status decides.
 */
export const bodyOf = (
  { timeout }: CallServices,
  response: HttpClientResponse.HttpClientResponse
): Effect.Effect<Uint8Array<ArrayBuffer>> =>
  boundedBody(response, timeout).pipe(
    Effect.map(Option.getOrElse(() => new Uint8Array())),
    Effect.orElseSucceed(() => new Uint8Array())
  )

/**
 * The answer with a body that was read already and can be read again, as bytes, text or stream. No `Response` can have a
 * status outside of those that HTTP defines.
 */
const withBody = (
  response: HttpClientResponse.HttpClientResponse,
  body: Uint8Array<ArrayBuffer>
): HttpClientResponse.HttpClientResponse =>
  response.status < 200 || response.status > 599
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

/** Values that a server might echo: those of the device, of its session as it is in memory, and the token that was sent. */
const secretsOf = (
  { application, sessions }: CallServices,
  device: Device,
  sent?: AccessToken
): Effect.Effect<ReadonlyArray<string>> =>
  Effect.map(sessions.state(device), ({ credentials, rejected, token }) => [
    ...deviceSecrets(device),
    ...[sent, token, rejected]
      .filter(Predicate.isNotUndefined)
      .flatMap(({ value }) => quotable(Redacted.value(value))),
    ...quotable(Redacted.value(application.softwareStatement.value)),
    ...(credentials === undefined
      ? []
      : [Redacted.value(credentials.clientId), Redacted.value(credentials.clientSecret)])
  ])

/** Whether the answer says that the token is not valid (any more). Reset TempPass says so with 403, too. */
export const refusesToken = ({ application }: CallServices, { request }: Call, status: number): boolean =>
  status === 401 ||
  (status === 403 && request.url.startsWith(`${application.environment.mgmt}/reset-tempass/`))

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
    const common = statusFailure("call", response, yield* Clock.currentTimeMillis, attempts)
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
      tokenRefused: refusesToken(services, call, response.status),
      retryAfterMillis: common?.retryAfterMillis
    })
  })

/** The error of one item of a successful answer. */
export const itemError = (
  services: CallServices,
  device: Device,
  error: EnhancedError.EnhancedError
): Effect.Effect<CallRefused> =>
  Effect.map(secretsOf(services, device), (secrets) => classifyItem(EnhancedError.scrub(error, secrets)))

export const refusal = (
  services: CallServices,
  call: Call,
  answer: Answer
): Effect.Effect<never, FailedAttempt> =>
  Effect.flatMap(bodyOf(services, answer.response), (body) => failWith(services, call, answer, body))

/** `refusal` for an answer whose body was read. */
export const failWith = (
  services: CallServices,
  call: Call,
  answer: Answer,
  body: Uint8Array<ArrayBuffer>
): Effect.Effect<never, FailedAttempt> =>
  Effect.gen(function* () {
    const error = yield* errorOf(services, call, answer, body)
    if (error._tag === "Throttled" && call.pace !== undefined) {
      yield* call.pace.throttle.hold(call.pace.key, error.retryAfterMillis)
    }
    return yield* Effect.fail({ error, raw: Either.right(withBody(answer.response, body)) })
  })
