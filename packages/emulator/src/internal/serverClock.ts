/** The server's clock, which a script may skew. */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Ref from "effect/Ref"
import type { Settings } from "./settings.js"

/** Milliseconds since the epoch. */
export const serverNow = (settings: Ref.Ref<Settings>): Effect.Effect<number> =>
  Effect.zipWith(Clock.currentTimeMillis, Ref.get(settings), (millis, { skewMillis }) => millis + skewMillis)
