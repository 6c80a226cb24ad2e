import { assert, describe, it } from "@effect/vitest"
import { Clock, Effect, TestClock } from "effect"
import { raceLate } from "../../packages/core/src/internal/raceLate.js"
import { runToEnd } from "../support/time.js"

/** Work that cannot be interrupted, and what decides meanwhile. */
const work = Effect.uninterruptible(Effect.as(Effect.sleep("2 seconds"), "work"))
const other = Effect.as(Effect.sleep("1 second"), "other")

describe("a race of which one side begins late", () => {
  it.effect("never starts the other side when the work waits for nothing", () =>
    Effect.gen(function* () {
      let started = false
      const late = Effect.sync(() => {
        started = true
        return "other"
      })
      assert.strictEqual(yield* raceLate(Effect.succeed("work"), late), "work")
      assert.isFalse(started)
    })
  )

  it.effect("waits for the end of the work that it interrupts", () =>
    Effect.gen(function* () {
      assert.strictEqual(yield* runToEnd(raceLate(work, other)), "other")
      assert.strictEqual(yield* Clock.currentTimeMillis, 2000)
    })
  )

  it.effect("does not wait for it when it leaves it", () =>
    Effect.gen(function* () {
      assert.strictEqual(yield* runToEnd(raceLate(work, other, { leaves: true })), "other")
      assert.strictEqual(yield* Clock.currentTimeMillis, 1000)
      yield* TestClock.adjust("1 second")
    })
  )
})
