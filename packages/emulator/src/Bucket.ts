/**
 * The throttle in front of Adobe Pass, as pure functions of time. `rate` and `burst` mean what they mean in nginx:
 * `rate: 1, burst: 10` is `limit_req` with `rate=1r/s burst=10 nodelay`.
 *
 * Adobe publishes a table of requests and responses. Two models agree with it and differ only after a pause; both are
 * here, so that a client can be tested against either.
 *
 * @since 0.1.0
 */

/**
 * How a bucket replenishes its burst.
 *
 * - `refill`: a token bucket that holds `burst + 1` requests and gains `rate` of them per second, like nginx's
 *   `limit_req`.
 * - `once`: one request per interval of `1 / rate` seconds, counted from the first request, and `burst` more in total,
 *   which are never replenished.
 * - `off`: everything passes.
 *
 * @since 0.1.0
 * @category models
 */
export type Model = "refill" | "once" | "off"

/**
 * @since 0.1.0
 * @category models
 */
export interface Limit {
  readonly model: Model
  /** Requests per second. Adobe's is 1. */
  readonly rate: number
  /** Requests beyond the rate: Adobe allows 10, and allowed 3 before September 2024. `burst + 1` pass at once. */
  readonly burst: number
}

/**
 * The state of one bucket, as plain data.
 *
 * @since 0.1.0
 * @category models
 */
export type State =
  | {
      readonly _tag: "Refill"
      /** In thousandths of a request, as nginx counts: exact for whole rates and milliseconds. */
      readonly credit: number
      readonly at: number
    }
  | {
      readonly _tag: "Once"
      readonly start: number
      /** The number of the current interval. */
      readonly interval: number
      readonly intervalUsed: boolean
      readonly burstLeft: number
    }
  | { readonly _tag: "Off" }

/** One request in the unit of `credit`. */
const request = 1000

const capacity = (limit: Limit): number => (limit.burst + 1) * request

/**
 * A bucket whose first request arrives at `nowMillis`.
 *
 * @since 0.1.0
 * @category constructors
 */
export const start = (limit: Limit, nowMillis: number): State => {
  switch (limit.model) {
    case "refill":
      return { _tag: "Refill", credit: capacity(limit), at: nowMillis }
    case "once":
      return { _tag: "Once", start: nowMillis, interval: 0, intervalUsed: false, burstLeft: limit.burst }
    case "off":
      return { _tag: "Off" }
  }
}

/**
 * Takes one request from the bucket at `nowMillis`. A throttled request costs nothing.
 *
 * @example
 * ```ts
 * import { Bucket } from "effect-adobe-pass-emulator"
 *
 * const limit: Bucket.Limit = { model: "refill", rate: 1, burst: 0 }
 * const first = Bucket.take(limit, Bucket.start(limit, 0), 0)
 * Bucket.take(limit, first.state, 999).granted // false
 * Bucket.take(limit, first.state, 1000).granted // true
 * ```
 *
 * @since 0.1.0
 * @category combinators
 */
export const take = (
  limit: Limit,
  state: State,
  nowMillis: number
): { readonly granted: boolean; readonly state: State } => {
  switch (state._tag) {
    case "Off":
      return { granted: true, state }
    case "Refill": {
      const gained = limit.rate * Math.max(0, nowMillis - state.at)
      const credit = Math.min(capacity(limit), state.credit + gained)
      const granted = credit >= request
      const at = Math.max(state.at, nowMillis)
      return { granted, state: { _tag: "Refill", credit: granted ? credit - request : credit, at } }
    }
    case "Once": {
      const elapsed = Math.floor((limit.rate * (nowMillis - state.start)) / 1000)
      const interval = Math.max(state.interval, elapsed)
      if (interval > state.interval || !state.intervalUsed) {
        return { granted: true, state: { ...state, interval, intervalUsed: true } }
      }
      return state.burstLeft > 0
        ? { granted: true, state: { ...state, burstLeft: state.burstLeft - 1 } }
        : { granted: false, state }
    }
  }
}

/**
 * How many requests would pass at `nowMillis`, one right after another.
 *
 * @since 0.1.0
 * @category accessors
 */
export const available = (limit: Limit, state: State, nowMillis: number): number => {
  switch (state._tag) {
    case "Off":
      return Number.POSITIVE_INFINITY
    case "Refill": {
      const gained = limit.rate * Math.max(0, nowMillis - state.at)
      return Math.floor(Math.min(capacity(limit), state.credit + gained) / request)
    }
    case "Once": {
      const elapsed = Math.floor((limit.rate * (nowMillis - state.start)) / 1000)
      return state.burstLeft + (elapsed > state.interval || !state.intervalUsed ? 1 : 0)
    }
  }
}
