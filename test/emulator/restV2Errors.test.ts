import * as HttpClientRequest from "@effect/platform/HttpClientRequest"
import { describe, expect, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import * as TestClock from "effect/TestClock"
import { Emulator, EnhancedErrorCode } from "effect-adobe-pass-emulator"
import { json, send, type TextResponse } from "./conversation.js"
import {
  application,
  base64,
  base64Json,
  callsOf,
  codeOf,
  decisionsOf,
  deviceHeaders,
  EnhancedError,
  failure,
  parameters,
  partnerStatus,
  samlResponse,
  signIn
} from "./restV2Conversation.js"

const unthrottled = Emulator.layer({ throttle: "off" })

type Application = Effect.Effect.Success<ReturnType<typeof application>>

/** How to make the emulator send a code, from an application on a new device. */
type Scenario = (app: Application) => Effect.Effect<TextResponse, unknown, Emulator.Emulator | HttpClientOf>

type HttpClientOf = Effect.Effect.Context<ReturnType<typeof send>>

const emulator = Emulator.Emulator

const authorize = (app: Application, resource: string, mvpd = "NorthCable", headers = {}) =>
  app.json(`ACME/decisions/authorize/${mvpd}`, { resources: [resource] }, headers)

/** A resource whose decision has the error that its name asks for. */
const asked =
  (code: EnhancedErrorCode.EnhancedErrorCode): Scenario =>
  (app) =>
    Effect.zipRight(signIn(app), authorize(app, `deny:${code}`))

/** A script makes an MVPD fail. */
const failing =
  (code: EnhancedErrorCode.EnhancedErrorCode): Scenario =>
  (app) =>
    Effect.gen(function* () {
      yield* (yield* emulator).mvpdFails({ mvpd: "NorthCable", operation: "profiles", code })
      return yield* app.get("ACME/profiles/NorthCable")
    })

const created =
  (form: Readonly<Record<string, string>>): Scenario =>
  (app) =>
    app.form("ACME/sessions", form)

const withStatus =
  (status: unknown): Scenario =>
  (app) =>
    app.form(
      "ACME/profiles/sso/Apple",
      { SAMLResponse: samlResponse("nora") },
      {
        "ap-partner-framework-status": base64Json(status)
      }
    )

const use = (app: Application, resource: string, mvpd: string, headers = {}) =>
  authorize(app, resource, mvpd, headers)

const promo = { "ap-temppass-identity": base64Json({ email: "a@b.example" }) }

/** Signs in, lets a script do something to the profile, and asks for a decision. */
const afterwards =
  (change: (script: Emulator.Emulator) => Effect.Effect<void>): Scenario =>
  (app) =>
    Effect.gen(function* () {
      yield* signIn(app)
      yield* change(yield* emulator)
      return yield* authorize(app, "acme-live")
    })

const person =
  (mvpd: string, user: string, password: string, resource = "acme-live"): Scenario =>
  (app) =>
    Effect.zipRight(signIn(app, { mvpd, user, password }), authorize(app, resource, mvpd))

const scenarios: Readonly<Record<EnhancedErrorCode.EnhancedErrorCode, Scenario>> = {
  invalid_parameter_service_provider: (app) => app.get("NOBODY/configuration"),
  invalid_parameter_mvpd: (app) => app.get("ACME/profiles/Nobody"),
  invalid_parameter_code: (app) => app.get("ACME/sessions/AAAAAAA"),
  invalid_parameter_resources: (app) => app.json("ACME/decisions/preauthorize/NorthCable", { resources: [] }),
  invalid_parameter_redirect_url: created({ ...parameters, redirectUrl: "done" }),
  invalid_parameter_partner: (app) =>
    app.form("ACME/sessions/sso/Orange", { domainName: "acme.example", redirectUrl: "https://acme.example" }),
  invalid_parameter_saml_response: (app) =>
    app.form(
      "ACME/profiles/sso/Apple",
      { SAMLResponse: "nonsense" },
      {
        "ap-partner-framework-status": base64Json(partnerStatus())
      }
    ),
  invalid_header_device_info: (app) => app.get("ACME/profiles", { "x-device-info": base64("{}") }),
  invalid_header_device_identifier: (app) => app.get("ACME/profiles", { "ap-device-identifier": "device-1" }),
  invalid_header_identity_for_temporary_access: (app) => app.get("ACME/profiles/TempPass_AcmePromo"),
  invalid_header_pfs_permission_access_not_present: withStatus({ frameworkProviderInfo: {} }),
  invalid_header_pfs_permission_access_not_determined: withStatus(partnerStatus({ access: "notDetermined" })),
  invalid_header_pfs_permission_access_not_granted: withStatus(partnerStatus({ access: "denied" })),
  invalid_header_pfs_provider_id_not_determined: withStatus(partnerStatus({ id: "NOBODY" })),
  invalid_header_pfs_provider_id_mismatch: (app) =>
    Effect.gen(function* () {
      yield* withStatus(partnerStatus())(app)
      return yield* app.get("ACME/profiles/NorthCable", {
        "ap-partner-framework-status": base64Json(partnerStatus({ id: "SFBR" }))
      })
    }),
  invalid_header_pfs_provider_info_expired: withStatus(partnerStatus({ expires: 0 })),
  invalid_integration: created({ ...parameters, mvpd: "FarCable" }),
  invalid_authentication_session: (app) =>
    Effect.gen(function* () {
      const code = codeOf(yield* app.form("ACME/sessions", parameters))
      yield* TestClock.adjust("30 minutes")
      return yield* app.get(`ACME/profiles/code/${code}`)
    }),
  preauthorization_denied_by_mvpd: (app) =>
    Effect.zipRight(
      signIn(app, { mvpd: "NorthCable", user: "ned", password: "north" }),
      app.json("ACME/decisions/preauthorize/NorthCable", { resources: ["acme-plus"] })
    ),
  authorization_denied_by_mvpd: person("NorthCable", "ned", "north", "acme-plus"),
  authorization_denied_by_parental_controls: person("FamilyCable", "fred", "family", "acme-late-night"),
  authorization_denied_by_degradation_rule: afterwards(({ degrade }) => degrade("NorthCable", "AuthZNone")),
  internal_server_error: failing("internal_server_error"),
  too_many_resources: (app) => app.json("ACME/decisions/authorize/NorthCable", { resources: ["a", "b"] }),
  invalid_configuration_user_metadata_certificate: failing("invalid_configuration_user_metadata_certificate"),
  invalid_configuration_temporary_access: failing("invalid_configuration_temporary_access"),
  invalid_configuration_platform: failing("invalid_configuration_platform"),
  invalid_configuration_platform_id: failing("invalid_configuration_platform_id"),
  invalid_configuration_platform_trait: failing("invalid_configuration_platform_trait"),
  invalid_configuration_platform_category_trait: failing("invalid_configuration_platform_category_trait"),
  invalid_configuration_platform_services: failing("invalid_configuration_platform_services"),
  invalid_configuration_mvpd_platform: failing("invalid_configuration_mvpd_platform"),
  invalid_configuration_mvpd_platform_boarding_status: failing(
    "invalid_configuration_mvpd_platform_boarding_status"
  ),
  invalid_configuration_mvpd_platform_profile_exchange: failing(
    "invalid_configuration_mvpd_platform_profile_exchange"
  ),
  invalid_access_token_service_provider: (app) =>
    Effect.gen(function* () {
      const { mintStatement } = yield* emulator
      const other = yield* application("device-1", yield* mintStatement({ scopes: ["config:client"] }))
      return yield* Effect.zipRight(app.get("ACME/profiles"), other.get("ACME/profiles"))
    }),
  invalid_access_token_client_application: ({ clientId, get }) =>
    Effect.zipRight(
      Effect.flatMap(emulator, ({ revokeClient }) => revokeClient(clientId)),
      get("ACME/profiles")
    ),
  authenticated_profile_missing: (app) => authorize(app, "acme-live"),
  authenticated_profile_expired: (app) =>
    Effect.gen(function* () {
      yield* signIn(app, { mvpd: "WestStream", user: "walt", password: "west" })
      yield* TestClock.adjust("10 minutes")
      return yield* authorize(app, "acme-live", "WestStream")
    }),
  authenticated_profile_invalidated: afterwards(({ revokeProfiles }) => revokeProfiles()),
  temporary_access_duration_limit_exceeded: (app) =>
    Effect.gen(function* () {
      yield* use(app, "acme-live", "TempPass_Acme10")
      yield* TestClock.adjust("10 minutes")
      return yield* app.get("ACME/profiles/TempPass_Acme10")
    }),
  temporary_access_resources_limit_exceeded: (app) =>
    Effect.gen(function* () {
      yield* use(app, "one", "TempPass_AcmePromo", promo)
      yield* use(app, "two", "TempPass_AcmePromo", promo)
      return yield* use(app, "three", "TempPass_AcmePromo", promo)
    }),
  authorization_denied_by_hba_policies: person("StrictCable", "hugo", "strict"),
  authorization_denied_by_session_invalidated: asked("authorization_denied_by_session_invalidated"),
  identity_not_recognized_by_mvpd: asked("identity_not_recognized_by_mvpd"),
  network_received_error: asked("network_received_error"),
  network_connection_timeout: asked("network_connection_timeout"),
  maximum_execution_time_exceeded: asked("maximum_execution_time_exceeded")
}

/** The error of an answer: its body, or what is in its only decision. */
const errorOf = (answer: TextResponse): typeof EnhancedError.Type => {
  const body = json(answer)
  const inner = answer.status === 200 ? decisionsOf(answer)[0]?.error : body
  return Schema.decodeUnknownSync(EnhancedError)(inner)
}

describe("each of the 47 enhanced errors", () => {
  it("has a scenario", () => {
    expect(Object.keys(scenarios).sort()).toEqual(Object.keys(EnhancedErrorCode.enhancedErrors).sort())
    expect(Object.keys(scenarios)).toHaveLength(47)
  })

  const codes = Object.keys(scenarios).filter(Schema.is(EnhancedErrorCode.EnhancedErrorCode))

  it.effect.each(codes)("%s is reached", (code) =>
    Effect.gen(function* () {
      const app = yield* application()
      const answer = yield* scenarios[code](app)
      const { action, status } = EnhancedErrorCode.enhancedErrors[code]
      expect(errorOf(answer)).toMatchObject({ code, action, status })
      expect([200, status]).toContain(answer.status)
    }).pipe(Effect.provide(unthrottled))
  )

  it.effect("can be asked for by the name of a resource", () =>
    Effect.gen(function* () {
      const app = yield* application()
      yield* signIn(app)
      for (const code of codes) {
        const answer = yield* authorize(app, `deny:${code}`)
        expect([answer.status, errorOf(answer).code]).toEqual([200, code])
      }
    }).pipe(Effect.provide(unthrottled))
  )
})

describe("what nobody has documented", () => {
  it.effect("a path is not found, and a method is not allowed", () =>
    Effect.gen(function* () {
      const app = yield* application()
      const unknown = yield* app.get("ACME/decision/authorize/NorthCable")
      expect([unknown.status, unknown.headers["content-type"]]).toEqual([404, "text/html"])
      expect((yield* app.get("ACME/sessions")).status).toBe(405)
      expect((yield* app.form("ACME/profiles", {})).status).toBe(405)
      expect((yield* app.form("authenticate/ACME/AAAAAAA", {})).status).toBe(405)
    }).pipe(Effect.provide(unthrottled))
  )

  it.effect("unknown headers, query parameters and members are ignored", () =>
    Effect.gen(function* () {
      const app = yield* application()
      yield* signIn(app)
      const headers = { "ap-session-identifier": "x", "ap-visitor-identifier": `"123"`, "x-unknown": "y" }
      expect((yield* app.get("ACME/profiles?profile=x&unknown=1", headers)).status).toBe(200)
      const answer = yield* app.json(
        "ACME/decisions/authorize/NorthCable",
        { resources: ["acme-live"], unknown: true },
        headers
      )
      expect(answer.status).toBe(200)
    }).pipe(Effect.provide(unthrottled))
  )

  it.effect("bodies that are not what an operation reads", () =>
    Effect.gen(function* () {
      const app = yield* application()
      const path = "ACME/decisions/authorize/NorthCable"
      for (const body of [
        {},
        [],
        "x",
        { resources: "acme-live" },
        { resources: [1] },
        { resources: [" "] }
      ]) {
        expect(failure(yield* app.json(path, body))).toEqual([400, "invalid_parameter_resources"])
      }
      const broken = yield* HttpClientRequest.post(`/api/v2/${path}`).pipe(
        HttpClientRequest.bearerToken(app.accessToken),
        HttpClientRequest.setHeaders(deviceHeaders("device-1")),
        HttpClientRequest.bodyText("{", "text/plain"),
        send
      )
      expect(failure(broken)).toEqual([400, "invalid_parameter_resources"])
      const twice = yield* HttpClientRequest.post("/api/v2/ACME/sessions").pipe(
        HttpClientRequest.bearerToken(app.accessToken),
        HttpClientRequest.setHeaders(deviceHeaders("device-1")),
        HttpClientRequest.bodyText("domainName=acme.example&domainName=acme.example"),
        send
      )
      expect([twice.status, twice.text]).toEqual([400, ""])
      expect(failure(yield* app.form("ACME/profiles/sso/Apple", {}))).toEqual([
        400,
        "invalid_parameter_saml_response"
      ])
    }).pipe(Effect.provide(unthrottled))
  )

  it.effect("the content type of a request is not looked at", () =>
    Effect.gen(function* () {
      const app = yield* application()
      const calls = callsOf(app.accessToken, deviceHeaders("device-1"))
      const answer = yield* calls.json(
        "ACME/decisions/preauthorize/TempPass_Acme10",
        { resources: ["a"] },
        {
          "content-type": "text/plain"
        }
      )
      expect(answer.status).toBe(200)
    }).pipe(Effect.provide(unthrottled))
  )
})
