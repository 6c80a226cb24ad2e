import { type Clock, Duration, Effect } from "effect"

/** A clock on which time runs this many times faster. */
export const faster = (times: number): Effect.Effect<Clock.Clock> =>
  Effect.map(Effect.clock, (clock) => ({
    ...clock,
    currentTimeNanos: Effect.map(clock.currentTimeNanos, (nanos) => nanos * BigInt(times)),
    unsafeCurrentTimeNanos: () => clock.unsafeCurrentTimeNanos() * BigInt(times),
    sleep: (duration) => clock.sleep(Duration.times(duration, 1 / times))
  }))
