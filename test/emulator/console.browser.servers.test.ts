import * as FetchHttpClient from "@effect/platform/FetchHttpClient"
import { expect, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { Emulator, Fault } from "effect-adobe-pass-emulator"
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
import { authorize, call, deviceHeaders, register, token } from "./conversation.js"
import { television } from "./television.js"

/** A throttle that gains nothing while a test runs. */
const served = Layer.merge(Emulator.layerServer({ control: true, rate: 0.001 }), FetchHttpClient.layer)

const pages = ["", "requests/3", "devices", "throttle", "controls", "api", "requests/999"]

const from = (address: string) => ({ ...deviceHeaders, "x-forwarded-for": address })

/** A registered device that has made a call, and one whose calls are throttled. */
const traffic = Effect.gen(function* () {
  const { accessToken } = yield* authorize
  yield* call(accessToken, from("203.0.113.7"))
  yield* Effect.replicateEffect(call(accessToken, from("203.0.113.8")), 12)
  yield* call("not-a-token", { "x-forwarded-for": "203.0.113.9" })
  return accessToken
})

/** What the pages show when there is something of each kind. */
const everything = Effect.gen(function* () {
  yield* traffic
  const { degrade, expireProfiles, fail, mvpdFails, revokeProfiles, signIn } = yield* Emulator.Emulator
  const device = yield* television
  for (const mvpd of ["NorthCable", "SouthFiber", "EastDish"]) {
    const { code } = yield* device.begin({
      mvpd,
      domainName: "acme.example",
      redirectUrl: "https://acme.example/"
    })
    yield* signIn({ code })
  }
  yield* device.begin({ domainName: "acme.example" })
  yield* expireProfiles({ mvpd: "SouthFiber" })
  yield* revokeProfiles({ mvpd: "EastDish" })
  yield* degrade("WestStream", "AuthZNone", "Out of order until tomorrow")
  yield* mvpdFails({ mvpd: "NorthCable", operation: "authorize", code: "network_received_error", times: 2 })
  yield* fail({ route: "management", fault: Fault.answer(503), times: 2 })
})

describeBrowser("the console", () => {
  const browser = sharedBrowser()

  const console = (options?: OpenOptions) =>
    Effect.gen(function* () {
      const { baseUrl } = yield* Emulator.Emulator
      const opened = yield* open(browser, options)
      const { page } = opened
      return {
        ...opened,
        /** A part of the page, by its heading. */
        part: (name: string) => page.getByRole("region", { name }),
        go: (path: string) => doing(() => page.goto(`${baseUrl}/_emulator/${path}`)),
        press: (name: string) => doing(() => page.getByRole("button", { name }).click()),
        // biome-ignore lint/performance/useDomNodeTextContent: what a person sees
        text: doing(() => page.getByRole("main").innerText())
      }
    })

  // Colours and layouts do not depend on each other.
  for (const [width, theme] of [
    [phone, "dark"],
    [desktop, "light"]
  ] as const) {
    it.scopedLive(`is accessible and loads nothing from elsewhere at ${width} px, ${theme}`, () =>
      Effect.gen(function* () {
        const { baseUrl } = yield* Emulator.Emulator
        yield* everything
        const opened = yield* console({ width, dark: theme === "dark" })
        for (const path of pages) {
          yield* opened.go(path)
          yield* expectAccessible(opened)
          yield* screenshot(opened, `console-${path.replace("/", "-") || "requests"}-${width}-${theme}`)
        }
        yield* opened.go("api")
        yield* doing(() => opened.page.locator("summary").first().click())
        yield* expectAccessible(opened)
        yield* screenshot(opened, `console-api-open-${width}-${theme}`)
        expect([...opened.origins]).toEqual([baseUrl])
        expect(opened.complaints).toEqual([])
      }).pipe(Effect.provide(served))
    )
  }

  it.scopedLive("shows a request when it comes, without a reload", () =>
    Effect.gen(function* () {
      const { go, page } = yield* console()
      yield* go("")
      yield* doing(() => page.getByText("No request has come yet").waitFor())
      yield* register()
      yield* doing(() => page.getByRole("link", { name: "POST /o/client/register" }).waitFor())
    }).pipe(Effect.provide(served))
  )

  it.scopedLive("stands still while it is paused", () =>
    Effect.gen(function* () {
      const { go, page, press, text } = yield* console()
      yield* doing(() => page.clock.install())
      yield* go("")
      yield* press("Pause")
      yield* register()
      yield* doing(() => page.clock.runFor(10_000))
      expect(yield* text).toContain("No request has come yet")
      yield* press("Pause")
      yield* doing(() => page.clock.runFor(1000))
      yield* doing(() => page.getByRole("link", { name: "POST /o/client/register" }).waitFor())
    }).pipe(Effect.provide(served))
  )

  for (const javaScript of [true, false]) {
    const how = javaScript ? "" : ", without JavaScript"

    it.scopedLive(`filters by route, by answer and by text${how}`, () =>
      Effect.gen(function* () {
        yield* traffic
        const { go, page, press } = yield* console({ javaScript })
        const shown = doing(() => page.locator("tbody tr").count())
        yield* go("")
        expect(yield* shown).toBe(16)
        yield* doing(() => page.getByLabel("Route").selectOption("token"))
        yield* press("Filter")
        expect(yield* shown).toBe(1)
        yield* doing(() => page.getByLabel("Route").selectOption("api"))
        yield* doing(() => page.getByLabel("Answer").selectOption("4"))
        yield* press("Filter")
        expect(yield* shown).toBe(2)
        yield* doing(() => page.getByLabel("Text").fill("203.0.113.9"))
        yield* press("Filter")
        expect(yield* shown).toBe(1)
        yield* doing(() => page.getByRole("link", { name: "Show all" }).click())
        expect(yield* shown).toBe(16)
      }).pipe(Effect.provide(served))
    )

    it.scopedLive(
      `shows a request with headers, bodies and a curl line, its secrets on demand only${how}`,
      () =>
        Effect.gen(function* () {
          const accessToken = yield* traffic
          const { go, page, text } = yield* console({ javaScript })
          yield* go("?text=203.0.113.7")
          yield* doing(() => page.getByRole("link", { name: "GET /api/v2/ACME/configuration" }).click())
          const before = yield* text
          expect(before).toContain("ap-device-identifier")
          expect(before).not.toContain(accessToken)
          yield* doing(() => page.getByText("Show the secret").first().click())
          expect(yield* text).toContain(accessToken)
          yield* doing(() => page.getByText("Show the line").click())
          expect(yield* text).toContain(`-H 'authorization: Bearer ${accessToken}'`)
        }).pipe(Effect.provide(served))
    )

    it.scopedLive(`revokes a client, and expires and revokes tokens${how}`, () =>
      Effect.gen(function* () {
        const { clients } = yield* Emulator.Emulator
        const { credentials, accessToken } = yield* authorize
        yield* call(accessToken)
        const { go, press, text } = yield* console({ javaScript })
        yield* go("controls")
        yield* press("Expire all tokens")
        expect(yield* text).toContain("All tokens have expired.")
        expect((yield* call(accessToken)).text).toBe("")
        const fresh = yield* token(credentials)
        yield* press("Revoke all tokens")
        expect((yield* call(fresh.access_token)).status).toBe(401)
        yield* go("devices")
        expect(yield* text).toContain(credentials.client_id)
        yield* press("Revoke this client")
        expect(yield* text).toContain("No device has registered yet.")
        expect(yield* clients).toEqual([])
      }).pipe(Effect.provide(served))
    )

    it.scopedLive(`makes the next two requests fail, and forgets what is queued${how}`, () =>
      Effect.gen(function* () {
        const { go, part, press, text } = yield* console({ javaScript })
        const fields = part("Fail the next requests")
        yield* go("controls")
        yield* doing(() => fields.getByLabel("Route").selectOption("token"))
        yield* doing(() => fields.getByLabel("How many").fill("2"))
        yield* doing(() => fields.getByLabel("Status").fill("500"))
        yield* press("Fail the next requests")
        expect(yield* text).toContain("token: Answer 500, 2 left")
        const credentials = yield* register()
        yield* Effect.flip(token(credentials))
        yield* Effect.flip(token(credentials))
        yield* token(credentials)
        yield* press("Fail the next requests")
        yield* press("Clear the faults")
        expect(yield* text).toContain("No fault is queued any more.")
      }).pipe(Effect.provide(served))
    )

    it.scopedLive(
      `sets the clock and the lifetime of tokens, and revokes and approves the statement${how}`,
      () =>
        Effect.gen(function* () {
          const credentials = yield* register()
          const before = yield* token(credentials)
          const { go, page, press, text } = yield* console({ javaScript })
          yield* go("controls")
          yield* doing(() => page.getByLabel("Minutes").fill("90"))
          yield* doing(() => page.getByLabel("Direction").selectOption("behind"))
          yield* press("Set the clock")
          expect(yield* text).toContain("1 h 30 min behind")
          yield* doing(() => page.getByLabel("Seconds").fill("60"))
          yield* press("Set the lifetime")
          const after = yield* token(credentials)
          expect(after.created_at).toBeLessThan(before.created_at)
          expect(after.expires_in).toBe(60)
          yield* press("Revoke the statement")
          yield* Effect.flip(register())
          yield* press("Approve it again")
          yield* register()
        }).pipe(Effect.provide(served))
    )

    it.scopedLive(`degrades an MVPD, and ends it${how}`, () =>
      Effect.gen(function* () {
        const device = yield* television
        const { go, part, press, text } = yield* console({ javaScript })
        yield* go("controls")
        const fields = part("Degrade a TV provider")
        yield* doing(() => fields.getByLabel("Provider").selectOption("NorthCable"))
        yield* doing(() => fields.getByLabel("Rule").selectOption("AuthNAll"))
        yield* doing(() => fields.getByRole("button", { name: "Degrade" }).click())
        expect(yield* text).toContain("The MVPD is degraded as you chose.")
        expect(yield* device.authorize("NorthCable")).toBe("degradation")
        yield* press("End: the degradation of NorthCable")
        expect(yield* device.authorize("NorthCable")).toBe("authenticated_profile_missing")
      }).pipe(Effect.provide(served))
    )

    it.scopedLive(`expires and revokes a profile, and lets its MVPD fail${how}`, () =>
      Effect.gen(function* () {
        const { signIn } = yield* Emulator.Emulator
        const device = yield* television
        const parameters = {
          mvpd: "NorthCable",
          domainName: "acme.example",
          redirectUrl: "https://acme.example/"
        }
        const signedIn = Effect.flatMap(device.begin(parameters), ({ code }) => signIn({ code }))
        yield* signedIn
        expect(yield* device.authorize("NorthCable")).toBe("mvpd")
        const { go, part, press, text } = yield* console({ javaScript })
        yield* go("controls")
        const fields = part("Make a TV provider fail")
        yield* doing(() => fields.getByLabel("Enhanced error").selectOption("network_received_error"))
        yield* doing(() => fields.getByRole("button").click())
        expect(yield* text).toContain("network_received_error, 1 left")
        expect(yield* device.authorize("NorthCable")).toBe("network_received_error")
        yield* go("devices")
        expect(yield* text).toContain("living-room-tv")
        yield* press("Expire: the profile with NorthCable")
        expect(yield* device.authorize("NorthCable")).toBe("authenticated_profile_expired")
        yield* signedIn
        yield* go("devices")
        yield* press("Revoke: the profile with NorthCable")
        expect(yield* text).toContain("The profile is revoked.")
        expect(yield* device.authorize("NorthCable")).toBe("authenticated_profile_invalidated")
      }).pipe(Effect.provide(served))
    )

    it.scopedLive(`leads to the login of an open session${how}`, () =>
      Effect.gen(function* () {
        const { code } = yield* (yield* television).begin({ domainName: "acme.example" })
        const { go, page } = yield* console({ javaScript })
        yield* go("devices")
        yield* doing(() => page.getByRole("link", { name: `Sign in with ${code}` }).click())
        expect(yield* doing(() => page.title())).toBe("Choose your TV provider")
      }).pipe(Effect.provide(served))
    )

    it.scopedLive(`clears the log${how}`, () =>
      Effect.gen(function* () {
        const { log } = yield* Emulator.Emulator
        yield* register()
        const { go, press, text } = yield* console({ javaScript })
        yield* go("")
        yield* press("Clear the log")
        expect(yield* text).toContain("The log is empty.")
        expect(yield* log).toEqual([])
      }).pipe(Effect.provide(served))
    )
  }
})
