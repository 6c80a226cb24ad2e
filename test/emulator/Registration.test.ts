import * as HttpClientRequest from "@effect/platform/HttpClientRequest"
import { describe, expect, it } from "@effect/vitest"
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as TestClock from "effect/TestClock"
import { Emulator } from "effect-adobe-pass-emulator"
import { decodeJwt, decodeProtectedHeader, jwtVerify } from "jose"
import { keyPair } from "../../packages/emulator/src/internal/jws.js"
import {
  authorize,
  decodeRegistered,
  json,
  type Parameters,
  postRegister,
  postToken,
  register,
  send,
  token,
  tokenParameters
} from "./conversation.js"

const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/
const unthrottled = Emulator.layer({ throttle: "off" })

const statement = (members: Readonly<Record<string, unknown>>) => postRegister(JSON.stringify(members))

const postForm = (body: string, contentType: string, query = "") =>
  HttpClientRequest.post(`/o/client/token${query}`).pipe(HttpClientRequest.bodyText(body, contentType), send)

const encoded = (parameters: Parameters) =>
  new URLSearchParams(parameters.map(([name, value]): [string, string] => [name, value])).toString()

describe("software statements", () => {
  it.effect(
    "carry Adobe's header and claims, a claim of their own, and a signature that another library verifies",
    () =>
      Effect.gen(function* () {
        yield* TestClock.setTime(1_767_225_600_900)
        const { mintStatement } = yield* Emulator.Emulator
        const jwt = yield* mintStatement({ subject: "app-1" })
        expect(decodeProtectedHeader(jwt)).toEqual({ alg: "RS256" })
        expect(decodeJwt(jwt)).toEqual({
          emulated: true,
          sub: "app-1",
          iss: "auth.adobe.com",
          iat: 1_767_225_600,
          nbf: 1_767_225_600
        })
        const verified = yield* Effect.promise(() => jwtVerify(jwt, keyPair().publicKey))
        expect(verified.payload.sub).toBe("app-1")
      }).pipe(Effect.provide(unthrottled))
  )

  it.effect("of one application differ by download and all stay valid", () =>
    Effect.gen(function* () {
      const { mintStatement } = yield* Emulator.Emulator
      const first = yield* mintStatement({ subject: "app-1", scopes: ["analytics:client"] })
      const second = yield* mintStatement({ subject: "app-1", issuedAt: 5000 })
      expect(second).not.toBe(first)
      for (const software_statement of [first, second]) {
        const answer = yield* statement({ software_statement })
        expect(answer.status).toBe(201)
        expect(json(answer)).toMatchObject({ scopes: ["analytics:client"] })
      }
    }).pipe(Effect.provide(unthrottled))
  )
})

