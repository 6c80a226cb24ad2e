import { assert, describe, it } from "@effect/vitest"
import { Effect, Fiber, Layer, Redacted, TestClock } from "effect"
import { Emulator, Fault } from "effect-adobe-pass-emulator"
import { type Authorization, type Preauthorization, PreauthorizationCache } from "effect-adobe-pass-rest-v2"
import { wrongBy } from "../support/clocks.js"
import { device } from "../support/system.js"
import { runToEnd, settle, withoutJitter } from "../support/time.js"
import {
  answering,
  arrivingLate,
  denial,
  forDevice,
  ofMvpd,
  ok,
  permit,
  refused,
  requests,
  restV2,
  times
} from "./scripted.js"

const cached = (options?: PreauthorizationCache.PreauthorizationCacheOptions) =>
  PreauthorizationCache.layer(options).pipe(Layer.provideMerge(restV2()))

type Input = Partial<Parameters<PreauthorizationCache.PreauthorizationCache["preauthorize"]>[0]>

const decide = (resources: ReadonlyArray<string>, more: Input = {}) =>
  Effect.flatMap(PreauthorizationCache.PreauthorizationCache, (cache) =>
    cache.preauthorize({ ...ofMvpd, resources, ...more })
  ).pipe(
    Effect.map((decided) =>
      decided.map((decision) => ("error" in decision ? decision.error._tag : decision.resource))
    )
  )

const decisions = (...all: ReadonlyArray<object>) => ok({ decisions: all })
const no = (resource: string) => denial(resource, "none", "preauthorization_denied_by_mvpd")
const retry = (resource: string) => denial(resource, "retry", "network_received_error")

const asked = Effect.map(requests, (sent) => sent.map(({ body }) => JSON.parse(body).resources))

const numbered = (count: number) => Array.from({ length: count }, (_, n) => `r${n}`)

/** The answers to lists of 5: each resource is permitted. */
const permitting = (resources: ReadonlyArray<string>) =>
  Effect.flatMap(Emulator.Emulator, ({ fail }) =>
    Effect.forEach(
      Array.from({ length: Math.ceil(resources.length / 5) }, (_, n) => resources.slice(5 * n, 5 * n + 5)),
      (list) =>
        fail({
          route: "api",
          fault: decisions(...list.map(permit)),
          when: ({ body }) => body.includes(`"${list[0]}"`)
        }),
      { discard: true }
    )
  )

