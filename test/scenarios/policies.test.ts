import { KeyValueStore } from "@effect/platform"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer, Option } from "effect"
import { CurrentDevice } from "effect-adobe-pass"
import { Emulator } from "effect-adobe-pass-emulator"
import {
  Configuration,
  ConfigurationCache,
  DecisionRetry,
  KnownProfile,
  MvpdChoice,
  PreauthorizationCache,
  ProfileCache,
  ProfilePoll,
  RestV2,
  SignOut
} from "effect-adobe-pass-rest-v2"
import { device, system } from "../support/system.js"
import { runToEnd } from "../support/time.js"

/** Everything that an application has of the policies, over the emulator. */
const application = Layer.mergeAll(
  ConfigurationCache.layer(),
  MvpdChoice.layer,
  ProfileCache.layer,
  ProfilePoll.layer(),
  PreauthorizationCache.layer()
).pipe(
  Layer.provide(KeyValueStore.layerMemory),
  Layer.provideMerge(RestV2.layer),
  Layer.provideMerge(system({ emulator: { restV2: "emulated" } }))
)

const provider = { serviceProvider: "ACME" }
const ofMvpd = { ...provider, mvpd: "NorthCable" }

/** What was asked of Adobe Pass since the last look: the last two segments of the paths. */
const asked = Effect.gen(function* () {
  const { clearLog, log } = yield* Emulator.Emulator
  const entries = yield* log
  yield* clearLog
  return entries
    .filter(({ route }) => route === "api")
    .map(
      ({ method, path }) =>
        `${method} ${path
          .split("/")
          .slice(4)
          .join("/")
          .replace(/[0-9A-Z]{7}$/, "CODE")}`
    )
})

const choose = Effect.gen(function* () {
  const configuration = yield* Effect.flatMap(ConfigurationCache.ConfigurationCache, (cache) =>
    cache.retrieve(provider)
  )
  const mvpd = Configuration.selectable(configuration).find(({ id }) => id === "NorthCable")
  assert(mvpd !== undefined)
  yield* Effect.flatMap(MvpdChoice.MvpdChoice, (choice) => choice.set({ ...provider, mvpd }))
})

/** The person takes ten seconds on a second screen. */
const signIn = (user: string) =>
  Effect.gen(function* () {
    const polls = yield* ProfilePoll.ProfilePoll
    const emulator = yield* Emulator.Emulator
    const choice = yield* Effect.flatMap(MvpdChoice.MvpdChoice, (choice) => choice.get(provider))
    const { code, notAfter } = yield* polls.create({
      ...provider,
      mvpd: Option.getOrThrow(choice).id,
      domainName: "acme.example",
      redirectUrl: "https://acme.example/done"
    })
    assert(code !== undefined)
    const [profiles] = yield* Effect.all(
      [
        polls.profiles({ ...provider, code, notAfter, screen: "second" }),
        Effect.delay(emulator.signIn({ code, user }), "10 seconds")
      ],
      { concurrency: "unbounded" }
    )
    yield* Effect.flatMap(ProfileCache.ProfileCache, (cache) => cache.keep({ ...provider, profiles }))
  })

const currentMvpd = Effect.flatMap(ProfileCache.ProfileCache, (cache) => cache.all(provider)).pipe(
  Effect.map((known) => Option.getOrUndefined(Option.map(KnownProfile.select(known), ({ mvpd }) => mvpd)))
)

const catalogue = [
  "acme-live",
  "acme-plus",
  "acme-news",
  "acme-movies",
  "acme-sports",
  "acme-kids",
  "acme-live "
]

const shown = Effect.flatMap(PreauthorizationCache.PreauthorizationCache, (cache) =>
  cache.preauthorize({ ...ofMvpd, resources: catalogue })
).pipe(Effect.map((decided) => catalogue.filter((_, n) => decided[n]?._tag === "PreauthorizationPermit")))

const play = (resource: string) =>
  Effect.flatMap(ProfileCache.ProfileCache, ({ watch }) =>
    watch(ofMvpd)(DecisionRetry.authorize({ ...ofMvpd, resources: [resource] }))
  ).pipe(
    Effect.map(([decision]) =>
      decision?._tag === "AuthorizationDenial" ? decision.error.code : decision?.token !== undefined
    ),
    Effect.catchTag("AuthenticationRequired", ({ code }) => Effect.succeed(code))
  )

const permitted = ["acme-live", "acme-news", "acme-sports", "acme-live "]

describe("the policies together", () => {
  it.effect("take a person from the choice of an MVPD to a playback, and out again, with few requests", () =>
    Effect.gen(function* () {
      const emulator = yield* Emulator.Emulator
      yield* choose
      yield* choose
      assert.deepStrictEqual(yield* asked, ["GET configuration"])

      yield* signIn("ned")
      const poll = "GET profiles/code/CODE"
      assert.deepStrictEqual(yield* asked, ["POST sessions", poll, poll, poll, poll, poll])
      assert.strictEqual(yield* currentMvpd, "NorthCable")
      assert.deepStrictEqual(yield* asked, [])

      assert.deepStrictEqual(yield* shown, permitted)
      const preauthorize = "POST decisions/preauthorize/NorthCable"
      assert.deepStrictEqual(yield* asked, [preauthorize, preauthorize])
      assert.deepStrictEqual(yield* shown, permitted)
      // The permits are there; the denials, one list of three, are asked for again.
      assert.deepStrictEqual(yield* asked, [preauthorize])

      const authorize = "POST decisions/authorize/NorthCable"
      assert.isTrue(yield* play("acme-live"))
      assert.isTrue(yield* play("acme-live"))
      assert.deepStrictEqual(yield* asked, [authorize, authorize])
      yield* emulator.mvpdFails({ mvpd: "NorthCable", code: "network_connection_timeout", times: 2 })
      assert.isTrue(yield* play("acme-live"))
      assert.deepStrictEqual(yield* asked, [authorize, authorize, authorize])

      yield* emulator.revokeProfiles()
      assert.strictEqual(yield* play("acme-live"), "authenticated_profile_invalidated")
      assert.isUndefined(yield* currentMvpd)
      assert.deepStrictEqual(yield* asked, [authorize, "GET profiles"])

      yield* signIn("nora")
      assert.isTrue(yield* play("acme-plus"))
      yield* asked
      const logouts = yield* SignOut.signOut({ ...ofMvpd, redirectUrl: "https://acme.example/bye" })
      assert.strictEqual(logouts["NorthCable"]?._tag, "LogoutAtMvpd")
      assert.isUndefined(yield* currentMvpd)
      assert.deepInclude(yield* Effect.flip(shown), { code: "authenticated_profile_missing" })
      assert.deepStrictEqual((yield* asked).slice(0, 2), ["GET logout/NorthCable", "GET profiles"])
      assert.lengthOf(yield* emulator.clients, 1)
    }).pipe(runToEnd, Effect.provideService(CurrentDevice, device()), Effect.provide(application))
  )
})
