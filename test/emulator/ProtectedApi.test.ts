import * as HttpClientRequest from "@effect/platform/HttpClientRequest"
import { describe, expect, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import * as TestClock from "effect/TestClock"
import { Emulator } from "effect-adobe-pass-emulator"
import {
  authorize,
  call,
  deviceHeaders,
  type Headers,
  json,
  postRegister,
  postToken,
  send,
  type TextResponse,
  token,
  tokenParameters
} from "./conversation.js"

const unthrottled = Emulator.layer({ throttle: "off", restV2: "echo" })

const base64 = (text: string) => Buffer.from(text).toString("base64")

const deviceInfo = {
  model: "AFTM",
  version: "montoya",
  osName: "Android",
  osVersion: "5.1.1",
  connectionType: "WiFi"
}

const decodeCode = Schema.decodeUnknownSync(Schema.Struct({ code: Schema.String }))

/** Status and code of an enhanced error; an empty body has no code. */
const failure = (answer: TextResponse) => [
  answer.status,
  answer.text === "" ? undefined : decodeCode(json(answer)).code
]

const revokedApplication = [401, "invalid_access_token_client_application"]

describe("a protected call", () => {
  it.effect("is echoed: what was sent, decoded, and without the token", () =>
    Effect.gen(function* () {
      const { accessToken, credentials } = yield* authorize
      const answer = yield* HttpClientRequest.post(
        "/api/v2/ACME/decisions/authorize/NorthCable?a=1&a=2&b"
      ).pipe(
        HttpClientRequest.bearerToken(accessToken),
        HttpClientRequest.setHeaders({
          ...deviceHeaders,
          "X-Device-Info": base64(JSON.stringify(deviceInfo)),
          "X-Forwarded-For": "203.0.113.7, 198.51.100.1"
        }),
        HttpClientRequest.bodyText(`{"resources":["é"]}`, "application/json"),
        send
      )
      expect(answer.status).toBe(200)
      expect(json(answer)).toEqual({
        method: "POST",
        path: "/api/v2/ACME/decisions/authorize/NorthCable",
        query: { a: ["1", "2"], b: "" },
        headers: expect.objectContaining({ "content-type": "application/json", host: "127.0.0.1" }),
        clientId: credentials.client_id,
        deviceIdentifier: "device-1",
        deviceInfo,
        forwardedFor: "203.0.113.7",
        body: `{"resources":["é"]}`
      })
      expect(answer.text).not.toContain(accessToken)
    }).pipe(Effect.provide(unthrottled))
  )

  it.effect("without a good bearer token gets a flat enhanced error", () =>
    Effect.gen(function* () {
      const answer = yield* send(HttpClientRequest.get("/api/v2/x", { headers: deviceHeaders }))
      expect(answer.status).toBe(401)
      expect(json(answer)).toEqual({
        action: "application-registration",
        status: 401,
        code: "invalid_access_token_client_application",
        message: expect.any(String),
        helpUrl: expect.stringMatching(/^https:/),
        trace: expect.any(String)
      })
      const { accessToken } = yield* authorize
      for (const authorization of [
        "",
        `Basic ${accessToken}`,
        "Bearer ",
        `Bearer ${accessToken}x`,
        "Bearer a.b.c"
      ]) {
        expect(failure(yield* call("", { ...deviceHeaders, authorization }))).toEqual(revokedApplication)
      }
    }).pipe(Effect.provide(unthrottled))
  )

  it.effect("gets a 401 without a body as soon as its token has expired", () =>
    Effect.gen(function* () {
      const { accessToken } = yield* authorize
      yield* TestClock.setTime(59_999)
      expect((yield* call(accessToken)).status).toBe(200)
      yield* TestClock.setTime(60_000)
      expect(failure(yield* call(accessToken))).toEqual([401, undefined])
    }).pipe(Effect.provide(Emulator.layer({ tokenTtl: "1 minute" })))
  )

  it.effect("fails when the token is revoked, its client or its statement; another client goes on", () =>
    Effect.gen(function* () {
      const emulator = yield* Emulator.Emulator
      const first = yield* authorize
      const second = yield* authorize
      yield* emulator.revokeClient(first.credentials.client_id)
      expect(failure(yield* call(first.accessToken))).toEqual(revokedApplication)
      expect((yield* call(second.accessToken)).status).toBe(200)

      yield* emulator.revokeTokens
      expect(failure(yield* call(second.accessToken))).toEqual(revokedApplication)
      const fresh = yield* token(second.credentials)
      expect((yield* call(fresh.access_token)).status).toBe(200)

      yield* emulator.revokeStatement()
      expect(failure(yield* call(fresh.access_token))).toEqual(revokedApplication)
      expect(json(yield* postToken(tokenParameters(second.credentials)))).toEqual({ error: "invalid_client" })
      yield* emulator.restoreStatement()
      expect((yield* call(fresh.access_token)).status).toBe(200)

      yield* emulator.revokeAllClients
      expect(failure(yield* call(fresh.access_token))).toEqual(revokedApplication)
      expect(json(yield* postToken(tokenParameters(second.credentials)))).toEqual({ error: "invalid_client" })
    }).pipe(Effect.provide(unthrottled))
  )

  it.effect("survives the revocation of another statement", () =>
    Effect.gen(function* () {
      const { mintStatement, revokeStatement } = yield* Emulator.Emulator
      const { accessToken } = yield* authorize
      yield* revokeStatement(yield* mintStatement())
      yield* revokeStatement("not a statement")
      expect((yield* call(accessToken)).status).toBe(200)
    }).pipe(Effect.provide(unthrottled))
  )

  it.effect("needs the scope api:client:v2", () =>
    Effect.gen(function* () {
      const { accessToken } = yield* authorize
      const answer = yield* call(accessToken)
      expect(failure(answer)).toEqual([401, "invalid_access_token_service_provider"])
      expect(json(answer)).toMatchObject({ action: "application-registration" })
    }).pipe(Effect.provide(Emulator.layer({ scopes: ["config:client"] })))
  )

  it.effect("needs a device identifier in the documented form", () =>
    Effect.gen(function* () {
      const { accessToken } = yield* authorize
      const identifiers: ReadonlyArray<Headers> = [
        {},
        { "ap-device-identifier": base64("device-1") },
        { "ap-device-identifier": `serial ${base64("device-1")}` },
        { "ap-device-identifier": "fingerprint " },
        { "ap-device-identifier": "fingerprint device-1" },
        { "ap-device-identifier": `fingerprint  ${base64("device-1")}` }
      ]
      for (const headers of identifiers) {
        const answer = yield* HttpClientRequest.get("/api/v2/ACME/profiles").pipe(
          HttpClientRequest.bearerToken(accessToken),
          HttpClientRequest.setHeaders(headers),
          send
        )
        expect(failure(answer)).toEqual([400, "invalid_header_device_identifier"])
      }
    }).pipe(Effect.provide(unthrottled))
  )

  it.effect.each([
    "/api/v2/ACME/configuration",
    "/api/v2/ACME/configuration/",
    "/api/v2/ACME/sessions/8ER640M",
    "/api/v2/ACME/profiles/code/8ER640M"
  ])("to %s needs a token and no device", (path) =>
    Effect.gen(function* () {
      const { accessToken } = yield* authorize
      const request = HttpClientRequest.get(path)
      const answer = yield* send(HttpClientRequest.bearerToken(request, accessToken))
      expect([answer.status, json(answer)]).toMatchObject([200, { deviceIdentifier: null }])
      expect((yield* send(request)).status).toBe(401)
    }).pipe(Effect.provide(unthrottled))
  )

  it.effect.each([
    "/api/v2/ACME/profiles/code",
    "/api/v2/ACME/sessions",
    "/api/v2/ACME/sessions/sso/Apple",
    "/api/v2/ACME/decisions/authorize/NorthCable"
  ])("to %s needs a device", (path) =>
    Effect.gen(function* () {
      const { accessToken } = yield* authorize
      const answer = yield* send(HttpClientRequest.bearerToken(HttpClientRequest.post(path), accessToken))
      expect(failure(answer)).toEqual([400, "invalid_header_device_identifier"])
    }).pipe(Effect.provide(unthrottled))
  )

  it.effect("that opens the page of a login in a browser needs no token", () =>
    Effect.gen(function* () {
      const { status } = yield* send(HttpClientRequest.get("/api/v2/authenticate/ACME/8ER640M"))
      expect(status).toBe(302)
    }).pipe(Effect.provide(unthrottled))
  )

  const brokenDeviceInfo = [
    "not base64!",
    base64("not json"),
    base64("[]"),
    base64(JSON.stringify({ ...deviceInfo, osVersion: undefined })),
    base64(JSON.stringify({ ...deviceInfo, model: "" })),
    encodeURIComponent(base64(`${JSON.stringify(deviceInfo)} `))
  ]

  it.effect("may leave X-Device-Info out, and may not send a wrong one", () =>
    Effect.gen(function* () {
      const { accessToken } = yield* authorize
      expect(json(yield* call(accessToken))).toMatchObject({ deviceInfo: null })
      for (const info of brokenDeviceInfo) {
        const answer = yield* call(accessToken, { ...deviceHeaders, "x-device-info": info })
        expect(failure(answer)).toEqual([400, "invalid_header_device_info"])
      }
    }).pipe(Effect.provide(unthrottled))
  )

  it.effect("may send any X-Device-Info to a lenient emulator", () =>
    Effect.gen(function* () {
      const { accessToken } = yield* authorize
      for (const info of brokenDeviceInfo) {
        expect((yield* call(accessToken, { ...deviceHeaders, "x-device-info": info })).status).toBe(200)
      }
    }).pipe(Effect.provide(Emulator.layer({ throttle: "off", restV2: "echo", deviceInfo: "lenient" })))
  )
})

describe("Reset TempPass", () => {
  const reset = (accessToken: string, query = "?requestor_id=ACME&mvpd_id=TempPass") =>
    HttpClientRequest.del(`/reset-tempass/v3/reset${query}`).pipe(
      HttpClientRequest.bearerToken(accessToken),
      send
    )

  it.effect("distinguishes an invalid token (401) from a revoked client (403)", () =>
    Effect.gen(function* () {
      const emulator = yield* Emulator.Emulator
      const { accessToken, credentials } = yield* authorize
      const done = yield* reset(accessToken)
      expect([done.status, done.text]).toEqual([204, ""])
      expect((yield* reset(accessToken, "?requestor_id=ACME")).status).toBe(400)
      expect((yield* reset("nonsense")).status).toBe(401)
      yield* emulator.expireTokens
      expect((yield* reset(accessToken)).status).toBe(401)
      const fresh = yield* token(credentials)
      yield* emulator.revokeClient(credentials.client_id)
      expect((yield* reset(fresh.access_token)).status).toBe(403)
    }).pipe(Effect.provide(unthrottled))
  )

  it.effect("answers 403 to the clients of a revoked statement", () =>
    Effect.gen(function* () {
      const { accessToken } = yield* authorize
      yield* (yield* Emulator.Emulator).revokeStatement()
      expect((yield* reset(accessToken)).status).toBe(403)
    }).pipe(Effect.provide(unthrottled))
  )
})

it.effect("every other path is answered with 404", () =>
  Effect.gen(function* () {
    for (const path of ["/", "/o/client/unknown", "/api/v1/config/ACME", "/_emulator/log"]) {
      expect((yield* send(HttpClientRequest.get(path))).status).toBe(404)
    }
    expect((yield* postRegister("")).status).toBe(400)
  }).pipe(Effect.provide(unthrottled))
)
