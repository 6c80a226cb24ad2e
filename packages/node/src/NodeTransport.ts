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
import * as NodeHttpClient from "@effect/platform-node/NodeHttpClient"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import type * as Fiber from "effect/Fiber"
import * as FiberRef from "effect/FiberRef"
import { globalValue } from "effect/GlobalValue"
import * as Layer from "effect/Layer"
import type * as Scope from "effect/Scope"
import { InvalidInput } from "effect-adobe-pass/AdobePassError"
import * as Transport from "effect-adobe-pass/Transport"
import * as Undici from "undici"
import { Deadlines } from "./internal/deadlines.js"
import { type Settings, send } from "./internal/exchange.js"
import { Generations } from "./internal/generations.js"
import { cachedLookup } from "./internal/names.js"

/**
 * The pool, and how long anything in it may live.
 *
 * @since 0.1.0
 * @category models
 */
export interface Options {
  /** Connections per address; calls beyond them wait. While connections are renewed there may be twice as many. @default 64 */
  readonly connections?: number | undefined
  /** The longest time that making a connection may take. @default 5 seconds */
  readonly connectTimeout?: Duration.DurationInput | undefined
  /** How long an idle connection is kept, unless the server names another time. @default 4 seconds */
  readonly keepAlive?: Duration.DurationInput | undefined
  /** The age from which a connection is given no more calls; at most 30 seconds. @default 30 seconds */
  readonly maximumAge?: Duration.DurationInput | undefined
  /** How long a resolved address is used; at most 30 seconds. @default 30 seconds */
  readonly dnsTtl?: Duration.DurationInput | undefined
}

/**
 * The longest life of a connection and of a resolved address. Adobe moves traffic between data centres by DNS, and asks
 * its callers not to cache addresses for longer.
 *
 * @since 0.1.0
 * @category constants
 */
export const longestLife: Duration.Duration = Duration.seconds(30)

const invalid = (name: keyof Options, problem: string) =>
  new InvalidInput({ field: `transport.${name}`, problem })

const millis = (
  name: keyof Options,
  input: Duration.DurationInput,
  longest: Duration.Duration
): Effect.Effect<number, InvalidInput> => {
  const duration = Duration.decodeUnknown(input)
  return duration._tag === "Some" &&
    Duration.greaterThan(duration.value, Duration.zero) &&
    Duration.lessThanOrEqualTo(duration.value, longest)
    ? Effect.succeed(Duration.toMillis(duration.value))
    : Effect.fail(invalid(name, `must be longer than zero and at most ${Duration.format(longest)}`))
}

const limits = (options: Options) =>
  Effect.gen(function* () {
    const { connections = 64 } = options
    if (!Number.isInteger(connections) || connections < 1) {
      return yield* invalid("connections", "must be a whole number of at least 1")
    }
    return {
      connections,
      connectTimeout: yield* millis(
        "connectTimeout",
        options.connectTimeout ?? Duration.seconds(5),
        Duration.minutes(1)
      ),
      keepAlive: yield* millis("keepAlive", options.keepAlive ?? Duration.seconds(4), longestLife),
      maximumAge: yield* millis("maximumAge", options.maximumAge ?? longestLife, longestLife),
      dnsTtl: yield* millis("dnsTtl", options.dnsTtl ?? longestLife, longestLife)
    }
  })

/**
 * The dispatcher of undici that the layers use; it is destroyed with its scope.
 *
 * Connections are renewed by generations: after `maximumAge` new calls go to a new pool, and the old one ends with the
 * calls it has. (The `clientTtl` of undici's own pool lets a call hang when all its connections have come of age.)
 * Names are resolved by the system when a connection is made, and the answer is used for `dnsTtl`.
 *
 * @since 0.1.0
 * @category constructors
 */
