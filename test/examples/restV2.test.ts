import { assert, describe, it } from "@effect/vitest"
import { Cause, Effect, Exit, Layer, Option } from "effect"
import { CurrentDevice } from "effect-adobe-pass"
import { Emulator } from "effect-adobe-pass-emulator"
import { Person } from "../../packages/examples/src/restV2/Person.js"
import { play } from "../../packages/examples/src/restV2/play.js"
import { showCatalogue } from "../../packages/examples/src/restV2/showCatalogue.js"
import { signInOnDevice } from "../../packages/examples/src/restV2/signInOnDevice.js"
import { signInOnSecondScreen } from "../../packages/examples/src/restV2/signInOnSecondScreen.js"
import { signOut } from "../../packages/examples/src/restV2/signOut.js"
import { tryForFree } from "../../packages/examples/src/restV2/tryForFree.js"
import * as Viewer from "../../packages/examples/src/restV2/viewer.js"
import { device, system } from "../support/system.js"
import { runToEnd } from "../support/time.js"

const mvpd = "NorthCable"
const redirectUrl = "https://acme.example/done"

/** Signs in as this person of North Cable, who takes ten seconds for it. */
const person = (user: string) =>
  Layer.effect(
    Person,
    Effect.map(Emulator.Emulator, ({ signIn }) => {
      const after = (code: string) => Effect.delay(Effect.ignore(signIn({ code, mvpd, user })), "10 seconds")
      return { browse: (url) => after(url.split("/").at(-1) ?? ""), read: after }
    })
  )

const viewer = (user = "ned") =>
  Layer.merge(Viewer.layer, person(user)).pipe(
    Layer.provideMerge(system({ emulator: { restV2: "emulated" } })),
    Layer.merge(Layer.succeed(CurrentDevice, device()))
  )

const paths = Effect.map(
  Effect.flatMap(Emulator.Emulator, ({ log }) => log),
  (log) => log.filter(({ route }) => route === "api").map(({ path }) => path.replace("/api/v2/ACME/", ""))
)

describe("the examples of REST API v2", () => {
  it.effect("sign in on the device: the poll begins when the browser is back (C1, C3)", () =>
    Effect.gen(function* () {
      const profiles = yield* runToEnd(signInOnDevice(mvpd, redirectUrl))
      assert.deepStrictEqual(
        profiles.map(({ mvpd }) => mvpd),
        [mvpd]
      )
      const called = yield* paths
      assert.deepStrictEqual(
        called.map((path) => path.replace(/code\/.*/, "code")),
        ["configuration", "sessions", "profiles/code"]
      )
      // The second time nobody is asked for anything.
      assert.lengthOf(yield* runToEnd(signInOnDevice(mvpd, redirectUrl)), 1)
    }).pipe(Effect.provide(viewer()))
  )

  it.effect("sign in on a second screen, while the device polls (C1, C2, C3)", () =>
    Effect.gen(function* () {
      const profile = yield* runToEnd(signInOnSecondScreen)
      assert.strictEqual(Option.getOrThrow(profile).mvpd, mvpd)
      // At 0, 3, 6, 9 and 12 seconds.
      assert.lengthOf(
        (yield* paths).filter((path) => path.startsWith("profiles/code")),
        5
      )
    }).pipe(Effect.provide(viewer()))
  )

  it.effect("show a catalogue with what is locked, and why (D4, D5)", () =>
    Effect.gen(function* () {
      yield* runToEnd(signInOnSecondScreen)
      const resources = ["acme-live", "acme-plus", "a", "b", "c", "d"]
      const entries = yield* runToEnd(showCatalogue(mvpd, resources))
      assert.deepStrictEqual(
        entries.map(({ resource }) => resource),
        resources
      )
      assert.isUndefined(entries[0]?.locked)
      assert.isString(entries[1]?.locked)
    }).pipe(Effect.provide(viewer()))
  )

  it.effect("play what is permitted, and say no to the rest (E1, E6)", () =>
    Effect.gen(function* () {
      yield* runToEnd(signInOnSecondScreen)
      const token = yield* runToEnd(play(mvpd, "acme-live"))
      assert.isDefined(token)
      const denied = yield* Effect.flip(runToEnd(play(mvpd, "acme-plus")))
      assert.deepInclude(denied, { _tag: "NotEntitled", mustSignIn: false })
    }).pipe(Effect.provide(viewer()))
  )

  it.effect("ask somebody who is not signed in to sign in before they play", () =>
    Effect.gen(function* () {
      const denied = yield* Effect.flip(runToEnd(play(mvpd, "acme-live")))
      assert.deepInclude(denied, { _tag: "NotEntitled", mustSignIn: true })
    }).pipe(Effect.provide(viewer()))
  )

  it.effect("try for free as often as the promotion allows", () =>
    Effect.gen(function* () {
      const attempt = (resource: string) =>
        runToEnd(tryForFree("TempPass_AcmePromo", "somebody@viewers.example", resource))
      assert.isDefined(yield* attempt("acme-live"))
      assert.isDefined(yield* attempt("acme-plus"))
      assert.isUndefined(yield* attempt("acme-news"))
    }).pipe(Effect.provide(viewer()))
  )

  it.effect("sign out, and keep the client credentials (F1, F4)", () =>
    Effect.gen(function* () {
      yield* runToEnd(signInOnSecondScreen)
      const [sentence] = yield* runToEnd(signOut(mvpd, redirectUrl))
      assert.match(sentence ?? "", /^Open .* in a browser to sign out at NorthCable, too\.$/)
      const denied = yield* Effect.exit(runToEnd(play(mvpd, "acme-live")))
      assert.isTrue(Exit.isFailure(denied) && Cause.isFailure(denied.cause))
      const { counts } = yield* Emulator.Emulator
      assert.strictEqual((yield* counts).register, 1)
    }).pipe(Effect.provide(viewer()))
  )
})
