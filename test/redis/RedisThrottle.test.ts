import { assert, it } from "@effect/vitest"
import {
  Context,
  Duration,
  Effect,
  Either,
  Fiber,
  Layer,
  Metric,
  Random,
  type Scope,
  TestClock,
  TestContext
} from "effect"
import { type AdobePassError, Metrics, Throttle } from "effect-adobe-pass"
import { Redis, RedisThrottle } from "effect-adobe-pass-redis"
import * as Buckets from "../../packages/redis/src/internal/buckets.js"
import { describeOwnRedis, ownRedisCluster, ownRedisServer, type RedisServer } from "../support/redis.js"

type Service = Context.Tag.Service<Throttle.Throttle>

/** The throttle of a process: with a connection of its own. */
const throttleOn = (
  { prefix, url }: Pick<RedisServer, "prefix" | "url">,
  options: RedisThrottle.Options = {}
): Effect.Effect<Service, AdobePassError.InvalidInput, Scope.Scope> =>
  Effect.map(
    Layer.build(
      RedisThrottle.layer({ prefix, ...options }).pipe(
        Layer.provide(Redis.layer({ url, reconnect: "50 millis" }))
      )
    ),
    (context) => Context.get(context, Throttle.Throttle)
  )

const fallbacks = Effect.map(Metric.value(Metrics.throttleFallbacks), ({ count }) => count)

const now = Effect.clockWith((clock) => clock.currentTimeMillis)

const address = "203.0.113.7"

const keysOf = ({ execute, prefix }: RedisServer) =>
  Effect.map(execute("KEYS", `${prefix}*`), (reply) => (Array.isArray(reply) ? reply.map(String) : []))

/** The scripts, on a time that the test gives. */
const scripted = (script: string) => Redis.script(`local now = tonumber(ARGV[#ARGV])\n${script}`)
const scripts = { take: scripted(Buckets.take), hold: scripted(Buckets.hold) }

