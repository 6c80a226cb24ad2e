/**
 * The HTTP client for a server: pooled connections of undici that follow Adobe's addresses.
 *
 * @since 0.1.0
 */
import type * as HttpClient from "@effect/platform/HttpClient"
import * as NodeHttpClient from "@effect/platform-node/NodeHttpClient"
import type * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type * as Scope from "effect/Scope"
import { InvalidInput } from "effect-adobe-pass/AdobePassError"
import * as Undici from "undici"

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

/** Gives every request to the agent of the present generation. It needs neither a timer nor a fiber. */
class Generations extends Undici.Dispatcher {
  readonly #make: () => Undici.Agent
  readonly #clock: Clock.Clock
  readonly #maximumAge: number
  readonly #retiring = new Set<Undici.Agent>()
  #current: Undici.Agent
  #bornAt: bigint

  constructor(make: () => Undici.Agent, clock: Clock.Clock, maximumAge: number) {
    super()
    this.#make = make
    this.#clock = clock
    this.#maximumAge = maximumAge
    this.#current = make()
    this.#bornAt = clock.unsafeCurrentTimeNanos()
  }

  override dispatch(
    options: Undici.Dispatcher.DispatchOptions,
    handler: Undici.Dispatcher.DispatchHandler
  ): boolean {
    const now = this.#clock.unsafeCurrentTimeNanos()
    if (Number(now - this.#bornAt) / 1_000_000 >= this.#maximumAge) {
      this.#retire(this.#current)
      this.#current = this.#make()
      this.#bornAt = now
    }
    return this.#current.dispatch(options, handler)
  }

  /** Ends everything, also the calls that are under way. */
  async end(): Promise<void> {
    await Promise.all([this.#current, ...this.#retiring].map((agent) => agent.destroy()))
  }

  /** Lets an agent finish the calls it has. */
  #retire(agent: Undici.Agent): void {
    const gone = () => this.#retiring.delete(agent)
    this.#retiring.add(agent)
    // It is rejected only when `end` destroys the agent before it is done.
    agent.close().then(gone, gone)
  }
}

/**
 * The dispatcher of undici that `layer` uses; it is destroyed with its scope.
 *
 * Connections are renewed by generations: after `maximumAge` new calls go to a new pool, and the old one ends with the
 * calls it has. (The `clientTtl` of undici's own pool lets a call hang when all its connections have come of age.)
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
    const agent = () =>
      new Undici.Agent({
        connections,
        pipelining: 1,
        keepAliveTimeout: keepAlive,
        keepAliveMaxTimeout: maximumAge,
        connect: { timeout: connectTimeout }
      })
    const generations = yield* Effect.acquireRelease(
      Effect.sync(() => new Generations(agent, clock, maximumAge)),
      (generations) => Effect.promise(() => generations.end())
    )
    return generations.compose(Undici.interceptors.dns({ maxTTL: dnsTtl }))
  })

/**
 * An `HttpClient` on pooled connections.
 *
 * A resolved address is used for at most 30 seconds, and a connection is given calls for at most 30 seconds, so traffic
 * has followed a change of Adobe's addresses after a minute. Redirects are not followed, and there is no time limit but
 * that of connecting: the library limits every attempt itself. Fails with `InvalidInput` when an option is out of
 * range.
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
  Layer.provide(
    NodeHttpClient.layerUndiciWithoutDispatcher,
    Layer.scoped(NodeHttpClient.Dispatcher, makeDispatcher(options))
  )
