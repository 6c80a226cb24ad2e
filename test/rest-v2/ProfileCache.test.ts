import { assert, describe, it } from "@effect/vitest"
import { Effect, Fiber, Layer, Option, TestClock } from "effect"
import { Fault } from "effect-adobe-pass-emulator"
import { type Profile, ProfileCache, RestV2 } from "effect-adobe-pass-rest-v2"
import { device } from "../support/system.js"
import { settle } from "../support/time.js"
import { store, withLog } from "./records.js"
import {
  answering,
  arrivingLate,
  denial,
  forDevice,
  ofMvpd,
  ok,
  profile,
  profiles,
  provider,
  refused,
  requests,
  restV2
} from "./scripted.js"

const end = 10_000

/** Each build is another process on the same store. */
const cacheOn = ({ layer }: Pick<ReturnType<typeof store>, "layer">) =>
  ProfileCache.layer.pipe(
    Layer.provide(layer),
    Layer.provideMerge(restV2({ emulator: { subject: "acme-app" } }))
  )

const cache = Layer.suspend(() => cacheOn(store()))

const forMvpd = Effect.flatMap(ProfileCache.ProfileCache, (cache) => cache.forMvpd(ofMvpd))
const all = Effect.flatMap(ProfileCache.ProfileCache, (cache) => cache.all(provider))
const asked = Effect.map(requests, (sent) => sent.map(({ path }) => path.replace("/api/v2/ACME/", "")))
const names = (known: Iterable<{ readonly mvpd: string }>) => [...known].map(({ mvpd }) => mvpd)

describe("the cache of profiles", () => {
  it.effect("keeps MVPD, attributes and notAfter of a profile over a restart, and nothing else (C7)", () =>
    Effect.gen(function* () {
      const on = store()
      yield* Effect.gen(function* () {
        yield* answering(profiles(["NorthCable", end]))
        yield* forMvpd
      }).pipe(Effect.provide(cacheOn(on)))
      const { attributes } = profile("NorthCable", end)
      const known = { mvpd: "NorthCable", attributes, notAfter: end }
      assert.deepStrictEqual(
        [...on.content.values()].map((text) => JSON.parse(text)),
        [[known]]
      )
      assert.match([...on.content.keys()].join(), /^adobe-pass-profiles-[0-9a-f]{64}-ACME$/)

      yield* Effect.gen(function* () {
        assert.deepStrictEqual(yield* forMvpd, Option.some(known))
        assert.deepStrictEqual(yield* all, [known])
        assert.deepStrictEqual(yield* asked, [])
      }).pipe(Effect.provide(cacheOn(on)))
    }).pipe(forDevice())
  )

  it.effect("asks Adobe Pass from the notAfter of a profile on (J8)", () =>
    Effect.gen(function* () {
      yield* answering(profiles(["NorthCable", end]), profiles(["NorthCable", 2 * end]), profiles())
      yield* forMvpd
      yield* TestClock.setTime(end - 1)
      yield* forMvpd
      assert.deepStrictEqual(yield* asked, ["profiles/NorthCable"])
      yield* TestClock.setTime(end)
      yield* forMvpd
      assert.deepStrictEqual(yield* asked, ["profiles/NorthCable", "profiles/NorthCable"])
      yield* TestClock.setTime(2 * end)
      assert.deepStrictEqual(yield* all, [])
      assert.deepStrictEqual((yield* asked).at(-1), "profiles")
    }).pipe(forDevice(), Effect.provide(cache))
  )

  it.effect("asks for all profiles when none is kept, and does not remember that nobody is signed in", () =>
    Effect.gen(function* () {
      yield* answering(profiles(), profiles(), profiles(["NorthCable", end], ["SouthDish", end]))
      assert.deepStrictEqual(yield* all, [])
      assert.deepStrictEqual(yield* forMvpd, Option.none())
      assert.deepStrictEqual(names(yield* all), ["NorthCable", "SouthDish"])
      assert.isTrue(Option.isSome(yield* forMvpd))
      assert.deepStrictEqual(yield* asked, ["profiles", "profiles/NorthCable", "profiles"])
    }).pipe(forDevice(), Effect.provide(cache))
  )

  it.effect("has the profiles of one device and service provider only", () =>
    Effect.gen(function* () {
      const { all: allOf } = yield* ProfileCache.ProfileCache
      yield* answering(profiles(["NorthCable", end]), profiles(), profiles())
      yield* all
      assert.deepStrictEqual(yield* forDevice(device(2))(all), [])
      assert.deepStrictEqual(yield* allOf({ serviceProvider: "OTHER" }), [])
    }).pipe(forDevice(), Effect.provide(cache))
  )

  it.effect("reads a profile anew on demand, for attributes that an authorization has changed (C8)", () =>
    Effect.gen(function* () {
      const { refresh } = yield* ProfileCache.ProfileCache
      const changed = {
        ...profile("NorthCable", end),
        attributes: { householdID: { value: "h", state: "plain" } } as Profile.Profile["attributes"]
      }
      yield* answering(profiles(["NorthCable", end]), ok({ profiles: { NorthCable: changed } }))
      yield* forMvpd
      assert.deepStrictEqual(Option.getOrThrow(yield* refresh(ofMvpd)).attributes, changed.attributes)
      assert.deepStrictEqual(Option.getOrThrow(yield* forMvpd).attributes, changed.attributes)
      assert.lengthOf(yield* asked, 2)
    }).pipe(forDevice(), Effect.provide(cache))
  )

  it.effect("keeps what came from elsewhere, beside what it has, also at the same time", () =>
    Effect.gen(function* () {
      const { keep } = yield* ProfileCache.ProfileCache
      const one = (mvpd: string) => ({ [mvpd]: { ...profile(mvpd, end), attributes: {} } })
      yield* Effect.forEach(
        ["NorthCable", "SouthDish"],
        (mvpd) => keep({ ...provider, profiles: one(mvpd) }),
        {
          concurrency: "unbounded"
        }
      )
      assert.deepStrictEqual(names(yield* all), ["NorthCable", "SouthDish"])
      assert.deepStrictEqual(yield* asked, [])
    }).pipe(forDevice(), Effect.provide(cache))
  )
})

