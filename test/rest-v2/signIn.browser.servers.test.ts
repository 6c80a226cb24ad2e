import { assert, it } from "@effect/vitest"
import { Deferred, Effect, Fiber, Layer, Option, Redacted } from "effect"
import { CurrentDevice, Environment } from "effect-adobe-pass"
import { Emulator } from "effect-adobe-pass-emulator"
import { NodeAdobePass } from "effect-adobe-pass-node"
import { Person } from "../../packages/examples/src/restV2/Person.js"
import { play } from "../../packages/examples/src/restV2/play.js"
import { signInOnDevice } from "../../packages/examples/src/restV2/signInOnDevice.js"
import { signInOnSecondScreen } from "../../packages/examples/src/restV2/signInOnSecondScreen.js"
import * as Viewer from "../../packages/examples/src/restV2/viewer.js"
import { temporaryDirectory } from "../node/directory.js"
import { describeBrowser, doing, open, phone, sharedBrowser } from "../support/browser.js"
import { device } from "../support/system.js"

/** The library of a device against the emulator, both on sockets, and a person who acts in a browser. */
const onSockets = (person: Person) =>
  Layer.unwrapScoped(
    Effect.gen(function* () {
      const { baseUrl, softwareStatement } = yield* Emulator.Emulator
      const adobePass = NodeAdobePass.layer({
        environment: yield* Environment.custom({ name: "emulator", sp: baseUrl }),
        softwareStatement: Redacted.make(softwareStatement),
        store: NodeAdobePass.fileStore(`${yield* temporaryDirectory}/store`)
      })
      return Layer.merge(
        Layer.provide(Viewer.layer, adobePass),
        Layer.merge(Layer.succeed(CurrentDevice, device()), Layer.succeed(Person, person))
      )
    })
  )

describeBrowser("a device and a person with a browser", () => {
  const browser = sharedBrowser()

  it.scopedLive("sign in by the code that the device shows, while it polls, and play (C1, C3, E4)", () =>
    Effect.gen(function* () {
      const { baseUrl, log } = yield* Emulator.Emulator
      const { page } = yield* open(browser, { width: phone })
      const shown = yield* Deferred.make<string>()
      const person = { browse: () => Effect.void, read: (code: string) => Deferred.succeed(shown, code) }
      const watching = Effect.gen(function* () {
        const profile = Option.getOrThrow(yield* signInOnSecondScreen)
        return { profile, token: yield* play(profile.mvpd, "acme-live") }
      })
      const onDevice = yield* Effect.fork(Effect.provide(watching, onSockets(person)))
      const code = yield* Deferred.await(shown)

      yield* doing(async () => {
        await page.goto(`${baseUrl}/activate`)
        await page.getByLabel("Code", { exact: true }).fill(code.toLowerCase())
        await page.getByRole("button", { name: "Continue", exact: true }).click()
        await page.getByLabel("North Cable").check()
        await page.getByRole("button", { name: "Continue", exact: true }).click()
        await page.getByLabel("User name", { exact: true }).fill("ned")
        await page.getByLabel("Password", { exact: true }).fill("north")
        await page.getByRole("button", { name: "Sign in", exact: true }).first().click()
      })
      assert.strictEqual(yield* doing(() => page.title()), "You are signed in")

      const { profile, token } = yield* Fiber.join(onDevice)
      assert.strictEqual(profile.mvpd, "NorthCable")
      assert.isNotEmpty(token === undefined ? "" : Redacted.value(token.serializedToken))
      const paths = (yield* log).map(({ path }) => path)
      assert.strictEqual(paths.at(-1), "/api/v2/ACME/decisions/authorize/NorthCable")
      assert.isTrue(paths.at(-2)?.startsWith("/api/v2/ACME/profiles/code/"))
    }).pipe(Effect.provide(Emulator.layerServer()))
  )

  it.scopedLive("sign in on the device: the poll begins when the redirect URL has loaded (C1)", () =>
    Effect.gen(function* () {
      const { baseUrl, log } = yield* Emulator.Emulator
      const { page } = yield* open(browser)
      const landing = `${baseUrl}/signed-in`
      const person = {
        read: () => Effect.void,
        browse: (url: string) =>
          doing(async () => {
            await page.goto(url)
            await page.getByLabel("User name", { exact: true }).fill("nora")
            await page.getByLabel("Password", { exact: true }).fill("north")
            await page.getByRole("button", { name: "Sign in", exact: true }).first().click()
            await page.waitForURL(landing)
          }).pipe(Effect.orDie)
      }
      const profiles = yield* Effect.provide(signInOnDevice("NorthCable", landing), onSockets(person))
      assert.deepStrictEqual(
        profiles.map(({ mvpd }) => mvpd),
        ["NorthCable"]
      )
      const paths = (yield* log).map(({ path }) => path.replace(/[A-Z0-9]{7}$/, "CODE"))
      assert.deepStrictEqual(
        paths.filter((path) => path === "/signed-in" || path === "/api/v2/ACME/profiles/code/CODE"),
        ["/signed-in", "/api/v2/ACME/profiles/code/CODE"]
      )
    }).pipe(Effect.provide(Emulator.layerServer()))
  )
})
