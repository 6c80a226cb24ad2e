/**
 * Pacing that all processes share, with the buckets in Redis.
 *
 * @since 0.1.0
 */
import { createHash } from "node:crypto"
import type * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type { InvalidInput } from "effect-adobe-pass/AdobePassError"
import type { BackendFailure } from "effect-adobe-pass/CredentialStore"
import * as Throttle from "effect-adobe-pass/Throttle"
import * as Buckets from "./internal/buckets.js"
import { serverClock } from "./internal/serverClock.js"
import { Redis, script } from "./Redis.js"

/**
 * How the shared buckets behave, and where they are.
 *
 * @since 0.1.0
 * @category models
 */
export interface Options extends Throttle.SharedOptions {
  /** What the names of all keys start with. @default "adobe-pass:" */
  readonly prefix?: string | undefined
}

const scripts = {
  take: script(`${serverClock}${Buckets.take}`),
  hold: script(`${serverClock}${Buckets.hold}`)
}

const unexpected: BackendFailure = { reason: "Unavailable", code: "UNEXPECTED_REPLY" }

const buckets = (redis: Context.Tag.Service<Redis>, prefix: string): Throttle.SharedBuckets => {
  /** The key of a bucket has the address of a device in it. */
  const name = (key: string) => `${prefix}throttle:${createHash("sha256").update(key).digest("hex")}`
  const rules = ({ burst, interval, replenish }: Throttle.BucketLimits) => [
    `${burst}`,
    `${interval}`,
    replenish
  ]
  return {
    take: (key, limits) =>
      Effect.filterOrFail(
        redis.run(scripts.take, name(key), rules(limits)),
        (reply) => typeof reply === "number",
        () => unexpected
      ),
    hold: (key, millis, limits) =>
      Effect.asVoid(redis.run(scripts.hold, name(key), [...rules(limits), `${millis}`]))
  }
}

/**
 * A throttle whose buckets are in Redis: all processes together stay below what Adobe lets a device do.
 *
 * See `Throttle.makeShared` for the order of those who wait, and for what happens while Redis is away: each process then
 * paces by itself.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = (
  options: Options = {}
): Effect.Effect<Context.Tag.Service<Throttle.Throttle>, InvalidInput, Redis> =>
  Effect.flatMap(Redis, (redis) =>
    Throttle.makeShared(buckets(redis, options.prefix ?? "adobe-pass:"), options)
  )

/**
 * `make` as a layer, for `AdobePass.layerWithoutThrottle`.
 *
 * @since 0.1.0
 * @category layers
 */
export const layer = (options: Options = {}): Layer.Layer<Throttle.Throttle, InvalidInput, Redis> =>
  Layer.effect(Throttle.Throttle, make(options))
