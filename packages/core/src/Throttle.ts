/**
 * Pacing: Adobe Pass lets each device IP make 10 requests at once and 1 per second after that. Staying below is
 * cheaper than being told.
 *
 * @since 0.1.0
 */
import * as Context from "effect/Context"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import { constFalse, identity } from "effect/Function"
import * as Layer from "effect/Layer"
import * as Metric from "effect/Metric"
import * as Schedule from "effect/Schedule"
import { InvalidInput } from "./AdobePassError.js"
import type { BackendFailure } from "./CredentialStore.js"
import { positiveDuration } from "./internal/limits.js"
import * as Line from "./internal/line.js"
import { Recent } from "./internal/recent.js"
import { withClock } from "./internal/withClock.js"
import { within } from "./internal/within.js"
import * as Metrics from "./Metrics.js"

/**
 * How the bucket of a device IP behaves.
 *
 * @since 0.1.0
 * @category models
 */
export interface Options {
  /** Requests that may be made at once. @default 10 */
  readonly burst?: number | undefined
  /** Time after which one more request may be made. @default 1 second */
  readonly interval?: Duration.DurationInput | undefined
  /**
   * Whether the burst comes back after a pause. `refill`: it does, one per interval. `never`: it is spent once.
   * `learn`: it does, until a 429 arrives while the bucket thought it had credit; from then on that bucket's burst is
   * taken as spent. @default "learn"
   */
  readonly replenish?: "learn" | "refill" | "never" | undefined
  /** A call that would have to wait longer fails with `Throttled` at once; `Duration.infinity` lets all wait. @default 1 minute */
  readonly maxWait?: Duration.DurationInput | undefined
  /** Buckets remembered at most, those in use aside; the longest unused are forgotten first. @default 100_000 */
  readonly maxKeys?: number | undefined
}

/**
 * The wait for a permit would be longer than `maxWait`: nothing was reserved.
 *
 * @since 0.1.0
 * @category models
 */
export interface Overloaded {
  readonly _tag: "Overloaded"
  readonly waitMillis: number
}

/**
 * The pacing of one process.
 *
 * Permits of a key are given first come, first served; `urgent` ones (token requests, repetitions) before the others.
 * An interrupted waiter gives its place to the next. A key costs a few numbers, no fiber and no timer, and is
 * forgotten when it is full again.
 *
 * @since 0.1.0
 * @category tags
 */
export class Throttle extends Context.Tag("effect-adobe-pass/Throttle")<
  Throttle,
  {
    /** Waits for a permit; true when it had to wait. */
    readonly take: (
      key: string,
      options?: { readonly urgent?: boolean | undefined }
    ) => Effect.Effect<boolean, Overloaded>
    /**
     * A permit, if there is one at this time (in milliseconds) without waiting, and without asking anybody: a plain
     * function, for what cannot afford the steps of an effect. Where it answers false, nothing has changed, and `take`
     * is asked.
     */
    readonly takeNow: (
      key: string,
      now: number,
      options?: { readonly urgent?: boolean | undefined }
    ) => boolean
    /**
     * The server answered 429: no permit is given for this key before `millis` (at least one second, at most
     * `longestHold`) have passed.
     * Whoever waits keeps its place, and fails if that is now longer than `maxWait`.
     */
    readonly hold: (key: string, millis: number) => Effect.Effect<void>
    /** Buckets in memory, for metrics and tests. */
    readonly size: Effect.Effect<number>
  }
>() {}

interface Bucket {
  credit: number
  at: number
  heldUntil: number
  /** Whether the burst came back so far; false once it is known to be spent for good. */
  refills: boolean
  readonly line: Line.Line
  movedAt: number
}

/**
 * The longest time, in milliseconds, for which an answer of the server holds a key: five minutes.
 *
 * @since 0.1.0
 * @category constants
 */
export const longestHold = 300_000

/** For this long after a hold, 429s are late answers of the burst that caused it. */
const aftermath = 10_000

/** Half a millisecond of rounding must not cost a whole one. */
const epsilon = 1e-6

/** The options, checked and with their defaults. */
interface Limits {
  readonly burst: number
  readonly interval: number
  readonly replenish: "learn" | "refill" | "never"
  readonly maxWait: number
  readonly maxKeys: number
}

const limits = (options: Options): Either.Either<Limits, InvalidInput> =>
  Either.gen(function* () {
    const { burst = 10, maxKeys = 100_000, replenish = "learn" } = options
    const whole = (field: string, value: number) =>
      Number.isInteger(value) && value >= 1
        ? Either.right(value)
        : Either.left(new InvalidInput({ field, problem: "must be a whole number of at least 1" }))
    return {
      burst: yield* whole("throttle.burst", burst),
      maxKeys: yield* whole("throttle.maxKeys", maxKeys),
      replenish,
      interval: Duration.toMillis(yield* positiveDuration("throttle.interval", options.interval ?? 1000)),
      maxWait:
        options.maxWait === Duration.infinity
          ? Number.POSITIVE_INFINITY
          : Duration.toMillis(
              yield* positiveDuration("throttle.maxWait", options.maxWait ?? Duration.minutes(1))
            )
    }
  })

