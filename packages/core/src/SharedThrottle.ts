/**
 * Pacing by several processes together.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Metric from "effect/Metric"
import type { InvalidInput } from "./AdobePassError.js"
import { hardTimeout } from "./internal/hardTimeout.js"
import type * as TokenBucket from "./internal/throttle/tokenBucket.js"
import * as WaitQueue from "./internal/throttle/waitQueue.js"
import { withClock } from "./internal/withClock.js"
import * as Metrics from "./Metrics.js"
import * as Options from "./Options.js"
import type * as Setting from "./Setting.js"
import type { BackendFailure } from "./StoreBackend.js"
import {
  type LocalThrottle,
  limits,
  longestHold,
  makeLocal,
  type Overloaded,
  overloaded,
  type Throttle,
  waited
} from "./Throttle.js"

/**
 * How a shared bucket behaves: `capacity` permits at once, and one more after each `interval` (milliseconds).
 *
 * @since 0.1.0
 * @category models
 */
export interface BucketLimits {
  readonly capacity: number
  readonly interval: number
  readonly replenish: "learn" | "refill" | "once"
}

/**
 * Buckets that several processes share. Time is the time of whatever keeps them, so the clocks of the nodes may differ.
 *
 * @since 0.1.0
 * @category models
 */
export interface SharedBuckets {
  /**
   * One atomic step: takes a permit and answers with zero, or takes nothing and answers with the milliseconds until
   * there may be one.
   */
  readonly take: (key: string, limits: BucketLimits) => Effect.Effect<number, BackendFailure>
  /** Holds a key for some milliseconds from now, see `Throttle.hold`. */
  readonly hold: (key: string, millis: number, limits: BucketLimits) => Effect.Effect<void, BackendFailure>
}

/**
 * Options of a shared throttle.
 *
 * @since 0.1.0
 * @category models
 */
export interface SharedThrottleOptions extends Setting.Input<typeof Options.sharedThrottle> {}

/** The shared buckets, and whether they can be asked at the moment. */
class Availability {
  #awayUntil = Number.NEGATIVE_INFINITY
  readonly #timeout: number
  readonly #pause: number

  constructor(timeout: number, pause: number) {
    this.#timeout = timeout
    this.#pause = pause
  }

  /** Whether the last question got no answer. */
  get isAway(): boolean {
    return this.#awayUntil !== Number.NEGATIVE_INFINITY
  }

