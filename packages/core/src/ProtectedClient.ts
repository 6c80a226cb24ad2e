/**
 * Step 5 of the protocol: calls to the protected APIs, made for a device.
 *
 * @since 0.1.0
 */
import * as HttpClient from "@effect/platform/HttpClient"
import type * as HttpClientError from "@effect/platform/HttpClientError"
import type * as HttpClientRequest from "@effect/platform/HttpClientRequest"
import * as HttpClientResponse from "@effect/platform/HttpClientResponse"
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import type * as Fiber from "effect/Fiber"
import * as FiberRef from "effect/FiberRef"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import type { AccessToken } from "./AccessToken.js"
import {
  type InvalidInput,
  type ProtectedCallError,
  type RawCallError,
  type SessionError,
  Throttled
} from "./AdobePassError.js"
import { CurrentDevice, type Device } from "./Device.js"
import * as EnhancedError from "./EnhancedError.js"
import { classify } from "./internal/classify.js"
import { deviceSecrets } from "./internal/deviceSecrets.js"
import { bare, commonFailure, repeating, transportError } from "./internal/exchange.js"
import { attemptLimits } from "./internal/limits.js"
import * as RetryQuota from "./internal/retryQuota.js"
import { SealedResponse } from "./internal/sealedResponse.js"
import { target } from "./internal/target.js"
import { throttleKey } from "./internal/throttleKey.js"
import { isTraced } from "./internal/tracing.js"
import { withClock } from "./internal/withClock.js"
import { withHeaders } from "./internal/withHeaders.js"
import { within } from "./internal/within.js"
import * as Metrics from "./Metrics.js"
import type { RegisteredApplication } from "./RegisteredApplication.js"
import { Sessions } from "./Sessions.js"
import * as Throttle from "./Throttle.js"

/**
 * An `HttpClient` for the protected APIs of one environment.
 *
 * Each call carries the bearer token and the headers of `CurrentDevice`, waits for its permit, and is sent. A 401
 * drops that very token, gets another (one token request, however many calls were refused) and repeats the call once.
 * Throttling, outages and broken connections are repeated for methods that are safe to repeat, within the attempts and
 * the budget; a 429 and `action: retry` for every method. Streaming bodies are never repeated. Other answers with 4xx
 * or 5xx fail with a typed error.
 *
 * Relative URLs belong to the `sp` host; absolute ones must name a host of the environment, or the call fails with
 * `ForeignOrigin` before anything is sent. Redirects are not followed. A call may be interrupted at any time; it gives
 * its place in the queue back and aborts its request.
 *
 * @since 0.1.0
 * @category models
 */
export interface ProtectedCalls extends HttpClient.HttpClient.With<ProtectedCallError, CurrentDevice> {
  /**
   * The same client, but every answer is a success, whatever its status: 4xx after the 401 ladder, 429 and 5xx after
   * the last attempt.
   */
  readonly raw: HttpClient.HttpClient.With<RawCallError, CurrentDevice>
}

/**
 * The protected client. Its calls ask every caller for a `CurrentDevice`, which is the point.
 *
 * @effect-expect-leaking CurrentDevice
 * @since 0.1.0
 * @category tags
 */
export class ProtectedClient extends Context.Tag("effect-adobe-pass/ProtectedClient")<
  ProtectedClient,
  ProtectedCalls
>() {}

/**
 * Whether calls whose method is not safe to repeat may be repeated all the same after an outage or a broken
 * connection. See `repeatable`.
 *
 * @since 0.1.0
 * @category references
 */
export class Repeatable extends Context.Reference<Repeatable>()(
  "effect-adobe-pass/ProtectedClient/Repeatable",
  {
    defaultValue: () => false
  }
) {}

/**
 * Says that the POST or PATCH calls of an effect may be sent twice.
 *
 * @example
 * ```ts
 * import { Effect } from "effect"
 * import { ProtectedClient } from "effect-adobe-pass"
 *
 * const session = Effect.flatMap(ProtectedClient.ProtectedClient, (adobe) =>
 *   adobe.post("/api/v2/ACME/sessions")
 * ).pipe(ProtectedClient.repeatable)
 * ```
 *
 * @since 0.1.0
 * @category combinators
 */