const overloaded = (waitMillis: number): Effect.Effect<never, Overloaded> =>
  Effect.zipRight(
    Metric.increment(Metrics.overloaded),
    Effect.fail<Overloaded>({ _tag: "Overloaded", waitMillis })
  )

const waited = <E>(standing: Effect.Effect<void, E>): Effect.Effect<boolean, E> =>
  Effect.as(Effect.zipLeft(standing, Metric.increment(Metrics.throttleWaits)), true)

const build = ({ burst, interval, maxKeys, maxWait, replenish }: Limits) => {
  const buckets = new Recent<Bucket>()

  const capacity = (bucket: Bucket) => (bucket.refills ? burst : Math.max(1, Math.min(burst, bucket.credit)))

  const refill = (bucket: Bucket, now: number) => {
    const limit = capacity(bucket)
    if (now > bucket.at) bucket.credit = Math.min(limit, bucket.credit + (now - bucket.at) / interval)
    bucket.at = now
  }

  const waitFor = (bucket: Bucket, ahead: number, now: number): number => {
    const credit = Math.max(0, Math.ceil((1 + ahead - bucket.credit - epsilon) * interval))
    const held = bucket.heldUntil - now
    // A longer hold was never given: the clock was set back.
    return held > longestHold ? credit : Math.max(credit, held + ahead * interval)
  }

  const idle = (bucket: Bucket, now: number) =>
    bucket.refills &&
    !Line.isAwaited(bucket.line) &&
    now >= bucket.heldUntil + aftermath &&
    bucket.credit + (now - bucket.at) / interval >= burst

  let round = buckets.entries()
  let leftInRound = 0

  /**
   * Forgets what is idle among the next two buckets on the round: so forgetting costs each call the same. A round has
   * an end of its own, because buckets in use move to the end of the map again and again. Every call takes part, because
   * an iterator that stands still keeps every table that the map has outgrown.
   */
  const sweep = (now: number) => {
    for (let looked = 0; looked < 2; looked++) {
      if (leftInRound === 0) {
        round = buckets.entries()
        leftInRound = buckets.size
      }
      const next = round.next()
      leftInRound = next.done === true ? 0 : leftInRound - 1
      if (next.done === true) return
      const [key, bucket] = next.value
      if (idle(bucket, now)) buckets.delete(key)
    }
  }

  /** Makes room for one more: the bucket that was unused for longest goes. Whoever waits is using its bucket. */
  const evict = () => {
    let looked = 0
    for (const [key, bucket] of buckets) {
      buckets.delete(key)
      if (!Line.isAwaited(bucket.line)) return
      buckets.set(key, bucket)
      if (++looked === 8) return
    }
  }

  const bucketOf = (key: string, now: number): Bucket => {
    sweep(now)
    const known = buckets.use(key)
    if (known !== undefined) {
      refill(known, now)
      return known
    }
    if (buckets.size >= maxKeys) evict()
    const bucket: Bucket = {
      credit: burst,
      at: now,
      heldUntil: Number.NEGATIVE_INFINITY,
      refills: replenish !== "never",
      line: Line.make(),
      movedAt: 0
    }
    buckets.add(key, bucket)
    return bucket
  }

  /** A permit now, or the milliseconds until there may be one. */
  const attempt = (bucket: Bucket): Effect.Effect<number, Overloaded> =>
    withClock((clock) => {
      const now = clock.unsafeCurrentTimeMillis()
      refill(bucket, now)
      const millis = waitFor(bucket, 0, now)
      if (millis > maxWait) return overloaded(millis)
      if (millis <= 0) bucket.credit -= 1
      return Effect.succeed(Math.max(0, millis))
    })

  /** Takes a permit and answers with zero, or takes nothing and answers with the milliseconds until there may be one. */
  const ask = (bucket: Bucket, urgent: boolean, now: number): number => {
    const millis = waitFor(bucket, Line.ahead(bucket.line, urgent), now)
    if (millis > 0) return millis
    bucket.credit -= 1
    return 0
  }

  const takeNow: Context.Tag.Service<Throttle>["takeNow"] = (key, now, options) =>
    ask(bucketOf(key, now), options?.urgent === true, now) === 0

  const take: Context.Tag.Service<Throttle>["take"] = (key, { urgent = false } = {}) =>
    withClock((clock) => {
      const now = clock.unsafeCurrentTimeMillis()
      const bucket = bucketOf(key, now)
      const millis = ask(bucket, urgent, now)
      if (millis === 0) return Effect.succeed(false)
      if (millis > maxWait) return overloaded(millis)
      return waited(Line.stand(bucket.line, urgent, attempt(bucket)))
    })

  const hold: Context.Tag.Service<Throttle>["hold"] = (key, millis) =>
    Effect.zipRight(
      Metric.increment(Metrics.throttled),
      withClock((clock) => {
        const now = clock.unsafeCurrentTimeMillis()
        const bucket = bucketOf(key, now)
        if (replenish === "learn" && bucket.credit >= 1 && now >= bucket.heldUntil + aftermath) {
          bucket.refills = false
        }
        bucket.credit = 0
        bucket.heldUntil = Math.max(bucket.heldUntil, now + Math.min(Math.max(1000, millis), longestHold))
        return Effect.void
      })
    )

  /** A permit that was given elsewhere. */
  const spend = (key: string) =>
    withClock((clock) => {
      bucketOf(key, clock.unsafeCurrentTimeMillis()).credit -= 1
      return Effect.void
    })

  return { take, takeNow, hold, spend, size: Effect.sync(() => buckets.size) }
}

