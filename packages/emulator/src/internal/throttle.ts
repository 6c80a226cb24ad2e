/** The throttle: one token bucket per forwarded address. */
import * as Bucket from "../Bucket.js"
import { forwardedFor, type ReceivedRequest } from "../Traffic.js"

const isThrottled = (path: string): boolean => path.startsWith("/o/client/") || path.startsWith("/api/v2/")

export class Throttle {
  readonly #limit: Bucket.Limit
  readonly #buckets = new Map<string, Bucket.State>()

  constructor(limit: Bucket.Limit) {
    this.#limit = limit
  }

  /** As at Adobe, all requests without a forwarded address share one bucket. */
  accepts(request: ReceivedRequest, nowMillis: number): boolean {
    if (!isThrottled(request.path)) return true
    const key = forwardedFor(request) ?? ""
    const bucket = this.#buckets.get(key) ?? Bucket.start(this.#limit, nowMillis)
    const { granted, state } = Bucket.take(this.#limit, bucket, nowMillis)
    this.#buckets.set(key, state)
    return granted
  }

  /** How many requests each address may send now, in the order in which the addresses came. */
  buckets(nowMillis: number): ReadonlyArray<{ readonly address: string; readonly available: number }> {
    return [...this.#buckets].map(([address, bucket]) => ({
      address,
      available: Bucket.available(this.#limit, bucket, nowMillis)
    }))
  }
}
