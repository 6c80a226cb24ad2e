import { Clock, Duration, Effect } from "effect"

const like = (clock: Clock.Clock, change: Partial<Clock.Clock>): Clock.Clock => ({
  [Clock.ClockTypeId]: Clock.ClockTypeId,
  currentTimeMillis: clock.currentTimeMillis,
  currentTimeNanos: clock.currentTimeNanos,
  unsafeCurrentTimeMillis: () => clock.unsafeCurrentTimeMillis(),
  unsafeCurrentTimeNanos: () => clock.unsafeCurrentTimeNanos(),
  sleep: (duration) => clock.sleep(duration),
  ...change
})

/** A clock on which time runs this many times faster. */
export const faster = (times: number): Effect.Effect<Clock.Clock> =>
  Effect.map(Effect.clock, (clock) =>
    like(clock, {
      currentTimeNanos: Effect.map(clock.currentTimeNanos, (nanos) => nanos * BigInt(times)),
      unsafeCurrentTimeNanos: () => clock.unsafeCurrentTimeNanos() * BigInt(times),
      sleep: (duration) => clock.sleep(Duration.times(duration, 1 / times))
    })
  )

/** A clock that is wrong by some milliseconds, on which one sleeps as ever. */
export const wrongBy = (millis: number): Effect.Effect<Clock.Clock> =>
  Effect.map(Effect.clock, (clock) => {
    const nanos = BigInt(millis) * 1_000_000n
    return like(clock, {
      currentTimeMillis: Effect.map(clock.currentTimeMillis, (now) => now + millis),
      currentTimeNanos: Effect.map(clock.currentTimeNanos, (now) => now + nanos),
      unsafeCurrentTimeMillis: () => clock.unsafeCurrentTimeMillis() + millis,
      unsafeCurrentTimeNanos: () => clock.unsafeCurrentTimeNanos() + nanos
    })
  })

/** A clock that goes by what is slept on it, and lets nobody wait for that. It serves one sleeper after the other. */
export const immediate = Effect.map(Effect.clock, (clock) => {
  let now = 0
  return like(clock, {
    currentTimeMillis: Effect.sync(() => now),
    currentTimeNanos: Effect.sync(() => BigInt(Math.round(now * 1_000_000))),
    unsafeCurrentTimeMillis: () => now,
    unsafeCurrentTimeNanos: () => BigInt(Math.round(now * 1_000_000)),
    sleep: (duration) =>
      Effect.sync(() => {
        now += Duration.toMillis(duration)
      })
  })
})

/** A clock that can be stopped: nobody falls asleep on it then and wakes up. That is a node that stands still. */
export const stoppable = Effect.map(Effect.clock, (clock) => {
  let stopped = false
  return {
    clock: like(clock, {
      sleep: (duration) => Effect.suspend(() => (stopped ? Effect.never : clock.sleep(duration)))
    }),
    stop: () => {
      stopped = true
    },
    goOn: () => {
      stopped = false
    }
  }
})

/**
 * A clock that stands until it is set. Unlike the test clock it does not look at every fiber when it is set, so it serves
 * thousands of them.
 */
export const settable = Effect.map(Effect.clock, (clock) => {
  let now = 0
  const sleeping = new Map<symbol, { readonly until: number; readonly wake: () => void }>()
  return {
    clock: like(clock, {
      currentTimeMillis: Effect.sync(() => now),
      currentTimeNanos: Effect.sync(() => BigInt(now) * 1_000_000n),
      unsafeCurrentTimeMillis: () => now,
      unsafeCurrentTimeNanos: () => BigInt(now) * 1_000_000n,
      sleep: (duration) =>
        Effect.async<void>((resume) => {
          const id = Symbol()
          const wake = () => resume(Effect.void)
          sleeping.set(id, { until: now + Duration.toMillis(duration), wake })
          return Effect.sync(() => sleeping.delete(id))
        })
    }),
    set: (millis: number) => {
      now = millis
      for (const [id, { until, wake }] of sleeping) {
        if (until > now) continue
        sleeping.delete(id)
        wake()
      }
    }
  }
})