export const repeatable: <A, E, R>(effect: Effect.Effect<A, E, R>) => Effect.Effect<A, E, R> =
  Effect.provideService(Repeatable, true)

/**
 * Tunables of protected calls.
 *
 * @since 0.1.0
 * @category models
 */
export interface Options {
  /** Limit of one attempt, until the headers of the answer. @default 10 seconds */
  readonly timeout?: Duration.DurationInput | undefined
  /** Attempts, delays and budget. */
  readonly retry?: Throttle.ScheduleOptions | undefined
  /** Credit for repetitions of this client; each costs 5, or 10 after a time-out. @default 500 */
  readonly retryQuota?: number | undefined
}

/** Whether the body of a request can be sent twice; one of these kinds may hide a stream that is spent by then. */
const isReplayable = ({ body }: HttpClientRequest.HttpClientRequest): boolean =>
  body._tag !== "Stream" && (body._tag !== "Raw" || typeof body.body === "string")

const safeMethods = new Set(["GET", "HEAD", "PUT", "DELETE", "OPTIONS"])

/** A call on its way. */
interface Call {
  readonly request: HttpClientRequest.HttpClientRequest
  readonly device: Device
  /** Of the bucket that its permits come from; none for a host that does not throttle. */
  readonly key: string | undefined
  /** Whether a token that was refused was replaced. */
  replaced: boolean
}

/** An answer, with what is needed to turn it into an error. */
interface Answer {
  readonly response: HttpClientResponse.HttpClientResponse
  readonly token: AccessToken
  readonly attempts: number
}

/** A call as a span, where somebody looks at spans. */
const spanned = <A, E>(
  fiber: Fiber.RuntimeFiber<unknown, unknown>,
  request: HttpClientRequest.HttpClientRequest,
  call: Effect.Effect<A, E>
): Effect.Effect<A, E> =>
  isTraced(fiber)
    ? call.pipe(
        Effect.withSpan("ProtectedClient.execute", {
          kind: "client",
          attributes: { "http.request.method": request.method }
        })
      )
    : call

/** An answer that is an error for most callers, and an answer for those who want it raw. */
class Refusal {
  constructor(
    readonly error: ProtectedCallError,
    readonly response: HttpClientResponse.HttpClientResponse
  ) {}
  get _tag() {
    return this.error._tag
  }
  get retryable() {
    return this.error.retryable
  }
  get retryAfterMillis() {
    return "retryAfterMillis" in this.error ? this.error.retryAfterMillis : undefined
  }
}

