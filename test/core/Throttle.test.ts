import { assert, describe, it } from "@effect/vitest"
import { Clock, Effect, Either, Fiber, FastCheck as fc, Option, TestClock } from "effect"
import { Throttle } from "effect-adobe-pass"
import { Bucket } from "effect-adobe-pass-emulator"
import { runs } from "../support/property.js"
import { advance, runToEnd, settle } from "../support/time.js"

type Service = Throttle.Throttle

const make = (options?: Throttle.ThrottleOptions): Service => Either.getOrThrow(Throttle.make(options))
const now = Clock.currentTimeMillis

/** Takes permits in the background and writes down who got one, and when. */
const desk = (throttle: Service) => {
  const served: Array<readonly [name: string, at: number]> = []
  const ask = (name: string, options: { readonly key?: string; readonly urgent?: boolean } = {}) =>
    throttle.take(options.key ?? "ip", { urgent: options.urgent }).pipe(
      Effect.zipRight(now),
      Effect.tap((at) => Effect.sync(() => served.push([name, at]))),
      Effect.asVoid,
      Effect.fork,
      Effect.zipLeft(settle)
    )
  const askMany = (names: Iterable<string>, options?: Parameters<typeof ask>[1]) =>
    Effect.forEach(names, (name) => ask(name, options))
  return { served, ask, askMany }
}

const spent = Effect.fnUntraced(function* (throttle: Service, key = "ip", burst = 1) {
  yield* Effect.replicateEffect(throttle.take(key), burst)
})

describe("a bucket", () => {
  it.effect("gives its burst at once and one permit per second after that (I3)", () =>
    Effect.gen(function* () {
      const { askMany, served } = desk(make())
      yield* askMany("abcdefghijklm")
      yield* advance(10_000)
      assert.deepStrictEqual(
        served.map(([, at]) => at),
        [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1000, 2000, 3000]
      )
    })
  )

  it.effect("tells whether the permit had to be waited for", () =>
    Effect.gen(function* () {
      const { take } = make({ burst: 0 })
      assert.isFalse(yield* take("ip"))
      assert.isTrue(yield* runToEnd(take("ip")))
    })
  )

  it.effect("serves in the order of arrival", () =>
    Effect.gen(function* () {
      const { askMany, served } = desk(make({ burst: 0 }))
      yield* askMany("abcdefgh")
      yield* advance(10_000)
      assert.deepStrictEqual(
        served,
        [..."abcdefgh"].map((name, n) => [name, n * 1000] as const)
      )
    })
  )

  it.effect("serves those who came in between after those who came before", () =>
    Effect.gen(function* () {
      const { ask, served } = desk(make({ burst: 0 }))
      yield* ask("a")
      yield* ask("b")
      yield* advance(999)
      yield* ask("c")
      yield* advance(1)
      yield* ask("d")
      yield* advance(5000)
      assert.deepStrictEqual(served, [
        ["a", 0],
        ["b", 1000],
        ["c", 2000],
        ["d", 3000]
      ])
    })
  )

  it.effect("lets urgent ones pass the others, and keeps the order among them", () =>
    Effect.gen(function* () {
      const { ask, askMany, served } = desk(make({ burst: 0 }))
      yield* askMany(["first", "a", "b"])
      yield* advance(500)
      yield* ask("urgent 1", { urgent: true })
      yield* ask("urgent 2", { urgent: true })
      yield* advance(10_000)
      assert.deepStrictEqual(served, [
        ["first", 0],
        ["urgent 1", 1000],
        ["urgent 2", 2000],
        ["a", 3000],
        ["b", 4000]
      ])
    })
  )

  it.effect("gives at once what need not be waited for, and nothing past those who wait", () =>
    Effect.gen(function* () {
      const throttle = make({ burst: 1 })
      const atOnce = (urgent?: boolean) =>
        Effect.gen(function* () {
          const fiber = yield* Effect.fork(throttle.take("ip", { urgent }))
          yield* settle
          const exit = yield* fiber.poll
          yield* Fiber.interrupt(fiber)
          return Option.isSome(exit)
        })
      assert.isTrue(yield* atOnce())
      assert.isTrue(yield* atOnce())
      assert.isFalse(yield* atOnce())
      assert.isFalse(yield* atOnce(true))
      const { ask, served } = desk(throttle)
      yield* ask("waiting")
      yield* advance(500)
      assert.isFalse(yield* atOnce())
      yield* advance(500)
      assert.deepStrictEqual(served, [["waiting", 1000]])
      assert.isFalse(yield* atOnce())
      yield* throttle.hold("ip", 5000)
      yield* advance(4999)
      assert.isFalse(yield* atOnce(true))
      yield* advance(1)
      assert.isTrue(yield* atOnce())
    })
  )

  it.effect("is another one for another key (I4)", () =>
    Effect.gen(function* () {
      const { askMany, served } = desk(make({ burst: 0 }))
      yield* askMany(["a1", "a2"], { key: "a" })
      yield* askMany(["b1", "b2"], { key: "b" })
      yield* advance(5000)
      assert.deepStrictEqual(Object.fromEntries(served), { a1: 0, a2: 1000, b1: 0, b2: 1000 })
    })
  )

  it.effect("can have another pace", () =>
    Effect.gen(function* () {
      const { askMany, served } = desk(make({ burst: 1, rate: 4 }))
      yield* askMany("abcde")
      yield* advance(5000)
      assert.deepStrictEqual(
        served.map(([, at]) => at),
        [0, 0, 250, 500, 750]
      )
    })
  )

  it.effect("still serves when the clock was set back", () =>
    Effect.gen(function* () {
      yield* TestClock.setTime(100_000)
      const throttle = make({ burst: 0 })
      yield* spent(throttle)
      yield* TestClock.setTime(50_000)
      const { ask, served } = desk(throttle)
      yield* ask("a")
      yield* advance(1000)
      assert.deepStrictEqual(served, [["a", 51_000]])
    })
  )
})

