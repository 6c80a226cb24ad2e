import { randomUUID } from "node:crypto"
import { assert, it } from "@effect/vitest"
import {
  Context,
  Effect,
  Either,
  Fiber,
  FastCheck as fc,
  Layer,
  Metric,
  Schedule,
  type Scope,
  TestClock
} from "effect"
import { type AdobePassError, Metrics, Throttle } from "effect-adobe-pass"
import { Redis, RedisThrottle } from "effect-adobe-pass-redis"
import * as BucketScripts from "../../packages/redis/src/internal/bucketScripts.js"
import { runs } from "../support/property.js"
import {
  describeOwnRedis,
  describeRedis,
  ownRedisCluster,
  ownRedisServer,
  type RedisServer,
  redisServer,
  shared
} from "../support/redis.js"
import { current, old } from "../support/scenarios.js"

/** These tests pace in real time, and metrics count for the whole process. */
const alone = { concurrent: false }

const address = "203.0.113.7"

/** A throttle with a connection of its own, as each process has one. */
const throttleOn = (
  { prefix, url }: Pick<RedisServer, "prefix" | "url">,
  options: RedisThrottle.RedisThrottleOptions = {}
): Effect.Effect<Throttle.Throttle, AdobePassError.InvalidInput, Scope.Scope> =>
  Layer.build(Redis.layer({ url, reconnect: "50 millis" })).pipe(
    Effect.flatMap((context) =>
      Effect.provide(RedisThrottle.make({ prefix, timeout: "1 minute", ...options }), context)
    )
  )

/** The time of Redis, in milliseconds. */
const serverTime = ({ execute }: RedisServer) =>
  Effect.map(execute("TIME"), (reply) => {
    const [seconds, micros] = Array.isArray(reply) ? reply.map(Number) : []
    return (seconds ?? Number.NaN) * 1000 + (micros ?? 0) / 1000
  })

describeRedis(
  "the scripts of a bucket",
  () => {
    const server = shared(redisServer)

    interface Step {
      readonly gap: number
      readonly hold: number | undefined
    }

    const steps = fc.array(
      fc.record({
        gap: fc.oneof(
          fc.constant(0),
          fc.integer({ min: 1, max: 1500 }),
          fc.integer({ min: 1500, max: 30_000 }),
          fc.constant(-20_000),
          fc.constant(-400_000)
        ),
        hold: fc.option(fc.integer({ min: 0, max: 400_000 }), { nil: undefined, freq: 6 })
      }),
      { minLength: 1, maxLength: 60 }
    )

    const limits = fc.record({
      burst: fc.integer({ min: 0, max: 11 }),
      rate: fc.constantFrom(1, 4, 1000 / 333, 1000 / 1700.5),
      replenish: fc.constantFrom("learn" as const, "refill" as const, "once" as const)
    })

    interface Limits {
      readonly burst: number
      readonly rate: number
      readonly replenish: "learn" | "refill" | "once"
    }

    /** What the scripts answer at these times: production puts the clock of Redis in the place of the argument. */
    const inRedis = (
      redis: Redis.Redis,
      prefix: string,
      { burst, rate, replenish }: Limits,
      list: ReadonlyArray<Step>
    ) => {
      const clock = "local now = tonumber(ARGV[5])\n"
      const take = Redis.script(clock + BucketScripts.take)
      const hold = Redis.script(clock + BucketScripts.hold)
      const name = `${prefix}${randomUUID()}`
      let now = 1_000_000
      return Effect.forEach(list, (step) => {
        now += step.gap
        const args = (millis: number) => [`${burst + 1}`, `${1000 / rate}`, replenish, `${millis}`, `${now}`]
        return step.hold === undefined
          ? redis.run(take, name, args(0))
          : Effect.as(redis.run(hold, name, args(Math.min(Math.max(1000, step.hold), 300_000))), "held")
      })
    }

    /** What the throttle of one process answers; where one would have to wait, it is told for how long. */
    const inProcess = (limits: Limits, list: ReadonlyArray<Step>) =>
      Effect.gen(function* () {
        const throttle = Either.getOrThrow(Throttle.make({ ...limits, maxWait: 0.5 }))
        const answers: Array<unknown> = []
        let now = 1_000_000
        for (const { gap, hold } of list) {
          now += gap
          yield* TestClock.setTime(now)
          if (hold === undefined) {
            const taken = yield* Effect.either(throttle.take("ip"))
            answers.push(Either.isRight(taken) ? 0 : Math.ceil(taken.left.waitMillis))
          } else {
            yield* throttle.hold("ip", hold)
            answers.push("held")
          }
        }
        return answers
      })

    it.scoped.prop(
      "decide as the bucket of one process does, at every time and after every 429 (I3)",
      [limits, steps],
      ([limits, steps]) =>
        Effect.gen(function* () {
          const { prefix, url } = yield* server
          const context = yield* Layer.build(Redis.layer({ url }))
          const redis = Context.get(context, Redis.Redis)
          assert.deepStrictEqual(
            yield* inRedis(redis, prefix, limits, steps),
            yield* inProcess(limits, steps)
          )
        }),
      runs(150)
    )
  },
  alone
)

