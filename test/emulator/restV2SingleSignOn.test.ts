import { describe, expect, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { Emulator } from "effect-adobe-pass-emulator"
import { type Headers, json } from "./conversation.js"
import {
  application,
  base64Json,
  failure,
  parameters,
  partnerStatus,
  samlResponse,
  signIn,
  verdictsOf
} from "./restV2Conversation.js"

const unthrottled = Emulator.layer({ throttle: "off" })

const base64Url = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString("base64url")

const jws = (sub: string): string => `${base64Url({ alg: "RS256" })}.${base64Url({ sub, aud: "Adobe" })}.c2ln`

const status = (value: unknown = partnerStatus()): Headers => ({
  "ap-partner-framework-status": base64Json(value)
})

type Application = Effect.Effect.Success<ReturnType<typeof application>>

const authorize = (app: Application, headers: Headers) =>
  app.json("ACME/decisions/authorize/NorthCable", { resources: ["acme-live"] }, headers)

describe("single sign-on", () => {
  const tokens: ReadonlyArray<readonly [type: string, headers: Headers, others: Headers]> = [
    ["platformSSO", { "adobe-subject-token": jws("anna") }, { "adobe-subject-token": jws("otto") }],
    ["platformSSO", { "x-roku-reserved-roku-connect-token": "a.b.c.d.e" }, { "adobe-subject-token": "a.b" }],
    ["serviceTokenSSO", { "ad-service-token": jws("anna") }, { "ad-service-token": jws("otto") }]
  ]

  it.effect.each(tokens)("with a token of %s shares a login, and its end", ([type, headers, others]) =>
    Effect.gen(function* () {
      const first = yield* application("device-1")
      const second = yield* application("device-2")
      yield* signIn(first, {}, headers)
      expect(json(yield* second.get("ACME/profiles"))).toEqual({ profiles: {} })
      expect(json(yield* second.get("ACME/profiles", others))).toEqual({ profiles: {} })
      const expected = { profiles: { NorthCable: { type, issuer: "NorthCable" } } }
      expect(json(yield* second.get("ACME/profiles", headers))).toMatchObject(expected)
      expect(json(yield* second.get("ACME/profiles/NorthCable", headers))).toMatchObject(expected)
      expect(json(yield* first.get("ACME/profiles", headers))).toMatchObject({
        profiles: { NorthCable: { type: "regular" } }
      })
      expect(json(yield* second.form("ACME/sessions", parameters, headers))).toMatchObject({
        actionName: "authorize",
        reasonType: "authenticatedSSO"
      })
      expect(failure(yield* authorize(second, others))).toEqual([403, "authenticated_profile_missing"])
      expect(verdictsOf(yield* authorize(second, headers))).toEqual(["permit"])
      expect(json(yield* second.get("ACME/logout/NorthCable", headers))).toMatchObject({
        logouts: { NorthCable: { actionName: "logout" } }
      })
      expect(json(yield* first.get("ACME/profiles", headers))).toEqual({ profiles: {} })
    }).pipe(Effect.provide(unthrottled))
  )
})

it.effect("a profile that was revoked, or has expired, is shared with nobody", () =>
  Effect.gen(function* () {
    const { expireProfiles, revokeProfiles } = yield* Emulator.Emulator
    const [first, second] = [yield* application("device-1"), yield* application("device-2")]
    const headers = { "ad-service-token": jws("anna") }
    for (const end of [revokeProfiles(), expireProfiles()]) {
      yield* signIn(first, {}, headers)
      expect(json(yield* second.get("ACME/profiles", headers))).toMatchObject({
        profiles: { NorthCable: {} }
      })
      yield* end
      expect(json(yield* second.get("ACME/profiles", headers))).toEqual({ profiles: {} })
    }
  }).pipe(Effect.provide(unthrottled))
)

describe("single sign-on of a partner", () => {
  const form = { domainName: parameters.domainName, redirectUrl: parameters.redirectUrl }
  const asks = (app: Application, headers: Headers, given: Readonly<Record<string, string>> = form) =>
    Effect.map(app.form("ACME/sessions/sso/apple", given, headers), json)

  it.effect("leads from a request and a SAML response to a profile that needs the status", () =>
    Effect.gen(function* () {
      const app = yield* application()
      expect(yield* asks(app, status())).toMatchObject({
        actionName: "partner_profile",
        actionType: "direct",
        reasonType: "none",
        url: "/api/v2/ACME/profiles/sso/apple",
        mvpd: "NorthCable",
        authenticationRequest: {
          type: "saml",
          request: expect.any(String),
          attributesNames: ["uid", "NameID"]
        }
      })
      const created = yield* app.form(
        "ACME/profiles/sso/Apple",
        { SAMLResponse: samlResponse("ned") },
        status()
      )
      expect([created.status, json(created)]).toMatchObject([
        201,
        { profiles: { NorthCable: { type: "appleSSO", issuer: "Apple" } } }
      ])
      expect(json(yield* app.get("ACME/profiles", status()))).toMatchObject(Object(json(created)))
      expect(json(yield* app.get("ACME/profiles"))).toEqual({ profiles: {} })
      expect(yield* asks(app, status())).toMatchObject({
        actionName: "authorize",
        reasonType: "authenticatedSSO"
      })
      expect(verdictsOf(yield* authorize(app, status()))).toEqual(["permit"])
      expect(failure(yield* authorize(app, {}))).toEqual([
        400,
        "invalid_header_pfs_permission_access_not_present"
      ])
      expect(failure(yield* authorize(app, status(partnerStatus({ access: "restricted" }))))).toEqual([
        400,
        "invalid_header_pfs_permission_access_not_granted"
      ])
      expect(json(yield* app.get("ACME/logout/NorthCable"))).toEqual({
        logouts: {
          NorthCable: { actionName: "partner_logout", actionType: "partner_interactive", mvpd: "NorthCable" }
        }
      })
    }).pipe(Effect.provide(unthrottled))
  )

  it.effect("falls back to a login, and says why", () =>
    Effect.gen(function* () {
      const app = yield* application()
      expect(yield* asks(app, status(partnerStatus({ access: "denied" })))).toMatchObject({
        actionName: "authenticate",
        reasonType: "pfs_fallback",
        mvpd: "NorthCable"
      })
      expect(yield* asks(app, {})).toMatchObject({
        actionName: "resume",
        reasonType: "pfs_fallback",
        missingParameters: ["mvpd"]
      })
      expect(yield* asks(app, status(partnerStatus({ id: "SFBR" })))).toMatchObject({
        actionName: "authenticate",
        reasonType: "configuration_fallback",
        mvpd: "SouthFiber"
      })
      expect(yield* asks(app, status(), { redirectUrl: form.redirectUrl })).toMatchObject({
        actionName: "resume",
        reasonType: "missing_parameters_fallback",
        missingParameters: ["domainName"]
      })
    }).pipe(Effect.provide(unthrottled))
  )

  it.effect("does not disturb who has signed in by themselves, whatever the status says", () =>
    Effect.gen(function* () {
      const app = yield* application()
      yield* signIn(app)
      const denied = status(partnerStatus({ access: "denied" }))
      expect(yield* asks(app, denied)).toMatchObject({
        actionName: "authorize",
        reasonType: "authenticated"
      })
      expect(verdictsOf(yield* authorize(app, denied))).toEqual(["permit"])
      expect(verdictsOf(yield* authorize(app, { "ap-partner-framework-status": "!" }))).toEqual(["permit"])
    }).pipe(Effect.provide(unthrottled))
  )

  it.effect("answers with a degraded profile, which it does not create, while the MVPD is degraded", () =>
    Effect.gen(function* () {
      const app = yield* application()
      yield* (yield* Emulator.Emulator).degrade("NorthCable", "AuthNAll")
      expect(yield* asks(app, status())).toMatchObject({ actionName: "authorize", reasonType: "degraded" })
      const answer = yield* app.form("ACME/profiles/sso/Apple", { SAMLResponse: samlResponse("x") }, status())
      expect([answer.status, json(answer)]).toMatchObject([
        200,
        { profiles: { NorthCable: { type: "degraded" } } }
      ])
    }).pipe(Effect.provide(unthrottled))
  )

  it.effect("takes the response of the MVPD that was chosen only", () =>
    Effect.gen(function* () {
      const app = yield* application()
      const answer = yield* app.form(
        "ACME/profiles/sso/Apple",
        { SAMLResponse: samlResponse("nora", "SouthFiber") },
        status()
      )
      expect(failure(answer)).toEqual([400, "invalid_header_pfs_provider_id_mismatch"])
    }).pipe(Effect.provide(unthrottled))
  )
})