describe("registering", () => {
  it.effect("answers 201 with credentials, and without an expiry of the secret", () =>
    Effect.gen(function* () {
      yield* TestClock.setTime(1_767_225_600_123)
      const { softwareStatement } = yield* Emulator.Emulator
      const answer = yield* statement({
        software_statement: softwareStatement,
        redirect_uri: "https://tv.example.com/done",
        grant_types: ["tolerated"]
      })
      expect(answer.status).toBe(201)
      expect(answer.headers).toMatchObject({
        "content-type": "application/json;charset=UTF-8",
        "cache-control": "no-store",
        pragma: "no-cache",
        date: "Thu, 01 Jan 2026 00:00:00 GMT"
      })
      expect(json(answer)).toEqual({
        client_id: expect.stringMatching(uuid),
        client_secret: expect.stringMatching(uuid),
        client_id_issued_at: 1_767_225_600,
        redirect_uris: ["https://tv.example.com/done"],
        grant_types: ["client_credentials"],
        scopes: ["api:client:v2"]
      })
    }).pipe(Effect.provide(unthrottled))
  )

  it.effect("writes client_id_issued_at in milliseconds when told to, before or after the start", () =>
    Effect.gen(function* () {
      yield* TestClock.setTime(1_767_225_600_123)
      expect((yield* register()).client_id_issued_at).toBe(1_767_225_600_123)
      yield* (yield* Emulator.Emulator).setIssuedAtUnit("s")
      expect((yield* register()).client_id_issued_at).toBe(1_767_225_600)
    }).pipe(Effect.provide(Emulator.layer({ issuedAtUnit: "ms" })))
  )

  it.effect("issues new credentials each time", () =>
    Effect.gen(function* () {
      const [first, second] = [yield* register(), yield* register()]
      expect(second.client_id).not.toBe(first.client_id)
      expect(second.client_secret).not.toBe(first.client_secret)
    }).pipe(Effect.provide(unthrottled))
  )

  it.effect.each([
    ["no body", ""],
    ["no JSON", "software_statement=a"],
    ["no statement", `{"redirect_uri":"https://a.example"}`],
    ["an empty statement", `{"software_statement":""}`],
    ["a statement of another type", `{"software_statement":["a"]}`],
    ["a repeated statement", `{"software_statement":"a","software_statement":"b"}`],
    [
      "a statement repeated under an escaped name",
      `{"software_statement":"a","software_\\u0073tatement":"b"}`
    ]
  ] as const)("refuses %s with invalid_request", ([, body]) =>
    Effect.gen(function* () {
      const answer = yield* postRegister(body)
      expect(answer.status).toBe(400)
      expect(json(answer)).toEqual({ error: "invalid_request" })
    }).pipe(Effect.provide(unthrottled))
  )

  it.effect("accepts a member name that repeats inside another member", () =>
    Effect.gen(function* () {
      const { softwareStatement } = yield* Emulator.Emulator
      const answer = yield* statement({
        note: { software_statement: "x", list: ["software_statement", { software_statement: ":" }] },
        software_statement: softwareStatement
      })
      expect(answer.status).toBe(201)
    }).pipe(Effect.provide(unthrottled))
  )

  it.effect("refuses a statement that is no JWT, is tampered with, or comes from another emulator", () =>
    Effect.gen(function* () {
      const { softwareStatement } = yield* Emulator.Emulator
      const foreign = yield* Effect.provide(
        Effect.map(Emulator.Emulator, (other) => other.softwareStatement),
        Layer.fresh(unthrottled)
      )
      const [head, , signature] = softwareStatement.split(".")
      const claims = Buffer.from(`{"sub":"me","iss":"auth.adobe.com"}`).toString("base64url")
      const unsigned = `${Buffer.from(`{"alg":"none"}`).toString("base64url")}.${claims}.`
      for (const bad of [
        "abc",
        `${head}.${claims}.${signature}`,
        unsigned,
        `${softwareStatement}x`,
        foreign
      ]) {
        const answer = yield* statement({ software_statement: bad })
        expect([answer.status, json(answer)]).toEqual([400, { error: "invalid_software_statement" }])
      }
    }).pipe(Effect.provide(unthrottled))
  )

  it.effect("refuses a revoked statement with unapproved_software_statement until it is restored", () =>
    Effect.gen(function* () {
      const { revokeStatement, restoreStatement, softwareStatement } = yield* Emulator.Emulator
      const attempt = statement({ software_statement: softwareStatement })
      yield* revokeStatement()
      const answer = yield* attempt
      expect([answer.status, json(answer)]).toEqual([400, { error: "unapproved_software_statement" }])
      yield* restoreStatement()
      expect((yield* attempt).status).toBe(201)
    }).pipe(Effect.provide(unthrottled))
  )

  it.effect.each([
    ["https://tv.example.com/done", 201],
    ["https://www.tv.example.com", 201],
    ["adobepass://com.programmer", 201],
    ["adbe.abc123://", 201],
    ["https://eviltv.example.com", 400],
    ["https://tv.example.com.evil.test", 400],
    ["not a uri", 400]
  ])("checks the redirect URI %s against the application's domains: %i", ([redirect_uri, status]) =>
    Effect.gen(function* () {
      const { mintStatement } = yield* Emulator.Emulator
      const software_statement = yield* mintStatement({
        redirectDomains: ["tv.example.com", "com.programmer", "adbe.abc123"]
      })
      const answer = yield* statement({ software_statement, redirect_uri })
      expect(answer.status).toBe(status)
      if (status === 400) expect(json(answer)).toEqual({ error: "invalid_redirect_uri" })
    }).pipe(Effect.provide(unthrottled))
  )

  it.effect("is a POST and nothing else", () =>
    Effect.gen(function* () {
      expect((yield* send(HttpClientRequest.get("/o/client/register"))).status).toBe(405)
      expect((yield* send(HttpClientRequest.get("/o/client/token"))).status).toBe(405)
    }).pipe(Effect.provide(unthrottled))
  )
})

