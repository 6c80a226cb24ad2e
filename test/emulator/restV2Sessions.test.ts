import * as HttpClientRequest from "@effect/platform/HttpClientRequest"
import { describe, expect, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import * as TestClock from "effect/TestClock"
import { Emulator } from "effect-adobe-pass-emulator"
import { json, send } from "./conversation.js"
import {
  application,
  browse,
  callsOf,
  codeOf,
  deviceHeaders,
  failure,
  parameters,
  signIn,
  verdictsOf
} from "./restV2Conversation.js"

const Entry = Schema.transform(
  Schema.Struct({ actionName: Schema.String, actionType: Schema.String }),
  Schema.Tuple(Schema.String, Schema.String),
  {
    strict: true,
    decode: ({ actionName, actionType }) => [actionName, actionType] as const,
    encode: ([actionName, actionType]) => ({ actionName, actionType })
  }
)

const decodeLogouts = Schema.decodeUnknownSync(
  Schema.Struct({ logouts: Schema.Record({ key: Schema.String, value: Entry }) })
)

const decodeProfiles = Schema.decodeUnknownSync(
  Schema.Struct({ profiles: Schema.Record({ key: Schema.String, value: Schema.Unknown }) })
)

const unthrottled = Emulator.layer({ throttle: "off" })

describe("configuration", () => {
  it.effect("lists the integrated MVPDs of a service provider, with and without a trailing slash", () =>
    Effect.gen(function* () {
      const app = yield* application()
      const answer = yield* app.get("ACME/configuration")
      expect([answer.status, answer.headers["content-type"]]).toEqual([200, "application/json;charset=UTF-8"])
      expect(json(answer)).toMatchObject({
        device: "unknown",
        requestor: {
          id: "ACME",
          name: "Acme Television",
          domains: [{ name: "acme.example", mvpdInitiated: false }, { name: "localhost" }],
          mvpds: expect.arrayContaining([
            expect.objectContaining({
              id: "NorthCable",
              displayName: "North Cable",
              boardingStatus: "SUPPORTED"
            }),
            expect.objectContaining({ id: "TempPass_Acme10", isTempPass: true }),
            expect.objectContaining({ id: "EastDish", isProxy: true })
          ])
        }
      })
      expect(answer.text).not.toContain("FarCable")
      expect((yield* app.get("ACME/configuration/")).text).toBe(answer.text)
      expect(failure(yield* app.get("NOBODY/configuration"))).toEqual([
        400,
        "invalid_parameter_service_provider"
      ])
    }).pipe(Effect.provide(unthrottled))
  )

  it.effect("needs a token and no device", () =>
    Effect.gen(function* () {
      const { accessToken } = yield* application()
      const request = HttpClientRequest.get("/api/v2/ACME/configuration")
      expect((yield* send(HttpClientRequest.bearerToken(request, accessToken))).status).toBe(200)
      expect(failure(yield* send(request))).toEqual([401, "invalid_access_token_client_application"])
    }).pipe(Effect.provide(unthrottled))
  )
})

describe("a session", () => {
  it.effect("leads from a login in a browser to a profile, a permit and a logout", () =>
    Effect.gen(function* () {
      const app = yield* application()
      yield* TestClock.setTime(1_000_000)
      const created = yield* app.form("ACME/sessions", parameters)
      expect(json(created)).toEqual({
        actionName: "authenticate",
        actionType: "interactive",
        reasonType: "none",
        url: expect.stringMatching(/^\/api\/v2\/authenticate\/ACME\/[A-Z0-9]{7}$/),
        code: expect.stringMatching(/^[A-Z0-9]{7}$/),
        sessionId: expect.stringMatching(/^[0-9a-f-]{36}$/),
        mvpd: "NorthCable",
        serviceProvider: "ACME",
        notBefore: "1000000",
        notAfter: "2800000"
      })
      const code = codeOf(created)
      const before = yield* app.get(`ACME/profiles/code/${code}`)
      expect([before.status, json(before)]).toEqual([200, { profiles: {} }])

      const { opened, page, sent } = yield* browse(code, "nora", "north")
      expect([opened.status, page.status, sent.status]).toEqual([302, 200, 303])
      expect(sent.headers["location"]).toBe("https://acme.example/done")

      const after = yield* app.get(`ACME/profiles/code/${code}`)
      expect(json(after)).toEqual({
        profiles: {
          NorthCable: {
            notBefore: 1_000_000,
            notAfter: 1_000_000 + 30 * 86_400_000,
            issuer: "NorthCable",
            type: "regular",
            attributes: expect.objectContaining({
              userID: { value: expect.any(String), state: "plain" },
              zip: { value: expect.any(String), state: "enc" },
              maxRating: { value: { VCHIP: "TV-MA", MPAA: "NC-17" }, state: "plain" }
            })
          }
        }
      })
      expect((yield* app.get("ACME/profiles/NorthCable")).text).toBe(after.text)
      expect((yield* app.get("ACME/profiles")).text).toBe(after.text)
      expect(json(yield* app.form("ACME/sessions", parameters))).toMatchObject({
        actionName: "authorize",
        actionType: "direct",
        reasonType: "authenticated",
        url: "/api/v2/ACME/decisions/authorize/NorthCable"
      })
      const decided = yield* app.json("ACME/decisions/authorize/NorthCable", { resources: ["acme-live"] })
      expect(verdictsOf(decided)).toEqual(["permit"])

      expect(
        json(yield* app.get("ACME/logout/NorthCable?redirectUrl=https%3A%2F%2Facme.example%2F"))
      ).toEqual({
        logouts: {
          NorthCable: {
            actionName: "logout",
            actionType: "interactive",
            mvpd: "NorthCable",
            url: expect.stringMatching(/^\/adobe-services\/logout\?requestor_id=ACME&mso_id=NorthCable&/)
          }
        }
      })
      expect(json(yield* app.get("ACME/profiles/NorthCable"))).toEqual({ profiles: {} })
    }).pipe(Effect.provide(unthrottled))
  )

  it.effect("asks for what is missing, also of a second screen, and then leads to a login", () =>
    Effect.gen(function* () {
      const app = yield* application()
      const other = yield* application("phone")
      const created = yield* app.form("ACME/sessions", {})
      expect(json(created)).toMatchObject({
        actionName: "resume",
        actionType: "direct",
        reasonType: "none",
        missingParameters: ["mvpd", "domainName", "redirectUrl"]
      })
      const code = codeOf(created)
      const path = `ACME/sessions/${code}`
      expect(json(created)).toMatchObject({ url: `/api/v2/${path}` })
      expect(
        json(yield* other.form(path, { mvpd: "NorthCable", domainName: "nobody.example" }))
      ).toMatchObject({
        actionName: "retry",
        missingParameters: ["domainName", "redirectUrl"],
        mvpd: "NorthCable",
        code
      })
      expect((yield* browse(code, "nora", "north")).opened.status).toBe(400)
      const { mvpd: _, ...others } = parameters
      expect(json(yield* other.form(path, others))).toMatchObject({
        actionName: "authenticate",
        url: `/api/v2/authenticate/ACME/${code}`
      })
      yield* browse(code, "nora", "north")
      expect(json(yield* other.get(`ACME/profiles/code/${code}`))).toMatchObject({
        profiles: { NorthCable: { type: "regular" } }
      })
      expect(json(yield* app.get("ACME/profiles"))).toMatchObject({ profiles: { NorthCable: {} } })
      expect(json(yield* other.get("ACME/profiles"))).toEqual({ profiles: {} })
    }).pipe(Effect.provide(unthrottled))
  )

  it.effect("says what it has, what it lacks, and what its device is", () =>
    Effect.gen(function* () {
      const app = yield* application()
      const code = codeOf(yield* app.form("ACME/sessions", { mvpd: "NorthCable" }))
      expect(json(yield* app.get(`ACME/sessions/${code}/`))).toEqual({
        existingParameters: { mvpd: "NorthCable", serviceProvider: "ACME" },
        missingParameters: ["domainName", "redirectUrl"],
        device: expect.objectContaining({
          type: "Unknown",
          model: "AFTM",
          operatingSystem: expect.objectContaining({
            name: "Android",
            version: { major: 5, minor: 1, patch: 1, profile: "" }
          }),
          applicationId: null,
          connection: { ipAddress: null, port: null, secure: false, type: "WiFi" }
        }),
        notBefore: "0",
        notAfter: "1800000"
      })
    }).pipe(Effect.provide(unthrottled))
  )

  it.effect("ends the older session of its device with the same service provider, and no other", () =>
    Effect.gen(function* () {
      const app = yield* application()
      const other = yield* application("device-2")
      const first = codeOf(yield* app.form("ACME/sessions", parameters))
      const elsewhere = codeOf(yield* other.form("ACME/sessions", parameters))
      const zenith = codeOf(
        yield* app.form("Zenith/sessions", { mvpd: "NorthCable", domainName: "zenith.example" })
      )
      const second = codeOf(yield* app.form("ACME/sessions", parameters))
      const ended = [400, "invalid_authentication_session"]
      expect(failure(yield* app.get(`ACME/sessions/${first}`))).toEqual(ended)
      expect(failure(yield* app.get(`ACME/profiles/code/${first}`))).toEqual(ended)
      expect((yield* browse(first, "nora", "north")).opened.status).toBe(400)
      for (const path of [
        `ACME/sessions/${second}`,
        `ACME/sessions/${elsewhere}`,
        `Zenith/sessions/${zenith}`
      ]) {
        expect((yield* app.get(path)).status).toBe(200)
      }
      expect(failure(yield* app.get(`Zenith/sessions/${second}`))).toEqual([400, "invalid_parameter_code"])
    }).pipe(Effect.provide(unthrottled))
  )

  it.effect("lasts half an hour of the server's clock", () =>
    Effect.gen(function* () {
      const app = yield* application()
      const code = codeOf(yield* app.form("ACME/sessions", parameters))
      yield* TestClock.setTime(1_799_999)
      expect((yield* app.get(`ACME/sessions/${code}`)).status).toBe(200)
      yield* (yield* Emulator.Emulator).skewClock(1)
      expect(failure(yield* app.get(`ACME/sessions/${code}`))).toEqual([
        400,
        "invalid_authentication_session"
      ])
    }).pipe(Effect.provide(unthrottled))
  )

  it.effect("refuses a wrong password on a page, and shows no page for a code that leads nowhere", () =>
    Effect.gen(function* () {
      const app = yield* application()
      const code = codeOf(yield* app.form("ACME/sessions", parameters))
      const { sent } = yield* browse(code, "nora", "wrong")
      expect([sent.status >= 400, sent.headers["content-type"]]).toEqual([true, "text/html;charset=UTF-8"])
      expect(json(yield* app.get(`ACME/profiles/code/${code}`))).toEqual({ profiles: {} })
      const opened = yield* send(HttpClientRequest.get("/api/v2/authenticate/ACME/AAAAAAA"))
      expect([opened.status, opened.headers["content-type"]]).toEqual([400, "text/html;charset=UTF-8"])
    }).pipe(Effect.provide(unthrottled))
  )

  it.effect("redirects only where the service provider allows it", () =>
    Effect.gen(function* () {
      const app = yield* application()
      const to = (redirectUrl: string) =>
        app.form("Zenith/sessions", { mvpd: "NorthCable", domainName: "zenith.example", redirectUrl })
      for (const url of [
        "https://zenith.example/",
        "https://www.zenith.example/x",
        "http://localhost:3000/"
      ]) {
        expect(json(yield* to(url))).toMatchObject({ actionName: "authenticate" })
      }
      for (const url of ["https://elsewhere.example/", "https://notzenith.example/", "/relative", "zenith"]) {
        expect(failure(yield* to(url))).toEqual([400, "invalid_parameter_redirect_url"])
      }
    }).pipe(Effect.provide(unthrottled))
  )
})

describe("a profile", () => {
  it.effect("is bound to the client, the device and the service provider", () =>
    Effect.gen(function* () {
      const app = yield* application()
      yield* signIn(app)
      const none = { profiles: {} }
      const again = yield* application()
      expect(json(yield* again.get("ACME/profiles"))).toEqual(none)
      const moved = callsOf(app.accessToken, deviceHeaders("device-2"))
      expect(json(yield* moved.get("ACME/profiles"))).toEqual(none)
      expect(json(yield* app.get("Zenith/profiles"))).toEqual(none)
      expect(json(yield* app.get("ACME/profiles"))).toMatchObject({ profiles: { NorthCable: {} } })
    }).pipe(Effect.provide(unthrottled))
  )

  it.effect("is left out when it has expired, and there can be several", () =>
    Effect.gen(function* () {
      const app = yield* application()
      yield* signIn(app)
      yield* signIn(app, { mvpd: "WestStream", user: "walt", password: "west" })
      const names = Effect.map(app.get("ACME/profiles"), (answer) =>
        Object.keys(decodeProfiles(json(answer)).profiles)
      )
      expect(yield* names).toEqual(["NorthCable", "WestStream"])
      yield* TestClock.adjust("10 minutes")
      expect(yield* names).toEqual(["NorthCable"])
    }).pipe(Effect.provide(unthrottled))
  )
})

describe("a logout", () => {
  const logoutOf = (app: { get: (path: string) => ReturnType<typeof send> }, mvpd: string) =>
    Effect.map(app.get(`ACME/logout/${mvpd}`), (answer) => decodeLogouts(json(answer)).logouts[mvpd])

  it.effect("says what is left to do, by what the MVPD has", () =>
    Effect.gen(function* () {
      const app = yield* application()
      const emulator = yield* Emulator.Emulator
      expect(yield* logoutOf(app, "NorthCable")).toEqual(["invalid", "none"])
      yield* signIn(app, { mvpd: "SouthFiber", user: "sam", password: "south" })
      expect(yield* logoutOf(app, "SouthFiber")).toEqual(["complete", "none"])
      expect(yield* logoutOf(app, "SouthFiber")).toEqual(["invalid", "none"])
      yield* signIn(app)
      expect(yield* logoutOf(app, "NorthCable")).toEqual(["logout", "interactive"])
      expect(yield* logoutOf(app, "TempPass_Acme10")).toEqual(["complete", "none"])
      yield* emulator.degrade("NorthCable", "AuthNAll")
      expect(yield* logoutOf(app, "NorthCable")).toEqual(["complete", "none"])
    }).pipe(Effect.provide(unthrottled))
  )
})
