import { request } from "node:http"
import * as FetchHttpClient from "@effect/platform/FetchHttpClient"
import * as HttpClientRequest from "@effect/platform/HttpClientRequest"
import { describe, expect, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"
import { Emulator, type Fault } from "effect-adobe-pass-emulator"
import { read } from "../docs/sources.js"
import {
  authorize,
  call,
  json,
  postRegister,
  postToken,
  register,
  send,
  token,
  tokenParameters
} from "./conversation.js"
import { application, codeOf, failure, parameters, verdictsOf } from "./restV2Conversation.js"

const served = Layer.merge(Emulator.layerServer({ throttle: "off", control: true }), FetchHttpClient.layer)

/** A record, so that the compiler knows them all. */
const faults: Readonly<Record<Fault.Fault["_tag"], true>> = {
  Answer: true,
  Delay: true,
  Hang: true,
  Latency: true,
  Refuse: true,
  Reset: true,
  Truncate: true
}

const decodeStatement = Schema.decodeUnknownSync(Schema.Struct({ statement: Schema.String }))

const get = (command: string) =>
  Effect.map(send(HttpClientRequest.get(`/_emulator/${command}`)), (answer) => {
    expect(answer.status).toBe(200)
    return json(answer)
  })

const postRaw = (command: string, body: string) =>
  HttpClientRequest.post(`/_emulator/${command}`).pipe(
    HttpClientRequest.bodyText(body, "application/json"),
    send
  )

/** As curl does when it is told no type. */
const postAsCurl = (command: string, body: string) =>
  HttpClientRequest.post(`/_emulator/${command}`).pipe(
    HttpClientRequest.bodyText(body, "application/x-www-form-urlencoded"),
    send
  )

const post = (command: string, body: unknown = {}) =>
  Effect.map(postRaw(command, JSON.stringify(body)), (answer) => {
    expect([answer.status, answer.text]).toEqual([204, ""])
  })

describe("the address of the emulator", () => {
  it.scopedLive("leads a browser to the console, and anything else nowhere", () =>
    Effect.gen(function* () {
      const root = (accept: string) =>
        send(HttpClientRequest.setHeader(HttpClientRequest.get("/"), "accept", accept))
      const page = yield* root("text/html")
      expect([page.status, page.text.includes("<h1>Requests</h1>")]).toEqual([200, true])
      expect((yield* root("*/*")).status).toBe(404)
    }).pipe(Effect.provide(served))
  )
})

describe("the control API", () => {
  it.scopedLive("returns the emulator's statement and mints others", () =>
    Effect.gen(function* () {
      const { softwareStatement } = yield* Emulator.Emulator
      expect(yield* get("statement")).toEqual({ statement: softwareStatement })
      const minted = yield* postRaw("mint-statement", `{"scopes":["analytics:client"]}`)
      expect(minted.status).toBe(201)
      const { statement } = decodeStatement(json(minted))
      const answer = yield* postRegister(JSON.stringify({ software_statement: statement }))
      expect(json(answer)).toMatchObject({ scopes: ["analytics:client"] })
    }).pipe(Effect.provide(served))
  )

  it.scopedLive("shows the log whole, counts and clients, and is itself in none of them", () =>
    Effect.gen(function* () {
      const { softwareStatement } = yield* Emulator.Emulator
      const { credentials, accessToken } = yield* authorize
      yield* call(accessToken)
      expect(yield* get("counts")).toMatchObject({ register: 1, token: 1, api: 1, other: 0 })
      expect(yield* get("clients")).toEqual([credentials.client_id])
      const log = yield* get("log")
      expect(log).toMatchObject([
        { route: "register", status: 201, body: JSON.stringify({ software_statement: softwareStatement }) },
        { route: "token", status: 201 },
        { route: "api", status: 200, headers: { authorization: `Bearer ${accessToken}` } }
      ])
      yield* post("clear-log")
      expect(yield* get("log")).toEqual([])
    }).pipe(Effect.provide(served))
  )

  it.scopedLive("scripts faults, for some requests or all", () =>
    Effect.gen(function* () {
      const fault = { _tag: "Answer", status: 503, body: "later" }
      yield* post("fail", { route: "register", fault, forwardedFor: "203.0.113.7" })
      expect((yield* postRegister("")).status).toBe(400)
      const answer = yield* postRegister("", { "x-forwarded-for": "203.0.113.7" })
      expect([answer.status, answer.text]).toEqual([503, "later"])
      yield* post("fail", { route: "api", fault: { _tag: "Reset" }, times: "always" })
      yield* Effect.flip(call("bad"))
      yield* Effect.flip(call("bad"))
      yield* post("clear-faults")
      expect((yield* call("bad")).status).toBe(401)
      yield* post("fail", {
        route: "api",
        fault: { _tag: "Delay", duration: 1 },
        path: "/api/v2/ACME/configuration"
      })
      expect((yield* call("bad")).status).toBe(401)
    }).pipe(Effect.provide(served))
  )

  it.scopedLive("revokes, restores and expires", () =>
    Effect.gen(function* () {
      const { credentials, accessToken } = yield* authorize
      yield* post("expire-tokens")
      expect((yield* call(accessToken)).text).toBe("")
      const fresh = yield* token(credentials)
      yield* post("revoke-tokens")
      expect((yield* call(fresh.access_token)).status).toBe(401)
      const asking = postToken(tokenParameters(credentials))
      yield* post("revoke-statement")
      expect((yield* asking).status).toBe(400)
      yield* post("restore-statement")
      expect((yield* asking).status).toBe(201)
      yield* post("revoke-client", { clientId: credentials.client_id })
      expect((yield* asking).status).toBe(400)
      yield* register()
      yield* post("revoke-all-clients")
      expect(yield* get("clients")).toEqual([])
    }).pipe(Effect.provide(served))
  )

  it.scopedLive("sets clock, lifetime and unit", () =>
    Effect.gen(function* () {
      const credentials = yield* register()
      yield* post("token-ttl", { seconds: 60 })
      expect((yield* token(credentials)).expires_in).toBe(60)
      const other = yield* register()
      yield* post("token-ttl", { seconds: 7, clientId: other.client_id })
      expect((yield* token(other)).expires_in).toBe(7)
      expect((yield* token(credentials)).expires_in).toBe(60)
      yield* post("issued-at-unit", { unit: "ms" })
      expect((yield* register()).client_id_issued_at).toBeGreaterThan(1e11)
      const before = (yield* token(credentials)).created_at
      yield* post("clock", { skewMillis: -3_600_000 })
      expect(before - (yield* token(credentials)).created_at).toBeGreaterThan(3_500_000)
    }).pipe(Effect.provide(served))
  )

  it.scopedLive("signs in, degrades, revokes, and saves and restores all of it", () =>
    Effect.gen(function* () {
      const app = yield* application()
      const code = codeOf(yield* app.form("ACME/sessions", parameters))
      const nobody = yield* postRaw("sign-in", JSON.stringify({ code, user: "nobody" }))
      expect([nobody.status, json(nobody)]).toMatchObject([
        400,
        { message: expect.stringContaining("no such person") }
      ])
      yield* post("sign-in", { code, user: "ned" })
      expect(yield* get("sessions")).toMatchObject([{ code, device: "device-1" }])
      expect(yield* get("profiles")).toMatchObject([{ user: "ned", mvpd: "NorthCable", invalidated: false }])
      const state = yield* get("state")

      const verdicts = Effect.map(
        app.json("ACME/decisions/preauthorize/NorthCable", { resources: ["acme-live", "acme-plus"] }),
        (answer) => (answer.status === 200 ? verdictsOf(answer) : failure(answer))
      )
      yield* post("plan", { mvpd: "NorthCable", user: "ned", resources: "all" })
      expect(yield* verdicts).toEqual(["permit", "permit"])
      yield* post("mvpd-fails", {
        mvpd: "NorthCable",
        code: "network_received_error",
        operation: "preauthorize"
      })
      expect(yield* verdicts).toEqual(["network_received_error", "network_received_error"])
      yield* post("degrade", { mvpd: "NorthCable", rule: "AuthZAll" })
      expect(yield* get("world")).toMatchObject({ degradations: [{ mvpd: "NorthCable", rule: "AuthZAll" }] })
      yield* post("revoke-profiles", { mvpd: "NorthCable" })
      expect(yield* verdicts).toEqual([403, "authenticated_profile_invalidated"])

      yield* post("state", state)
      expect(yield* verdicts).toEqual(["permit", "preauthorization_denied_by_mvpd"])
      yield* post("expire-profiles")
      expect(yield* verdicts).toEqual([403, "authenticated_profile_expired"])
    }).pipe(Effect.provide(served))
  )

  it.scopedLive.each([
    ["fail", "{"],
    ["fail", `{"route":"register"}`],
    ["fail", `{"route":"nowhere","fault":{"_tag":"Reset"}}`],
    ["fail", `{"route":"api","fault":{"_tag":"Explode"}}`],
    ["fail", `{"route":"api","times":0,"fault":{"_tag":"Reset"}}`],
    ["fail", `{"route":"api","probability":2,"fault":{"_tag":"Reset"}}`],
    ["fail", `{"route":"api","fault":{"_tag":"Answer","status":99}}`],
    ["clock", "{}"],
    ["clock", `{"skewMillis":9007199254740991}`],
    ["token-ttl", `{"seconds":-1}`],
    ["degrade", `{"mvpd":"NorthCable","rule":"AuthNone"}`],
    ["mvpd-fails", `{"mvpd":"NorthCable","code":"no_code"}`],
    ["world", `{"serviceProviders":[]}`],
    ["revoke-client", ""]
  ] as const)("refuses %s with the body %s by a 400 that says why in one sentence", ([command, body]) =>
    Effect.gen(function* () {
      const answer = yield* postRaw(command, body)
      expect(answer.status).toBe(400)
      expect(json(answer)).toEqual({
        error: "invalid_request",
        message: expect.stringMatching(/^("[\w.]+"|The body) cannot be used: .{5,200}\.$/)
      })
    }).pipe(Effect.provide(served))
  )

  it.scopedLive.each(["null", "[1]", "{", "text"])("says in JSON what is wrong with %s from curl", (body) =>
    Effect.gen(function* () {
      const answer = yield* postAsCurl("clock", body)
      expect([answer.status, json(answer)]).toMatchObject([400, { error: "invalid_request" }])
    }).pipe(Effect.provide(served))
  )

  it.scopedLive("explains every command and fault at the address that is printed, with lines to paste", () =>
    Effect.gen(function* () {
      const { baseUrl } = yield* Emulator.Emulator
      const page = yield* send(HttpClientRequest.get("/_emulator/"))
      expect([page.status, page.headers["content-type"]]).toEqual([200, "text/plain;charset=UTF-8"])
      expect((yield* send(HttpClientRequest.get("/_emulator"))).text).toBe(page.text)
      const unknown = yield* send(HttpClientRequest.get("/_emulator/nothing"))
      for (const [command = ""] of unknown.text.matchAll(/(?:GET|POST) [a-z-]+/g)) {
        expect(page.text).toContain(command)
      }
      const lines = [...page.text.matchAll(/^curl -s (\S+)\/_emulator\/(\S+) -d '(.*)'$/gm)]
      for (const [, address, command = "", body = ""] of lines) {
        expect(address).toBe(baseUrl)
        expect((yield* postRaw(command, body)).status).toBe(204)
      }
      const documented = read("packages/emulator/README.md").lines.join("\n")
      for (const tag of Object.keys(faults)) {
        expect(page.text).toContain(`"_tag":"${tag}"`)
        expect(documented).toMatch(new RegExp(`^curl .*"_tag":"${tag}"`, "m"))
      }
      for (const [, body = ""] of documented.matchAll(/^curl .*_emulator\/fail -d '(.*)'$/gm)) {
        expect((yield* postRaw("fail", body)).status).toBe(204)
      }
    }).pipe(Effect.provide(served))
  )

  it.scopedLive.each([
    [{ host: "evil.example" }, 403],
    [{ host: "127.0.0.1.evil.example:8787" }, 403],
    [{ origin: "https://evil.example" }, 403],
    [{ origin: "null" }, 403],
    [{ host: "localhost:8787", origin: "http://localhost:3000" }, 403],
    [{ host: "localhost:8787", origin: "http://localhost:8787" }, 200],
    [{ host: "localhost:8787" }, 200],
    [{ host: "[::1]:8787" }, 200],
    [{}, 200]
  ] as const)("answers a request with the headers %o by %d", ([headers, status]) =>
    Effect.gen(function* () {
      const { baseUrl } = yield* Emulator.Emulator
      // The HttpClient of a fetch may set neither header.
      const answered = yield* Effect.async<number>((resume) => {
        request(`${baseUrl}/_emulator/log`, { headers }, (answer) => {
          answer.resume()
          resume(Effect.succeed(answer.statusCode ?? 0))
        }).end()
      })
      expect(answered).toBe(status)
    }).pipe(Effect.provide(served))
  )

  it.scopedLive("lists its commands when asked for an unknown one", () =>
    Effect.gen(function* () {
      const answer = yield* send(HttpClientRequest.get("/_emulator/nothing"))
      expect(answer.status).toBe(404)
      expect(answer.text).toContain("POST fail")
      expect((yield* send(HttpClientRequest.get("/_emulator/fail"))).status).toBe(404)
    }).pipe(Effect.provide(served))
  )

  it.scopedLive("is off by default", () =>
    Effect.gen(function* () {
      const answer = yield* send(HttpClientRequest.get("/_emulator/log"))
      expect([answer.status, answer.headers["content-type"]]).toEqual([404, "text/html"])
    }).pipe(Effect.provide(Layer.merge(Emulator.layerServer(), FetchHttpClient.layer)))
  )
})
