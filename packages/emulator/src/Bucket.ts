/**
 * The throttle in front of Adobe Pass, as pure functions on a timeline.
 *
 * Adobe publishes a table of requests and answers, and two readings of it fit. They differ only after idling, so
 * both are here and a test can hold a client against either.
 *
 * @since 0.1.0
 */

/**
 * How a bucket gives out its burst.
 *
 * - `refill`: a token bucket of `burst + 1` that gains one token per second, like openresty's `limit_req`.
 * - `once`: one request per second, counted from the first request, and a pool of `burst` that never fills again.
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
  /** Requests beyond one per second: 10 today, 3 before September 2024. */
  readonly burst: number
}

/**
 * What is remembered of one key: plain data, so that a timeline can be replayed from any point.
 *
 * @since 0.1.0
 * @category models
 */
export type State =
  | { readonly _tag: "Refill"; readonly creditMillis: number; readonly at: number }
  | {
      readonly _tag: "Once"
      readonly start: number
      readonly second: number
      readonly regularUsed: boolean
      readonly burstLeft: number
    }
  | { readonly _tag: "Off" }

/**
 * @since 0.1.0
 * @category models
 */
export interface Taken {
  readonly granted: boolean
  readonly state: State
}

const millisPerRequest = 1000

/**
 * The bucket of a key whose first request arrives at `nowMillis`.
 *
 * @since 0.1.0
 * @category constructors
 */
export const start = (limit: Limit, nowMillis: number): State => {
  switch (limit.model) {
    case "refill":
      return { _tag: "Refill", creditMillis: (limit.burst + 1) * millisPerRequest, at: nowMillis }
    case "once":
      return { _tag: "Once", start: nowMillis, second: 0, regularUsed: false, burstLeft: limit.burst }
    case "off":
      return { _tag: "Off" }
  }
}

/**
 * Asks for one request at `nowMillis`. A refused request costs nothing, in every model.
 *
 * @example
 * ```ts
 * import { Bucket } from "effect-adobe-pass-emulator"
 *
 * const limit: Bucket.Limit = { model: "refill", burst: 0 }
 * const first = Bucket.take(limit, Bucket.start(limit, 0), 0)
 * Bucket.take(limit, first.state, 999).granted // false
 * Bucket.take(limit, first.state, 1000).granted // true
 * ```
 *
 * @since 0.1.0
 * @category combinators
 */
export const take = (limit: Limit, state: State, nowMillis: number): Taken => {
  switch (state._tag) {
    case "Off":
      return { granted: true, state }
    case "Refill": {
      const capacity = (limit.burst + 1) * millisPerRequest
      const credit = Math.min(capacity, state.creditMillis + Math.max(0, nowMillis - state.at))
      const granted = credit >= millisPerRequest
      const creditMillis = granted ? credit - millisPerRequest : credit
      return { granted, state: { _tag: "Refill", creditMillis, at: Math.max(state.at, nowMillis) } }
    }
    case "Once": {
      const second = Math.max(state.second, Math.floor((nowMillis - state.start) / millisPerRequest))
      if (second > state.second || !state.regularUsed) {
        return { granted: true, state: { ...state, second, regularUsed: true } }
      }
      return state.burstLeft > 0
        ? { granted: true, state: { ...state, burstLeft: state.burstLeft - 1 } }
        : { granted: false, state }
    }
  }
}