describe("permits to show a resource", () => {
  it.effect("are kept, and denials are not (D3)", () =>
    Effect.gen(function* () {
      yield* answering(decisions(permit("a"), no("b")), decisions(permit("b")))
      assert.deepStrictEqual(yield* decide(["a", "b"]), ["a", "RequestRejected"])
      assert.deepStrictEqual(yield* decide([" a", "b"]), ["a", "b"])
      assert.deepStrictEqual(yield* decide(["b", "a"]), ["b", "a"])
      assert.deepStrictEqual(yield* asked, [["a", "b"], ["b"]])
    }).pipe(forDevice(), Effect.provide(cached()))
  )

  it.effect("are kept for one device, service provider and MVPD, and for whom a token stands for (D3)", () =>
    Effect.gen(function* () {
      yield* answering(...Array.from({ length: 6 }, () => decisions(permit("a"))))
      yield* decide(["a"])
      yield* decide(["a"], { serviceProvider: "OTHER" })
      yield* decide(["a"], { mvpd: "SouthDish" })
      yield* decide(["a"]).pipe(forDevice(device(2)))
      yield* decide(["a"], { serviceToken: Redacted.make("of-one-person") })
      yield* decide(["a"], { serviceToken: Redacted.make("of-another-person") })
      assert.lengthOf(yield* requests, 6)
      yield* decide(["a"], { visitorId: "analytics" })
      yield* decide(["a"], { serviceToken: Redacted.make("of-one-person") })
      assert.lengthOf(yield* requests, 6)
    }).pipe(forDevice(), Effect.provide(cached()))
  )

  it.effect("end with the profile, and after a day in any case (J8)", () =>
    Effect.gen(function* () {
      yield* answering(...Array.from({ length: 3 }, () => decisions(permit("a"))))
      yield* decide(["a"], { notAfter: 5000 })
      yield* TestClock.setTime(4999)
      yield* decide(["a"])
      assert.deepStrictEqual(yield* times, [0])
      yield* TestClock.setTime(5000)
      yield* decide(["a"])
      assert.deepStrictEqual(yield* times, [0, 5000])
      yield* TestClock.setTime(5000 + 86_400_000 - 1)
      yield* decide(["a"])
      yield* TestClock.setTime(5000 + 86_400_000)
      yield* decide(["a"])
      assert.deepStrictEqual(yield* times, [0, 5000, 86_405_000])
    }).pipe(forDevice(), Effect.provide(cached()))
  )

  it.effect("do not count when the clock was set back behind the moment of the answer", () =>
    Effect.gen(function* () {
      yield* answering(decisions(permit("one")), decisions(no("one")))
      const nextYear = yield* wrongBy(365 * 86_400_000)
      assert.deepStrictEqual(yield* Effect.withClock(decide(["one"]), nextYear), ["one"])
      assert.deepStrictEqual(yield* decide(["one"]), ["RequestRejected"])
    }).pipe(forDevice(), Effect.provide(cached()))
  )

  it.effect("are bounded: of a device, and of devices", () =>
    Effect.gen(function* () {
      yield* answering(
        decisions(...["a", "b", "c"].map(permit)),
        decisions(permit("a")),
        decisions(permit("x")),
        decisions(permit("a"))
      )
      yield* decide(["a", "b", "c"])
      yield* decide(["b", "c"])
      yield* decide(["a"])
      yield* decide(["x"]).pipe(forDevice(device(2)))
      yield* decide(["a"])
      assert.deepStrictEqual(yield* asked, [["a", "b", "c"], ["a"], ["x"], ["a"]])
    }).pipe(forDevice(), Effect.provide(cached({ permits: 2, capacity: 1 })))
  )

  it.effect("are dropped on demand, with those that are under way (J8)", () =>
    Effect.gen(function* () {
      const { drop } = yield* PreauthorizationCache.PreauthorizationCache
      yield* answering(...Array.from({ length: 2 }, () => decisions(permit("a"))))
      const late = yield* Effect.fork(decide(["a"]))
      yield* settle
      yield* drop(ofMvpd)
      yield* TestClock.adjust("1 second")
      assert.deepStrictEqual(yield* Fiber.join(late), ["a"])
      yield* runToEnd(decide(["a"]))
      yield* decide(["a"])
      assert.lengthOf(yield* requests, 2)
    }).pipe(
      forDevice(),
      Effect.provide(
        PreauthorizationCache.layer().pipe(Layer.provide(arrivingLate), Layer.provideMerge(restV2()))
      )
    )
  )

  it.effect.each([
    ["as an error", refused(403, "authentication", "authenticated_profile_expired")],
    ["in a denial", decisions(denial("b", "authentication", "authenticated_profile_invalidated"))]
  ] as const)("are dropped when an answer says %s that there is no profile (J8)", ([, answer]) =>
    Effect.gen(function* () {
      yield* answering(decisions(permit("a")), answer, decisions(no("a")))
      yield* decide(["a"])
      yield* Effect.exit(decide(["b"]))
      assert.deepStrictEqual(yield* decide(["a"]), ["RequestRejected"])
    }).pipe(forDevice(), Effect.provide(cached()))
  )

  it("are no authorization, and have no media token (D1)", () => {
    const compiles = (permit: Preauthorization.Preauthorization) => {
      // @ts-expect-error it decides nothing about playing
      const authorization: Authorization.Authorization = permit
      return [authorization, permit._tag === "PreauthorizationPermit" && "token" in permit]
    }
    assert.isFunction(compiles)
  })
})

