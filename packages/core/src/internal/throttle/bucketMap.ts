import { LruMap } from "../lruMap.js"
import * as TokenBucket from "./tokenBucket.js"
import * as WaitQueue from "./waitQueue.js"

/** What a throttle keeps of a key. */
export interface Bucket {
  state: TokenBucket.TokenBucket
  readonly queue: WaitQueue.WaitQueue
  movedAt: number
}

/** The buckets of a throttle: idle ones are removed, and beyond `maxKeys` the least recently used. */
export class BucketMap {
  readonly #buckets = new LruMap<Bucket>()
  readonly #limits: TokenBucket.Limits
  readonly #maxKeys: number
  #round: MapIterator<[string, Bucket]>
  #leftInRound = 0

  constructor(limits: TokenBucket.Limits, maxKeys: number) {
    this.#limits = limits
    this.#maxKeys = maxKeys
    this.#round = this.#buckets.entries()
  }

  get size(): number {
    return this.#buckets.size
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
    const bucket: Bucket = { state: TokenBucket.make(this.#limits, now), queue: WaitQueue.make(), movedAt: 0 }
    this.#buckets.add(key, bucket)
    return bucket
  }

  /**
   * Checks up to two buckets per call and removes idle ones, so that the cost per call is constant. A round ends after as many
   * buckets as there were, because buckets in use move to the end of the map. Every call advances the iterator, because a
   * paused one retains every table that the map has outgrown.
   */
  #sweep(now: number): void {
    for (let looked = 0; looked < 2 && looked < this.#buckets.size; looked++) {
      if (this.#leftInRound === 0) {
        this.#round = this.#buckets.entries()
        this.#leftInRound = this.#buckets.size
      }
      const next = this.#round.next()
      this.#leftInRound = next.done === true ? 0 : this.#leftInRound - 1
      if (next.done === true) return
      const [key, bucket] = next.value
      if (WaitQueue.isEmpty(bucket.queue) && TokenBucket.isIdle(bucket.state, this.#limits, now)) {
        this.#buckets.delete(key)
      }
    }
  }

  /** Makes room for one bucket. A bucket with waiters is in use, and moves to the end instead. */
  #evict(): void {
    let looked = 0
    for (const [key, bucket] of this.#buckets) {
      this.#buckets.delete(key)
      if (WaitQueue.isEmpty(bucket.queue)) return
      this.#buckets.set(key, bucket)
      if (++looked === 8) return
    }
  }
}
