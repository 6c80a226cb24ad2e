/**
 * The HTTP client for a server: pooled connections of undici that follow Adobe's addresses.
 *
 * @since 0.1.0
 */
import * as HttpClient from "@effect/platform/HttpClient"
import * as HttpClientError from "@effect/platform/HttpClientError"
import type * as HttpClientRequest from "@effect/platform/HttpClientRequest"
import type * as HttpClientResponse from "@effect/platform/HttpClientResponse"
import * as UrlParams from "@effect/platform/UrlParams"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import type * as Fiber from "effect/Fiber"
import * as FiberRef from "effect/FiberRef"
import { globalValue } from "effect/GlobalValue"
import * as Layer from "effect/Layer"
import type * as Scope from "effect/Scope"
import type { InvalidInput } from "effect-adobe-pass/AdobePassError"
import * as Setting from "effect-adobe-pass/Setting"
import * as Transport from "effect-adobe-pass/Transport"
import * as Undici from "undici"
import { cachedLookup } from "./internal/dnsCache.js"
import { poolFactory } from "./internal/pool.js"
import { type Proxies, proxiesOf, proxyAgent } from "./internal/proxies.js"
import { RenewingAgent } from "./internal/renewingAgent.js"
import { type SendOptions, send } from "./internal/request.js"
import type { BodyLimits } from "./internal/responseBody.js"
import { TimeoutList } from "./internal/timeoutList.js"

/**
 * The connection pool.
 *
 * Adobe moves traffic between data centres by DNS and asks its callers not to cache addresses for more than 30 seconds,
 * so no resolved address is used for longer, and no connection gets requests for longer.
 *
 * @since 0.1.0
 * @category groups
 */
export const options = Setting.group({
  /** Connections per address; requests beyond them wait. Twice as many while connections are renewed. @default 64 */
  connections: Setting.integer({ minimum: 1, default: 64 }),
  /** Limit of opening a connection; at most 1 minute. @default 5 seconds */
  connectTimeout: Setting.duration("5 seconds", { maximum: "1 minute" }),
  /** How long an idle connection is kept, unless the server says otherwise; at most 30 seconds. @default 4 seconds */
  keepAlive: Setting.duration("4 seconds", { maximum: "30 seconds" }),
  /** The age at which a connection gets no more requests; at most 30 seconds. @default 30 seconds */
  maximumAge: Setting.duration("30 seconds", { maximum: "30 seconds" }),
  /** How long a resolved address is used; at most 30 seconds. @default 30 seconds */
  dnsTtl: Setting.duration("30 seconds", { maximum: "30 seconds" }),
  /** `environment`: through the proxies that `HTTPS_PROXY`, `HTTP_PROXY` and `NO_PROXY` name. @default "environment" */
  proxy: Setting.literal(
    ["environment", "none"],
    "environment",
    "must be environment or none; the proxy itself is set in HTTPS_PROXY"
  )
})

/**
 * What a caller writes for the connection pool.
 *
 * @since 0.1.0
 * @category models
 */
export interface TransportOptions extends Setting.Input<typeof options> {}

const makeAgent =
  (
    { connectTimeout, connections, keepAlive, maximumAge }: Setting.Checked<typeof options>,
    lookup: ReturnType<typeof cachedLookup>,
    proxies: Proxies | undefined
  ) =>
  (pools: Set<Undici.Dispatcher>): Undici.Dispatcher => {
    const pool = {
      connections,
      pipelining: 1,
      keepAliveTimeout: keepAlive,
      keepAliveMaxTimeout: maximumAge,
      connect: { timeout: connectTimeout, lookup }
    }
    const factory = poolFactory(pools)
    return proxies === undefined ? new Undici.Agent({ ...pool, factory }) : proxyAgent(proxies, pool, factory)
  }

/**
 * The dispatcher of undici that the layers use; it is destroyed with its scope.
 *
 * After `maximumAge` new requests go to a new pool, and the old pool closes when its last request ends. (With the
 * `clientTtl` of undici's own pool a request hangs when all connections are too old.) The system resolves a name when a
 * connection is opened; the result is cached for `dnsTtl`. Both hold for connections through proxies, too.
 *
 * @since 0.1.0
 * @category constructors
 */
export const makeDispatcher = (
  input?: TransportOptions
): Effect.Effect<Undici.Dispatcher, InvalidInput, Scope.Scope> =>
  Effect.gen(function* () {
    const checked = yield* options.checkNames(input, "transport")
    const clock = yield* Effect.clock
    const lookup = cachedLookup(clock, checked.dnsTtl)
    const proxies = checked.proxy === "none" ? undefined : yield* proxiesOf(process.env)
    return yield* Effect.acquireRelease(
      Effect.sync(() => new RenewingAgent(makeAgent(checked, lookup, proxies), clock, checked.maximumAge)),
      (agent) => Effect.promise(() => agent.end())
    )
  })

