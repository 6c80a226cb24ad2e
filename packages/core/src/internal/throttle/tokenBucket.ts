/** The token bucket of one key, as pure functions. Times and durations are milliseconds. */

export interface TokenBucket {
  /** Available permits; negative when the shared buckets gave more. */
  readonly credit: number
  /** When the credit was counted. */
  readonly at: number
  /** No permit is given before. */
  readonly heldUntil: number
  /** Whether the burst refills. False once a 429 has shown that it does not. */
  readonly refills: boolean
}

export interface Limits {
  /** Permits that can be taken at once. */
  readonly capacity: number
  /** Time for one more permit. */
  readonly interval: number
  readonly replenish: "learn" | "refill" | "once"
}

/** The longest time for which an answer of the server holds a bucket: five minutes. */
export const longestHold = 300_000

/** The shortest time for which a 429 holds a bucket. */
const shortestHold = 1000

/** For this long after a hold, a 429 may be a late answer of the burst that caused the hold. */
const aftermath = 10_000

/** Tolerance for rounding errors in the credit. */
const epsilon = 1e-6

export const make = ({ capacity, replenish }: Limits, now: number): TokenBucket => ({
  credit: capacity,
  at: now,
  heldUntil: Number.NEGATIVE_INFINITY,
  refills: replenish !== "once"
})

/** The bucket with its credit counted at `now`. */
export const refill = (bucket: TokenBucket, { capacity, interval }: Limits, now: number): TokenBucket => {
  if (now === bucket.at) return bucket
  const limit = bucket.refills ? capacity : Math.max(1, Math.min(capacity, bucket.credit))
  const gained = Math.max(0, now - bucket.at) / interval
  return { ...bucket, credit: Math.min(Math.max(limit, bucket.credit), bucket.credit + gained), at: now }
}

/** The bucket after a permit was given. */
export const spend = (bucket: TokenBucket): TokenBucket => ({ ...bucket, credit: bucket.credit - 1 })

/** The time until there is a permit behind `ahead` others; zero or less when there is one. */
export const wait = (bucket: TokenBucket, { interval }: Limits, ahead: number, now: number): number => {
  const credit = Math.max(0, Math.ceil((1 + ahead - bucket.credit - epsilon) * interval))
  const held = bucket.heldUntil - now
  // A longer hold is never set, so the clock was set back.
  return held > longestHold ? credit : Math.max(credit, held + ahead * interval)
}

/** Whether a 429 holds the bucket. A hold that is longer than any means that the clock was set back. */
export const isHeld = ({ heldUntil }: TokenBucket, now: number): boolean =>
  heldUntil > now && heldUntil - now <= longestHold

/**
 * Whether a 429 shows that the burst does not refill: it does while credit was left, and not soon after another hold.
 */
export const learnsFrom = (bucket: TokenBucket, { replenish }: Limits, now: number): boolean =>
  replenish === "learn" && bucket.credit >= 1 && now >= bucket.heldUntil + aftermath

/** The bucket after a 429 that asks to wait for `millis`. */
export const hold = (bucket: TokenBucket, millis: number, now: number): TokenBucket => ({
  ...bucket,
  credit: 0,
  heldUntil: Math.max(bucket.heldUntil, now + Math.min(Math.max(shortestHold, millis), longestHold))
})

/** The bucket once its burst is known not to refill. */
export const spendForGood = (bucket: TokenBucket): TokenBucket => ({ ...bucket, refills: false })

/** Whether the bucket equals a new one and can be removed. */
export const isIdle = (bucket: TokenBucket, { capacity, interval }: Limits, now: number): boolean =>
  bucket.refills &&
  now >= bucket.heldUntil + aftermath &&
  bucket.credit + (now - bucket.at) / interval >= capacity