export const makeDispatcher = (
  options: Options = {}
): Effect.Effect<Undici.Dispatcher, InvalidInput, Scope.Scope> =>
  Effect.gen(function* () {
    const { connectTimeout, connections, dnsTtl, keepAlive, maximumAge } = yield* limits(options)
    const clock = yield* Effect.clock
    const lookup = cachedLookup(clock, dnsTtl)
    const agent = () =>
      new Undici.Agent({
        connections,
        pipelining: 1,
        keepAliveTimeout: keepAlive,
        keepAliveMaxTimeout: maximumAge,
        connect: { timeout: connectTimeout, lookup }
      })
    return yield* Effect.acquireRelease(
      Effect.sync(() => new Generations(agent, clock, maximumAge)),
      (generations) => Effect.promise(() => generations.end())
    )
  })

const isTraced = (
  fiber: Fiber.RuntimeFiber<unknown, unknown>,
  request: HttpClientRequest.HttpClientRequest
): boolean =>
  fiber.getFiberRef(FiberRef.currentTracerEnabled) &&
  !fiber.getFiberRef(HttpClient.currentTracerDisabledWhen)(request)

/** Where `HttpClient.withScope` of the platform notes the requests that end with a scope. */
const scopedRequests = globalValue(
  "@effect/platform/HttpClient/scopedRequests",
  () => new WeakMap<HttpClientRequest.HttpClientRequest, AbortController>()
)

const sendTo = (
  settings: Settings,
  request: HttpClientRequest.HttpClientRequest
): ReturnType<typeof send> => {
  const url = UrlParams.makeUrl(request.url, request.urlParams, request.hash)
  return Either.isRight(url)
    ? send(settings, request, url.right)
    : Effect.fail(new HttpClientError.RequestError({ request, reason: "InvalidUrl", cause: url.left }))
}

/**
 * An `HttpClient` on a dispatcher of undici: a pool, a proxy, a mock.
 *
 * It speaks to the dispatcher directly: no promise, no `AbortController` and no stream of Node.js stands between a call
 * and its connection. What the platform's layer does it does too: interruption ends the connection, whether it waits
 * for the head of the answer or for its body; a body that is not read holds its connection back, and one that is
 * dropped gives it up; errors are `RequestError` before the head and `ResponseError` after it; a span is made and trace
 * headers are sent unless tracing is off. Redirects are not followed. The time limits of the library's own calls share
 * one timer, in real time.
 *
 * @since 0.1.0
 * @category constructors
 */
export const fromDispatcher = (dispatcher: Undici.Dispatcher): HttpClient.HttpClient => {
  const traced = HttpClient.make((request, url, signal) => send({ dispatcher, signal }, request, url))
  const bare = { dispatcher }
  return Transport.make(
    HttpClient.makeWith<never, never, HttpClientError.HttpClientError, never>(
      Effect.flatMap((request) =>
        Effect.withFiberRuntime<HttpClientResponse.HttpClientResponse, HttpClientError.HttpClientError>(
          (fiber) =>
            isTraced(fiber, request) || scopedRequests.has(request)
              ? traced.execute(request)
              : sendTo(bare, request)
        )
      ),
      Effect.succeed
    ),
    (timeout) => {
      const settings = { dispatcher, deadlines: new Deadlines(Duration.toMillis(timeout)) }
      return (request) => sendTo(settings, request)
    }
  )
}

/**
 * An `HttpClient` on pooled connections.
 *
 * A resolved address is used for at most 30 seconds, and a connection is given calls for at most 30 seconds, so traffic
 * has followed a change of Adobe's addresses after a minute. Redirects are not followed, and there is no time limit but
 * that of connecting: the library limits every attempt itself. Fails with `InvalidInput` when an option is out of
 * range. See `fromDispatcher`.
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
export const layer = (options: Options = {}): Layer.Layer<HttpClient.HttpClient, InvalidInput> =>
  Layer.scoped(HttpClient.HttpClient, Effect.map(makeDispatcher(options), fromDispatcher))

/**
 * The same pool under the `HttpClient` of `@effect/platform-node`, for who prefers it: each call takes about four times
 * as long.
 *
 * @since 0.1.0
 * @category layers
 */
export const layerPlatform = (options: Options = {}): Layer.Layer<HttpClient.HttpClient, InvalidInput> =>
  Layer.provide(
    NodeHttpClient.layerUndiciWithoutDispatcher,
    Layer.scoped(NodeHttpClient.Dispatcher, makeDispatcher(options))
  )
