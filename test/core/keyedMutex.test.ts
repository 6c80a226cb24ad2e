import { setFlagsFromString } from "node:v8"
import { runInNewContext } from "node:vm"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Fiber, Option, TestClock } from "effect"
import * as KeyedMutex from "../../packages/core/src/internal/keyedMutex.js"

setFlagsFromString("--expose-gc")
const collect: () => void = runInNewContext("gc")

interface Key {
  readonly n: number
}

describe("a lock in the process", () => {
  it.live("forgets the keys that nobody holds, also those of waiters that gave up", () =>
    Effect.gen(function* () {
      const mutex = KeyedMutex.make<Key>()
      /** Holds a key, with a waiter that gives up; what is left is a weak reference to the key. */
      const use = (n: number) =>
        Effect.gen(function* () {
          const key: Key = { n }
          yield* Effect.scoped(
            Effect.gen(function* () {
              yield* mutex(key)
              const waiting = yield* Effect.fork(Effect.scoped(mutex(key)))
              yield* Effect.yieldNow()
              yield* Fiber.interrupt(waiting)
            })
          )
          return new WeakRef(key)
        })
      const keys = yield* Effect.forEach(
        Array.from({ length: 100 }, (_, n) => n),
        use
      )
      // What the last steps of a fiber refer to is collected a turn later.
      yield* Effect.sleep("10 millis")
      collect()
      assert.isAtMost(keys.filter((key) => key.deref() !== undefined).length, 1)
    })
  )

  it.effect("goes to the next in line when its holder fails and a waiter gives up", () =>
    Effect.gen(function* () {
      const mutex = KeyedMutex.make<string>()
      const rest = Effect.repeatN(Effect.yieldNow(), 100)
      const holder = yield* Effect.fork(
        Effect.scoped(Effect.zipRight(mutex("a"), Effect.zipRight(Effect.sleep(1), Effect.fail("holder"))))
      )
      yield* rest
      const [second, third] = yield* Effect.all([
        Effect.fork(Effect.scoped(mutex("a"))),
        Effect.fork(Effect.scoped(mutex("a")))
      ])
      yield* rest
      yield* Fiber.interrupt(second)
      assert.isTrue(Option.isNone(yield* Fiber.poll(third)))
      yield* TestClock.adjust(1)
      yield* Fiber.await(holder)
      yield* rest
      assert.isTrue(Option.isSome(yield* Fiber.poll(third)))
    })
  )
})
