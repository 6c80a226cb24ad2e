/**
 * What can be set: the check, the default and the environment variable of every option.
 *
 * Types, checks, `AdobePass.config` and the tables of the documents come from these groups.
 *
 * @since 0.1.0
 */
import { duration, group, type Input, integer, literal, number } from "./Setting.js"

/**
 * How often and how fast requests are repeated.
 *
 * @since 0.1.0
 * @category groups
 */
export const retry = group({
  /**
   * Attempts in all, the first included. One that was throttled does not count, because the budget limits the wait for the
   * throttle; with 1 nothing is repeated. @default 3
   */
  attempts: integer({ minimum: 1, default: 3 }),
  /** Delay before the first repetition; it doubles each time. @default 200 millis */
  base: duration("200 millis"),
  /** The longest delay that the schedule chooses by itself. @default 5 seconds */
  cap: duration("5 seconds"),
  /** Time after which nothing is repeated; a server that asks for a longer wait is not waited for. @default 30 seconds */
  budget: duration("30 seconds")
})

/**
 * How requests are paced, in the words of nginx's `limit_req`.
 *
 * @since 0.1.0
 * @category groups
 */
export const throttle = group({
  /** Requests per second. @default 1 */
  rate: number({ minimum: 0.001, maximum: 1_000_000, default: 1 }),
  /**
   * Requests at once beyond the rate. Adobe Pass accepts 10, so 11 at once; the default is one less, because requests
   * that leave a process evenly spaced may arrive closer together. @default 9
   */
  burst: integer({ minimum: 0, default: 9 }),
  /**
   * Whether the burst comes back after a pause. `refill`: it does, at the rate. `once`: it is spent once. `learn`: it
   * does, until a 429 arrives while the bucket had credit; that bucket's burst then counts as spent. @default "learn"
   */
  replenish: literal(["learn", "refill", "once"], "learn"),
  /** A request that would wait longer fails with `Throttled` at once. `Duration.infinity`: no limit. @default 1 minute */
  maxWait: duration("1 minute", { unlimited: true }),
  /** Buckets in memory, beyond which those that were not used for long go; one with waiters stays. @default 100_000 */
  maxKeys: integer({ minimum: 1, default: 100_000 })
})

/**
 * How several processes pace requests together.
 *
 * @since 0.1.0
 * @category groups
 */
export const sharedThrottle = group({
  ...throttle.settings,
  /** Limit of one question to the shared buckets. @default 500 millis */
  timeout: duration("500 millis"),
  /** How long a process paces by itself after the shared buckets failed, before it asks them again. @default 1 second */
  pause: duration("1 second")
})

/**
 * Credit for repetitions.
 *
 * @since 0.1.0
 * @category groups
 */
export const retryQuota = integer({ minimum: 0, default: 500 })

/**
 * When a token is refreshed before it expires.
 *
 * @since 0.1.0
 * @category groups
 */
export const refreshWindow = group(
  {
    /** The part of the lifetime that makes the window. @default 0.1 */
    fraction: number({ minimum: 0, maximum: 1, default: 0.1 }),
    /** The shortest window. @default 30 seconds */
    minimum: duration("30 seconds"),
    /** The longest window. @default 5 minutes */
    maximum: duration("5 minutes")
  },
  {
    isValid: ({ maximum, minimum }) => minimum <= maximum,
    problem: "must have a minimum that is not longer than its maximum"
  }
)

/**
 * Memory, refresh, cooldowns, and the policy for refused credentials.
 *
 * @since 0.1.0
 * @category groups
 */
export const sessions = group({
  /** Sessions in memory, beyond which those not used for long go, at a read of the store each when they return. @default 100_000 */
  capacity: integer({ minimum: 1, default: 100_000 }),
  /**
   * What happens when the token endpoint refuses the credentials (`invalid_client`) twice. `confirm`: the device is
   * registered once more, and `CredentialsReplaced` is emitted. `never`: the call fails with `InvalidClient`. @default "confirm"
   */
  reregister: literal(["confirm", "never"], "confirm"),
  /**
   * How many devices of the application a process registers once more in a minute. Each minute in which all of them get
   * a token doubles the number for the next one. @default 3
   */
  replacements: integer({ minimum: 1, default: 3 }),
  /** When tokens are refreshed. @default a tenth of the lifetime, between 30 seconds and 5 minutes */
  refreshWindow,
  /** How long a failure by throttling or of the store is remembered. @default 1 second */
  throttleCooldown: duration("1 second"),
  /**
   * How long a failure by an outage is remembered, and a refusal at first. @default 3 seconds
   */
  outageCooldown: duration("3 seconds"),
  /**
   * How long a refusal is remembered at most: half of the time for which the device has been refused, so that it recovers
   * soon after the refusals end. Without credentials a refusal is remembered until `forget`. @default 1 minute
   */
  refusalCooldown: duration("1 minute"),
  /**
   * The pause between an `invalid_client` and the request that confirms it; each device adds up to as much again.
   * @default 2 seconds
   */
  confirmAfter: duration("2 seconds")
})

/**
 * How requests to Adobe Pass are made.
 *
 * @since 0.1.0
 * @category groups
 */
export const requests = group({
  /** Limit of an attempt until its answer begins; waiting for a connection has the same limit. @default 10 seconds */
  timeout: duration("10 seconds"),
  /** Attempts, delays and budget of what is repeated. */
  retry
})

/**
 * Limits and repetitions of registrations, token requests and calls.
 *
 * @since 0.1.0
 * @category models
 */
export interface RequestOptions extends Input<typeof requests> {}

/**
 * How protected calls are made.
 *
 * @since 0.1.0
 * @category groups
 */
export const calls = group({
  ...requests.settings,
  /**
   * What happens to a call to REST API v2 when the token does not include the scope `api:client:v2`. `fail`: it fails
   * with `InsufficientScope`, and nothing is sent. `send`: it is sent. @default "fail"
   */
  missingScope: literal(["fail", "send"], "fail")
})

/**
 * Every option of the library but the registered application itself.
 *
 * @since 0.1.0
 * @category groups
 */
export const adobePass = group({
  ...calls.settings,
  /** Credit for repetitions, see `RetryQuota`. @default 500 */
  retryQuota,
  /** Pacing per device IP. */
  throttle,
  /** Memory, refresh window, cooldowns and the policy for refused credentials. */
  sessions
})

/**
 * Limits of a credential store.
 *
 * @since 0.1.0
 * @category groups
 */
export const store = group({
  /** Limit of each operation but waiting for the lock. @default 5 seconds */
  timeout: duration("5 seconds")
})

/**
 * What a store with encryption does about records that are not encrypted.
 *
 * @since 0.1.0
 * @category groups
 */
export const encryption = group({
  /**
   * Records in clear: `accept` reads them, counts them in `adobe_pass_plaintext_records_total`, and encrypts them when
   * they are saved; `refuse` fails. Whoever can write to the store can put a record of their own in it while they are
   * accepted. @default "accept"
   */
  plaintext: literal(["accept", "refuse"], "accept")
})

/**
 * Limits of locks that are leases.
 *
 * @since 0.1.0
 * @category groups
 */
export const lease = group({
  /** Time after which a lease that is not renewed is free. It is renewed three times as often. @default 15 seconds */
  ttl: duration("15 seconds"),
  /** The longest wait for a lease; the operation then fails as `Locked`. @default 60 seconds */
  wait: duration("60 seconds")
})
