/**
 * What an `HttpClient` can do for the library beyond sending requests.
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
import type * as Duration from "effect/Duration"
import type * as Effect from "effect/Effect"
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
 * Sends one request, bare: without a span, without trace headers, without following redirects.
 *
 * When the head of the answer does not come within the time limit, the connection is ended and the effect fails with a
 * `RequestError` whose `cause` is a `TimeoutException` of `effect/Cause`. That also holds where the caller cannot be
 * interrupted. An interruption ends the connection.
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