/**
 * A throttle; `InvalidInput` when an option cannot be used.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = (options: Options = {}): Either.Either<Context.Tag.Service<Throttle>, InvalidInput> =>
  Either.map(limits(options), build)

/**
 * `make` as a layer.
 *
 * @since 0.1.0
 * @category layers
 */
export const layer = (options: Options = {}): Layer.Layer<Throttle, InvalidInput> =>
  Layer.effect(Throttle, make(options))

/**
 * Buckets that several processes share. Time is the time of whatever keeps them: the clocks of the nodes do not matter.
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
 * How a shared bucket behaves; `interval` in milliseconds.
 *
 * @since 0.1.0
 * @category models
 */
export type BucketLimits = Pick<Limits, "burst" | "interval" | "replenish">

/**
 * Tunables of a shared throttle.
 *
 * @since 0.1.0
 * @category models
 */
export interface SharedOptions extends Options {
  /** The longest time that one question to the shared buckets may take. @default 500 millis */
  readonly timeout?: Duration.DurationInput | undefined
  /** How long this process paces by itself after the shared buckets failed, before it asks them again. @default 1 second */
  readonly pause?: Duration.DurationInput | undefined
}

/**
 * A throttle over buckets that several processes share.
 *
 * Permits of a key are given first come, first served within a process; between processes whoever asks first gets the
 * next one. Nothing is reserved, so a process that dies or a waiter that is interrupted takes no permit along.
 *
 * While the shared buckets cannot be reached or are too slow, each process paces by itself from what it has sent
 * lately, so that a device spoken for by several processes may see some answers of 429; each permit given so is counted
 * in `adobe_pass_throttle_fallbacks_total`. Nothing is ever sent without pacing.
 *
 * @since 0.1.0
 * @category constructors
 */
export const makeShared = (
  buckets: SharedBuckets,
  options: SharedOptions = {}
): Either.Either<Context.Tag.Service<Throttle>, InvalidInput> =>
  Either.gen(function* () {
    const checked = yield* limits(options)
    const timeout = yield* positiveDuration("throttle.timeout", options.timeout ?? 500)
    const pause = Duration.toMillis(yield* positiveDuration("throttle.pause", options.pause ?? 1000))
    const { interval, maxWait } = checked
    const local = build(checked)
    const lines = new Map<string, Line.Line>()
    let awayUntil = Number.NEGATIVE_INFINITY

    const bounded = within(timeout, (): BackendFailure => ({ reason: "Timeout" }))

    /** Asks the shared buckets unless they are away; while one asks whether they are back, the others do not wait for it. */
    const ask = <A>(question: Effect.Effect<A, BackendFailure>): Effect.Effect<A, BackendFailure> =>
      withClock((clock) => {
        const now = clock.unsafeCurrentTimeMillis()
        // A longer pause was never set: the clock was set back.
        if (now < awayUntil && awayUntil - now <= pause) {
          return Effect.fail<BackendFailure>({ reason: "Unavailable" })
        }
        const wasAway = awayUntil !== Number.NEGATIVE_INFINITY
        if (wasAway) awayUntil = now + pause
        return Effect.tapBoth(bounded(question), {
          onSuccess: () =>
            Effect.sync(() => {
              awayUntil = Number.NEGATIVE_INFINITY
            }),
          onFailure: () =>
            Effect.sync(() => {
              awayUntil = clock.unsafeCurrentTimeMillis() + pause
            })
        })
      })

    const attempt = (key: string, urgent: boolean): Effect.Effect<number, Overloaded> =>
      Effect.matchEffect(ask(buckets.take(key, checked)), {
        onSuccess: (millis) =>
          millis > maxWait
            ? overloaded(millis)
            : millis > 0
              ? Effect.succeed(millis)
              : Effect.as(local.spend(key), 0),
        onFailure: () =>
          Effect.zipRight(
            local.take(key, { urgent }),
            Effect.as(Metric.increment(Metrics.throttleFallbacks), 0)
          )
      })

    const take: Context.Tag.Service<Throttle>["take"] = (key, { urgent = false } = {}) =>
      Effect.suspend(() => {
        const line = lines.get(key) ?? Line.make()
        const queue = Line.ahead(line, urgent) * interval
        if (queue > maxWait) return overloaded(queue)
        lines.set(key, line)
        let waits = 0
        return Line.stand(
          line,
          urgent,
          Effect.tap(attempt(key, urgent), (millis) => {
            if (millis > 0) waits += 1
          })
        ).pipe(
          Effect.ensuring(
            Effect.sync(() => {
              if (!Line.isAwaited(line) && lines.get(key) === line) lines.delete(key)
            })
          ),
          Effect.flatMap(() => (waits === 0 ? Effect.succeed(false) : waited(Effect.void)))
        )
      })

    const hold: Context.Tag.Service<Throttle>["hold"] = (key, millis) =>
      Effect.zipRight(
        local.hold(key, millis),
        // Where the others cannot be told, this process holds the key all the same: the next question falls back, too.
        Effect.ignore(ask(buckets.hold(key, Math.min(Math.max(1000, millis), longestHold), checked)))
      )

    return { take, takeNow: constFalse, hold, size: local.size }
  })

