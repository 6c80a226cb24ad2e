/** The server's clock, which a script may skew. */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Ref from "effect/Ref"
import type { Settings } from "./settings.js"

/** The server's time at a time of Effect's clock, both in milliseconds since the epoch. */
export const serverTime = (now: number, { skewMillis }: Pick<Settings, "skewMillis">): number =>
  now + skewMillis

/** The server's time now. */
export const serverNow = (settings: Ref.Ref<Settings>): Effect.Effect<number> =>
  Effect.zipWith(Clock.currentTimeMillis, Ref.get(settings), serverTime)
