import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Schedule from "effect/Schedule"

/** Starts at 50 to 100 milliseconds and grows to 500 to 1000. */
const pauses = Schedule.exponential(50, 1.5).pipe(
  Schedule.either(Schedule.spaced(500)),
  Schedule.jitteredWith({ min: 1, max: 2 })
)

const pending = Symbol()
const isPending = (error: unknown): error is typeof pending => error === pending

/** Repeats `ask` with growing, jittered delays until it returns a value. */
export const poll = <A, E, R>(ask: Effect.Effect<Option.Option<A>, E, R>): Effect.Effect<A, E, R> =>
  Effect.flatMap(
    ask,
    Option.match({ onNone: () => Effect.fail<typeof pending>(pending), onSome: Effect.succeed })
  ).pipe(
    Effect.retry({ schedule: pauses, while: isPending }),
    // Not reached, because the schedule has no end.
    Effect.catchIf(isPending, () => Effect.never)
  )
