import * as HttpClientRequest from "@effect/platform/HttpClientRequest"
import { describe, expect, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as TestClock from "effect/TestClock"
import { Emulator } from "effect-adobe-pass-emulator"
import { json, send } from "./conversation.js"
import { application, browse, codeOf, failure, parameters, verdictsOf } from "./restV2Conversation.js"

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
      expect([opened.status, page.status, sent.status]).toEqual([302, 200, 302])
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
})