describe("a 429", () => {
  it.effect("holds everybody for at least a second, and keeps their order (I2)", () =>
    Effect.gen(function* () {
      const throttle = make()
      const { askMany, served } = desk(throttle)
      yield* throttle.hold("ip", 0)
      yield* askMany("abc")
      yield* advance(999)
      assert.deepStrictEqual(served, [])
      yield* advance(5000)
      assert.deepStrictEqual(served, [
        ["a", 1000],
        ["b", 2000],
        ["c", 3000]
      ])
    })
  )

  it.effect("holds everybody for a second also where permits come faster than that (I2)", () =>
    Effect.gen(function* () {
      const throttle = make({ rate: 10 })
      const { askMany, served } = desk(throttle)
      yield* throttle.hold("ip", 0)
      yield* askMany("ab")
      yield* advance(5000)
      assert.deepStrictEqual(served, [
        ["a", 1000],
        ["b", 1100]
      ])
    })
  )

  it.effect("moves those who wait already, and keeps their order", () =>
    Effect.gen(function* () {
      const throttle = make({ burst: 0, replenish: "once" })
      const { ask, askMany, served } = desk(throttle)
      yield* askMany("abc")
      yield* advance(500)
      yield* ask("urgent", { urgent: true })
      yield* throttle.hold("ip", 7000)
      yield* advance(20_000)
      assert.deepStrictEqual(served, [
        ["a", 0],
        ["urgent", 7500],
        ["b", 8500],
        ["c", 9500]
      ])
    })
  )

  it.effect("is honoured for as long as the server asks, and the longest of several counts", () =>
    Effect.gen(function* () {
      const throttle = make()
      const { ask, served } = desk(throttle)
      yield* throttle.hold("ip", 7000)
      yield* throttle.hold("ip", 2000)
      yield* ask("a")
      yield* advance(10_000)
      assert.deepStrictEqual(served, [["a", 7000]])
    })
  )

  it.effect("holds for five minutes at most, whatever the server asks for", () =>
    Effect.gen(function* () {
      const throttle = make({ maxWait: "10 minutes" })
      yield* throttle.hold("ip", 999_999_999_000)
      const { ask, served } = desk(throttle)
      yield* ask("a")
      yield* advance(3_600_000)
      assert.deepStrictEqual(served, [["a", 300_000]])
    })
  )

  it.effect("concerns one key alone (I4)", () =>
    Effect.gen(function* () {
      const throttle = make()
      yield* throttle.hold("a", 5000)
      assert.isFalse(yield* throttle.take("b"))
    })
  )
})

