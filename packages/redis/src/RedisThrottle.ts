/**
 * Pacing by several processes together, with the buckets in Redis.
 *
 * @since 0.1.0
 */
import { createHash } from "node:crypto"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type { InvalidInput } from "effect-adobe-pass/AdobePassError"
import type * as Setting from "effect-adobe-pass/Setting"
import * as SharedThrottle from "effect-adobe-pass/SharedThrottle"
import { Throttle } from "effect-adobe-pass/Throttle"
import * as Scripts from "./internal/bucketScripts.js"
import { unexpectedReply } from "./internal/failures.js"
import { serverClock } from "./internal/serverClock.js"
import { Redis, script } from "./Redis.js"
import * as RedisOptions from "./RedisOptions.js"

/**
 * Options of the throttle, see `RedisOptions.throttle`.
 *
 * @since 0.1.0
 * @category models
 */
export interface RedisThrottleOptions extends Setting.Input<typeof RedisOptions.throttle> {}

const take = script(`${serverClock}${Scripts.take}`)
const hold = script(`${serverClock}${Scripts.hold}`)

/** The key of a bucket contains the address of a device. */
const nameOf = (prefix: string, key: string) =>
  `${prefix}throttle:${createHash("sha256").update(key).digest("hex")}`

const argumentsOf = ({ capacity, interval, replenish }: SharedThrottle.BucketLimits) => [
  `${capacity}`,
  `${interval}`,
  replenish
]

const buckets = (redis: Redis, prefix: string): SharedThrottle.SharedBuckets => ({
  take: (key, limits) =>
    Effect.filterOrFail(
      redis.run(take, nameOf(prefix, key), argumentsOf(limits)),
      (reply) => typeof reply === "number",
      unexpectedReply
    ),
  hold: (key, millis, limits) =>
    Effect.asVoid(redis.run(hold, nameOf(prefix, key), [...argumentsOf(limits), `${millis}`]))
})

/**
 * A throttle with its buckets in Redis, so that all processes together stay within what Adobe Pass allows a device.
 *
 * `SharedThrottle.make` documents the order of waiters, and what happens while Redis cannot be reached.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = (options: RedisThrottleOptions = {}): Effect.Effect<Throttle, InvalidInput, Redis> =>
  Effect.gen(function* () {
    const { prefix } = yield* RedisOptions.throttle.checkNames(options, "throttle")
    const { prefix: _, ...pacing } = options
    return yield* SharedThrottle.make(buckets(yield* Redis, prefix), pacing)
  })

/**
 * `make` as a layer, for `AdobePass.layerWithoutThrottle`.
 *
 * @since 0.1.0
 * @category layers
 */
export const layer = (options: RedisThrottleOptions = {}): Layer.Layer<Throttle, InvalidInput, Redis> =>
  Layer.effect(Throttle, make(options))