  /** Asks unless the buckets failed lately. One caller asks whether they are back; the others do not wait for it. */
  ask<A>(question: Effect.Effect<A, BackendFailure>): Effect.Effect<A, BackendFailure> {
    return withClock((clock) => {
      const now = clock.unsafeCurrentTimeMillis()
      const left = this.#awayUntil - now
      // A longer pause is never set, so the clock was set back.
      if (left > 0 && left <= this.#pause) return Effect.fail<BackendFailure>({ reason: "Unavailable" })
      if (this.#awayUntil !== Number.NEGATIVE_INFINITY) this.#awayUntil = now + this.#pause
      return question.pipe(
        hardTimeout(this.#timeout, (): BackendFailure => ({ reason: "Timeout" })),
        Effect.tapBoth({
          onSuccess: () =>
            Effect.sync(() => {
              this.#awayUntil = Number.NEGATIVE_INFINITY
            }),
          onFailure: () =>
            Effect.sync(() => {
              this.#awayUntil = clock.unsafeCurrentTimeMillis() + this.#pause
            })
        })
      )
    })
  }
}

/**
 * A permit to which this process's own bucket and the shared one agree; the own one alone while the shared buckets
 * cannot be asked. So what a process sent meanwhile still counts when they are back.
 */
const attempt = (
  ask: Effect.Effect<number, BackendFailure>,
  local: LocalThrottle,
  key: string,
  maxWait: number
): Effect.Effect<number, Overloaded> => {
  const ifServed = (millis: number, take: Effect.Effect<void>): Effect.Effect<number, Overloaded> =>
    millis > maxWait ? overloaded(millis) : millis > 0 ? Effect.succeed(millis) : Effect.as(take, 0)
  const spend = local.spend(key)
  const alone = Effect.zipRight(spend, Metric.increment(Metrics.throttleFallbacks))
  return Effect.flatMap(local.wait(key), (own) =>
    own > 0
      ? ifServed(own, Effect.void)
      : Effect.matchEffect(ask, {
          onSuccess: (millis) => ifServed(millis, spend),
          // The bucket may have been held while the shared ones were asked.
          onFailure: () => Effect.flatMap(local.wait(key), (millis) => ifServed(millis, alone))
        })
  )
}

/** The wait queue of each key that has waiters. */
class WaitQueues {
  readonly #queues = new Map<string, WaitQueue.WaitQueue>()
  readonly waiting: WaitQueue.Waiting = { count: 0 }

  get(key: string): WaitQueue.WaitQueue {
    return this.#queues.get(key) ?? WaitQueue.make()
  }

  /** Waits until it is served; true when an attempt had to be repeated. */
  join<E>(key: string, urgent: boolean, attempt: Effect.Effect<number, E>): Effect.Effect<boolean, E> {
    let repeated = false
    const find = () => {
      const queue = this.get(key)
      this.#queues.set(key, queue)
      return queue
    }
    const counted = Effect.tap(attempt, (millis) => {
      if (millis > 0) repeated = true
    })
    return WaitQueue.join(find, urgent, counted, this.waiting).pipe(
      Effect.ensuring(
        Effect.sync(() => {
          if (WaitQueue.isEmpty(this.get(key))) this.#queues.delete(key)
        })
      ),
      Effect.map(() => repeated)
    )
  }
}

const build = (buckets: SharedBuckets, checked: Setting.Checked<typeof Options.sharedThrottle>): Throttle => {
  const rules: TokenBucket.Limits = limits(checked)
  const local = makeLocal(checked)
  const shared = new Availability(checked.timeout, checked.pause)
  const queues = new WaitQueues()
  return {
    take: (key, { urgent = false } = {}) =>
      Effect.suspend(() => {
        const millis = WaitQueue.ahead(queues.get(key), urgent) * rules.interval
        if (millis > checked.maxWait) return overloaded(millis)
        const ask = shared.ask(buckets.take(key, rules))
        return Effect.flatMap(
          queues.join(key, urgent, attempt(ask, local, key, checked.maxWait)),
          (repeated) => (repeated ? waited(Effect.void) : Effect.succeed(false))
        )
      }),
    hold: (key, millis) =>
      Effect.flatMap(local.pause(key, millis), (learn) =>
        Effect.catchAll(
          shared.ask(buckets.hold(key, Math.min(Math.max(1000, millis), longestHold), rules)),
          () => learn
        )
      ),
    size: local.size,
    status: Effect.map(local.status, (status) => ({
      ...status,
      mode: shared.isAway ? "alone" : "shared",
      waiting: queues.waiting.count
    }))
  }
}

/**
 * A throttle over buckets that several processes share; `InvalidInput` when an option cannot be used.
 *
 * Permits of a key are given first come, first served within a process; between processes the first one that asks gets
 * the next permit. Nothing is reserved, so a process that dies or a waiter that is interrupted takes no permit along.
 *
 * A permit needs the agreement of the process's own bucket, too. While the shared buckets cannot be reached or are too
 * slow, that one decides alone, and when they are back, it still counts what was sent meanwhile.
 * A device that several processes speak for may then see some answers of 429. Each permit given so is counted in
 * `adobe_pass_throttle_fallbacks_total`. Nothing is ever sent without pacing.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = (
  buckets: SharedBuckets,
  options: SharedThrottleOptions = {}
): Either.Either<Throttle, InvalidInput> =>
  Either.map(Options.sharedThrottle.checkNames(options, "throttle"), (checked) => build(buckets, checked))