describe("the burst", () => {
  const after = (replenish: Throttle.ThrottleOptions["replenish"], surprise: boolean) =>
    Effect.gen(function* () {
      const throttle = make({ replenish })
      const { askMany, served } = desk(throttle)
      yield* spent(throttle, "ip", 10)
      yield* advance(60_000)
      if (surprise) {
        yield* throttle.hold("ip", 1000)
        yield* advance(60_000)
      }
      const start = yield* now
      yield* askMany("abcdefghijkl")
      yield* advance(20_000)
      return served.map(([, at]) => at - start).filter((at) => at === 0).length
    })

  it.effect.each([
    ["refill", false, 10],
    ["refill", true, 10],
    ["learn", false, 10],
    ["learn", true, 1],
    ["once", false, 1],
    ["once", true, 1]
  ] as const)(
    "with %s, and a 429 despite credit (%s), is %d after a pause",
    ([replenish, surprise, expected]) =>
      Effect.gen(function* () {
        assert.strictEqual(yield* after(replenish, surprise), expected)
      })
  )

  it.effect("is not taken as spent by a 429 that was to be expected", () =>
    Effect.gen(function* () {
      const throttle = make()
      yield* spent(throttle, "ip", 10)
      yield* throttle.hold("ip", 1000)
      yield* advance(60_000)
      yield* spent(throttle, "ip", 9)
      assert.isFalse(yield* throttle.take("ip"))
    })
  )
})

describe("a waiter that goes away", () => {
  it.effect("gives its place to the next at the same moment, when it was the first", () =>
    Effect.gen(function* () {
      const { ask, served } = desk(make({ burst: 0 }))
      yield* ask("served")
      const first = yield* ask("first")
      yield* ask("second")
      yield* ask("third")
      yield* advance(400)
      yield* Fiber.interrupt(first)
      yield* advance(10_000)
      assert.deepStrictEqual(served, [
        ["served", 0],
        ["second", 1000],
        ["third", 2000]
      ])
    })
  )

  it.effect("costs an interval, and nobody's place, when it goes away after it was served", () =>
    Effect.gen(function* () {
      const throttle = make({ burst: 0 })
      const { ask, served } = desk(throttle)
      yield* ask("served")
      // Its caller has the permit, and is still at what comes before it sends.
      const first = yield* Effect.fork(Effect.zipRight(throttle.take("ip"), Effect.never))
      yield* settle
      yield* ask("second")
      yield* ask("third")
      yield* advance(1000)
      yield* Fiber.interrupt(first)
      yield* advance(10_000)
      assert.deepStrictEqual(served, [
        ["served", 0],
        ["second", 2000],
        ["third", 3000]
      ])
    })
  )

  it.effect("lets those behind it move up, when it was in the middle", () =>
    Effect.gen(function* () {
      const { ask, served } = desk(make({ burst: 0 }))
      yield* ask("served")
      yield* ask("first")
      const second = yield* ask("second")
      yield* ask("third")
      yield* advance(400)
      yield* Fiber.interrupt(second)
      yield* advance(10_000)
      assert.deepStrictEqual(served, [
        ["served", 0],
        ["first", 1000],
        ["third", 2000]
      ])
    })
  )

  it.effect("leaves a bucket that works, when it was the only one or urgent", () =>
    Effect.gen(function* () {
      const { ask, served } = desk(make({ burst: 0 }))
      yield* ask("served")
      for (const urgent of [false, true]) {
        const only = yield* ask("only", { urgent })
        yield* advance(100)
        yield* Fiber.interrupt(only)
      }
      const waiting = yield* ask("waiting")
      const urgent = yield* ask("urgent", { urgent: true })
      yield* advance(100)
      yield* Fiber.interrupt(urgent)
      yield* advance(700)
      assert.deepStrictEqual(served, [
        ["served", 0],
        ["waiting", 1000]
      ])
      yield* Fiber.join(waiting)
    })
  )

  it.effect("leaves a bucket that works, at whatever step of its run it is stopped", () =>
    Effect.gen(function* () {
      const nexts = new Map<string, Fiber.RuntimeFiber<boolean, Throttle.Overloaded>>()
      // A fiber gives way after so many operations, and is stopped after so many turns of the others.
      for (let operations = 12; operations <= 40; operations++) {
        for (let turns = 0; turns <= 5; turns++) {
          const throttle = make({ burst: 0 })
          yield* throttle.take("ip")
          const stopped = yield* Effect.fork(Effect.withMaxOpsBeforeYield(throttle.take("ip"), operations))
          for (let turn = 0; turn < turns; turn++) yield* Effect.yieldNow()
          stopped.unsafeInterruptAsFork(stopped.id())
          for (let turn = 0; turn < 20; turn++) yield* Effect.yieldNow()
          const next = yield* Effect.fork(throttle.take("ip"))
          nexts.set(`stuck after ${operations} operations and ${turns} turns`, next)
        }
      }
      yield* TestClock.adjust(1000)
      for (const [stuck, next] of nexts) {
        assert.strictEqual((yield* Fiber.poll(next))._tag, "Some", stuck)
      }
    })
  )
})