describeRedis(
  "a throttle that processes share",
  () => {
    const server = shared(redisServer)

    it.scopedLive.each([
      ["current", current],
      ["old", old]
    ] as const)("never gives more than Adobe's published table lets pass: %s (I3)", ([, { burst, rows }]) =>
      Effect.gen(function* () {
        const redis = yield* server
        // A tenth of the time of the table; whatever takes longer than that lets more pass, in the table too.
        const scale = 100
        const options = { burst: burst - 1, rate: 1000 / scale, maxWait: 0.5 } as const
        const nodes = [yield* throttleOn(redis, options), yield* throttleOn(redis, options)] as const
        const start = yield* serverTime(redis)
        let passed = 0
        for (const [n, [seconds]] of rows.entries()) {
          const due = start + seconds * scale
          const now = yield* serverTime(redis)
          if (due > now) yield* Effect.sleep(due - now)
          const node = n % 2 === 0 ? nodes[0] : nodes[1]
          if (Either.isRight(yield* Effect.either(node.take(address)))) passed += 1
          const most = burst + ((yield* serverTime(redis)) - start) / scale
          assert.isAtMost(passed, most)
        }
        assert.isAtLeast(passed, burst)
      })
    )

    it.scopedLive("lets two processes make together what one may make, and all of it (I3)", () =>
      Effect.gen(function* () {
        const redis = yield* server
        const interval = 50
        const one = yield* throttleOn(redis, { burst: 9, rate: 1000 / interval })
        const two = yield* throttleOn(redis, { burst: 9, rate: 1000 / interval })
        const start = yield* serverTime(redis)
        const times = yield* Effect.all(
          Array.from({ length: 40 }, (_, n) =>
            Effect.zipRight((n % 2 === 0 ? one : two).take(address), serverTime(redis))
          ),
          { concurrency: "unbounded" }
        )
        const sorted = times.toSorted((left, right) => left - right)
        assert.lengthOf(sorted, 40)
        sorted.forEach((at, n) => {
          assert.isAtLeast(at - start, (n - 9) * interval - 1, `permit ${n}`)
        })
      })
    )

    it.scopedLive("serves in the order of arrival within a process, urgent ones first", () =>
      Effect.gen(function* () {
        const throttle = yield* throttleOn(yield* server, { burst: 0, rate: 2 })
        yield* throttle.take(address)
        const served: Array<string> = []
        const fibers: Array<Fiber.RuntimeFiber<void, Throttle.Overloaded>> = []
        for (const name of ["a", "b", "c", "urgent 1", "urgent 2"]) {
          const asking = Effect.map(
            throttle.take(address, { urgent: name.startsWith("urgent") }),
            () => void served.push(name)
          )
          fibers.push(yield* Effect.fork(asking))
          yield* Effect.yieldNow()
        }
        yield* Fiber.joinAll(fibers)
        assert.deepStrictEqual(served, ["urgent 1", "urgent 2", "a", "b", "c"])
      })
    )

    it.scopedLive("takes no permit along when one who waits is interrupted", () =>
      Effect.gen(function* () {
        const redis = yield* server
        const throttle = yield* throttleOn(redis, { burst: 0, rate: 1 / 3, replenish: "refill" })
        yield* throttle.take(address)
        const waiting = yield* Effect.forEach(Array.from({ length: 5 }), () =>
          Effect.fork(throttle.take(address))
        )
        yield* Effect.sleep("50 millis")
        yield* Fiber.interruptAll(waiting)
        const credit = Effect.gen(function* () {
          const [name] = yield* keys(redis)
          return Number(yield* redis.execute("HGET", name ?? "", "credit"))
        })
        assert.isAtLeast(yield* credit, 0)
        assert.isTrue(yield* throttle.take(address))
      })
    )

    it.scopedLive(
      "lets a 429 that one process saw hold the other one too, and not another address (I2, I4)",
      () =>
        Effect.gen(function* () {
          const redis = yield* server
          const one = yield* throttleOn(redis)
          const two = yield* throttleOn(redis)
          const start = yield* serverTime(redis)
          yield* one.hold(address, 1200)
          assert.isFalse(yield* two.take("203.0.113.8"))
          assert.isTrue(yield* two.take(address))
          assert.isAtLeast(yield* serverTime(redis), start + 1199)
          const impatient = yield* throttleOn(redis, { maxWait: 500 })
          yield* one.hold(address, 300_000)
          const refused = yield* Effect.flip(impatient.take(address))
          assert.isAtMost(refused.waitMillis, 300_000)
          assert.isAbove(refused.waitMillis, 200_000)
        })
    )

    it.scopedLive("shows no address in the names of its keys, and lets each of them expire", () =>
      Effect.gen(function* () {
        const redis = yield* server
        const throttle = yield* throttleOn(redis)
        yield* throttle.take(address)
        yield* throttle.hold("198.51.100.23", 1000)
        const names = yield* keys(redis)
        assert.lengthOf(names, 2)
        for (const name of names) {
          assert.match(name.slice(redis.prefix.length), /^throttle:[0-9a-f]{64}$/)
          assert.isAbove(Number(yield* redis.execute("PTTL", name)), 0)
        }
        const values = yield* Effect.forEach(names, (name) => redis.execute("HGETALL", name))
        assert.notMatch(JSON.stringify([names, values]), /203\.0|198\.51/)
      })
    )

    it.scopedLive("keeps a bucket that is held until the hold and its aftermath are over", () =>
      Effect.gen(function* () {
        const redis = yield* server
        const throttle = yield* throttleOn(redis, { burst: 0, rate: 10, replenish: "refill" })
        yield* throttle.hold(address, 60_000)
        const [name = ""] = yield* keys(redis)
        assert.isAbove(Number(yield* redis.execute("PTTL", name)), 60_000)
      })
    )

    it.scopedLive(
      "forgets a bucket when it is full again, and after an hour one whose burst is spent for good",
      () =>
        Effect.gen(function* () {
          const redis = yield* server
          const throttle = yield* throttleOn(redis, { burst: 9, rate: 1 })
          yield* throttle.take(address)
          const [name = ""] = yield* keys(redis)
          assert.isAtMost(Number(yield* redis.execute("PTTL", name)), 1000)
          yield* Effect.repeat(redis.execute("EXISTS", name), {
            while: (there) => there === 1,
            schedule: Schedule.spaced("20 millis")
          })
          yield* throttle.hold(address, 1000)
          assert.strictEqual(yield* redis.execute("HGET", name, "spent"), "1")
          const ttl = Number(yield* redis.execute("PTTL", name))
          assert.isAtMost(ttl, 3_600_000)
          assert.isAbove(ttl, 3_000_000)
        })
    )
  },
  alone
)

