/**
 * Step 5 of the protocol: calls to the protected APIs, made for a device.
 *
 * @since 0.1.0
 */
import * as HttpClient from "@effect/platform/HttpClient"
import * as HttpClientRequest from "@effect/platform/HttpClientRequest"
import * as HttpClientResponse from "@effect/platform/HttpClientResponse"
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Metric from "effect/Metric"
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
import { commonFailure, hardened, repeating, timeoutError, transportError } from "./internal/exchange.js"
import { attemptLimits } from "./internal/limits.js"
import * as RetryQuota from "./internal/retryQuota.js"
import { SealedResponse } from "./internal/sealedResponse.js"
import { target } from "./internal/target.js"
import { throttleKey } from "./internal/throttleKey.js"
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

/** An answer, with what is needed to turn it into an error. */
interface Answer {
  readonly response: HttpClientResponse.HttpClientResponse
  readonly token: AccessToken
  readonly attempts: number
}

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
    const client = hardened(yield* HttpClient.HttpClient)
    const sessions = yield* Sessions
    const throttle = yield* Throttle.Throttle
    const { environment } = application
    const { budget, timeout } = yield* attemptLimits(options)
    const schedule = Throttle.schedule<RawCallError | Refusal>(options.retry)
    const quota = RetryQuota.make(options.retryQuota ?? 500)

    const isThrottled = (url: string) =>
      environment.mgmt === environment.sp || url.startsWith(`${environment.sp}/`)

    /** A token, then a permit; and when that took time, whatever token is right by then. */
    const prepare = (
      device: Device,
      url: string,
      urgent: boolean,
      attempts: number
    ): Effect.Effect<AccessToken, SessionError> =>
      isThrottled(url)
        ? Effect.flatMap(sessions.accessToken(device), (token) =>
            throttle.take(throttleKey(application, device), { urgent }).pipe(
              Effect.mapError(
                ({ waitMillis }) =>
                  new Throttled({ operation: "call", retryAfterMillis: waitMillis, attempts })
              ),
              Effect.flatMap((waited) => (waited ? sessions.accessToken(device) : Effect.succeed(token)))
            )
          )
        : sessions.accessToken(device)

    const send = (
      request: HttpClientRequest.HttpClientRequest,
      device: Device,
      token: AccessToken,
      attempts: number
    ) =>
      client
        .execute(
          HttpClientRequest.setHeaders(request, {
            "user-agent": application.userAgent,
            ...device.callHeaders,
            authorization: `Bearer ${Redacted.value(token.value)}`
          })
        )
        .pipe(
          Effect.mapError((error) => transportError("call", error, attempts)),
          within(timeout, () => timeoutError("call", attempts))
        )

    /** Whether the answer says that the token is not valid (any more). Reset TempPass says so with 403, too. */
    const refusesToken = (request: HttpClientRequest.HttpClientRequest, status: number) =>
      status === 401 || (status === 403 && request.url.startsWith(`${environment.mgmt}/reset-tempass/`))

    /** One attempt; the first refused token of a call is replaced, further ones are not (`ladder` says so). */
    const attempt = (
      request: HttpClientRequest.HttpClientRequest,
      device: Device,
      attempts: number,
      ladder: { climbed: boolean }
    ): Effect.Effect<Answer, RawCallError> =>
      Effect.gen(function* () {
        const token = yield* prepare(device, request.url, attempts > 1, attempts)
        const response = yield* send(request, device, token, attempts)
        if (!refusesToken(request, response.status)) return { response, token, attempts }
        yield* sessions.reject(device, token)
        if (ladder.climbed || !isReplayable(request)) return { response, token, attempts }
        ladder.climbed = true
        yield* bodyOf(response)
        const fresh = yield* prepare(device, request.url, true, attempts)
        return { response: yield* send(request, device, fresh, attempts), token: fresh, attempts }
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

    const mayRepeat =
      (request: HttpClientRequest.HttpClientRequest, always: boolean) =>
      (failed: RawCallError | Refusal): boolean => {
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

    const attemptOrRefusal = (
      request: HttpClientRequest.HttpClientRequest,
      device: Device,
      attempts: number,
      ladder: { climbed: boolean }
    ): Effect.Effect<HttpClientResponse.HttpClientResponse, RawCallError | Refusal> =>
      Effect.flatMap(attempt(request, device, attempts, ladder), (answer) => {
        if (answer.response.status >= 200 && answer.response.status < 300)
          return Effect.succeed(answer.response)
        return Effect.gen(function* () {
          const body = yield* bodyOf(answer.response)
          const error = yield* failure(request, device, answer, body)
          if (error._tag === "Throttled" && isThrottled(request.url)) {
            yield* throttle.hold(throttleKey(application, device), error.retryAfterMillis)
          }
          return yield* Effect.fail(new Refusal(error, withBody(answer.response, body)))
        })
      })

    const call = (
      input: HttpClientRequest.HttpClientRequest
    ): Effect.Effect<HttpClientResponse.HttpClientResponse, RawCallError | Refusal, CurrentDevice> =>
      Effect.gen(function* () {
        const device = yield* CurrentDevice
        const always = yield* Repeatable
        const request = yield* target(environment, input)
        const ladder = { climbed: false }
        return yield* repeating((attempts) => attemptOrRefusal(request, device, attempts, ladder), {
          schedule,
          quota,
          budget,
          mayRepeat: mayRepeat(request, always)
        })
      })

    /** One finished call as telemetry sees it. */
    const measured = <E extends { readonly _tag: string }, R>(
      request: HttpClientRequest.HttpClientRequest,
      effect: Effect.Effect<HttpClientResponse.HttpClientResponse, E, R>
    ): Effect.Effect<HttpClientResponse.HttpClientResponse, E, R> =>
      effect.pipe(
        Effect.tapBoth({
          onSuccess: (response) => Metric.update(Metrics.calls, String(response.status)),
          onFailure: (error) => Metric.update(Metrics.calls, error._tag)
        }),
        Effect.withSpan("ProtectedClient.execute", {
          kind: "client",
          attributes: { "http.request.method": request.method }
        })
      )

    const clientOf = <E extends { readonly _tag: string }>(
      execute: (
        request: HttpClientRequest.HttpClientRequest
      ) => Effect.Effect<HttpClientResponse.HttpClientResponse, E, CurrentDevice>
    ): HttpClient.HttpClient.With<E, CurrentDevice> =>
      HttpClient.makeWith<never, never, E, CurrentDevice>(
        Effect.flatMap((request) => measured(request, execute(request))),
        Effect.succeed
      )

    const seal = (response: HttpClientResponse.HttpClientResponse): HttpClientResponse.HttpClientResponse =>
      new SealedResponse(response)

    return Object.assign(
      clientOf((request) => Effect.mapBoth(call(request), { onSuccess: seal, onFailure: errorOf })),
      {
        raw: clientOf<RawCallError>((request) =>
          call(request).pipe(
            Effect.catchIf(
              (error): error is Refusal => error instanceof Refusal,
              ({ response }) => Effect.succeed(response)
            ),
            Effect.map(seal)
          )
        )
      }
    )
  })