describeOwnRedis("a throttle on Redis", () => {
  for (const replenish of ["refill", "learn", "never"] as const) {
    it.scopedLive(`decides like the one in process, to the millisecond, at random times (${replenish})`, () =>
      Effect.gen(function* () {
        const server = yield* ownRedisServer()
        const redis = Context.get(yield* Layer.build(Redis.layer({ url: server.url })), Redis.Redis)
        const seed = process.env["SEED"] ?? `${yield* now}`
        console.log(`${replenish}: SEED=${seed}`)
        const random = Random.make(seed)
        for (let run = 0; run < 10; run++) {
          const burst = yield* random.nextIntBetween(1, 12)
          const interval = yield* random.nextIntBetween(200, 2000)
          // Nobody waits: the wait is told at once, and nothing is reserved.
          const local = Either.getOrThrow(
            Throttle.make({ burst, interval, replenish, maxWait: Duration.micros(1n) })
          )
          const rules = [`${burst}`, `${interval}`, replenish]
          yield* Effect.gen(function* () {
            yield* TestClock.setTime(1_700_000_000_000)
            for (let step = 0; step < 120; step++) {
              yield* TestClock.adjust(yield* random.nextIntBetween(0, step % 20 === 0 ? 30_000 : 1500))
              const at = `${yield* now}`
              if ((yield* random.nextIntBetween(0, 12)) === 0) {
                const millis = yield* random.nextIntBetween(1000, 4000)
                yield* local.hold("ip", millis)
                yield* redis.run(scripts.hold, `${server.prefix}${run}`, [...rules, `${millis}`, at])
              } else {
                const expected = yield* Effect.match(local.take("ip"), {
                  onSuccess: () => 0,
                  onFailure: ({ waitMillis }) => waitMillis
                })
                const answer = yield* redis.run(scripts.take, `${server.prefix}${run}`, [...rules, at])
                assert.strictEqual(answer, expected, `run ${run}, step ${step}`)
              }
            }
          }).pipe(Effect.provide(TestContext.TestContext))
        }
      })
    )
  }

  it.scopedLive("gives two processes together what one bucket accepts", () =>
    Effect.gen(function* () {
      const server = yield* ownRedisServer()
      const nodes = yield* Effect.forEach([1, 2], () => throttleOn(server, { burst: 10, interval: 100 }))
      const given: Array<number> = []
      yield* Effect.forEach(
        nodes.flatMap((node) => Array.from({ length: 20 }, () => node)),
        (node) =>
          Effect.zipRight(
            node.take(address),
            Effect.map(now, (at) => given.push(at))
          ),
        { concurrency: "unbounded", discard: true }
      )
      given.sort((left, right) => left - right)
      assert.lengthOf(given, 40)
      // A permit may reach this test late, the first one too, but none is early by more than that.
      const start = Math.min(...given)
      for (const [n, at] of given.entries()) assert.isAtLeast(at - start, (n - 10) * 100, `permit ${n}`)
    })
  )

  it.scopedLive("lets a 429 of one process hold the other", () =>
    Effect.gen(function* () {
      const server = yield* ownRedisServer()
      const [one, two] = yield* Effect.all([throttleOn(server), throttleOn(server)])
      assert.isFalse(yield* two.take(address))
      yield* one.hold(address, 1500)
      const waiting = yield* Effect.fork(two.take(address))
      yield* Effect.sleep("500 millis")
      assert.strictEqual((yield* Fiber.poll(waiting))._tag, "None")
      assert.isTrue(yield* Fiber.join(waiting))
    })
  )

  it.scopedLive("paces by itself and counts it while Redis is away, and shares again when it is back", () =>
    Effect.gen(function* () {
      const server = yield* ownRedisServer()
      const throttle = yield* throttleOn(server, { burst: 3, interval: 200, pause: "200 millis" })
      yield* throttle.take(address)
      yield* server.stop
      const before = yield* fallbacks
      const start = yield* now
      const given: Array<number> = []
      yield* Effect.forEach(
        Array.from({ length: 6 }),
        () =>
          Effect.zipRight(
            throttle.take(address),
            Effect.map(now, (at) => given.push(at - start))
          ),
        { concurrency: "unbounded", discard: true }
      )
      // Three at most were left in the bucket, whatever came back meanwhile; the rest is paced.
      given.sort((left, right) => left - right)
      for (const [n, at] of given.entries()) assert.isAtLeast(at, (n - 3) * 200 - 1, `permit ${n}`)
      assert.strictEqual((yield* fallbacks) - before, 6)
      yield* server.start
      yield* Effect.gen(function* () {
        yield* throttle.take("198.51.100.1")
        return yield* keysOf(server)
      }).pipe(Effect.repeat({ until: (keys) => keys.length > 0 }), Effect.timeout("10 seconds"))
    })
  )

  it.scopedLive("keeps a key for each bucket, which shows no address and goes away by itself", () =>
    Effect.gen(function* () {
      const server = yield* ownRedisServer()
      const throttle = yield* throttleOn(server)
      yield* throttle.take(address)
      yield* throttle.take("198.51.100.1")
      yield* throttle.hold(address, 2000)
      const keys = yield* keysOf(server)
      assert.lengthOf(keys, 2)
      for (const key of keys) {
        assert.notMatch(key, /203|198\.51/)
        const left = yield* server.execute("PTTL", key)
        assert.isTrue(typeof left === "number" && left > 0 && left < 3_700_000, `${left}`)
      }
    })
  )

  it.scopedLive("works on a Cluster, where a script may touch only the keys that it declares", () =>
    Effect.gen(function* () {
      const server = yield* ownRedisCluster
      const redis = Redis.layerCluster({ urls: [server.url] })
      const throttle = Context.get(
        yield* Layer.build(Layer.provide(RedisThrottle.layer({ burst: 2, interval: 100 }), redis)),
        Throttle.Throttle
      )
      const before = yield* fallbacks
      for (const each of ["a", "b", "c"]) {
        assert.isFalse(yield* throttle.take(each))
        yield* throttle.hold(each, 1000)
        assert.isTrue(yield* throttle.take(each))
      }
      assert.strictEqual(yield* fallbacks, before)
    })
  )
})
