/**
 * Pacing: Adobe Pass accepts one request per second and device IP, and a burst beyond it. Waiting is cheaper than an
 * answer of 429.
 *
 * @since 0.1.0
 */
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Layer from "effect/Layer"
import * as Metric from "effect/Metric"
import type { InvalidInput } from "./AdobePassError.js"
import { type Bucket, BucketMap } from "./internal/throttle/bucketMap.js"
import * as TokenBucket from "./internal/throttle/tokenBucket.js"
import * as WaitQueue from "./internal/throttle/waitQueue.js"
import { withClock } from "./internal/withClock.js"
import * as Metrics from "./Metrics.js"
import * as Options from "./Options.js"
import type * as Setting from "./Setting.js"

/**
 * How the bucket of a device IP behaves.
 *
 * @since 0.1.0
 * @category models
 */
export interface ThrottleOptions extends Setting.Input<typeof Options.throttle> {}

/**
 * The wait for a permit would be longer than `maxWait`. Nothing was reserved.
 *
 * @since 0.1.0
 * @category models
 */
export interface Overloaded {
  readonly _tag: "Overloaded"
  readonly waitMillis: number
}

/**
 * How a throttle stands. `mode` is `local` for one that paces by itself; one that shares buckets with other processes is
 * `shared`, and `alone` while these cannot be asked.
 *
 * @since 0.1.0
 * @category models
 */
export interface ThrottleStatus {
  readonly mode: "local" | "shared" | "alone"
  /** Buckets in memory. */
  readonly buckets: number
  /** Buckets that a 429 holds. */
  readonly held: number
  /** Requests that wait for a permit. */
  readonly waiting: number
  /** When the last 429 came, in milliseconds since the epoch. */
  readonly throttledAt: number | undefined
}

/**
 * The pacing of one process.
 *
 * Permits of a key are given first come, first served; `urgent` ones (token requests, repetitions) before the others.
 * When a waiter is interrupted, the next one takes its place. A permit that was given is spent, also when its caller is
 * interrupted before it sends: whether it has sent is not known, and an interval is all that it costs. A key costs a few
 * numbers, no fiber and no timer, and is forgotten when its bucket is full again.
 *
 * @since 0.1.0
 * @category models
 */
export interface Throttle {
  /** Waits for a permit; true when it had to wait. */
  readonly take: (
    key: string,
    options?: { readonly urgent?: boolean | undefined }
  ) => Effect.Effect<boolean, Overloaded>
  /**
   * The server answered 429: no permit is given for this key before `millis` (at least one second, at most
   * `longestHold`) have passed. Waiters keep their places, and fail if their wait is now longer than `maxWait`.
   */
  readonly hold: (key: string, millis: number) => Effect.Effect<void>
  /** Buckets in memory, for metrics and tests. */
  readonly size: Effect.Effect<number>
  /** How it stands now. Nobody is asked. */
  readonly status: Effect.Effect<ThrottleStatus>
}

/**
 * @since 0.1.0
 * @category tags
 */
export const Throttle: Context.Tag<Throttle, Throttle> = Context.GenericTag<Throttle>(
  "effect-adobe-pass/Throttle"
)

/**
 * The longest time, in milliseconds, for which an answer of the server holds a key: five minutes.
 *
 * @since 0.1.0
 * @category constants
 */
export const longestHold: number = TokenBucket.longestHold

/** @internal */
export const overloaded = (waitMillis: number): Effect.Effect<never, Overloaded> =>
  Effect.zipRight(
    Metric.increment(Metrics.overloaded),
    Effect.fail<Overloaded>({ _tag: "Overloaded", waitMillis })
  )

/** @internal */
export const waited = <E>(waiting: Effect.Effect<void, E>): Effect.Effect<boolean, E> =>
  Effect.as(Effect.zipLeft(waiting, Metric.increment(Metrics.throttleWaits)), true)

/** @internal */
export const limits = ({
  burst,
  rate,
  replenish
}: Setting.Checked<typeof Options.throttle>): TokenBucket.Limits => ({
  capacity: burst + 1,
  interval: 1000 / rate,
  replenish
})

