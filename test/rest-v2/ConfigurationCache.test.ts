import { assert, describe, it } from "@effect/vitest"
import { Effect, Either, Exit, Fiber, Layer, Scope, TestClock } from "effect"
import { CurrentDevice, CurrentInstance, Device } from "effect-adobe-pass"
import { Emulator, Fault } from "effect-adobe-pass-emulator"
import { ConfigurationCache, RestV2 } from "effect-adobe-pass-rest-v2"
import { wrongBy } from "../support/clocks.js"
import { device, info } from "../support/system.js"
import { settle } from "../support/time.js"
import {
  answering,
  arrivingLate,
  forDevice,
  ofMvpd,
  ok,
  provider,
  refused,
  requests,
  restV2
} from "./scripted.js"

const configuration = (name: string) =>
  ok({ requestor: { id: "ACME", name, domains: [], mvpds: [{ id: "NorthCable", displayName: "North" }] } })

const cached = (options?: ConfigurationCache.ConfigurationCacheOptions) =>
  ConfigurationCache.layer(options).pipe(Layer.provideMerge(restV2()))

const retrieve = Effect.flatMap(ConfigurationCache.ConfigurationCache, (cache) =>
  cache.retrieve(provider)
).pipe(Effect.map(({ requestor }) => requestor.name))

const retrieveFor = (of: Device.Device) => retrieve.pipe(forDevice(of))

const variant = (id: string, change: Partial<typeof info> & Record<string, unknown>, ip = "203.0.113.9") =>
  Either.getOrThrow(Device.make({ id, ip, info: { ...info, ...change } }))

const browser = (id: string, userAgent: string) =>
  Either.getOrThrow(Device.make({ id, ip: "203.0.113.9", info: "browser", userAgent }))

describe("the cache of configurations", () => {
  it.effect("asks once within 3 minutes, and again after them (B3)", () =>
    Effect.gen(function* () {
      yield* answering(configuration("first"), configuration("second"))
      assert.strictEqual(yield* retrieve, "first")
      yield* TestClock.adjust(179_999)
      assert.strictEqual(yield* retrieve, "first")
      yield* TestClock.adjust(1)
      assert.strictEqual(yield* retrieve, "second")
    }).pipe(forDevice(), Effect.provide(cached()))
  )

  it.effect("keeps a configuration for each service provider and platform, whatever the device (B3)", () =>
    Effect.gen(function* () {
      yield* answering(...["tv", "other provider", "phone", "firefox", "safari"].map(configuration))
      const cache = yield* ConfigurationCache.ConfigurationCache
      assert.strictEqual(yield* retrieveFor(device(1)), "tv")
      const same = {
        connectionType: "LAN",
        connectionPort: "4711",
        osVersion: "7",
        version: "x",
        displayWidth: 640
      }
      assert.strictEqual(yield* retrieveFor(variant("another", same)), "tv")

      const other = yield* forDevice()(cache.retrieve({ serviceProvider: "OTHER" }))
      assert.strictEqual(other.requestor.name, "other provider")
      assert.strictEqual(yield* retrieveFor(variant("phone", { model: "iPhone", osName: "iOS" })), "phone")
      assert.strictEqual(yield* retrieveFor(browser("b1", "Firefox/1")), "firefox")
      assert.strictEqual(yield* retrieveFor(browser("b2", "Safari/1")), "safari")
      assert.strictEqual(yield* retrieveFor(browser("b3", "Firefox/1")), "firefox")
    }).pipe(Effect.provide(cached()))
  )

  it.effect("is never filled by anything but a question for the configuration (B1)", () =>
    Effect.gen(function* () {
      const { decisions, logout, profiles } = yield* RestV2.RestV2
      yield* answering(
        ok({ profiles: {} }),
        ok({ decisions: [] }),
        ok({ decisions: [] }),
        ok({ logouts: {} })
      )
      yield* profiles.all(provider)
      yield* decisions.authorize({ ...ofMvpd, resources: ["a"] })
      yield* decisions.preauthorize({ ...ofMvpd, resources: ["a"] })
      yield* logout.initiate(ofMvpd)
      yield* TestClock.adjust("1 hour")
      const paths = (yield* requests).map(({ path }) => path)
      assert.lengthOf(paths, 4)
      assert.isEmpty(paths.filter((path) => path.endsWith("/configuration")))
    }).pipe(forDevice(), Effect.provide(cached()))
  )

  it.effect("shares one configuration among second screens, and asks for it without a device", () =>
    Effect.gen(function* () {
      yield* answering(configuration("web"))
      const { withoutDevice } = yield* ConfigurationCache.ConfigurationCache
      for (const n of [1, 2]) {
        const { requestor } = yield* Effect.provideService(
          withoutDevice.retrieve(provider),
          CurrentInstance,
          device(n)
        )
        assert.strictEqual(requestor.name, "web")
      }
      const [request] = yield* requests
      assert.notProperty(request?.headers, "ap-device-identifier")
    }).pipe(Effect.provide(cached()))
  )

  it.effect("asks again after it was dropped, even while a question is under way (J8)", () =>
    Effect.gen(function* () {
      const cache = yield* ConfigurationCache.ConfigurationCache
      yield* answering(configuration("old"), configuration("new"))
      const early = yield* Effect.fork(retrieve)
      yield* settle
      yield* cache.invalidate(provider)
      const later = yield* Effect.fork(retrieve)
      yield* settle
      yield* TestClock.adjust("1 second")
      assert.strictEqual(yield* Fiber.join(early), "old")
      assert.strictEqual(yield* Fiber.join(later), "new")
      assert.strictEqual(yield* retrieve, "new")
    }).pipe(
      forDevice(),
      Effect.provide(
        ConfigurationCache.layer().pipe(Layer.provide(arrivingLate), Layer.provideMerge(restV2()))
      )
    )
  )

  it.effect("tells a failure to the one whose device asked, and asks for another one of those who wait", () =>
    Effect.gen(function* () {
      yield* answering(refused(403, "authorization", "authorization_denied_by_mvpd"), configuration("good"))
      const [first, ...others] = yield* Effect.forEach(
        [1, 2, 3, 4],
        (n) => Effect.either(retrieveFor(device(n))),
        { concurrency: "unbounded" }
      )
      assert.isTrue(first !== undefined && Either.isLeft(first))
      assert.deepStrictEqual(
        others,
        Array.from({ length: 3 }, () => Either.right("good"))
      )
      const asked = (yield* requests).map(({ headers }) => headers["ap-device-identifier"])
      assert.strictEqual(asked.length, 2)
      assert.notStrictEqual(asked[0], asked[1])
    }).pipe(Effect.provide(cached()))
  )

  it.effect("tells all who wait when it fails twice, asks no more, and does not keep the failure", () =>
    Effect.gen(function* () {
      yield* answering(Fault.answer(503), Fault.answer(503), configuration("after"))
      const failures = yield* Effect.all(
        Array.from({ length: 50 }, () => Effect.flip(retrieve)),
        { concurrency: "unbounded" }
      )
      for (const { _tag } of failures) assert.strictEqual(_tag, "ServiceUnavailable")
      assert.strictEqual((yield* requests).length, 2)
      assert.strictEqual(yield* retrieve, "after")
    }).pipe(forDevice(), Effect.provide(cached()))
  )

  it.effect("asks again when the clock was set back behind the moment of the answer", () =>
    Effect.gen(function* () {
      yield* answering(configuration("of next year"), configuration("of now"))
      const nextYear = yield* wrongBy(365 * 86_400_000)
      assert.strictEqual(yield* Effect.withClock(retrieve, nextYear), "of next year")
      assert.strictEqual(yield* retrieve, "of now")
    }).pipe(forDevice(), Effect.provide(cached()))
  )

  it.effect("keeps as many configurations as it may, and forgets the one that was not used for long", () =>
    Effect.gen(function* () {
      yield* answering(...["one", "two", "three", "two again"].map(configuration))
      const platforms = ["A", "B", "C"].map((model) => variant(model, { model }))
      const [a, b, c] = platforms
      assert(a !== undefined && b !== undefined && c !== undefined)
      assert.deepStrictEqual(yield* Effect.forEach([a, b, a, c, a], retrieveFor), [
        "one",
        "two",
        "one",
        "three",
        "one"
      ])
      assert.strictEqual(yield* retrieveFor(b), "two again")
    }).pipe(Effect.provide(cached({ capacity: 2 })))
  )

  it.effect.each(["1 minute", "119 seconds", "6 minutes", "soon"] as const)(
    "refuses to keep configurations for %s (B3)",
    (timeToLive) =>
      Effect.gen(function* () {
        // As it may be read from a configuration.
        const input = { timeToLive } as ConfigurationCache.ConfigurationCacheOptions
        const error = yield* Effect.flip(Layer.build(cached(input)))
        assert.strictEqual(error._tag, "InvalidInput")
        assert.match(error.message, /configurationCache/)
      }).pipe(Effect.scoped)
  )
})

