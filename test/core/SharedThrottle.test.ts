import { assert, describe, it } from "@effect/vitest"
import { Clock, Effect, Either, Fiber, Metric } from "effect"
import { Metrics, SharedThrottle, type Throttle } from "effect-adobe-pass"
import { advance, runToEnd, settle } from "../support/time.js"

type Service = Throttle.Throttle
type Behaviour = "works" | "fails" | "hangs"

/** Buckets of a server in memory, as plainly as they can be written down: they refill, and can be held. */
const makeServer = () => {
  const buckets = new Map<string, { credit: number; at: number; heldUntil: number }>()
  const server = { behaviour: "works" as Behaviour, questions: 0, given: [] as number[] }
  const behave = <A>(answer: (now: number) => A) =>
    Effect.suspend(() => {
      server.questions += 1
      if (server.behaviour === "hangs") return Effect.never
      if (server.behaviour === "fails") return Effect.fail({ reason: "Unavailable" } as const)
      return Effect.map(Clock.currentTimeMillis, answer)
    })
  const bucketOf = (key: string, capacity: number, interval: number, now: number) => {
    const bucket = buckets.get(key) ?? { credit: capacity, at: now, heldUntil: 0 }
    buckets.set(key, bucket)
    bucket.credit = Math.min(capacity, bucket.credit + (now - bucket.at) / interval)
    bucket.at = now
    return bucket
  }
  const shared: SharedThrottle.SharedBuckets = {
    take: (key, { capacity, interval }) =>
      behave((now) => {
        const bucket = bucketOf(key, capacity, interval, now)
        const wait = Math.max(bucket.heldUntil - now, Math.ceil((1 - bucket.credit) * interval))
        if (wait > 0) return wait
        bucket.credit -= 1
        server.given.push(now)
        return 0
      }),
    hold: (key, millis, { capacity, interval }) =>
      behave((now) => {
        const bucket = bucketOf(key, capacity, interval, now)
        bucket.credit = 0
        bucket.heldUntil = now + millis
      })
  }
  return {
    ...server,
    server,
    node: (options?: SharedThrottle.SharedThrottleOptions) => made(shared, options)
  }
}

const made = (
  shared: SharedThrottle.SharedBuckets,
  options?: SharedThrottle.SharedThrottleOptions
): Service => Either.getOrThrow(SharedThrottle.make(shared, options))

/** Takes a permit in the background and writes down when it came. */
const ask = (throttle: Service, into: Array<readonly [string, number]>, name: string, urgent = false) =>
  throttle.take("ip", { urgent }).pipe(
    Effect.zipRight(Clock.currentTimeMillis),
    Effect.tap((at) => Effect.sync(() => into.push([name, at]))),
    Effect.fork,
    Effect.zipLeft(settle)
  )

const fallbacks = Effect.map(Metric.value(Metrics.throttleFallbacks), ({ count }) => count)

