/** How long a call has waited for a permit. */
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import type { Throttle } from "effect-adobe-pass/Throttle"

/** The waits of one call. */
export interface Waited {
  millis: number
}

/** The waits of the call of this fiber. */
export class CurrentWaits extends Context.Reference<CurrentWaits>()(
  "effect-adobe-pass-cli/gateway/CurrentWaits",
  {
    defaultValue: (): Waited => ({ millis: 0 })
  }
) {}

/** A throttle that does the same, and notes how long each call waits. */
export const observed = (throttle: Throttle): Throttle => ({
  ...throttle,
  take: (key, options) =>
    Effect.gen(function* () {
      const waits = yield* CurrentWaits
      const before = yield* Clock.currentTimeMillis
      const hasWaited = yield* throttle.take(key, options)
      if (hasWaited) waits.millis += (yield* Clock.currentTimeMillis) - before
      return hasWaited
    })
})
