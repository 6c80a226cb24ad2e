import { assert, describe, it } from "@effect/vitest"
import { Effect, Fiber, Layer, Option } from "effect"
import { Emulator, Fault } from "effect-adobe-pass-emulator"
import {
  DecisionRetry,
  MvpdChoice,
  PreauthorizationCache,
  ProfileCache,
  SignOut
} from "effect-adobe-pass-rest-v2"
import { settle } from "../support/time.js"
import { store } from "./records.js"
import {
  answering,
  denial,
  forDevice,
  ofMvpd,
  ok,
  permit,
  profiles,
  provider,
  refused,
  requests,
  restV2
} from "./scripted.js"

/** All that is kept of a person. */
const policies = (on = store()) =>
  Layer.mergeAll(ProfileCache.layer, PreauthorizationCache.layer(), MvpdChoice.layer).pipe(
    Layer.provide(on.layer),
    Layer.provideMerge(restV2())
  )

const both = profiles(["NorthCable", 10_000], ["SouthDish", 10_000])
const loggedOut = (...mvpds: ReadonlyArray<string>) =>
  ok({
    logouts: Object.fromEntries(
      mvpds.map((mvpd) => [mvpd, { actionName: "complete", actionType: "none", mvpd }])
    )
  })

const preauthorize = Effect.flatMap(PreauthorizationCache.PreauthorizationCache, (cache) =>
  cache.preauthorize({ ...ofMvpd, resources: ["a"] })
)

const signedInWith = Effect.flatMap(ProfileCache.ProfileCache, (cache) => cache.all(provider)).pipe(
  Effect.map((known) => known.map(({ mvpd }) => mvpd))
)

const choice = Effect.flatMap(MvpdChoice.MvpdChoice, (choice) => choice.get(provider))

/** A person has chosen an MVPD, has profiles with two, and was shown a catalogue. */
const atHome = Effect.gen(function* () {
  yield* Effect.flatMap(MvpdChoice.MvpdChoice, (choice) =>
    choice.set({ ...provider, mvpd: { id: "NorthCable", displayName: "North Cable" } })
  )
  yield* answering(both, ok({ decisions: [permit("a")] }))
  yield* signedInWith
  yield* preauthorize
})

describe("signing out", () => {
  it.effect(
    "drops profile and permits, and keeps the client credentials and the choice of the MVPD (F4)",
    () =>
      Effect.gen(function* () {
        const { clients, counts } = yield* Emulator.Emulator
        yield* atHome
        yield* answering(loggedOut("NorthCable"))
        assert.strictEqual((yield* SignOut.signOut(ofMvpd))["NorthCable"]?._tag, "LogoutComplete")

        yield* answering(ok({ decisions: [denial("a", "authentication", "authenticated_profile_missing")] }))
        assert.deepStrictEqual(yield* signedInWith, ["SouthDish"])
        assert.strictEqual((yield* preauthorize)[0]?._tag, "PreauthorizationDenial")
        assert.isTrue(Option.isSome(yield* choice))
        assert.lengthOf(yield* clients, 1)
        const { register, token } = yield* counts
        assert.deepStrictEqual({ register, token }, { register: 1, token: 1 })
      }).pipe(forDevice(), Effect.provide(policies()))
  )

  it.effect("drops every profile that Adobe Pass has removed", () =>
    Effect.gen(function* () {
      yield* atHome
      yield* answering(loggedOut("NorthCable", "SouthDish"), profiles())
      yield* SignOut.signOut(ofMvpd)
      assert.deepStrictEqual(yield* signedInWith, [])
    }).pipe(forDevice(), Effect.provide(policies()))
  )

  it.effect("forgets the choice of the MVPD when it is told to", () =>
    Effect.gen(function* () {
      yield* atHome
      yield* answering(loggedOut("NorthCable"))
      yield* SignOut.signOut({ ...ofMvpd, mvpdChoice: "forget" })
      assert.isTrue(Option.isNone(yield* choice))
    }).pipe(forDevice(), Effect.provide(policies()))
  )

  it.effect("sends the redirect URL, and nothing that only the library knows", () =>
    Effect.gen(function* () {
      yield* answering(loggedOut("NorthCable"))
      yield* SignOut.signOut({ ...ofMvpd, redirectUrl: "https://acme.example/bye", mvpdChoice: "keep" })
      const [request] = yield* requests
      assert.strictEqual(request?.path, "/api/v2/ACME/logout/NorthCable")
      assert.strictEqual(request?.query, "redirectUrl=https%3A%2F%2Facme.example%2Fbye")
    }).pipe(forDevice(), Effect.provide(policies()))
  )

  it.effect("is not done when the profile cannot be dropped from the store", () =>
    Effect.gen(function* () {
      const on = store()
      yield* Effect.gen(function* () {
        on.state.fault = "PermissionDenied"
        const error = yield* Effect.flip(SignOut.signOut(ofMvpd))
        assert.deepInclude(error, { _tag: "KeyValueStoreError", operation: "read" })
        assert.lengthOf(yield* requests, 0)
      }).pipe(Effect.provide(policies(on)))
    }).pipe(forDevice())
  )

  it.effect.each([
    ["fails", Fault.answer(500)],
    ["is interrupted", Fault.hang()]
  ] as const)("leaves no profile when it %s", ([, answer]) =>
    Effect.gen(function* () {
      yield* atHome
      yield* answering(answer, profiles())
      const leaving = yield* Effect.fork(SignOut.signOut(ofMvpd))
      yield* settle
      yield* Fiber.interrupt(leaving)
      assert.deepStrictEqual(yield* signedInWith, ["SouthDish"])
    }).pipe(forDevice(), Effect.provide(policies()))
  )

  it.effect("is never done by anything else: neither denials nor the loss of a profile lead to it (F3)", () =>
    Effect.gen(function* () {
      const { watch } = yield* ProfileCache.ProfileCache
      const denied = (action: string, code: string) => ok({ decisions: [denial("a", action, code)] })
      yield* atHome
      yield* answering(
        denied("none", "authorization_denied_by_mvpd"),
        denied("authentication", "authorization_denied_by_session_invalidated"),
        denied("authentication", "authenticated_profile_missing"),
        refused(403, "authentication", "authenticated_profile_expired")
      )
      const authorize = watch(ofMvpd)(DecisionRetry.authorize({ ...ofMvpd, resources: ["a"] }))
      yield* Effect.replicateEffect(Effect.exit(authorize), 4)
      const paths = (yield* requests).map(({ path }) => path)
      assert.lengthOf(paths, 6)
      assert.isEmpty(paths.filter((path) => path.includes("/logout/")))
    }).pipe(forDevice(), Effect.provide(policies()))
  )
})
