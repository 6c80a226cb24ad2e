import { Array as Arr, Chunk, Effect, Exit, Fiber, Option, Random, TestClock } from "effect"

const turn = Effect.promise(() => new Promise<void>((resolve) => setImmediate(resolve)))

/**
 * Lets every fiber run until it waits for the clock or for another fiber. Fibers run in microtasks, so all of them rest
 * after one turn of the event loop; the other two are for what the platform answers a turn later.
 */
export const settle: Effect.Effect<void> = Effect.gen(function* () {
  for (let turns = 0; turns < 3; turns++) yield* turn
})

const now = TestClock.currentTimeMillis

const nextSleep = Effect.gen(function* () {
  const time = yield* now
  const later = Arr.filter(Chunk.toReadonlyArray(yield* TestClock.sleeps()), (at) => at > time)
  return Arr.isNonEmptyReadonlyArray(later) ? Option.some(Math.min(...later)) : Option.none()
})

/** Turns the clock by this many milliseconds, stopping at each moment somebody sleeps for. */
export const advance = (millis: number): Effect.Effect<void> =>
  Effect.gen(function* () {
    const end = (yield* now) + millis
    while (true) {
      yield* settle
      const next = yield* nextSleep
      if (Option.isNone(next) || next.value > end) break
      yield* TestClock.setTime(next.value)
    }
    yield* TestClock.setTime(end)
    yield* settle
  })

/** Runs an effect to its end, turning the clock to the next moment somebody sleeps for whenever all wait. */
export const runToEnd = <A, E, R>(effect: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
  Effect.gen(function* () {
    const fiber = yield* Effect.fork(effect)
    while (true) {
      yield* settle
      const exit = yield* Fiber.poll(fiber)
      if (Option.isSome(exit)) return yield* Exit.isExit(exit.value) ? exit.value : Effect.die("not an exit")
      const next = yield* nextSleep
      if (Option.isNone(next)) return yield* Effect.die("every fiber waits, and none for the clock")
      yield* TestClock.setTime(next.value)
    }
  })

/** Draws the longest delay that jitter allows, so that delays are known. */
export const withoutJitter: <A, E, R>(effect: Effect.Effect<A, E, R>) => Effect.Effect<A, E, R> =
  Effect.withRandom(Random.fixed([1]))
