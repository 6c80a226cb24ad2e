import * as Effect from "effect/Effect"
import { raceLate } from "./raceLate.js"

/**
 * A timeout, in milliseconds, that also ends the work of an uninterruptible caller: `Effect.timeoutFail` cannot interrupt
 * its effect in an uninterruptible region. Work that waits for nothing needs no timer.
 */
export const hardTimeout =
  <E2>(millis: number, onTimeout: () => E2) =>
  <A, E, R>(work: Effect.Effect<A, E, R>): Effect.Effect<A, E | E2, R> =>
    raceLate(work, Effect.zipRight(Effect.sleep(millis), Effect.failSync(onTimeout)), { leaves: true })
