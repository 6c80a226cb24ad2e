import * as FetchHttpClient from "@effect/platform/FetchHttpClient"
import { expect, it } from "@effect/vitest"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { Emulator } from "effect-adobe-pass-emulator"
import {
  describeBrowser,
  desktop,
  doing,
  expectAccessible,
  type OpenOptions,
  open,
  phone,
  screenshot,
  sharedBrowser
} from "../support/browser.js"
import { television } from "./television.js"

/** Without the control API: the pages do not need it. */
const served = Layer.merge(Emulator.layerServer({ throttle: "off" }), FetchHttpClient.layer)

/** The page of an application, on an origin of its own. */
const otherOrigin = Effect.map(
  Layer.build(Emulator.layerServer()),
  (context) => `${Context.get(context, Emulator.Emulator).baseUrl}/signed-in`
)

describeBrowser("the pages of the emulated world", () => {
  const browser = sharedBrowser()

  const visit = (options?: OpenOptions) =>
    Effect.gen(function* () {
      const { baseUrl } = yield* Emulator.Emulator
      const opened = yield* open(browser, options)
      const { page } = opened
      return {
        ...opened,
        baseUrl,
        go: (path: string) => doing(() => page.goto(`${baseUrl}${path}`)),
        fill: (label: string, text: string) =>
          doing(() => page.getByLabel(label, { exact: true }).fill(text)),
        press: (name: string) => doing(() => page.getByRole("button", { name, exact: true }).click()),
        title: doing(() => page.title()),
        alert: doing(() => page.getByRole("alert").textContent()),
        url: Effect.sync(() => page.url())
      }
    })

  for (const javaScript of [true, false]) {
    const how = javaScript ? "" : ", without JavaScript"

    it.scopedLive(`signs a person in by the code of a second screen, however it is typed${how}`, () =>
      Effect.gen(function* () {
        const { begin, poll } = yield* television
        const { code } = yield* begin({ domainName: "acme.example" })
        const { fill, go, page, press, title, url, baseUrl } = yield* visit({ javaScript, width: phone })
        yield* go("/activate")
        yield* fill("Code", ` ${code.slice(0, 3).toLowerCase()} ${code.slice(3)} `)
        yield* press("Continue")
        yield* doing(() => page.getByLabel("North Cable").check())
        yield* press("Continue")
        expect(yield* title).toBe("Sign in to North Cable")
        expect(yield* poll(code)).toEqual([])
        yield* fill("User name", "nora")
        yield* fill("Password", "north")
        yield* press("Sign in")
        expect(yield* url).toBe(`${baseUrl}/signed-in?code=${code}`)
        expect(yield* title).toBe("You are signed in")
        expect(yield* poll(code)).toEqual(["NorthCable"])
      }).pipe(Effect.provide(served))
    )

    it.scopedLive(`signs nobody in with a wrong password, and says so${how}`, () =>
      Effect.gen(function* () {
        const { begin, poll } = yield* television
        const redirectUrl = "https://acme.example/done"
        const { code, url } = yield* begin({ mvpd: "NorthCable", domainName: "acme.example", redirectUrl })
        const { alert, fill, go, page, press } = yield* visit({ javaScript })
        yield* go(url)
        yield* fill("User name", "nora")
        yield* fill("Password", "south")
        yield* press("Sign in")
        expect(yield* alert).toContain("wrong")
        expect(yield* doing(() => page.getByLabel("User name").inputValue())).toBe("nora")
        expect(yield* poll(code)).toEqual([])
      }).pipe(Effect.provide(served))
    )

    it.scopedLive(`leads back to the application, on another origin${how}`, () =>
      Effect.gen(function* () {
        const { begin, poll } = yield* television
        const application = yield* otherOrigin
        const parameters = { mvpd: "NorthCable", domainName: "acme.example", redirectUrl: application }
        const { code, url } = yield* begin(parameters)
        const { complaints, go, press, url: where } = yield* visit({ javaScript })
        yield* go(url)
        yield* press("Sign in as nora")
        expect(yield* where).toBe(application)
        expect(yield* poll(code)).toEqual(["NorthCable"])
        const again = yield* begin({ ...parameters, mvpd: "SouthFiber" })
        yield* go(again.url)
        yield* press("Cancel")
        expect(yield* where).toBe(application)
        expect(yield* poll(again.code)).toEqual([])
        expect(complaints).toEqual([])
      }).pipe(Effect.provide(served))
    )

    it.scopedLive(`tells a second screen whose login was cancelled, and lets it try again${how}`, () =>
      Effect.gen(function* () {
        const { begin, poll } = yield* television
        const { code } = yield* begin({ mvpd: "SouthFiber", domainName: "acme.example" })
        const { go, page, press, title } = yield* visit({ javaScript })
        yield* go(`/activate?code=${code}`)
        yield* press("Cancel")
        expect(yield* title).toBe("You are not signed in")
        yield* doing(() => page.getByRole("link", { name: "Try again" }).click())
        yield* press("Sign in as sam")
        expect(yield* poll(code)).toEqual(["SouthFiber"])
      }).pipe(Effect.provide(served))
    )

    it.scopedLive(`says what is wrong with a code${how}`, () =>
      Effect.gen(function* () {
        const { begin } = yield* television
        const older = yield* begin({ domainName: "acme.example" })
        yield* begin({ domainName: "acme.example" })
        const { alert, fill, go, press, title } = yield* visit({ javaScript })
        yield* go("/activate")
        yield* fill("Code", "<b>")
        yield* press("Continue")
        expect(yield* alert).toBe("No device is waiting with this code.")
        yield* fill("Code", older.code)
        yield* press("Continue")
        expect(yield* alert).toContain("no longer good")
        yield* go("/adobe-services/authenticate?code=<b>")
        expect(yield* title).toBe("Nothing to sign in to")
      }).pipe(Effect.provide(served))
    )
  }

  // Colours and layouts do not depend on each other.
  for (const [width, theme] of [
    [phone, "light"],
    [desktop, "dark"]
  ] as const) {
    it.scopedLive(`are accessible and load nothing from elsewhere at ${width} px, ${theme}`, () =>
      Effect.gen(function* () {
        const { begin } = yield* television
        const { code } = yield* begin({ domainName: "acme.example" })
        const opened = yield* visit({ width, dark: theme === "dark" })
        const { baseUrl, fill, go, page, press } = opened
        const look = (name: string) =>
          Effect.zipRight(expectAccessible(opened), screenshot(opened, `${name}-${width}-${theme}`))
        yield* go("/activate")
        yield* look("activate")
        yield* fill("Code", "nothing")
        yield* press("Continue")
        yield* look("activate-wrong")
        yield* fill("Code", code)
        yield* press("Continue")
        yield* look("activate-provider")
        yield* doing(() => page.getByLabel("North Cable").check())
        yield* press("Continue")
        yield* look("login")
        yield* fill("User name", "nora")
        yield* fill("Password", "south")
        yield* press("Sign in")
        yield* look("login-wrong")
        yield* press("Cancel")
        yield* look("signed-in-cancelled")
        yield* doing(() => page.getByRole("link", { name: "Try again" }).click())
        yield* press("Sign in as nora")
        yield* look("signed-in")
        yield* go("/signed-in")
        yield* look("signed-in-elsewhere")
        yield* go("/adobe-services/authenticate?code=nothing")
        yield* look("login-nothing")
        yield* go("/adobe-services/logout?requestor_id=ACME&mso_id=NorthCable")
        yield* look("logout")
        expect([...opened.origins]).toEqual([baseUrl])
        expect(opened.complaints).toEqual([])
      }).pipe(Effect.provide(served))
    )
  }
})