const both = profiles(["NorthCable", end], ["SouthDish", end])

describe("a profile in the cache", () => {
  it.effect("is dropped on demand, by itself or with all others (J8)", () =>
    Effect.gen(function* () {
      const { drop } = yield* ProfileCache.ProfileCache
      yield* answering(both, profiles())
      yield* all
      yield* drop(ofMvpd)
      assert.deepStrictEqual(names(yield* all), ["SouthDish"])
      yield* drop(provider)
      assert.deepStrictEqual(names(yield* all), [])
    }).pipe(forDevice(), Effect.provide(cache))
  )

  it.effect.each(["missing", "expired", "invalidated"])(
    "is dropped when a call for decisions says that it is %s, as an error or in a denial (J8)",
    (what) =>
      Effect.gen(function* () {
        const { decisions } = yield* RestV2.RestV2
        const { watch } = yield* ProfileCache.ProfileCache
        const code = `authenticated_profile_${what}`
        const decide = watch(ofMvpd)(decisions.authorize({ ...ofMvpd, resources: ["a"] }))

        yield* answering(both, refused(403, "authentication", code))
        yield* all
        assert.strictEqual((yield* Effect.flip(decide))._tag, "AuthenticationRequired")
        assert.deepStrictEqual(names(yield* all), ["SouthDish"])

        yield* answering(
          profiles(["NorthCable", end]),
          ok({ decisions: [denial("a", "authentication", code)] })
        )
        yield* forMvpd
        assert.lengthOf(yield* decide, 1)
        assert.deepStrictEqual(names(yield* all), ["SouthDish"])
      }).pipe(forDevice(), Effect.provide(cache))
  )

  it.effect("stays when a decision fails or denies for another reason (F3)", () =>
    Effect.gen(function* () {
      const { decisions } = yield* RestV2.RestV2
      const { watch } = yield* ProfileCache.ProfileCache
      const decide = watch(ofMvpd)(decisions.preauthorize({ ...ofMvpd, resources: ["a"] }))
      yield* answering(
        both,
        Fault.answer(500),
        refused(403, "authentication", "authorization_denied_by_hba_policies"),
        ok({ decisions: [denial("a", "none", "preauthorization_denied_by_mvpd")] })
      )
      yield* all
      yield* Effect.flip(decide)
      yield* Effect.flip(decide)
      yield* decide
      assert.deepStrictEqual(names(yield* all), ["NorthCable", "SouthDish"])
      assert.isEmpty((yield* asked).filter((path) => path.startsWith("logout")))
    }).pipe(forDevice(), Effect.provide(cache))
  )

  it.effect("is dropped when Adobe Pass says so in answer to a question for it", () =>
    Effect.gen(function* () {
      const { refresh } = yield* ProfileCache.ProfileCache
      yield* answering(both, refused(403, "authentication", "authenticated_profile_invalidated"))
      yield* all
      assert.strictEqual((yield* Effect.flip(refresh(ofMvpd)))._tag, "AuthenticationRequired")
      assert.deepStrictEqual(names(yield* all), ["SouthDish"])
    }).pipe(forDevice(), Effect.provide(cache))
  )

  it.effect("does not come back with an answer that was under way when it was dropped", () =>
    Effect.gen(function* () {
      const { drop } = yield* ProfileCache.ProfileCache
      yield* answering(profiles(["NorthCable", end]), profiles())
      const late = yield* Effect.fork(forMvpd)
      yield* settle
      yield* drop(provider)
      yield* TestClock.adjust("1 second")
      assert.isTrue(Option.isSome(yield* Fiber.join(late)))
      assert.deepStrictEqual(yield* all, [])
    }).pipe(
      forDevice(),
      Effect.provide(
        ProfileCache.layer.pipe(
          Layer.provide(Layer.merge(arrivingLate, store().layer)),
          Layer.provideMerge(restV2())
        )
      )
    )
  )
})

