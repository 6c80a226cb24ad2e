/**
 * Step 5 of the protocol: calls to the protected APIs, made for a device.
 *
 * @since 0.1.0
 */
import * as HttpClient from "@effect/platform/HttpClient"
import * as HttpClientError from "@effect/platform/HttpClientError"
import type * as HttpClientRequest from "@effect/platform/HttpClientRequest"
import type * as HttpClientResponse from "@effect/platform/HttpClientResponse"
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import type * as Fiber from "effect/Fiber"
import * as FiberRef from "effect/FiberRef"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import {
  type BodyError,
  type CallRefused,
  type InvalidInput,
  type ProtectedCallError,
  type RawCallError,
  UnexpectedResponse
} from "./AdobePassError.js"
import { CurrentDevice, CurrentInstance, type Device } from "./Device.js"
import type { EnhancedError } from "./EnhancedError.js"
import { failureOf } from "./internal/health/failureOf.js"
import { current as currentHealth, type HealthRecord } from "./internal/health/healthRecord.js"
import { attempt, type Failure, failed, send } from "./internal/http/attempt.js"
import { bodyUpTo } from "./internal/http/boundedBody.js"
import { BufferedResponse } from "./internal/http/bufferedResponse.js"
import { caught } from "./internal/http/caught.js"
import { itemError } from "./internal/http/itemError.js"
import { mayRepeat } from "./internal/http/mayRepeat.js"
import {
  type Call,
  type CallServices,
  type FailedAttempt,
  withoutResponse
} from "./internal/http/protectedCall.js"
import { RememberedRefusals } from "./internal/http/rememberedRefusals.js"
import { type Repetition, repeatingAfter } from "./internal/http/repetition.js"
import { bodyError, SealedResponse } from "./internal/http/sealedResponse.js"
import { sendWithin } from "./internal/http/sendWithin.js"
import { type Target, target } from "./internal/http/target.js"
import { throttleKey } from "./internal/http/throttleKey.js"
import { withSpan } from "./internal/http/tracing.js"
import * as Metrics from "./Metrics.js"
import * as Options from "./Options.js"
import { RegisteredApplication } from "./RegisteredApplication.js"
import { RetryQuota } from "./RetryQuota.js"
import * as RetrySchedule from "./RetrySchedule.js"
import { Sessions } from "./Sessions.js"
import type * as Setting from "./Setting.js"
import * as Throttle from "./Throttle.js"

/**
 * An `HttpClient` for the protected APIs of one environment, whose calls require `R`.
 *
 * Each call carries a bearer token, waits for its permit, and is sent. A 401 drops the refused token, obtains another
 * (one token request, however many calls were refused) and repeats the call. A token that is only seconds old is kept,
 * and the call repeated after a second and after two more. A refusal that lasts is remembered for the device and this
 * API, for 3 seconds at first and 5 minutes at most, and told without asking.
 *
 * Calls are repeated within the attempts and the budget: after a 429, after `action: retry`, and when no connection was
 * made, whatever the method; after an outage or a broken connection only for methods that are safe to repeat. A streaming
 * body is never sent twice. Any other 4xx or 5xx fails with a typed error.
 *
 * Relative URLs belong to the `sp` host; absolute ones must name a host of the environment, or the call fails with
 * `ForeignOrigin` before anything is sent. Redirects are not followed. A call may be interrupted at any time; it gives
 * its place in the queue back and aborts its request.
 *
 * Headers that the caller sets are sent, `User-Agent` included. For REST API v2, JSON is given the charset that Adobe
 * demands in `Content-Type` and `Accept`.
 *
 * @since 0.1.0
 * @category models
 */
