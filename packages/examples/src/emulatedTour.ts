/**
 * The whole flow against an emulated Adobe Pass on a socket of this machine: every step a person would want to see
 * before trusting the library with real devices.
 *
 * @since 0.1.0
 */
import * as FileSystem from "@effect/platform/FileSystem"
import * as Data from "effect/Data"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { CurrentDevice } from "effect-adobe-pass"
import { Emulator } from "effect-adobe-pass-emulator"
import * as Steps from "./emulatedSteps.js"
import { Narration } from "./Narration.js"
import * as RestV2 from "./restV2/viewer.js"
import * as Tour from "./Tour.js"
import * as Viewer from "./viewerSteps.js"

/**
 * Steps of the tour that did not do what they say.
 *
 * @since 0.1.0
 * @category errors
 */
export class TourFailed extends Data.TaggedError("TourFailed")<{
  readonly steps: ReadonlyArray<Tour.Finished>
}> {
  override get message(): string {
    const steps = this.steps.map(({ failed, title }) => `"${title}" (${failed.join("; ")})`)
    return `Some checks failed: ${steps.join(", ")}.`
  }
}

/**
 * Takes all steps and shows the summary. Fails with `TourFailed` unless every step did what it says.
 *
 * The store directory is temporary and goes with the scope, also when the tour is interrupted.
 *
 * @since 0.1.0
 * @category programs
 */
export const run = Effect.gen(function* () {
  const fs = yield* FileSystem.FileSystem
  const emulator = yield* Emulator.Emulator
  const { heading, note } = yield* Narration
  const directory = yield* fs.makeTempDirectoryScoped({ prefix: "adobe-pass-" })
  const store = `${directory}/store`
  const home = yield* Steps.deviceAt("203.0.113.7")
  const hotel = yield* Steps.deviceAt("198.51.100.23")
  const train = yield* Steps.deviceAt("192.0.2.99")
  const library = yield* Steps.adobePass(store, emulator)

  yield* heading("From a software statement to protected calls")
  yield* note(`Adobe Pass is emulated on ${emulator.baseUrl}; nothing leaves this machine.`)
  yield* Tour.step("The software statement, read offline", Steps.statement)
  yield* Effect.all([
    Tour.step("Register the device", Steps.register(store)),
    Tour.step("Get an access token", Steps.token),
    Tour.step("Call a protected API", Steps.protectedCalls)
  ]).pipe(Effect.provide(library), Effect.provideService(CurrentDevice, home))
  yield* Tour.step(
    "Run again, from the store",
    Steps.secondRun.pipe(Effect.provide(library), Effect.provideService(CurrentDevice, hotel))
  )
  yield* Tour.step(
    "Outlive the token",
    Steps.expiry.pipe(Effect.provide(library), Effect.provideService(CurrentDevice, hotel))
  )
  yield* Effect.gen(function* () {
    const unthrottled = yield* Emulator.Emulator
    const other = yield* Steps.adobePass(`${directory}/unthrottled`, unthrottled, { burst: 1000 })
    yield* Tour.step(
      "Lose the token, 50 calls in flight",
      Steps.revokedToken.pipe(Effect.provide(other), Effect.provideService(CurrentDevice, home))
    )
  }).pipe(Effect.provide(Emulator.layerServer({ throttle: "off" })))
  yield* Tour.step(
    "Make 20 calls at once",
    Steps.throttled.pipe(Effect.provide(library), Effect.provideService(CurrentDevice, train))
  )
  const living = yield* Steps.deviceAt("203.0.113.40")
  yield* Effect.all([
    Tour.step("Sign in with a code, in a browser", Viewer.signIn),
    Tour.step("Show a catalogue, and play", Viewer.watch),
    Tour.step("Sign out", Viewer.signOut)
  ]).pipe(
    Effect.provide(
      Layer.provideMerge(
        Layer.merge(
          RestV2.layer,
          Viewer.layerPerson(process.stdout.isTTY ? Duration.seconds(30) : undefined)
        ),
        library
      )
    ),
    Effect.provideService(CurrentDevice, living)
  )

  const failed = yield* Tour.summary
  if (failed.length > 0) return yield* new TourFailed({ steps: failed })
  yield* heading("Next")
  yield* note(
    "The code that ran: packages/examples/src/emulatedSteps.ts, a function for each step, and packages/examples/src/restV2."
  )
  yield* note('The same command against an environment of your own: README.md, under "Try it".')
}).pipe(Effect.scoped, Effect.provide(Layer.merge(Tour.layer, Emulator.layerServer())))
