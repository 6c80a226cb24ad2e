import { LruMap } from "../lruMap.js"
import * as TokenBucket from "./tokenBucket.js"
import * as WaitQueue from "./waitQueue.js"

/** What a throttle keeps of a key. */
export interface Bucket {
  readonly id: string
  state: TokenBucket.TokenBucket
  readonly queue: WaitQueue.WaitQueue
  place: number
  usedAt: number
}

/** A bucket with waiters is in use. */
const hasNoWaiters = ({ queue }: Bucket): boolean => WaitQueue.isEmpty(queue)

/** The buckets of a throttle: idle ones are removed, and beyond `maxKeys` those that were not used for long. */
export class BucketMap {
  readonly #buckets = new LruMap<Bucket>()
  readonly #limits: TokenBucket.Limits
  readonly #maxKeys: number
  /** The place of the bucket that is checked next. */
  #next = 0

  constructor(limits: TokenBucket.Limits, maxKeys: number) {
    this.#limits = limits
    this.#maxKeys = maxKeys
  }

  get size(): number {
    return this.#buckets.size
  }

  /** Buckets that a 429 holds at `now`. */
  held(now: number): number {
    let held = 0
    for (let place = 0; place < this.#buckets.size; place++) {
      const bucket = this.#buckets.at(place)
      if (bucket !== undefined && TokenBucket.isHeld(bucket.state, now)) held += 1
    }
    return held
  }

  /** The bucket of a key, with its credit counted at `now`. */
  use(key: string, now: number): Bucket {
    this.#sweep(now)
    const known = this.#buckets.use(key)
    if (known !== undefined) {
      known.state = TokenBucket.refill(known.state, this.#limits, now)
      return known
    }
    if (this.#buckets.size >= this.#maxKeys) this.#evict()
    const state = TokenBucket.make(this.#limits, now)
    const bucket: Bucket = { id: key, state, queue: WaitQueue.make(), place: -1, usedAt: 0 }
    this.#buckets.add(bucket)
    return bucket
  }

  /** Checks up to two buckets per call and removes idle ones, so that the cost per call is constant. */
  #sweep(now: number): void {
    for (let looked = 0; looked < 2 && looked < this.#buckets.size; looked++) {
      const bucket = this.#buckets.at(this.#next)
      if (bucket === undefined) {
        this.#next = 0
        return
      }
      if (hasNoWaiters(bucket) && TokenBucket.isIdle(bucket.state, this.#limits, now)) {
        this.#buckets.delete(bucket)
      } else {
        this.#next += 1
      }
    }
  }

  /** Makes room for one bucket. */
  #evict(): void {
    const oldest = this.#buckets.oldest(hasNoWaiters)
    if (oldest !== undefined) this.#buckets.delete(oldest)
  }
}
