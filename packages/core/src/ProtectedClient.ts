/**
 * Step 5 of the protocol: calls to the protected APIs, made for a device.
 *
 * @since 0.1.0
 */
import * as HttpClient from "@effect/platform/HttpClient"
import * as HttpClientError from "@effect/platform/HttpClientError"
import type * as HttpClientRequest from "@effect/platform/HttpClientRequest"
import type * as HttpClientResponse from "@effect/platform/HttpClientResponse"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as FiberRef from "effect/FiberRef"
import * as Layer from "effect/Layer"
import type { BodyError, InvalidInput, ProtectedCallError, RawCallError } from "./AdobePassError.js"
import { CurrentDevice } from "./Device.js"
import {
  attempt,
  type Call,
  type CallServices,
  type FailedAttempt,
  mayRepeat,
  withoutResponse
} from "./internal/http/call.js"
import { type Repetition, repeating } from "./internal/http/repetition.js"
import { bodyError, SealedResponse } from "./internal/http/sealedResponse.js"
import { target } from "./internal/http/target.js"
import { throttleKey } from "./internal/http/throttleKey.js"
import { withSpan } from "./internal/http/tracing.js"
import { sendWithin } from "./internal/http/transport.js"
import * as Metrics from "./Metrics.js"
import * as Options from "./Options.js"
import { RegisteredApplication } from "./RegisteredApplication.js"
import { RetryQuota } from "./RetryQuota.js"
import * as RetrySchedule from "./RetrySchedule.js"
import { Sessions } from "./Sessions.js"
import { Throttle } from "./Throttle.js"

/**
 * An `HttpClient` for the protected APIs of one environment.
 *
 * Each call carries the bearer token and the headers of `CurrentDevice`, waits for its permit, and is sent. A 401 drops
 * the refused token, obtains another (one token request, however many calls were refused) and repeats the call once.
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
export interface ProtectedClient extends HttpClient.HttpClient.With<ProtectedCallError, CurrentDevice> {
  /**
   * The same client, but every answer is a success, whatever its status: 4xx after the 401 ladder, 429 and 5xx after
   * the last attempt.
   */
  readonly raw: HttpClient.HttpClient.With<RawCallError, CurrentDevice>
}

/**
 * The protected client. Its calls ask every caller for a `CurrentDevice`, so that a forgotten device does not compile.
 *
 * @effect-expect-leaking CurrentDevice
 * @since 0.1.0
 * @category tags
 */
export const ProtectedClient: Context.Tag<ProtectedClient, ProtectedClient> =
  Context.GenericTag<ProtectedClient>("effect-adobe-pass/ProtectedClient")

/**
 * Whether calls whose method is not idempotent may be repeated after an outage or a broken connection. See `repeatable`.
 *
 * @since 0.1.0
 * @category references
 */