/**
 * Delays between the attempts of something that a server throttles.
 *
 * @since 0.1.0
 * @category models
 */
export interface ScheduleOptions {
  /** Delay before the first repetition; it doubles each time. @default 200 millis */
  readonly base?: Duration.DurationInput | undefined
  /** The longest delay that the schedule chooses by itself. @default 5 seconds */
  readonly cap?: Duration.DurationInput | undefined
  /** The shortest delay after a 429. @default 1 second */
  readonly floor?: Duration.DurationInput | undefined
  /** Attempts in all, the first included. @default 3 */
  readonly attempts?: number | undefined
  /** Time after which nothing is repeated; a server that asks for a longer wait is not waited for. @default 30 seconds */
  readonly budget?: Duration.DurationInput | undefined
  /** Whether delays are drawn between zero and their full length ("full jitter"). @default true */
  readonly jitter?: boolean | undefined
}

/**
 * What the schedule looks at in an error. The errors of this library have it.
 *
 * @since 0.1.0
 * @category models
 */
export interface Repeatable {
  readonly _tag: string
  readonly retryable: boolean
  /** How long the server asks to wait, in milliseconds. */
  readonly retryAfterMillis?: number | undefined
}

/**
 * The throttle-aware schedule: exponential delays with full jitter for outages; after a 429 at least `floor`, longer
 * each time, and never less than what the server asks for. It stops at an error that is not `retryable`, after
 * `attempts`, and when the next delay would not fit into the budget.
 *
 * @example
 * ```ts
 * import { Effect } from "effect"
 * import { type AdobePassError, Throttle } from "effect-adobe-pass"
 *
 * const patiently = <A, R>(call: Effect.Effect<A, AdobePassError.ExchangeError, R>) =>
 *   Effect.retry(call, Throttle.schedule({ attempts: 5, budget: "1 minute" }))
 * ```
 *
 * @since 0.1.0
 * @category schedules
 */
export const schedule = <E extends Repeatable>(options: ScheduleOptions = {}): Schedule.Schedule<E, E> => {
  const floor = Duration.decode(options.floor ?? 1000)
  const budget = Duration.toMillis(options.budget ?? Duration.seconds(30))
  const attempts = options.attempts ?? 3
  const growing = Schedule.exponential(options.base ?? 200).pipe(
    Schedule.either(Schedule.spaced(options.cap ?? Duration.seconds(5)))
  )
  const delays = growing.pipe(
    options.jitter === false ? identity : Schedule.jitteredWith({ min: 0, max: 1 }),
    Schedule.zipRight(Schedule.identity<E>()),
    Schedule.intersect(Schedule.recurs(attempts - 1)),
    Schedule.modifyDelay(([error, repetition], delay) => {
      const asked = Duration.millis(error.retryAfterMillis ?? 0)
      return error._tag === "Throttled"
        ? Duration.max(asked, Duration.sum(delay, Duration.times(floor, repetition + 1)))
        : Duration.max(asked, delay)
    }),
    Schedule.delays
  )
  return delays.pipe(
    Schedule.intersect(Schedule.elapsed),
    Schedule.whileOutput(
      ([delay, elapsed]) => Duration.toMillis(delay) + Duration.toMillis(elapsed) <= budget
    ),
    Schedule.whileInput((error: E) => error.retryable),
    Schedule.zipRight(Schedule.identity<E>())
  )
}
