/**
 * What a transport tells the library: time limits, the reasons of failures, and how long a body may pause.
 *
 * Every `HttpClient` works. One that is a `Transport` too ends an attempt at its time limit by itself; for any other the
 * library runs each attempt in a fiber of its own, which costs two fibers and a timer per call.
 *
 * @since 0.1.0
 */
import type * as HttpClient from "@effect/platform/HttpClient"
import type * as HttpClientError from "@effect/platform/HttpClientError"
import type * as HttpClientRequest from "@effect/platform/HttpClientRequest"
import type * as HttpClientResponse from "@effect/platform/HttpClientResponse"
import * as Context from "effect/Context"
import * as Data from "effect/Data"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Predicate from "effect/Predicate"

/**
 * @since 0.1.0
 * @category symbols
 */
export const TypeId: unique symbol = Symbol.for("effect-adobe-pass/Transport")

/**
 * @since 0.1.0
 * @category symbols
 */
export type TypeId = typeof TypeId

/**
 * What a transport knows about a failure: the `cause` of its `RequestError` or `ResponseError`.
 *
 * `NotConnected`: the request was not given to any connection, so the server received nothing. `ConnectionLost`: it
 * was, and the connection broke. `Stalled`: the body of the answer began, and no more of it came within the time limit.
 * `Encoding`: the body cannot be decoded; `code` names its encoding.
 *
 * For any other cause the library judges by the properties that errors of Node.js have.
 *
 * @since 0.1.0
 * @category errors
 */
export class Failure extends Data.TaggedError("TransportFailure")<{
  readonly reason: "NotConnected" | "ConnectionLost" | "Stalled" | "Encoding"
  /** A word in the alphabet of system codes. The library looks for one in `cause` when it is absent. */
  readonly code?: string | undefined
  readonly cause?: unknown
}> {
  override get message(): string {
    return this.code === undefined ? this.reason : `${this.reason} [${this.code}]`
  }
}

/**
 * The longest pause between two pieces of a body. `undefined`, which is the default, means 30 seconds, or the time limit
 * of an attempt where that is shorter. See `withBodyTimeout`.
 *
 * @since 0.1.0
 * @category references
 */
export class BodyTimeout extends Context.Reference<BodyTimeout>()("effect-adobe-pass/Transport/BodyTimeout", {
  defaultValue: (): Duration.Duration | undefined => undefined
}) {}

/** Limits of a pause: none is endless, and the longest is that of a timer. */
const pauses = { minimum: Duration.millis(1), maximum: Duration.millis(2 ** 31 - 1) }

/**
 * Sets the longest pause between two pieces of the bodies that an effect waits for: at least a millisecond, at most 24
 * days. What is no duration sets nothing, and the default holds.
 *
 * @example
 * ```ts
 * import { Effect, Stream } from "effect"
 * import { ProtectedClient, Transport } from "effect-adobe-pass"
 *
 * const report = Effect.gen(function* () {
 *   const adobe = yield* ProtectedClient.ProtectedClient
 *   const response = yield* adobe.get("/esm/v3/media-company/year/month.csv")
 *   yield* Stream.runDrain(response.stream)
 * }).pipe(Transport.withBodyTimeout("5 minutes"))
 * ```
 *
 * @since 0.1.0
 * @category combinators
 */
export const withBodyTimeout = (
  timeout: Duration.DurationInput
): (<A, E, R>(effect: Effect.Effect<A, E, R>) => Effect.Effect<A, E, R>) =>
  Effect.provideService(
    BodyTimeout,
    Option.getOrUndefined(Option.map(Duration.decodeUnknown(timeout), Duration.clamp(pauses)))
  )

/**
 * Sends one request, bare: without a span, without trace headers, without following redirects.
 *
 * When the head of the answer does not come within the time limit, the connection is ended and the effect fails with a
 * `RequestError` whose `cause` is a `TimeoutException` of `effect/Cause`. The wait for a connection has the same limit,
 * and ends with a `Failure` whose reason is `NotConnected`. That also holds where the caller cannot be interrupted. An
 * interruption ends the connection. A body that stalls ends its connection, see `BodyTimeout`.
 *
 * @since 0.1.0
 * @category models
 */
export type Send = (
  request: HttpClientRequest.HttpClientRequest
) => Effect.Effect<HttpClientResponse.HttpClientResponse, HttpClientError.HttpClientError>

/**
 * An `HttpClient` with time limits of its own.
 *
 * @since 0.1.0
 * @category models
 */
export interface Transport extends HttpClient.HttpClient {
  /** Called once for each time limit that is needed. */
  readonly [TypeId]: (timeout: Duration.Duration) => Send
}

/**
 * @since 0.1.0
 * @category guards
 */
export const isTransport = (client: HttpClient.HttpClient): client is Transport =>
  Predicate.hasProperty(client, TypeId)

/**
 * An `HttpClient` with a way to send bare requests within a time limit. A client that is derived from it with the
 * combinators of `HttpClient` is an `HttpClient` and no more.
 *
 * @example
 * ```ts
 * import { Effect } from "effect"
 * import { Transport } from "effect-adobe-pass"
 *
 * // Something around a transport, which stays one.
 * const logged = (transport: Transport.Transport) =>
 *   Transport.make(transport, (timeout) => {
 *     const send = transport[Transport.TypeId](timeout)
 *     return (request) => Effect.tap(send(request), ({ status }) => Effect.logDebug(request.method, status))
 *   })
 * ```
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = (
  client: HttpClient.HttpClient,
  limited: (timeout: Duration.Duration) => Send
): Transport => Object.assign(Object.create(Object.getPrototypeOf(client)), client, { [TypeId]: limited })