describe("a queue that is too long", () => {
  it.effect("refuses at once whoever would wait longer than allowed, and reserves nothing", () =>
    Effect.gen(function* () {
      const throttle = make({ burst: 0, maxWait: "3 seconds" })
      const { ask, askMany, served } = desk(throttle)
      yield* askMany(["served", "a", "b", "c"])
      for (let n = 0; n < 100; n++) {
        const error = yield* Effect.flip(throttle.take("ip"))
        assert.deepStrictEqual(error, { _tag: "Overloaded", waitMillis: 4000 })
      }
      yield* ask("urgent", { urgent: true })
      yield* advance(10_000)
      assert.deepStrictEqual(served, [
        ["served", 0],
        ["urgent", 1000],
        ["a", 2000],
        ["b", 3000],
        ["c", 4000]
      ])
    })
  )

  it.effect("counts a hold as waiting", () =>
    Effect.gen(function* () {
      const throttle = make({ maxWait: "3 seconds" })
      yield* throttle.hold("ip", 3001)
      const error = yield* Effect.flip(throttle.take("ip"))
      assert.strictEqual(error.waitMillis, 3001)
      yield* TestClock.adjust(1)
      assert.isTrue(yield* runToEnd(throttle.take("ip")))
    })
  )

  it.effect("refuses those who wait already when the server asks for more than that", () =>
    Effect.gen(function* () {
      const throttle = make({ burst: 0, maxWait: "1 minute" })
      yield* throttle.take("ip")
      const waiting = yield* Effect.fork(Effect.all([throttle.take("ip"), now]))
      yield* settle
      yield* throttle.hold("ip", 3_600_000)
      const error = yield* Effect.flip(runToEnd(Fiber.join(waiting)))
      assert.strictEqual(error._tag, "Overloaded")
      assert.isAtMost(yield* now, 60_000)
    })
  )
})

