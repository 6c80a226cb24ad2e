/** One attempt of a protected call: its token, its permit, its answer, and what follows a refused token. */
import type * as HttpClientError from "@effect/platform/HttpClientError"
import type * as HttpClientRequest from "@effect/platform/HttpClientRequest"
import type * as HttpClientResponse from "@effect/platform/HttpClientResponse"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Random from "effect/Random"
import { AccessToken, sameToken } from "../../AccessToken.js"
import { InsufficientScope, type SessionError, Throttled } from "../../AdobePassError.js"
import { settlingTime } from "../../SessionState.js"
import type { Overloaded } from "../../Throttle.js"
import { caught } from "./caught.js"
import { lacksScope, scopeOfRestV2 } from "./classify.js"
import { isReplayable } from "./mayRepeat.js"
import {
  type Answer,
  type Call,
  type CallServices,
  type FailedAttempt,
  limitOf,
  withoutResponse
} from "./protectedCall.js"
import { bodyOf, failWith, type RefusedAnswer } from "./refusedAnswer.js"
import { isTokenRefusal } from "./rememberedRefusals.js"
import { transportError } from "./transportError.js"
import { withHeaders } from "./withHeaders.js"

type Attempt = Effect.Effect<HttpClientResponse.HttpClientResponse, FailedAttempt>

/** What is known without asking about a call with this token. */
const known = (
  { refusals, sendsWithoutScope }: CallServices,
  call: Call,
  token: AccessToken
): FailedAttempt | undefined => {
  if (call.api === "restV2" && !sendsWithoutScope && lacksScope(token.scopes)) {
    return withoutResponse(
      new InsufficientScope({ attempts: 0, required: scopeOfRestV2, granted: token.scopes })
    )
  }
  const error = refusals.isEmpty ? undefined : refusals.at(call, token)
  return error === undefined ? undefined : { ...withoutResponse(error), isRemembered: true }
}

const withAuthorization = (
  { application }: CallServices,
  { deviceHeaders, request }: Call,
  token: AccessToken
): HttpClientRequest.HttpClientRequest =>
  withHeaders(request, deviceHeaders, {
    "user-agent": request.headers["user-agent"] ?? deviceHeaders["user-agent"] ?? application.userAgent,
    authorization: `Bearer ${AccessToken.textOf(token)}`
  })

/** An error of an attempt, where it is not known yet what it means for the call. */
export type Failure = FailedAttempt | SessionError | Overloaded | HttpClientError.HttpClientError

/** How an attempt has failed. */
export const failed = (call: Call, failure: Failure, attempts: number): FailedAttempt => {
  if ("raw" in failure) return failure
  switch (failure._tag) {
    case "Overloaded":
      return withoutResponse(
        limitOf(call, new Throttled({ operation: "call", retryAfterMillis: failure.waitMillis, attempts }))
      )
    case "RequestError":
    case "ResponseError":
      return withoutResponse(transportError("call", failure, attempts))
    default:
      return withoutResponse(failure)
  }
}

const urgently = { urgent: true }

/**
 * One attempt with whatever token is right; more when the token is refused. After a wait for the permit the token is asked
 * for again. Whoever calls this says with `failed` what its errors mean: a handler here would be one more for each call.
 */
export const send = (
  services: CallServices,
  call: Call,
  attempts: number
): Effect.Effect<HttpClientResponse.HttpClientResponse, Failure> => {
  const { device, pace } = call
  const token = services.sessions.accessToken(device)
  const sendWith = (current: AccessToken) =>
    Effect.flatMap(services.send(withAuthorization(services, call, current)), (response) =>
      answered(services, call, { response, token: current, attempts })
    )
  return Effect.flatMap(token, (first) => {
    const refused = known(services, call, first)
    if (refused !== undefined) return Effect.fail(refused)
    if (pace === undefined) return sendWith(first)
    const isUrgent = attempts > 1 || call.renewals > 0 || call.pauses > 0
    return Effect.flatMap(pace.throttle.take(pace.key, isUrgent ? urgently : undefined), (waited) =>
      waited ? Effect.flatMap(token, sendWith) : sendWith(first)
    )
  })
}

/** `send`, and how it failed. */
export const attempt = (services: CallServices, call: Call, attempts: number): Attempt =>
  caught(send(services, call, attempts), (failure) => Effect.fail(failed(call, failure, attempts)))

const answered = (services: CallServices, call: Call, answer: Answer): Attempt => {
  const { response, token } = answer
  if (response.status >= 200 && response.status < 300) return accepted(services, call, token, response)
  // Read first, so that the answer keeps no connection while a token is requested.
  return Effect.flatMap(bodyOf(services, response), (body) => {
    const refused = { ...answer, body, refusesToken: refusesToken(services, call, response.status) }
    return refused.refusesToken ? tokenRefused(services, call, refused) : failWith(services, call, refused)
  })
}

const accepted = (
  { refusals, sessions }: CallServices,
  call: Call,
  token: AccessToken,
  response: HttpClientResponse.HttpClientResponse
): Attempt => {
  if (!refusals.isEmpty) refusals.forget(call)
  return call.startedAt - token.issuedAt < settlingTime
    ? Effect.as(sessions.accept(call.device, token), response)
    : Effect.succeed(response)
}

/** Whether the answer says that the token is not valid (any more). Reset TempPass says so with 403, too. */
const refusesToken = ({ application }: CallServices, { request }: Call, status: number): boolean =>
  status === 401 ||
  (status === 403 && request.url.startsWith(`${application.environment.mgmt}/reset-tempass/`))

/** Pauses, in milliseconds, before a call is sent again with a token that may not be known everywhere yet. */
const pauses = [1000, 2000]

/** Tokens that replace refused ones in one call: that of another process may come before a new one. */
const maximumRenewals = 3

/**
 * Repeats a call whose token was refused: at once with another token, and after a pause with the same one when it is kept
 * because it is new. A token that was requested during the call is not replaced again.
 */
const tokenRefused = (services: CallServices, call: Call, answer: RefusedAnswer): Attempt =>
  Effect.gen(function* () {
    const { budget, refusals, sessions } = services
    const { token } = answer
    const last = lastRefusal(services, call, answer)
    const pause = refusals.has(call) ? undefined : pauses[call.pauses]
    const wasRequested = token.issuedAt >= call.startedAt
    if (wasRequested && pause === undefined) return yield* last
    yield* sessions.reject(call.device, token)
    if (!isReplayable(call.request)) return yield* failWith(services, call, answer)
    const next = yield* Effect.mapError(sessions.accessToken(call.device), withoutResponse)
    if (sameToken(next, token)) {
      const now = yield* Clock.currentTimeMillis
      const wait = (pause ?? Number.POSITIVE_INFINITY) * (0.75 + (yield* Random.next) / 2)
      if (now + wait > call.startedAt + budget) return yield* last
      call.pauses += 1
      yield* Effect.sleep(wait)
    } else {
      if (call.renewals === maximumRenewals) return yield* last
      call.renewals += 1
    }
    return yield* attempt(services, call, answer.attempts)
  })

/** The refusal that ends a call, remembered for those that follow. */
const lastRefusal = (
  services: CallServices,
  call: Call,
  answer: RefusedAnswer
): Effect.Effect<never, FailedAttempt> =>
  Effect.tapError(failWith(services, call, answer), ({ error }) =>
    isTokenRefusal(error)
      ? Effect.map(Clock.currentTimeMillis, (at) => services.refusals.add(call, answer.token, error, at))
      : Effect.void
  )