const keys = ({ execute, prefix }: RedisServer) =>
  Effect.map(execute("KEYS", `${prefix}*`), (names) => (Array.isArray(names) ? names.map(String) : []))

describeOwnRedis(
  "a throttle whose Redis goes away",
  () => {
    const fallbacks = Effect.map(Metric.value(Metrics.throttleFallbacks), ({ count }) => count)

    it.scopedLive("paces by itself, counts what it gives so, and shares again when Redis is back (I3)", () =>
      Effect.gen(function* () {
        const redis = yield* ownRedisServer()
        const interval = 60
        const throttle = yield* throttleOn(redis, { burst: 1, rate: 1000 / interval, pause: "100 millis" })
        yield* throttle.take(address)
        const before = yield* fallbacks
        yield* redis.stop
        const start = performance.now()
        const times = yield* Effect.all(
          Array.from({ length: 8 }, () =>
            Effect.map(throttle.take("another"), () => performance.now() - start)
          ),
          { concurrency: "unbounded" }
        )
        times
          .toSorted((left, right) => left - right)
          .forEach((at, n) => {
            assert.isAtLeast(at, (n - 1) * interval - 2, `permit ${n}`)
          })
        assert.strictEqual((yield* fallbacks) - before, 8)
        yield* redis.start
        yield* Effect.repeat(
          Effect.zipRight(
            throttle.take(address),
            Effect.map(keys(redis), (names) => names.length)
          ),
          { while: (count) => count === 0, schedule: Schedule.spaced("20 millis") }
        )
        const afterwards = yield* fallbacks
        yield* throttle.take(address)
        assert.strictEqual(yield* fallbacks, afterwards)
      })
    )
  },
  alone
)

describeOwnRedis(
  "a throttle on Redis Cluster",
  () => {
    it.scopedLive("takes and holds", () =>
      Effect.gen(function* () {
        const redis = yield* ownRedisCluster
        const context = yield* Layer.build(Redis.layerCluster({ urls: [redis.url] }))
        const throttle = yield* Effect.provide(RedisThrottle.make({ timeout: "1 minute" }), context)
        const before = yield* Metric.value(Metrics.throttleFallbacks)
        for (let n = 0; n < 50; n++) yield* throttle.take(`203.0.113.${n}`)
        yield* throttle.hold(address, 1000)
        assert.deepStrictEqual(yield* Metric.value(Metrics.throttleFallbacks), before)
        assert.lengthOf(yield* keys(redis), 50)
      })
    )
  },
  alone
)