describe("buckets in memory", () => {
  it.effect("vanish when they are full and idle, without a timer of their own", () =>
    Effect.gen(function* () {
      const throttle = make()
      for (let n = 0; n < 1000; n++) yield* throttle.take(`old-${n}`)
      assert.strictEqual(yield* throttle.size, 1000)
      yield* TestClock.adjust("10 seconds")
      assert.deepStrictEqual([...(yield* TestClock.sleeps())], [])
      for (let n = 0; n < 1000; n++) yield* throttle.take(`new-${n}`)
      assert.isAtMost(yield* throttle.size, 1001)
    })
  )

  it.effect("vanish also behind buckets that are still in use", () =>
    Effect.gen(function* () {
      const throttle = make({ burst: 0 })
      for (const key of ["a", "b", "c"]) yield* throttle.hold(key, 3_600_000)
      for (let n = 0; n < 1000; n++) yield* throttle.take(`old-${n}`)
      yield* TestClock.adjust("10 seconds")
      for (let n = 0; n < 1000; n++) yield* throttle.take(`new-${n}`)
      assert.isAtMost(yield* throttle.size, 1004)
    })
  )

  it.effect("vanish also behind buckets whose burst is spent for good", () =>
    Effect.gen(function* () {
      const throttle = make()
      for (const key of ["a", "b", "c"]) yield* throttle.hold(key, 1000)
      for (let n = 0; n < 1000; n++) yield* throttle.take(`old-${n}`)
      yield* TestClock.adjust("10 seconds")
      for (let n = 0; n < 1000; n++) yield* throttle.take(`new-${n}`)
      assert.isAtMost(yield* throttle.size, 1004)
    })
  )

  it.effect("vanish also while others are in use all the time", () =>
    Effect.gen(function* () {
      const throttle = make()
      for (let n = 0; n < 150; n++) {
        yield* throttle.take(`once-${n}`)
        for (let busy = 0; busy < 5; busy++) yield* throttle.take(`busy-${busy}`)
        yield* TestClock.adjust(1000)
        assert.isAtMost(yield* throttle.size, 50)
      }
    })
  )

  it.effect("are never more than allowed", () =>
    Effect.gen(function* () {
      const throttle = make({ maxKeys: 10, replenish: "once" })
      for (let n = 0; n < 100; n++) {
        yield* throttle.take(`key-${n}`)
        assert.isAtMost(yield* throttle.size, 10)
      }
    })
  )

  it.effect("are forgotten in the order in which they were last used", () =>
    Effect.gen(function* () {
      const throttle = make({ maxKeys: 3, burst: 0 })
      for (const key of ["a", "b", "c"]) yield* throttle.hold(key, 30_000)
      yield* throttle.hold("a", 30_000)
      yield* throttle.take("d")
      assert.isFalse(yield* throttle.take("b"), "b was used least recently: it starts anew")
      const held = yield* Effect.fork(throttle.take("a"))
      yield* settle
      assert.strictEqual((yield* Fiber.poll(held))._tag, "None", "a was used since")
      yield* Fiber.interrupt(held)
    })
  )

  it.effect("are not forgotten between the look at a bucket and the place in its queue", () =>
    Effect.gen(function* () {
      const opsBeforeYield = 60
      // Wherever the fiber of a waiter makes way for others.
      for (let phase = 0; phase < opsBeforeYield; phase++) {
        const throttle = make({ maxKeys: 1, burst: 0 })
        const served: Array<number> = []
        const take = Effect.zipRight(
          throttle.take("a"),
          Effect.flatMap(now, (at) => Effect.sync(() => served.push(at)))
        )
        yield* throttle.take("a")
        const steps = Array.from({ length: phase }, () => Effect.void)
        yield* Effect.fork(
          Effect.withMaxOpsBeforeYield(
            Effect.zipRight(Effect.all(steps, { discard: true }), take),
            opsBeforeYield
          )
        )
        yield* Effect.fork(throttle.take("b"))
        yield* settle
        yield* Effect.fork(take)
        yield* Effect.fork(take)
        yield* advance(5000)
        assert.lengthOf(served, 3)
        assert.strictEqual(new Set(served).size, 3, `phase ${phase}: ${served}`)
      }
    })
  )

  it.effect("are not forgotten while somebody waits, and do not keep the others either", () =>
    Effect.gen(function* () {
      const throttle = make({ maxKeys: 10, burst: 0 })
      const { ask, askMany, served } = desk(throttle)
      yield* askMany(["a1", "a2"], { key: "a" })
      yield* askMany(["b1", "b2"], { key: "b" })
      yield* askMany(["c1", "c2"], { key: "c" })
      for (let n = 0; n < 100; n++) yield* throttle.take(`key-${n}`)
      assert.isAtMost(yield* throttle.size, 10)
      yield* ask("a3", { key: "a" })
      yield* advance(2000)
      assert.deepStrictEqual(Object.fromEntries(served), {
        a1: 0,
        a2: 1000,
        a3: 2000,
        b1: 0,
        b2: 1000,
        c1: 0,
        c2: 1000
      })
    })
  )
})