describe("a store that fails", () => {
  it.effect("does not fail a question, which is asked of Adobe Pass, and is warned of", () =>
    Effect.gen(function* () {
      const on = store()
      yield* Effect.gen(function* () {
        yield* answering(profiles(["NorthCable", end]), profiles(["NorthCable", end]))
        on.state.fault = "PermissionDenied"
        for (const question of [Effect.map(forMvpd, Option.toArray), all]) {
          const [found, lines] = yield* withLog(question)
          assert.deepStrictEqual(names(found), ["NorthCable"])
          assert.lengthOf(lines, 2)
          assert.match(
            lines.join(),
            /level=WARN.*failed to read the profiles of a device \(PermissionDenied\)/
          )
          assert.notMatch(lines.join(), /secret|user-of/)
        }
      }).pipe(Effect.provide(cacheOn(on)))
    }).pipe(forDevice())
  )

  it.effect("fails what has to be kept or dropped", () =>
    Effect.gen(function* () {
      const on = store()
      on.state.fault = "Unknown"
      yield* Effect.gen(function* () {
        const { drop, keep } = yield* ProfileCache.ProfileCache
        assert.strictEqual((yield* Effect.flip(drop(provider)))._tag, "KeyValueStoreError")
        assert.strictEqual(
          (yield* Effect.flip(keep({ ...provider, profiles: {} })))._tag,
          "KeyValueStoreError"
        )
      }).pipe(Effect.provide(cacheOn(on)))
    }).pipe(forDevice())
  )

  it.effect("keeps nobody waiting for more than 5 seconds, however many wait", () =>
    Effect.gen(function* () {
      const on = store()
      on.state.fault = "hang"
      yield* Effect.gen(function* () {
        const { keep } = yield* ProfileCache.ProfileCache
        const keepers = yield* Effect.replicateEffect(
          Effect.fork(Effect.flip(keep({ ...provider, profiles: {} }))),
          3
        )
        yield* TestClock.adjust("5 seconds")
        for (const keeper of keepers) {
          assert.deepInclude(yield* Fiber.join(keeper), { _tag: "KeyValueStoreError", reason: "TimedOut" })
        }
      }).pipe(Effect.provide(cacheOn(on)))
    }).pipe(forDevice())
  )

  it.effect.each(["{", '[{"mvpd":1}]', "null"])("is asked past when its record is %j", (text) =>
    Effect.gen(function* () {
      const on = store()
      yield* Effect.gen(function* () {
        yield* answering(profiles(["NorthCable", end]), profiles(["NorthCable", end]))
        yield* forMvpd
        for (const key of on.content.keys()) on.content.set(key, text)
        const [found, lines] = yield* withLog(forMvpd)
        assert.isTrue(Option.isSome(found))
        assert.match(lines.join(), /The stored profiles of a device cannot be read/)
        assert.isTrue(Option.isSome(yield* forMvpd))
        assert.lengthOf(yield* asked, 2)
      }).pipe(Effect.provide(cacheOn(on)))
    }).pipe(forDevice())
  )
})
