/** What an answer becomes that is not a success. */
import type * as HttpClientResponse from "@effect/platform/HttpClientResponse"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Option from "effect/Option"
import type { ProtectedCallError } from "../../AdobePassError.js"
import * as EnhancedError from "../../EnhancedError.js"
import { boundedBody } from "./boundedBody.js"
import { BufferedResponse } from "./bufferedResponse.js"
import { classify } from "./classify.js"
import { isReplayable } from "./mayRepeat.js"
import { type Answer, type Call, type CallServices, type FailedAttempt, limitOf } from "./protectedCall.js"
import { requestSecrets } from "./requestSecrets.js"
import { sessionSecrets } from "./sessionSecrets.js"
import { statusFailure } from "./statusFailure.js"

/** An answer that is not a success, and its body. */
export interface RefusedAnswer extends Answer {
  readonly body: Uint8Array<ArrayBuffer>
  /** Whether it says that the token is not valid (any more). */
  readonly refusesToken: boolean
}

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
  { attempts, body, refusesToken, response, token }: RefusedAnswer
): Effect.Effect<ProtectedCallError> =>
  Effect.gen(function* () {
    const { api, device, request } = call
    const common = statusFailure("call", response, yield* Clock.currentTimeMillis, attempts)
    if (common?._tag === "Throttled") return limitOf(call, common)
    if (common !== undefined && common._tag !== "ServiceUnavailable") return common
    const text = new TextDecoder().decode(body)
    const enhanced = Option.getOrElse(EnhancedError.decode(text), () => explanation(response, text))
    const secrets = yield* sessionSecrets(services, device, token)
    return classify(EnhancedError.scrub(enhanced, [...secrets, ...requestSecrets(request)]), {
      status: response.status,
      attempts,
      replayable: isReplayable(request),
      restV2: api === "restV2",
      scopes: token.scopes,
      refusesToken,
      retryAfterMillis: common?.retryAfterMillis
    })
  })

/** Fails with what the answer means, after holding the calls of an address that is throttled. */
export const failWith = (
  services: CallServices,
  call: Call,
  answer: RefusedAnswer
): Effect.Effect<never, FailedAttempt> =>
  Effect.gen(function* () {
    const error = yield* errorOf(services, call, answer)
    if (error._tag === "Throttled" && call.pace !== undefined) {
      yield* call.pace.throttle.hold(call.pace.key, error.retryAfterMillis)
    }
    return yield* Effect.fail({
      error,
      raw: Either.right(new BufferedResponse(answer.response, answer.body))
    })
  })