describe("a shared throttle", () => {
  it.effect("gives two processes together what one bucket allows", () =>
    Effect.gen(function* () {
      const { node, server } = makeServer()
      const nodes = [node(), node()]
      const served: Array<readonly [string, number]> = []
      for (let call = 0; call < 20; call++) {
        for (const each of nodes) yield* ask(each, served, "call")
      }
      yield* advance(60_000)
      assert.deepStrictEqual(
        served.map(([, at]) => at).sort((a, b) => a - b),
        Array.from({ length: 40 }, (_, n) => Math.max(0, n - 9) * 1000)
      )
      assert.strictEqual(server.given.length, 40)
    })
  )

  it.effect("serves the callers of a process in the order of arrival, the urgent ones first", () =>
    Effect.gen(function* () {
      const throttle = makeServer().node({ burst: 0 })
      const served: Array<readonly [string, number]> = []
      for (const name of "abcd") yield* ask(throttle, served, name)
      yield* ask(throttle, served, "urgent", true)
      yield* advance(10_000)
      assert.deepStrictEqual(
        served.map(([name]) => name),
        ["a", "urgent", "b", "c", "d"]
      )
    })
  )

  it.effect("tells whether the permit had to be waited for, and keeps nothing when nobody waits", () =>
    Effect.gen(function* () {
      const throttle = makeServer().node({ burst: 0 })
      assert.isFalse(yield* throttle.take("ip"))
      assert.isTrue(yield* runToEnd(throttle.take("ip")))
    })
  )

  it.effect("takes no permit along when a waiter is interrupted", () =>
    Effect.gen(function* () {
      const { node, server } = makeServer()
      const throttle = node({ burst: 0 })
      const served: Array<readonly [string, number]> = []
      yield* ask(throttle, served, "a")
      const second = yield* ask(throttle, served, "b")
      yield* ask(throttle, served, "c")
      yield* Fiber.interrupt(second)
      yield* advance(10_000)
      assert.deepStrictEqual(served, [
        ["a", 0],
        ["c", 1000]
      ])
      assert.strictEqual(server.given.length, 2)
    })
  )

  it.effect("lets a 429 of one process hold the others", () =>
    Effect.gen(function* () {
      const { node } = makeServer()
      const [one, two] = [node(), node()]
      yield* one.hold("ip", 5000)
      const served: Array<readonly [string, number]> = []
      yield* ask(two, served, "a")
      yield* advance(10_000)
      assert.deepStrictEqual(served, [["a", 5000]])
    })
  )

  it.effect(
    "refuses at once who would have to wait for longer than maxWait, by its own queue or by the bucket",
    () =>
      Effect.gen(function* () {
        const { node } = makeServer()
        const throttle = node({ burst: 0, maxWait: "5 seconds" })
        const served: Array<readonly [string, number]> = []
        for (const name of "abcdefg") yield* ask(throttle, served, name)
        const own = yield* Effect.flip(throttle.take("ip"))
        assert.deepStrictEqual(own, { _tag: "Overloaded", waitMillis: 6000 })
        yield* advance(20_000)
        assert.strictEqual(served.length, 7)
        yield* node().hold("ip", 60_000)
        assert.deepInclude(yield* Effect.flip(throttle.take("ip")), { waitMillis: 60_000 })
      })
  )

  for (const behaviour of ["fails", "hangs"] as const) {
    it.effect(
      `paces by itself, and counts it, while the server ${behaviour}, and asks again after a pause`,
      () =>
        Effect.gen(function* () {
          const { node, server } = makeServer()
          const throttle = node()
          const before = yield* fallbacks
          const served: Array<readonly [string, number]> = []
          for (let call = 0; call < 5; call++) yield* ask(throttle, served, "shared")
          server.behaviour = behaviour
          for (let call = 0; call < 20; call++) yield* ask(throttle, served, "alone")
          yield* advance(8000)
          const alone = served.filter(([name]) => name === "alone").map(([, at]) => at)
          // Five permits of the burst went through the server, and are counted here too.
          const late = behaviour === "hangs" ? 500 : 0
          assert.deepStrictEqual(
            alone.slice(0, 5),
            Array.from({ length: 5 }, () => late)
          )
          for (const [n, at] of alone.slice(5).entries()) {
            assert.isAtLeast(at, (n + 1) * 1000)
            assert.isAtMost(at, (n + 1) * 1000 + 2 * late)
          }
          assert.strictEqual((yield* fallbacks) - before, alone.length)
          const given = server.given.length

          server.behaviour = "works"
          yield* advance(30_000)
          assert.strictEqual(served.length, 25)
          assert.isAbove(server.given.length, given)
        })
    )
  }

  it.effect("counts what it gave by itself when the server is back with a full bucket (I3)", () =>
    Effect.gen(function* () {
      const { node, server } = makeServer()
      const throttle = node({ pause: "100 millis" })
      const served: Array<readonly [string, number]> = []
      server.behaviour = "fails"
      for (let call = 0; call < 10; call++) yield* ask(throttle, served, "alone")
      server.behaviour = "works"
      yield* advance(100)
      for (let call = 0; call < 10; call++) yield* ask(throttle, served, "shared")
      yield* advance(60_000)
      assert.deepStrictEqual(
        served.map(([, at]) => at),
        Array.from({ length: 20 }, (_, n) => Math.max(0, n - 9) * 1000)
      )
    })
  )

  it.effect("does not learn from a 429 that its burst is spent for good, when another process sent it", () =>
    Effect.gen(function* () {
      const { node } = makeServer()
      const [one, two] = [node(), node()]
      const served: Array<readonly [string, number]> = []
      for (let call = 0; call < 10; call++) yield* ask(one, served, "one")
      yield* two.hold("ip", 1000)
      yield* advance(60_000)
      const again: typeof served = []
      for (let call = 0; call < 10; call++) yield* ask(two, again, "two")
      assert.deepStrictEqual(
        again.map(([, at]) => at),
        Array.from({ length: 10 }, () => 60_000)
      )
    })
  )

  it.effect("learns by itself that a burst is spent for good while the server cannot be told", () =>
    Effect.gen(function* () {
      const { node, server } = makeServer()
      const throttle = node()
      server.behaviour = "fails"
      yield* throttle.take("ip")
      yield* throttle.hold("ip", 1000)
      yield* advance(60_000)
      const served: Array<readonly [string, number]> = []
      for (let call = 0; call < 3; call++) yield* ask(throttle, served, "call")
      yield* advance(10_000)
      assert.deepStrictEqual(
        served.map(([, at]) => at),
        [60_000, 61_000, 62_000]
      )
    })
  )

  it.effect("asks a server that hangs once in a pause, whatever the number of addresses", () =>
    Effect.gen(function* () {
      const { node, server } = makeServer()
      const throttle = node()
      server.behaviour = "fails"
      yield* throttle.take("first")
      server.behaviour = "hangs"
      const asked = server.questions
      yield* advance(1000)
      const fibers = yield* Effect.forEach(
        Array.from({ length: 100 }, (_, n) => `ip-${n}`),
        (key) => Effect.fork(throttle.take(key))
      )
      yield* advance(900)
      yield* Effect.forEach(fibers, Fiber.join)
      assert.strictEqual(server.questions - asked, 1)
    })
  )

  it("refuses options that cannot be used", () => {
    const { node } = makeServer()
    for (const options of [{ timeout: 0 }, { pause: "-1 second" as const }, { burst: -1 }]) {
      assert.throws(() => node(options))
    }
  })
})
