/**
 * What can be set for the connection to Redis, and for the keys in it.
 *
 * @since 0.1.0
 */
import * as Options from "effect-adobe-pass/Options"
import * as Setting from "effect-adobe-pass/Setting"

/**
 * Limits of a connection.
 *
 * @since 0.1.0
 * @category groups
 */
export const connection = Setting.group({
  /** Limit of one command. A connection that receives nothing for twice as long is replaced. @default 3 seconds */
  timeout: Setting.duration("3 seconds"),
  /** Limit of one attempt to connect. The layer waits as long for the first attempt. @default 2 seconds */
  connectTimeout: Setting.duration("2 seconds"),
  /** The longest delay between two attempts to connect. The first is 50 milliseconds, and they double. @default 2 seconds */
  reconnect: Setting.duration("2 seconds")
})

/**
 * The names of the keys in Redis.
 *
 * @since 0.1.0
 * @category groups
 */
export const keys = Setting.group({
  /** The start of all key names. Stores and throttles with different prefixes are independent. @default "adobe-pass:" */
  prefix: Setting.text({ pattern: /^/, problem: "must be text", default: "adobe-pass:" })
})

/**
 * Every option of the store but its encryption.
 *
 * @since 0.1.0
 * @category groups
 */
export const store = Setting.group({
  ...keys.settings,
  ...Options.store.settings,
  /**
   * Whether the store works on a Redis that evicts records when its memory is full: any `maxmemory-policy` but
   * `noeviction` and `volatile-*`. Users of a device whose record is evicted must sign in again. @default "refuse"
   */
  eviction: Setting.literal(["refuse", "accept"], "refuse"),
  /** The lease that the lock of a session is. */
  lease: Options.lease
})

/**
 * Every option of the throttle.
 *
 * @since 0.1.0
 * @category groups
 */
export const throttle = Setting.group({
  ...keys.settings,
  ...Options.sharedThrottle.settings
})
