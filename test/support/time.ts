import { Array as Arr, Chunk, Effect, Exit, Fiber, Option, TestClock } from "effect"

/**
 * WebCrypto works on other threads. Under a test clock nobody may turn the clock while a digest is under way, so the
 * digests are counted.
 */
let digesting = 0
const digest = crypto.subtle.digest.bind(crypto.subtle)
crypto.subtle.digest = (...args: Parameters<typeof digest>) => {
  digesting += 1
  return digest(...args).finally(() => {
    digesting -= 1
  })
}

const turn = Effect.promise(() => new Promise<void>((resolve) => setImmediate(() => setTimeout(resolve, 0))))

/** Lets every fiber run until it waits for the clock or for another fiber. */
export const settle: Effect.Effect<void> = Effect.gen(function* () {
  for (let quiet = 0; quiet < 3; quiet = digesting === 0 ? quiet + 1 : 0) yield* turn
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