export interface Calls<R> extends HttpClient.HttpClient.With<ProtectedCallError, R> {
  /**
   * The same client, but every answer is a success, whatever its status: 4xx after the 401 ladder, 429 and 5xx after
   * the last attempt. The body of a refusal is dropped when it is longer than 1 MiB.
   */
  readonly raw: HttpClient.HttpClient.With<RawCallError, R>
  /**
   * The error of one item of a successful answer (`EnhancedError.items`), as the whole answer would have failed with it: by
   * its action, and without the secrets of the device and its session. `status` is that of the item, or 200 when it has
   * none; an action that is not known, and none, become `RequestRejected`. Nothing is sent.
   *
   * @example
   * ```ts
   * import { Effect } from "effect"
   * import { EnhancedError, ProtectedClient } from "effect-adobe-pass"
   *
   * const denials = Effect.gen(function* () {
   *   const adobe = yield* ProtectedClient.ProtectedClient
   *   const response = yield* adobe.post("/api/v2/ACME/decisions/preauthorize/NorthCable")
   *   const items = EnhancedError.items(yield* ProtectedClient.readBody(({ json }) => json)(response))
   *   return yield* Effect.forEach(items, ({ error }) => adobe.itemError(error, response.request))
   * })
   * ```
   */
  readonly itemError: (
    error: EnhancedError,
    /** What the answer is for (`response.request`): what its headers say of a person is taken out, too. */
    request?: HttpClientRequest.HttpClientRequest
  ) => Effect.Effect<CallRefused, never, R>
}

/**
 * The client for the protected APIs: by itself for calls that are made for a device, which carry the headers of
 * `CurrentDevice`. Management APIs, which know their callers by address, are called without device headers in any case.
 *
 * @since 0.1.0
 * @category models
 */
export interface ProtectedClient extends Calls<CurrentDevice> {
  /**
   * Calls without device headers, made as `CurrentInstance`: a second screen may not send its own description in place
   * of the streaming device's, and a job has none.
   */
  readonly withoutDevice: Calls<CurrentInstance>
}

/**
 * The protected client. Its calls ask every caller for a `CurrentDevice`, so that a forgotten device does not compile.
 *
 * @effect-expect-leaking CurrentDevice CurrentInstance
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

/**
 * Limits and repetitions of calls, and what a missing scope means.
 *
 * @since 0.1.0
 * @category models
 */
export interface ProtectedClientOptions extends Setting.Input<typeof Options.calls> {}

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

/** Many times the configuration of a service provider with a thousand MVPDs, which is the longest answer there is. */
const longestAnswer = 8 * 1_048_576

/**
 * The answer with its body in memory, where it can be read in any form and more than once. `UnexpectedResponse` with the
 * reason `TooLarge` for a body of more than 8 MiB, of which the rest is not read; `TransportError` for one that broke or
 * stalled.
 *
 * @example
 * ```ts
 * import { Effect } from "effect"
 * import { ProtectedClient } from "effect-adobe-pass"
 *
 * const configuration = Effect.flatMap(ProtectedClient.ProtectedClient, (adobe) =>
 *   adobe.get("/api/v2/ACME/configuration")
 * ).pipe(
 *   Effect.flatMap(ProtectedClient.buffered),
 *   Effect.flatMap(ProtectedClient.readBody(({ json }) => json))
 * )
 * ```
 *
 * @since 0.1.0
 * @category combinators
 */
export const buffered = (response: Response): Effect.Effect<Response, BodyError> =>
  Effect.matchEffect(bodyUpTo(response, longestAnswer), {
    onFailure: (error) => Effect.fail(bodyError(error)),
    onSuccess: Option.match({
      onNone: () =>
        Effect.fail(
          new UnexpectedResponse({
            operation: "call",
            status: response.status,
            reason: "TooLarge",
            issues: []
          })
        ),
      onSome: (bytes) => Effect.succeed(new SealedResponse(new BufferedResponse(response, bytes)))
    })
  })

interface Pipeline extends CallServices {
  readonly health: HealthRecord
  readonly throttle: Throttle.Throttle
  readonly degradationThrottle: Throttle.Throttle
  readonly repetition: Omit<Repetition<ProtectedCallError>, "mayRepeat">
}

