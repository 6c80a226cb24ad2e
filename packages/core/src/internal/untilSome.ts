import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Random from "effect/Random"

/** In milliseconds. */
const firstPause = 50
const longestPause = 1000

/** Asks again and again, after growing pauses of random length, until there is an answer. @internal */
export const untilSome = <A, E, R>(
  ask: Effect.Effect<Option.Option<A>, E, R>,
  pause: number = firstPause
): Effect.Effect<A, E, R> =>
  Effect.flatMap(
    ask,
    Option.match({
      onNone: () =>
        Effect.flatMap(Random.nextRange(pause, 2 * pause), (millis) =>
          Effect.delay(untilSome(ask, Math.min(longestPause / 2, 1.5 * pause)), millis)
        ),
      onSome: Effect.succeed
    })
  )
