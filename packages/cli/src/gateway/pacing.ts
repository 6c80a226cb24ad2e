/** What the gateway sees of the pacing: how long a call has waited, and which addresses Adobe Pass has asked to wait. */
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

/** More are forgotten, the oldest first. */
const mostHolds = 10_000

/** The holds that have not ended. */
export class Holds {
  readonly #until = new Map<string, number>()

  add(key: string, until: number): void {
    this.#until.delete(key)
    this.#until.set(key, until)
    const oldest = this.#until.keys().next().value
    if (this.#until.size > mostHolds && oldest !== undefined) this.#until.delete(oldest)
  }

  count(now: number): number {
    for (const [key, until] of this.#until) if (until <= now) this.#until.delete(key)
    return this.#until.size
  }
}

/** A throttle that does the same, and is looked at. */
export const observed = (throttle: Throttle, holds: Holds): Throttle => ({
  ...throttle,
  take: (key, options) =>
    Effect.gen(function* () {
      const waits = yield* CurrentWaits
      const before = yield* Clock.currentTimeMillis
      const hasWaited = yield* throttle.take(key, options)
      if (hasWaited) waits.millis += (yield* Clock.currentTimeMillis) - before
      return hasWaited
    }),
  hold: (key, millis) =>
    Effect.zipRight(
      Effect.map(Clock.currentTimeMillis, (now) => holds.add(key, now + millis)),
      throttle.hold(key, millis)
    )
})
