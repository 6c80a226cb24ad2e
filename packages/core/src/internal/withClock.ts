import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"

/** `Effect.clockWith` in one step of the fiber instead of four, for what every call goes through. */
export const withClock = <A, E, R>(
  use: (clock: Clock.Clock) => Effect.Effect<A, E, R>
): Effect.Effect<A, E, R> =>
  Effect.withFiberRuntime<A, E, R>((fiber) => use(Context.get(fiber.currentDefaultServices, Clock.Clock)))