describe("permits at random times", () => {
  const arrivals = fc.array(
    fc.record({
      gap: fc.oneof(fc.constant(0), fc.integer({ min: 1, max: 50 }), fc.integer({ min: 900, max: 12_000 })),
      urgent: fc.boolean()
    }),
    { minLength: 1, maxLength: 40 }
  )

  const permitTimes = (throttle: Service, list: ReadonlyArray<{ gap: number; urgent: boolean }>) =>
    Effect.gen(function* () {
      const { ask, served } = desk(throttle)
      const fibers: Array<Fiber.RuntimeFiber<void, Throttle.Overloaded>> = []
      for (const { gap, urgent } of list) {
        if (gap > 0) yield* advance(gap)
        fibers.push(yield* ask("", { urgent }))
      }
      yield* runToEnd(Fiber.joinAll(fibers))
      return served.map(([, at]) => at)
    })

  const rejections = (model: Bucket.Model, times: ReadonlyArray<number>) => {
    const limit: Bucket.Limit = { model, rate: 1, burst: 10 }
    let state = Bucket.start(limit, times[0] ?? 0)
    return times.filter((at) => {
      const taken = Bucket.take(limit, state, at)
      state = taken.state
      return !taken.granted
    }).length
  }

  it.effect.prop(
    "are never more than a bucket that refills accepts (I3)",
    [arrivals],
    ([list]) =>
      Effect.gen(function* () {
        const times = yield* permitTimes(make(), list)
        assert.strictEqual(times.length, list.length)
        assert.strictEqual(rejections("refill", times), 0)
      }),
    runs(12)
  )

  it.effect.prop(
    "are never more than a bucket accepts whose burst never comes back, when the throttle is told so (I3)",
    [arrivals],
    ([list]) =>
      Effect.gen(function* () {
        const times = yield* permitTimes(make({ replenish: "once" }), list)
        assert.strictEqual(rejections("once", times), 0)
      }),
    runs(12)
  )
})

describe("ten thousand waiters of one key", () => {
  it.effect("are all served, and each costs the same", () =>
    Effect.gen(function* () {
      const throttle = make({
        burst: 10_000,
        rate: 1000,
        replenish: "refill",
        maxWait: "1 hour"
      })
      yield* throttle.hold("ip", 60_000)
      let served = 0
      const waiter = Effect.map(throttle.take("ip"), () => {
        served += 1
      })
      const all = yield* Effect.fork(
        Effect.all(
          Array.from({ length: 10_000 }, () => waiter),
          { concurrency: "unbounded", discard: true }
        )
      )
      yield* settle
      assert.strictEqual(served, 0)
      yield* advance(60_000)
      yield* Fiber.join(all)
      assert.strictEqual(served, 10_000)
    })
  )
})

describe("options that cannot be used", () => {
  it.each([
    ["throttle.burst", { burst: -1 }],
    ["throttle.burst", { burst: 1.5 }],
    ["throttle.burst", { burst: Number.NaN }],
    ["throttle.rate", { rate: 0 }],
    ["throttle.rate", { rate: Number.POSITIVE_INFINITY }],
    ["throttle.maxWait", { maxWait: 0 }],
    ["throttle.maxKeys", { maxKeys: 0 }],
    ["throttle.maxKeys", { maxKeys: Number.NaN }]
  ])("are refused: %s %j", (field, options) => {
    const result = Throttle.make(options)
    assert.strictEqual(Either.isLeft(result) ? result.left.field : undefined, field)
  })
})