const isTraced = (
  fiber: Fiber.RuntimeFiber<unknown, unknown>,
  request: HttpClientRequest.HttpClientRequest
): boolean =>
  fiber.getFiberRef(FiberRef.currentTracerEnabled) &&
  !fiber.getFiberRef(HttpClient.currentTracerDisabledWhen)(request)

/** The requests that `HttpClient.withScope` of the platform ends with a scope. */
const scopedRequests = globalValue(
  "@effect/platform/HttpClient/scopedRequests",
  () => new WeakMap<HttpClientRequest.HttpClientRequest, AbortController>()
)

const sendBare = (sendOptions: SendOptions, request: HttpClientRequest.HttpClientRequest) => {
  const url = UrlParams.makeUrl(request.url, request.urlParams, request.hash)
  return Either.isRight(url)
    ? send(sendOptions, request, url.right)
    : Effect.fail(new HttpClientError.RequestError({ request, reason: "InvalidUrl", cause: url.left }))
}

/** The longest pause between two pieces of a body. */
const longestPause = Duration.toMillis("30 seconds")

/** How long a body may wait for its reader. */
const longestWait = Duration.toMillis("5 seconds")

/** The limits of bodies where an attempt has `timeout` milliseconds: an unread one must not use those of others up. */
const bodyLimits = (timeout: number): BodyLimits => ({
  idle: new TimeoutList(Math.min(longestPause, timeout)),
  unread: new TimeoutList(Math.min(longestWait, timeout / 2))
})

/** A client that takes the platform's path, with its span and its `AbortController`, only where a request needs it. */
const makeClient = (dispatcher: Undici.Dispatcher): HttpClient.HttpClient => {
  const sendOptions = { dispatcher, limits: bodyLimits(Number.POSITIVE_INFINITY) }
  const platform = HttpClient.make((request, url, signal) => send({ ...sendOptions, signal }, request, url))
  return HttpClient.makeWith<never, never, HttpClientError.HttpClientError, never>(
    Effect.flatMap((request) =>
      Effect.withFiberRuntime<HttpClientResponse.HttpClientResponse, HttpClientError.HttpClientError>(
        (fiber) =>
          isTraced(fiber, request) || scopedRequests.has(request)
            ? platform.execute(request)
            : sendBare(sendOptions, request)
      )
    ),
    Effect.succeed
  )
}

/**
 * An `HttpClient` on a dispatcher of undici, such as a pool, a proxy, or a mock.
 *
 * It gives requests to the dispatcher directly, without a promise, an `AbortController` or a stream of Node.js, and
 * behaves like the platform's client: an interruption ends the connection, before the head of the response and during
 * its body; errors are `RequestError` before the head and `ResponseError` after it, with a `Transport.Failure` as cause;
 * a span is made and trace headers are sent unless tracing is off. It does not follow redirects.
 *
 * Bodies in gzip, deflate and br are decoded. A body ends its connection when no piece comes for 30 seconds (see
 * `Transport.withBodyTimeout`), and when nobody asks for it within 5 seconds while it is longer than 64 KiB or still
 * arrives. Time limits share a few timers and are measured in real time.
 *
 * @since 0.1.0
 * @category constructors
 */
export const fromDispatcher = (dispatcher: Undici.Dispatcher): Transport.Transport =>
  Transport.make(makeClient(dispatcher), (timeout) => {
    const millis = Duration.toMillis(timeout)
    const sendOptions = { dispatcher, limits: bodyLimits(millis), timeouts: new TimeoutList(millis) }
    return (request) => sendBare(sendOptions, request)
  })

/**
 * An `HttpClient` on pooled connections.
 *
 * After a change of Adobe's addresses all requests use the new ones within a minute. Redirects are not followed.
 * Connecting and bodies have time limits, and the library limits every attempt itself. Fails with `InvalidInput` when an
 * option cannot be used. See `fromDispatcher`.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = (
  input?: TransportOptions
): Effect.Effect<Transport.Transport, InvalidInput, Scope.Scope> =>
  Effect.map(makeDispatcher(input), fromDispatcher)

/**
 * `make` as a layer.
 *
 * @example
 * ```ts
 * import { NodeTransport } from "effect-adobe-pass-node"
 *
 * const transport = NodeTransport.layer({ connections: 256, maximumAge: "20 seconds" })
 * ```
 *
 * @since 0.1.0
 * @category layers
 */
export const layer = (input?: TransportOptions): Layer.Layer<HttpClient.HttpClient, InvalidInput> =>
  Layer.scoped(HttpClient.HttpClient, make(input))