/** Whose token calls carry, and whether they are made for that device: with its headers, at the pace of its address. */
interface Speaker {
  readonly deviceOf: (context: Context.Context<never>) => Device
  readonly isDevice: boolean
}

/** `CurrentDevice` is in the requirements of these calls. */
const forDevice: Speaker = { deviceOf: Context.unsafeGet(CurrentDevice), isDevice: true }

/** `CurrentInstance` is in the requirements of these calls. */
const forInstance: Speaker = { deviceOf: Context.unsafeGet(CurrentInstance), isDevice: false }

const noHeaders: Call["deviceHeaders"] = {}

const degradation = /^\/control\/[^/]+\/degradation\//

const paceOf = (
  { application, degradationThrottle, throttle }: Pipeline,
  { api, path }: Target,
  ip: Device["ip"]
) => {
  if (api !== "management") return { throttle, key: throttleKey(application, ip), shortestHold: 1000 }
  return degradation.test(path)
    ? { throttle: degradationThrottle, key: application.environment.mgmt, shortestHold: 60_000 }
    : undefined
}

/** The call of a request. */
const prepare = (
  pipeline: Pipeline,
  input: HttpClientRequest.HttpClientRequest,
  device: Device,
  isForDevice: boolean,
  startedAt: number
): Either.Either<Call, FailedAttempt> => {
  const found = target(pipeline.application.environment, input)
  if (Either.isLeft(found)) return Either.left(withoutResponse(found.left))
  const { api, request } = found.right
  return Either.right({
    request,
    api,
    device,
    deviceHeaders: isForDevice && api !== "management" ? Redacted.value(device.callHeaders) : noHeaders,
    pace: paceOf(pipeline, found.right, isForDevice ? device.ip : undefined),
    startedAt,
    renewals: 0,
    pauses: 0
  })
}

/** What follows when the first attempt of a call has failed. */
const repeated = (
  pipeline: Pipeline,
  call: Call,
  failure: Failure,
  clock: Clock.Clock
): Effect.Effect<Response, FailedAttempt> =>
  Effect.flatMap(Repeatable, (always) =>
    repeatingAfter(
      failed(call, failure, 1),
      (attempts) => attempt(pipeline, call, attempts),
      { ...pipeline.repetition, mayRepeat: (error) => mayRepeat(call.request, always, error) },
      call.startedAt + pipeline.budget,
      clock
    )
  )

const count = (fiber: Fiber.RuntimeFiber<unknown, unknown>, outcome: string) =>
  Metrics.calls.unsafeUpdate(outcome, fiber.getFiberRef(FiberRef.currentMetricLabels))

const outcomesOf = ({ health }: Pipeline, { api }: Call) => (api === "management" ? health.mgmt : health.sp)

/** Notes what a failed call says about the service that was called. */
const noteFailure = (pipeline: Pipeline, call: Call, failed: FailedAttempt, clock: Clock.Clock): void => {
  const verdict = failureOf(failed)
  if (verdict === "NotAsked") return
  const outcomes = outcomesOf(pipeline, call)
  const at = clock.unsafeCurrentTimeMillis()
  if (verdict === "Answered") outcomes.succeeded(at)
  else outcomes.failed({ error: verdict }, at)
}

const succeed = (
  fiber: Fiber.RuntimeFiber<unknown, unknown>,
  response: Response
): Effect.Effect<Response> => {
  count(fiber, String(response.status))
  return Effect.succeed(new SealedResponse(response))
}