/** The answer with a body that was read already and can be read again, as bytes, text or stream. */
const withBody = (
  response: HttpClientResponse.HttpClientResponse,
  body: ArrayBuffer
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

/** What an attempt fails with. */
type Failure = SessionError | Throttle.Overloaded | HttpClientError.HttpClientError | Refusal

const typed = (failure: Failure, attempts: number): RawCallError | Refusal => {
  switch (failure._tag) {
    case "Overloaded":
      return new Throttled({ operation: "call", retryAfterMillis: failure.waitMillis, attempts })
    case "RequestError":
    case "ResponseError":
      return transportError("call", failure, attempts)
    default:
      return failure
  }
}

const errorOf = (error: RawCallError | Refusal): ProtectedCallError =>
  error instanceof Refusal ? error.error : error

/**
 * The protected client of one registered application; `InvalidInput` when an option cannot be used.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = (
  application: RegisteredApplication,
  options: Options = {}
): Effect.Effect<ProtectedCalls, InvalidInput, HttpClient.HttpClient | Sessions | Throttle.Throttle> =>
  Effect.gen(function* () {
    const sessions = yield* Sessions
    const throttle = yield* Throttle.Throttle
    const { environment } = application
    const { budget, timeout } = yield* attemptLimits(options)
    const send = bare(yield* HttpClient.HttpClient, timeout)
    const schedule = Throttle.schedule<RawCallError | Refusal>(options.retry)
    const quota = RetryQuota.make(options.retryQuota ?? 500)

    const spPrefix = `${environment.sp}/`
    const isThrottled = (url: string) => environment.mgmt === environment.sp || url.startsWith(spPrefix)

    /** A token, then a permit; and when that took time, whatever token is right by then. */
    const prepare = ({ device, key }: Call, urgent: boolean) =>
      key === undefined
        ? sessions.accessToken(device)
        : Effect.flatMap(sessions.accessToken(device), (token) =>
            Effect.flatMap(throttle.take(key, { urgent }), (waited) =>
              waited ? sessions.accessToken(device) : Effect.succeed(token)
            )
          )

    /** Both, if they can be had at this moment. */
    const prepared = ({ device, key }: Call, urgent: boolean, now: number): AccessToken | undefined => {
      const token = sessions.current(device, now)
      return token === undefined || key === undefined || throttle.takeNow(key, now, { urgent })
        ? token
        : undefined
    }

    const authorized = ({ device, request }: Call, token: AccessToken): HttpClientRequest.HttpClientRequest =>
      withHeaders(request, {
        "user-agent": application.userAgent,
        ...device.callHeaders,
        authorization: `Bearer ${Redacted.value(token.value)}`
      })

    /** Whether the answer says that the token is not valid (any more). Reset TempPass says so with 403, too. */
    const refusesToken = ({ url }: HttpClientRequest.HttpClientRequest, status: number) =>
      status === 401 || (status === 403 && url.startsWith(`${environment.mgmt}/reset-tempass/`))

    /** One attempt: a request with whatever token is right; `replacing` one that was refused. */
    const attempt = (
      call: Call,
      attempts: number,
      replacing = false
    ): Effect.Effect<HttpClientResponse.HttpClientResponse, Failure> =>
      withClock((clock) => {
        const urgent = replacing || attempts > 1
        const request = (token: AccessToken) =>
          Effect.flatMap(send(authorized(call, token)), (response) => {
            if (response.status >= 200 && response.status < 300) return Effect.succeed(response)
            const answer = { response, token, attempts }
            return refusesToken(call.request, response.status) && !replacing
              ? replace(call, answer)
              : refusal(call, answer)
          })
        const token = prepared(call, urgent, clock.unsafeCurrentTimeMillis())
        return token === undefined ? Effect.flatMap(prepare(call, urgent), request) : request(token)
      })

    /** The first token of a call that is refused is replaced, and the request sent again; further ones are not. */
    const replace = (
      call: Call,
      answer: Answer
    ): Effect.Effect<HttpClientResponse.HttpClientResponse, Failure> =>
      Effect.flatMap(sessions.reject(call.device, answer.token), () => {
        if (call.replaced || !isReplayable(call.request)) return refusal(call, answer)
        call.replaced = true
        return Effect.zipRight(bodyOf(answer.response), attempt(call, answer.attempts, true))
      })

    /** What a server could echo. */
    const secretsOf = (device: Device, token: AccessToken): Effect.Effect<ReadonlyArray<string>> =>
      Effect.map(sessions.state(device), (state) => [
        ...deviceSecrets(device),
        Redacted.value(token.value),
        Redacted.value(application.softwareStatement.value),
        ...(state._tag === "Unregistered"
          ? []
          : [Redacted.value(state.credentials.clientId), Redacted.value(state.credentials.clientSecret)])
      ])

    /**
     * The whole body of an answer that is not handed on as it is, so that it does not keep its connection. A body that
     * does not arrive in time counts as empty: the status decides.
     */
    const bodyOf = (response: HttpClientResponse.HttpClientResponse): Effect.Effect<ArrayBuffer> =>
      response.arrayBuffer.pipe(
        within(timeout, () => "too slow" as const),
        Effect.orElseSucceed(() => new ArrayBuffer(0))
      )

    const failure = (
      request: HttpClientRequest.HttpClientRequest,
      device: Device,
      { attempts, response, token }: Answer,
      body: ArrayBuffer
    ): Effect.Effect<ProtectedCallError> =>
      Effect.gen(function* () {
        const now = yield* Clock.currentTimeMillis
        const common = commonFailure("call", response, now, attempts)
        if (common !== undefined && common._tag !== "ServiceUnavailable") return common
        const enhanced = Option.getOrElse(EnhancedError.decode(new TextDecoder().decode(body)), () => ({}))
        const secrets = yield* secretsOf(device, token)
        return classify(EnhancedError.scrub(enhanced, secrets), {
          status: response.status,
          attempts,
          replayable: isReplayable(request),
          restV2: request.url.startsWith(`${environment.sp}/api/v2/`),
          scopes: token.scopes,
          retryAfterMillis: common?.retryAfterMillis
        })
      })

    const mayRepeat = (
      request: HttpClientRequest.HttpClientRequest,
      always: boolean,
      failed: RawCallError | Refusal
    ): boolean => {
      const error = errorOf(failed)
      if (!isReplayable(request)) return false
      switch (error._tag) {
        case "Throttled":
          return error.operation === "call" && error.status !== undefined
        case "TemporaryFailure":
          return true
        case "ServiceUnavailable":
        case "TransportError":
          return error.operation === "call" && (always || safeMethods.has(request.method))
        default:
          return false
      }
    }

    const refusal = (call: Call, answer: Answer): Effect.Effect<never, Refusal> =>
      Effect.gen(function* () {
        const { device, key, request } = call
        const body = yield* bodyOf(answer.response)
        const error = yield* failure(request, device, answer, body)
        if (error._tag === "Throttled" && key !== undefined) yield* throttle.hold(key, error.retryAfterMillis)
        return yield* Effect.fail(new Refusal(error, withBody(answer.response, body)))
      })

    /** A client, each of whose calls is one count, and one span where there are any. */
    const clientOf = <E extends { readonly _tag: string }>(
      onFailure: (failed: RawCallError | Refusal) => Effect.Effect<HttpClientResponse.HttpClientResponse, E>
    ): HttpClient.HttpClient.With<E, CurrentDevice> =>
      HttpClient.makeWith<never, never, E, CurrentDevice>(
        Effect.flatMap((input) =>
          // What every call goes through is done in few steps: each costs as much as a header.
          Effect.withFiberRuntime<HttpClientResponse.HttpClientResponse, E, CurrentDevice>((fiber) => {
            const counted = (what: string) =>
              Metrics.calls.unsafeUpdate(what, fiber.getFiberRef(FiberRef.currentMetricLabels))
            const onSuccess = (response: HttpClientResponse.HttpClientResponse) => {
              counted(String(response.status))
              return Effect.succeed(new SealedResponse(response))
            }
            const end = {
              onSuccess,
              onFailure: (failed: RawCallError | Refusal) =>
                Effect.matchEffect(onFailure(failed), {
                  onSuccess,
                  onFailure: (error) => {
                    counted(error._tag)
                    return Effect.fail(error)
                  }
                })
            }
            const context = fiber.currentContext
            const request = target(environment, input)
            if (Either.isLeft(request)) return spanned(fiber, input, end.onFailure(request.left))
            const device = Context.unsafeGet(context, CurrentDevice)
            const call: Call = {
              request: request.right,
              device,
              key: isThrottled(request.right.url) ? throttleKey(application, device) : undefined,
              replaced: false
            }
            return spanned(
              fiber,
              input,
              repeating(
                (attempts) => attempt(call, attempts),
                {
                  schedule,
                  quota,
                  budget,
                  errorOf: typed,
                  mayRepeat: (failed) => mayRepeat(call.request, Context.get(context, Repeatable), failed)
                },
                end
              )
            )
          })
        ),
        Effect.succeed
      )

    return Object.assign(
      clientOf((failed) => Effect.fail(errorOf(failed))),
      {
        raw: clientOf<RawCallError>((failed) =>
          failed instanceof Refusal ? Effect.succeed(failed.response) : Effect.fail(failed)
        )
      }
    )
  })