describe("asking for a token", () => {
  it.effect("answers 201 with created_at in ms, expires_in in s, and a JWT with Adobe's claims", () =>
    Effect.gen(function* () {
      yield* TestClock.setTime(1_767_225_600_123)
      const { mintStatement } = yield* Emulator.Emulator
      const software_statement = yield* mintStatement({ scopes: ["config:client", "tokens:client"] })
      const credentials = decodeRegistered(json(yield* statement({ software_statement })))
      const answer = yield* postToken(tokenParameters(credentials))
      expect(answer.status).toBe(201)
      const issued = yield* token(credentials)
      expect(json(answer)).toEqual({
        id: expect.stringMatching(uuid),
        access_token: expect.any(String),
        created_at: 1_767_225_600_123,
        expires_in: 21_600,
        token_type: "bearer"
      })
      expect(decodeProtectedHeader(issued.access_token)).toEqual({ alg: "RS256" })
      expect(decodeJwt(issued.access_token)).toEqual({
        sub: credentials.client_id,
        iss: "auth.adobe.com",
        scopes: "config:client,tokens:client",
        iat: 1_767_225_600,
        nbf: 1_767_225_600,
        exp: 1_767_225_600 + 21_600
      })
      const options = { currentDate: DateTime.toDateUtc(DateTime.unsafeMake(1_767_225_601_000)) }
      yield* Effect.promise(() => jwtVerify(issued.access_token, keyPair().publicKey, options))
    }).pipe(Effect.provide(unthrottled))
  )

  it.effect("gives two different tokens within one second", () =>
    Effect.gen(function* () {
      const credentials = yield* register()
      expect((yield* token(credentials)).access_token).not.toBe((yield* token(credentials)).access_token)
    }).pipe(Effect.provide(unthrottled))
  )

  it.effect("takes the form, the query, the query with a JSON content type, and a mix", () =>
    Effect.gen(function* () {
      const credentials = yield* register()
      const text = encoded(tokenParameters(credentials))
      const [grant = "", ...rest] = text.split("&")
      const form = "application/x-www-form-urlencoded"
      for (const request of [
        postForm(text, form),
        postForm(text, `${form}; charset=UTF-8`),
        send(HttpClientRequest.post(`/o/client/token?${text}`)),
        postForm("", "application/json", `?${text}`),
        postForm(rest.join("&"), form, `?${grant}`)
      ]) {
        expect((yield* request).status).toBe(201)
      }
    }).pipe(Effect.provide(unthrottled))
  )

  it.effect("refuses missing, empty, repeated and misplaced parameters with invalid_request", () =>
    Effect.gen(function* () {
      const good = tokenParameters(yield* register())
      const text = encoded(good)
      const form = "application/x-www-form-urlencoded"
      const basic = `Basic ${Buffer.from("a:b").toString("base64")}`
      for (const request of [
        ...good.map(([name]) => postToken(good.filter(([other]) => other !== name))),
        ...good.map(([name]) =>
          postToken(good.map(([other, value]) => [other, other === name ? "" : value]))
        ),
        ...good.map((parameter) => postToken([...good, parameter])),
        postForm(text, form, "?grant_type=client_credentials"),
        postForm(text, "text/plain"),
        postForm(JSON.stringify(Object.fromEntries(good)), "application/json"),
        postToken(good, { authorization: basic })
      ]) {
        const answer = yield* request
        expect([answer.status, json(answer)]).toEqual([400, { error: "invalid_request" }])
      }
    }).pipe(Effect.provide(unthrottled))
  )

  it.effect("distinguishes grants: unsupported_grant_type and unauthorized_client", () =>
    Effect.gen(function* () {
      const { client_id, client_secret } = yield* register()
      const withGrant = (grant_type: string) =>
        Effect.map(postToken(Object.entries({ grant_type, client_id, client_secret })), json)
      expect(yield* withGrant("authorization_code")).toEqual({ error: "unauthorized_client" })
      expect(yield* withGrant("refresh_token")).toEqual({ error: "unauthorized_client" })
      expect(yield* withGrant("magic")).toEqual({ error: "unsupported_grant_type" })
    }).pipe(Effect.provide(unthrottled))
  )

  it.effect("refuses an unknown client, a wrong secret and a revoked client with invalid_client", () =>
    Effect.gen(function* () {
      const { revokeClient } = yield* Emulator.Emulator
      const { credentials } = yield* authorize
      const attempt = (changed: Partial<typeof credentials>) =>
        Effect.map(postToken(tokenParameters({ ...credentials, ...changed })), json)
      expect(yield* attempt({ client_id: "unknown" })).toEqual({ error: "invalid_client" })
      expect(yield* attempt({ client_secret: "wrong" })).toEqual({ error: "invalid_client" })
      yield* revokeClient(credentials.client_id)
      expect(yield* attempt({})).toEqual({ error: "invalid_client" })
    }).pipe(Effect.provide(unthrottled))
  )
})