/** A client that turns a failed attempt into a response or an error with `recover`, and counts its calls. */
const clientOf = <R, E extends { readonly _tag: string }>(
  pipeline: Pipeline,
  { deviceOf, isDevice }: Speaker,
  recover: (failed: FailedAttempt) => Either.Either<Response, E>
): HttpClient.HttpClient.With<E, R> => {
  const fail = (fiber: Fiber.RuntimeFiber<unknown, unknown>, failed: FailedAttempt) =>
    Either.match(recover(failed), {
      onLeft: (error) => {
        count(fiber, error._tag)
        return Effect.fail(error)
      },
      onRight: (response) => succeed(fiber, response)
    })
  // Hot path: each step of the fiber's run loop costs about 0.1 us, so it takes few.
  const execute = (request: HttpClientRequest.HttpClientRequest) =>
    Effect.withFiberRuntime<Response, E, R>((fiber) => {
      const clock = Context.get(fiber.currentDefaultServices, Clock.Clock)
      const startedAt = clock.unsafeCurrentTimeMillis()
      const prepared = prepare(pipeline, request, deviceOf(fiber.currentContext), isDevice, startedAt)
      if (Either.isLeft(prepared)) return withSpan(fiber, request.method, fail(fiber, prepared.left))
      const call = prepared.right
      const first = Effect.flatMap(send(pipeline, call, 1), (response) => {
        pipeline.repetition.quota.refund(0)
        // When the call was started: the clock is not read again.
        outcomesOf(pipeline, call).succeeded(call.startedAt)
        return succeed(fiber, response)
      })
      const whole = caught(first, (failure) =>
        Effect.matchEffect(repeated(pipeline, call, failure, clock), {
          onSuccess: (response) => {
            outcomesOf(pipeline, call).succeeded(call.startedAt)
            return succeed(fiber, response)
          },
          onFailure: (failed) => {
            noteFailure(pipeline, call, failed, clock)
            return fail(fiber, failed)
          }
        })
      )
      return withSpan(fiber, request.method, whole)
    })
  // What is derived from the client goes through `makeWith`; a call of the client itself needs no step for that.
  return Object.assign(HttpClient.makeWith<never, never, E, R>(Effect.flatMap(execute), Effect.succeed), {
    execute
  })
}

const callsOf = <R>(pipeline: Pipeline, speaker: Speaker): Calls<R> =>
  Object.assign(
    clientOf<R, ProtectedCallError>(pipeline, speaker, ({ error }) => Either.left(error)),
    {
      raw: clientOf<R, RawCallError>(pipeline, speaker, ({ raw }) => raw),
      itemError: (error: EnhancedError, request?: HttpClientRequest.HttpClientRequest) =>
        Effect.flatMap(Effect.context<R>(), (context) =>
          itemError(pipeline, speaker.deviceOf(context), error, request)
        )
    }
  )

/** Two calls at once and then one a minute: never more than two within any minute, which is what Adobe accepts. */
const degradationPace = { ...Options.throttle.fallback, rate: 1 / 60, burst: 1, replenish: "refill" } as const

/**
 * The protected client of the registered application; `InvalidInput` when an option cannot be used.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = (
  options: ProtectedClientOptions = {}
): Effect.Effect<
  ProtectedClient,
  InvalidInput,
  HttpClient.HttpClient | RegisteredApplication | RetryQuota | Sessions | Throttle.Throttle
> =>
  Effect.gen(function* () {
    const { missingScope, retry, timeout } = yield* Options.calls.check(options)
    const pipeline: Pipeline = {
      application: yield* RegisteredApplication,
      health: yield* currentHealth,
      sessions: yield* Sessions,
      throttle: yield* Throttle.Throttle,
      degradationThrottle: Throttle.makeLocal(degradationPace),
      send: sendWithin(yield* HttpClient.HttpClient, timeout),
      timeout,
      refusals: new RememberedRefusals(),
      budget: retry.budget,
      sendsWithoutScope: missingScope === "send",
      repetition: {
        schedule: RetrySchedule.fromChecked(retry),
        quota: yield* RetryQuota,
        budget: retry.budget
      }
    }
    return Object.assign(callsOf<CurrentDevice>(pipeline, forDevice), {
      withoutDevice: callsOf<CurrentInstance>(pipeline, forInstance)
    })
  })

/**
 * `make` as a layer.
 *
 * @since 0.1.0
 * @category layers
 */
export const layer = (options?: ProtectedClientOptions) => Layer.effect(ProtectedClient, make(options))