describe("callers who wait for one configuration", () => {
  it.effect.each([
    ["the first", [0]],
    ["a later one", [1]],
    ["all", [0, 1, 2]]
  ] as const)("go on when %s is interrupted, with one request", ([, gone]) =>
    Effect.gen(function* () {
      yield* answering(configuration("late"))
      const callers = yield* Effect.forEach([1, 2, 3], () => Effect.fork(retrieve))
      yield* settle
      yield* Effect.forEach(gone, (n) => Effect.flatMap(Effect.fromNullable(callers[n]), Fiber.interrupt))
      yield* TestClock.adjust("1 second")
      const stayed = callers.filter((_, n) => !gone.some((m) => m === n))
      assert.deepStrictEqual(
        yield* Effect.forEach(stayed, Fiber.join),
        stayed.map(() => "late")
      )
      assert.strictEqual(yield* retrieve, "late")
      assert.lengthOf(yield* requests, 1)
    }).pipe(
      forDevice(),
      Effect.provide(
        ConfigurationCache.layer().pipe(Layer.provide(arrivingLate), Layer.provideMerge(restV2()))
      )
    )
  )

  it.effect("are released when the scope of the cache closes", () =>
    Effect.gen(function* () {
      const scope = yield* Scope.make()
      const cache = yield* Scope.extend(ConfigurationCache.make(), scope)
      const { fail } = yield* Emulator.Emulator
      yield* fail({ route: "api", fault: Fault.hang() })
      const caller = yield* Effect.fork(cache.retrieve(provider))
      yield* settle
      yield* Scope.close(scope, Exit.void)
      assert.isTrue(Exit.isInterrupted(yield* Fiber.await(caller)))
    }).pipe(Effect.provideService(CurrentDevice, device()), Effect.provide(restV2()))
  )
})