export class Repeatable extends Context.Reference<Repeatable>()(
  "effect-adobe-pass/ProtectedClient/Repeatable",
  { defaultValue: () => false }
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

type Response = HttpClientResponse.HttpClientResponse

/**
 * Reads the body of an answer with errors of this library in place of `ResponseError`: `TransportError` for a body that
 * broke or stalled, `UnexpectedResponse` for one that is not what was asked for.
 *
 * Without it the same error is the `cause` of the `ResponseError`.
 *
 * @example
 * ```ts
 * import { Effect } from "effect"
 * import { ProtectedClient } from "effect-adobe-pass"
 *
 * const configuration = Effect.flatMap(ProtectedClient.ProtectedClient, (adobe) =>
 *   adobe.get("/api/v2/ACME/configuration")
 * ).pipe(Effect.flatMap(ProtectedClient.readBody(({ json }) => json)))
 * ```
 *
 * @since 0.1.0
 * @category combinators
 */
export const readBody =
  <A, E, R>(read: (response: Response) => Effect.Effect<A, E | HttpClientError.ResponseError, R>) =>
  (
    response: Response
  ): Effect.Effect<
    A,
    Exclude<E | HttpClientError.ResponseError, HttpClientError.ResponseError> | BodyError,
    R
  > =>
    Effect.catchIf(
      read(response),
      (error): error is HttpClientError.ResponseError => error instanceof HttpClientError.ResponseError,
      (error) => Effect.fail(bodyError(error))
    )

interface Pipeline extends CallServices {
  readonly repetition: Omit<Repetition<ProtectedCallError>, "mayRepeat">
}

/** The call of a request for a device; hosts other than `sp` do not throttle by device. */
const prepare = (
  { application }: CallServices,
  input: HttpClientRequest.HttpClientRequest,
  device: Call["device"]
): Either.Either<Call, FailedAttempt> => {
  const { environment } = application
  return Either.mapBoth(target(environment, input), {
    onLeft: withoutResponse,
    onRight: (request) => {
      const isThrottled = environment.mgmt === environment.sp || request.url.startsWith(`${environment.sp}/`)
      return {
        request,
        device,
        key: isThrottled ? throttleKey(application, device) : undefined,
        replaced: false
      }
    }
  })
}

const execute = (
  pipeline: Pipeline,
  request: HttpClientRequest.HttpClientRequest,
  context: Context.Context<never>
): Effect.Effect<Response, FailedAttempt> => {
  // `CurrentDevice` is in the requirements of every call.
  const call = prepare(pipeline, request, Context.unsafeGet(context, CurrentDevice))
  if (Either.isLeft(call)) return Effect.fail(call.left)
  const always = Context.get(context, Repeatable)
  return repeating((attempts) => attempt(pipeline, call.right, attempts), {
    ...pipeline.repetition,
    mayRepeat: (error) => mayRepeat(call.right.request, always, error)
  })
}

/** A client that turns a failed attempt into a response or an error with `recover`, and counts its calls. */
const clientOf = <E extends { readonly _tag: string }>(
  pipeline: Pipeline,
  recover: (failed: FailedAttempt) => Either.Either<Response, E>
): HttpClient.HttpClient.With<E, CurrentDevice> =>
  HttpClient.makeWith<never, never, E, CurrentDevice>(
    Effect.flatMap((request) =>
      // Hot path: each step of the fiber's run loop costs about 0.1 us, so it takes few.
      Effect.withFiberRuntime<Response, E, CurrentDevice>((fiber) => {
        const count = (outcome: string) =>
          Metrics.calls.unsafeUpdate(outcome, fiber.getFiberRef(FiberRef.currentMetricLabels))
        const succeed = (response: Response) => {
          count(String(response.status))
          return Effect.succeed(new SealedResponse(response))
        }
        const fail = (error: E) => {
          count(error._tag)
          return Effect.fail(error)
        }
        const call = Effect.matchEffect(execute(pipeline, request, fiber.currentContext), {
          onSuccess: succeed,
          onFailure: (failed) => Either.match(recover(failed), { onLeft: fail, onRight: succeed })
        })
        return withSpan(fiber, request.method, call)
      })
    ),
    Effect.succeed
  )

/**
 * The protected client of the registered application; `InvalidInput` when an option cannot be used.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = (
  options: Options.RequestOptions = {}
): Effect.Effect<
  ProtectedClient,
  InvalidInput,
  HttpClient.HttpClient | RegisteredApplication | RetryQuota | Sessions | Throttle
> =>
  Effect.gen(function* () {
    const { retry, timeout } = yield* Options.requests.check(options)
    const pipeline: Pipeline = {
      application: yield* RegisteredApplication,
      sessions: yield* Sessions,
      throttle: yield* Throttle,
      send: sendWithin(yield* HttpClient.HttpClient, timeout),
      timeout,
      repetition: {
        schedule: RetrySchedule.fromChecked(retry),
        quota: yield* RetryQuota,
        budget: retry.budget
      }
    }
    return Object.assign(
      clientOf(pipeline, ({ error }) => Either.left(error)),
      {
        raw: clientOf(pipeline, ({ raw }) => raw)
      }
    )
  })

/**
 * `make` as a layer.
 *
 * @since 0.1.0
 * @category layers
 */
export const layer = (options?: Options.RequestOptions) => Layer.effect(ProtectedClient, make(options))