describe("a long list of resources", () => {
  it.effect("is asked for in lists of 5 (D5)", () =>
    Effect.gen(function* () {
      const resources = numbered(12)
      yield* permitting(resources)
      assert.deepStrictEqual(yield* decide(resources), resources)
      const sizes = (yield* asked).map((list: ReadonlyArray<string>) => list.length)
      assert.deepStrictEqual(
        sizes.sort((one: number, other: number) => one - other),
        [2, 5, 5]
      )
    }).pipe(forDevice(), Effect.provide(cached()))
  )

  it.effect("is asked for in lists as long as the MVPD accepts (D5)", () =>
    Effect.gen(function* () {
      const resources = numbered(12)
      yield* answering(decisions(...resources.map(permit)))
      assert.deepStrictEqual(yield* decide(resources), resources)
      assert.lengthOf(yield* requests, 1)
    }).pipe(forDevice(), Effect.provide(cached({ listLength: 20 })))
  )

  it.effect("has 3 questions under way at a time", () =>
    Effect.gen(function* () {
      const { fail } = yield* Emulator.Emulator
      yield* fail({ route: "api", fault: Fault.hang(), times: 99 })
      const deciding = yield* Effect.fork(decide(numbered(50)))
      yield* settle
      assert.lengthOf(yield* requests, 3)
      yield* Fiber.interrupt(deciding)
      yield* settle
      assert.deepStrictEqual(
        (yield* requests).map(({ outcome }) => outcome),
        ["abandoned", "abandoned", "abandoned"]
      )
    }).pipe(forDevice(), Effect.provide(cached()))
  )

  it.effect("is asked for again where an error says so, all of these in lists again (D2)", () =>
    Effect.gen(function* () {
      const resources = numbered(8)
      yield* answering(
        decisions(...resources.slice(0, 5).map(retry)),
        decisions(permit("r5"), retry("r6"), no("r7"))
      )
      yield* Effect.fork(
        Effect.zipRight(
          Effect.sleep(500),
          answering(decisions(...["r0", "r1", "r2", "r3", "r4"].map(permit)), decisions(permit("r6")))
        )
      )
      const decided = yield* runToEnd(withoutJitter(decide(resources)))
      assert.deepStrictEqual(decided, [...resources.slice(0, 7), "RequestRejected"])
      assert.deepStrictEqual((yield* asked).slice(2), [["r0", "r1", "r2", "r3", "r4"], ["r6"]])
      assert.deepStrictEqual(yield* times, [0, 0, 1000, 1000])
    }).pipe(forDevice(), Effect.provide(cached({ concurrency: 1 })))
  )

  it.effect(
    "that is longer than the MVPD accepts is told once, and the permits before it are kept (D5)",
    () =>
      Effect.gen(function* () {
        yield* answering(
          decisions(...numbered(5).map(permit)),
          refused(403, "configuration", "too_many_resources")
        )
        const error = yield* Effect.flip(decide(numbered(10)))
        assert.deepInclude(error, { _tag: "ConfigurationRequired", code: "too_many_resources" })
        assert.lengthOf(yield* requests, 2)
        assert.deepStrictEqual(yield* decide(numbered(5)), numbered(5))
        assert.lengthOf(yield* requests, 2)
      }).pipe(forDevice(), Effect.provide(cached({ concurrency: 1 })))
  )

  it.effect("may be empty", () =>
    Effect.gen(function* () {
      assert.deepStrictEqual(yield* decide([]), [])
      assert.lengthOf(yield* requests, 0)
    }).pipe(forDevice(), Effect.provide(cached()))
  )
})

describe("a denial", () => {
  it.effect("has what may be shown to the person (D4)", () =>
    Effect.gen(function* () {
      const cache = yield* PreauthorizationCache.PreauthorizationCache
      yield* answering(decisions(no("a")))
      const [decision] = yield* cache.preauthorize({ ...ofMvpd, resources: ["a"] })
      assert(decision?._tag === "PreauthorizationDenial")
      assert.deepInclude(decision.error, {
        serverMessage: "Provider said no.",
        details: "Outside of your package."
      })
    }).pipe(forDevice(), Effect.provide(cached()))
  )
})