/** The bucket of one process beside shared ones, which must agree to each permit that those give. @internal */
export interface LocalThrottle extends Throttle {
  /** The milliseconds until there may be a permit; zero when there is one, which is not taken. */
  readonly wait: (key: string) => Effect.Effect<number>
  /** Takes a permit, whether there is one or not. */
  readonly spend: (key: string) => Effect.Effect<void>
  /**
   * As `hold`, but learns nothing about the burst. The effect that it returns does: it is for a 429 that the shared
   * buckets, which know what others sent, were not told about.
   */
  readonly pause: (key: string, millis: number) => Effect.Effect<Effect.Effect<void>>
}

/** @internal */
export const makeLocal = (options: Setting.Checked<typeof Options.throttle>): LocalThrottle => {
  const { maxWait } = options
  const rules = limits(options)
  const buckets = new BucketMap(rules, options.maxKeys)
  const waiting: WaitQueue.Waiting = { count: 0 }
  let throttledAt: number | undefined

  /** Takes a permit and returns 0, or takes nothing and returns the milliseconds until there may be one. */
  const ask = (bucket: Bucket, ahead: number, now: number): number => {
    const millis = TokenBucket.wait(bucket.state, rules, ahead, now)
    if (millis > 0) return millis
    bucket.state = TokenBucket.spend(bucket.state)
    return 0
  }

  /** The attempt of the first in the queue. */
  const attempt = (key: string): Effect.Effect<number, Overloaded> =>
    withClock((clock) => {
      const now = clock.unsafeCurrentTimeMillis()
      const millis = ask(buckets.use(key, now), 0, now)
      return millis > maxWait ? overloaded(millis) : Effect.succeed(millis)
    })

  const pause = (key: string, millis: number): Effect.Effect<Effect.Effect<void>> =>
    withClock((clock) => {
      const now = clock.unsafeCurrentTimeMillis()
      const bucket = buckets.use(key, now)
      throttledAt = now
      const learns = TokenBucket.learnsFrom(bucket.state, rules, now)
      bucket.state = TokenBucket.hold(bucket.state, millis, now)
      const learn = Effect.sync(() => {
        if (learns) bucket.state = TokenBucket.spendForGood(bucket.state)
      })
      return Effect.as(Metric.increment(Metrics.throttled), learn)
    })

  return {
    take: (key, options) =>
      withClock((clock) => {
        const urgent = options?.urgent === true
        const now = clock.unsafeCurrentTimeMillis()
        const bucket = buckets.use(key, now)
        const millis = ask(bucket, WaitQueue.ahead(bucket.queue, urgent), now)
        if (millis === 0) return Effect.succeed(false)
        if (millis > maxWait) return overloaded(millis)
        const queue = () => buckets.use(key, clock.unsafeCurrentTimeMillis()).queue
        return waited(WaitQueue.join(queue, urgent, attempt(key), waiting))
      }),
    hold: (key, millis) => Effect.flatten(pause(key, millis)),
    pause,
    wait: (key) =>
      withClock((clock) => {
        const now = clock.unsafeCurrentTimeMillis()
        return Effect.succeed(Math.max(0, TokenBucket.wait(buckets.use(key, now).state, rules, 0, now)))
      }),
    spend: (key) =>
      withClock((clock) => {
        const bucket = buckets.use(key, clock.unsafeCurrentTimeMillis())
        bucket.state = TokenBucket.spend(bucket.state)
        return Effect.void
      }),
    size: Effect.sync(() => buckets.size),
    status: Effect.map(Clock.currentTimeMillis, (now) => ({
      mode: "local",
      buckets: buckets.size,
      held: buckets.held(now),
      waiting: waiting.count,
      throttledAt
    }))
  }
}

/**
 * A throttle; `InvalidInput` when an option cannot be used.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = (options: ThrottleOptions = {}): Either.Either<Throttle, InvalidInput> =>
  Either.map(Options.throttle.checkNames(options, "throttle"), makeLocal)

/**
 * `make` as a layer.
 *
 * @since 0.1.0
 * @category layers
 */
export const layer = (options: ThrottleOptions = {}): Layer.Layer<Throttle, InvalidInput> =>
  Layer.effect(
    Throttle,
    Effect.suspend(() => make(options))
  )
