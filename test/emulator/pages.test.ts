import { execFileSync } from "node:child_process"
import { request } from "node:http"
import * as FetchHttpClient from "@effect/platform/FetchHttpClient"
import * as HttpClientRequest from "@effect/platform/HttpClientRequest"
import { describe, expect, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as FastCheck from "effect/FastCheck"
import * as Layer from "effect/Layer"
import { Bucket, Emulator } from "effect-adobe-pass-emulator"
import { empty } from "../../packages/emulator/src/internal/answer.js"
import { devicesPage } from "../../packages/emulator/src/internal/pages/console/devices.js"
import { requestPage } from "../../packages/emulator/src/internal/pages/console/request.js"
import { curl } from "../../packages/emulator/src/internal/pages/curl.js"
import { duration, relative } from "../../packages/emulator/src/internal/pages/format.js"
import { type Content, html } from "../../packages/emulator/src/internal/pages/html.js"
import { page } from "../../packages/emulator/src/internal/pages/page.js"
import { maskedHeader, maskedText } from "../../packages/emulator/src/internal/pages/secrets.js"
import { RequestLog } from "../../packages/emulator/src/internal/requestLog.js"
import { runs } from "../support/property.js"
import { authorize, call, json, register, send } from "./conversation.js"
import { television } from "./television.js"

const served = Layer.merge(Emulator.layerServer({ throttle: "off", control: true }), FetchHttpClient.layer)

const get = (path: string) =>
  send(HttpClientRequest.get(path).pipe(HttpClientRequest.setHeader("accept", "text/html")))

const submit = (path: string, fields: Readonly<Record<string, string>>, headers = {}) =>
  HttpClientRequest.post(path).pipe(
    HttpClientRequest.bodyUrlParams(fields),
    HttpClientRequest.setHeaders(headers),
    send
  )

describe("HTML", () => {
  it.prop(
    "has no markup but that of its templates",
    [FastCheck.string({ unit: FastCheck.constantFrom(..."<>&\"'=/ a", "script") })],
    ([text]) => {
      const { markup } = html`<p title="${text}">${text}</p>`
      expect(markup.replaceAll(/&(?:amp|lt|gt|quot|#39);/g, "")).toMatch(/^<p title="[^<>"&]*">[^<>&]*<\/p>$/)
    },
    runs(300)
  )

  it("joins lists, and leaves out what is absent", () => {
    const items: Content = ["a", undefined, false, html`<b>1</b>`, 2, ["<"]]
    expect(html`<p>${items}</p>`.markup).toBe("<p>a<b>1</b>2&lt;</p>")
  })
})

describe("a page", () => {
  const policyOf = (formTarget?: string, script?: string) => {
    const options = { title: "T", body: html`<p></p>`, layout: "card" as const, formTarget }
    const { headers } = page(script === undefined ? options : { ...options, script })
    return new Map(headers).get("content-security-policy") ?? ""
  }

  it("may load nothing, and run no script that is not its own", () => {
    expect(policyOf()).toMatch(
      /^default-src 'none'; style-src 'sha256-[^']+'; img-src data:; form-action 'self';/
    )
    expect(policyOf()).not.toContain("script-src")
    expect(policyOf(undefined, "1")).toMatch(/; script-src 'sha256-[^']+'; connect-src 'self';/)
  })

  it.each([
    ["https://acme.example/done?x=1", "form-action 'self' https://acme.example;"],
    ["acme-tv://done", "form-action 'self' acme-tv:;"],
    ["https://acme.example;sandbox/done", "form-action 'self' https:;"],
    ["no address; script-src *", "form-action 'self';"]
  ])("whose forms lead to %s may send them there only", (url, expected) => {
    expect(policyOf(url)).toContain(expected)
  })
})

describe("what pages show of a request", () => {
  it("hides secrets in headers, in JSON and in forms, and nothing else", () => {
    const secret = "s3cr3t-s3cr3t-s3cr3t"
    expect(maskedHeader("Authorization", `Bearer ${secret}`)).toBe("Bearer s3cr…cr3t (20 characters)")
    expect(maskedHeader("cookie", "short")).toBe("••••••")
    expect(maskedHeader("accept", "*/*")).toBeUndefined()
    for (const text of [
      JSON.stringify({ a: [{ access_token: secret }], client_secret: `"${secret}` }),
      `grant_type=x&client_secret=${secret}&client_id=id`,
      `user=nora&password=${secret}`
    ]) {
      expect(maskedText(text)).not.toContain(secret)
    }
    expect(maskedText("client_id=id&x=y")).toBe("client_id=id&x=y")
  })

  it.prop(
    "is a line that a shell reads as the same request",
    [
      FastCheck.string({
        unit: FastCheck.constantFrom("'", '"', "$", "`", "\\", " ", "\n", "a", "é", "&", "!")
      })
    ],
    ([text]) => {
      const request = {
        method: "PUT",
        path: "/p",
        query: "",
        headers: { host: "h:1", "x-text": text },
        body: `{${text}`
      }
      const line = curl(request).replace("curl", "printf '%s\\0'")
      const read = execFileSync("/bin/sh", ["-c", line], { encoding: "utf8" }).split("\0").slice(0, -1)
      expect(read).toEqual([
        "-i",
        "-X",
        "PUT",
        "http://h:1/p",
        "-H",
        `x-text: ${text}`,
        "--data-raw",
        `{${text}`
      ])
    },
    runs(20)
  )

  it("says durations by their two largest units", () => {
    expect([0, 999, 61_000, 3_600_000, 90_061_000].map(duration)).toEqual([
      "0 s",
      "1 s",
      "1 min 1 s",
      "1 h",
      "1 d 1 h"
    ])
    expect([relative(5000, 0), relative(0, 5000)]).toEqual(["in 5 s", "5 s ago"])
  })
})

describe("the console", () => {
  it.scopedLive("is for browsers, and the list of commands for others", () =>
    Effect.gen(function* () {
      expect((yield* get("/_emulator/")).text).toMatch(/^<!doctype html>/)
      const plain = yield* send(HttpClientRequest.get("/_emulator/"))
      expect(plain.headers["content-type"]).toBe("text/plain;charset=UTF-8")
      expect((yield* get("/_emulator/commands")).text).toBe(plain.text)
    }).pipe(Effect.provide(served))
  )

  it.scopedLive("has no pages by the names of JavaScript", () =>
    Effect.gen(function* () {
      for (const name of ["constructor", "__proto__", "toString", "requests/constructor"]) {
        expect((yield* get(`/_emulator/${name}`)).status).toBe(404)
      }
      expect((yield* get("/_emulator/controls?done=constructor")).text).not.toContain("native code")
    }).pipe(Effect.provide(served))
  )

  it.scopedLive("shows no secret in its lists", () =>
    Effect.gen(function* () {
      const { softwareStatement } = yield* Emulator.Emulator
      const { accessToken, credentials } = yield* authorize
      yield* call(accessToken)
      const { text } = yield* get("/_emulator/")
      expect(text).toContain("/api/v2/ACME/configuration")
      for (const secret of [softwareStatement, accessToken, credentials.client_secret]) {
        expect(text).not.toContain(secret)
      }
    }).pipe(Effect.provide(served))
  )

  it("shows the newest of the profiles and devices of one client, however many there are", () => {
    const application = { id: "application", scopes: [], redirectDomains: undefined }
    const client = { id: "client", secret: "secret", application }
    const profiles = Array.from({ length: 10_000 }, (_, n) => ({
      clientId: "client",
      device: `device-${n}`,
      serviceProvider: "ACME",
      mvpd: "NorthCable",
      type: "regular" as const,
      user: "nora",
      subjects: {},
      notBefore: 0,
      notAfter: 1000,
      invalidated: false
    }))
    const issued = [{ client, approved: true, tokens: [] }]
    const query = new URLSearchParams()
    const { body } = devicesPage({ issued, profiles, sessions: [], exchanges: [], now: 0, query })
    expect(body.length).toBeLessThan(100_000)
    expect(body).toContain("The newest 20 of 10000 are shown.")
    expect(body).toContain("device-9999")
    expect(body).toContain("and 9995 more")
  })

  it.scopedLive("runs the commands of its forms, and comes back to their page", () =>
    Effect.gen(function* () {
      const { clients } = yield* Emulator.Emulator
      const { client_id } = yield* register()
      const answer = yield* submit("/_emulator/revoke-client", { clientId: client_id, returnTo: "devices" })
      // fetch follows the redirect.
      expect([answer.status, answer.text]).toEqual([200, expect.stringContaining("The client is revoked")])
      expect(yield* clients).toEqual([])
    }).pipe(Effect.provide(served))
  )

  it.scopedLive("says on a page what is wrong with a form", () =>
    Effect.gen(function* () {
      const answer = yield* submit("/_emulator/token-ttl", { seconds: "<b>soon</b>", returnTo: "controls" })
      expect([answer.status, answer.text]).toEqual([
        400,
        expect.stringContaining("&quot;seconds&quot; cannot be used")
      ])
      expect(answer.text).not.toContain("<b>soon")
    }).pipe(Effect.provide(served))
  )

  it.scopedLive("describes every operation of its OpenAPI document, and every schema that it links to", () =>
    Effect.gen(function* () {
      const document = json(yield* get("/_emulator/openapi.json"))
      expect(document).toMatchObject({ openapi: expect.any(String) })
      const { text } = yield* get("/_emulator/api")
      for (const [, id = ""] of JSON.stringify(document).matchAll(/"operationId":"([^"]+)"/g)) {
        expect(text).toContain(`id="${id}"`)
      }
      const links = [...text.matchAll(/href="#([^"]+)"/g)].map(([, id]) => id)
      expect(links.length).toBeGreaterThan(5)
      for (const id of links) expect(text).toContain(`id="${id}"`)
    }).pipe(Effect.provide(served))
  )
})

/** What `fetch` does not let a test set. */
const statusOf = (path: string, method: string, headers: Readonly<Record<string, string>>) =>
  Effect.flatMap(Emulator.Emulator, ({ baseUrl }) =>
    Effect.async<number>((resume) => {
      request(`${baseUrl}${path}`, { method, headers }, (answer) => {
        answer.resume()
        resume(Effect.succeed(answer.statusCode ?? 0))
      }).end(method === "POST" ? "returnTo=controls" : undefined)
    })
  )

describe("another origin", () => {
  const form = { "content-type": "application/x-www-form-urlencoded" }

  it.scopedLive("cannot submit the forms of the console from its pages", () =>
    Effect.gen(function* () {
      const { baseUrl, log } = yield* Emulator.Emulator
      yield* register()
      for (const origin of ["https://evil.example", "null"]) {
        expect(yield* statusOf("/_emulator/clear-log", "POST", { ...form, origin })).toBe(403)
      }
      expect(yield* log).toHaveLength(1)
      expect(yield* statusOf("/_emulator/clear-log", "POST", { ...form, origin: baseUrl })).toBe(303)
      expect(yield* log).toEqual([])
    }).pipe(Effect.provide(served))
  )

  it.scopedLive("may name the host of the pages on which people sign in, and not of the console", () =>
    Effect.gen(function* () {
      const headers = { host: "tv.example", accept: "text/html" }
      expect(yield* statusOf("/activate", "GET", headers)).toBe(200)
      expect(yield* statusOf("/_emulator/", "GET", headers)).toBe(403)
    }).pipe(Effect.provide(served))
  )
})

describe("the log", () => {
  it("keeps what was sent for the newest thousand requests", () => {
    const log = new RequestLog(2000)
    const received = { method: "GET", path: "/", query: "", headers: {}, body: "" }
    for (let n = 0; n < 1500; n++) {
      log.add("other", received, n)(Exit.succeed({ _tag: "Answered", answer: empty(204) }))
    }
    const kept = log.exchanges().filter(({ answer }) => answer !== undefined)
    expect([log.exchanges().length, kept.length, kept[0]?.number]).toEqual([1500, 1000, 501])
  })
})

/** Where a form leads; a fetch would follow. */
const redirection = (url: string, form: Readonly<Record<string, string>>) =>
  Effect.async<unknown>((resume) => {
    request(url, { method: "POST" }, (answer) => {
      answer.resume()
      const { location, "set-cookie": cookie } = answer.headers
      resume(Effect.succeed({ status: answer.statusCode, location, cookie }))
    }).end(new URLSearchParams(form).toString())
  })

describe("a body that is too long to read", () => {
  it("is left out of the page of its request, and of its line for curl", () => {
    const log = new RequestLog(10)
    const body = "a".repeat(200_001)
    const received = { method: "POST", path: "/", query: "", headers: {}, body }
    log.add("other", received, 0)(Exit.succeed({ _tag: "Answered", answer: { ...empty(200), body } }))
    const shown = requestPage(log.exchanges(), 1)
    expect(shown.body.length).toBeLessThan(50_000)
    expect(shown.body.match(/It has 200001 characters: too many to show/g)).toHaveLength(2)
  })
})

describe("the log of long requests", () => {
  it("keeps the newest of them, within a bound on all of their bodies together", () => {
    const log = new RequestLog(10_000)
    const body = "a".repeat(1024 * 1024)
    for (let n = 0; n < 200; n++)
      log.add("other", { method: "POST", path: "/", query: "", headers: {}, body }, n)
    expect([log.entries().length, log.exchanges()[0]?.number, log.counts().other]).toEqual([64, 137, 200])
    log.clear()
    const short = { method: "GET", path: "/", query: "", headers: {}, body: "" }
    for (let n = 0; n < 200; n++) log.add("other", short, n)
    expect(log.entries().length).toBe(200)
  })
})

describe("the pages of the emulated world", () => {
  it.effect("work in process, under the test clock", () =>
    Effect.gen(function* () {
      const { begin, poll } = yield* television
      const { code } = yield* begin({ domainName: "acme.example" })
      const chosen = yield* submit("/activate", { code, mvpd: "NorthCable" })
      expect([chosen.status, chosen.headers["location"]]).toEqual([303, `/api/v2/authenticate/ACME/${code}`])
      const sent = yield* get(`/api/v2/authenticate/ACME/${code}`)
      expect(sent.status).toBe(302)
      expect((yield* get(sent.headers["location"] ?? "")).text).toContain("Sign in to North Cable")
      const answer = yield* submit("/adobe-services/authenticate", { code, user: "nora", password: "north" })
      expect(answer.headers["location"]).toBe(`http://127.0.0.1/signed-in?code=${code}`)
      expect(yield* poll(code)).toEqual(["NorthCable"])
    }).pipe(Effect.provide(Emulator.layer({ throttle: "off" })))
  )

  it.scopedLive.each([
    ["https://acme.example/漢字?a=%20b", "https://acme.example/%E6%BC%A2%E5%AD%97?a=%20b"],
    ["https://acme.example/\r\nset-cookie: a=b", "https://acme.example/%0D%0Aset-cookie:%20a=b"],
    [" acme:signed in", "acme:signed%20in"]
  ] as const)("lead to the redirect URL %j as %s, in one header", ([redirectUrl, location]) =>
    Effect.gen(function* () {
      const { begin } = yield* television
      const { code } = yield* begin({ mvpd: "NorthCable", domainName: "acme.example", redirectUrl })
      const { baseUrl } = yield* Emulator.Emulator
      const answered = yield* redirection(`${baseUrl}/adobe-services/authenticate`, {
        code,
        answer: "cancel"
      })
      expect(answered).toEqual({ status: 303, location, cookie: undefined })
    }).pipe(Effect.provide(served))
  )

  it.effect("refuse a provider that is not offered, and ask again without one", () =>
    Effect.gen(function* () {
      const { begin } = yield* television
      const { code } = yield* begin({ domainName: "acme.example" })
      const unknown = yield* submit("/activate", { code, mvpd: "FarCable" })
      expect([unknown.status, unknown.text]).toEqual([
        400,
        expect.stringContaining("cannot be watched that way")
      ])
      const none = yield* submit("/activate", { code })
      expect([none.status, none.text]).toEqual([400, expect.stringContaining("Choose a TV provider.")])
    }).pipe(Effect.provide(Emulator.layer({ throttle: "off" })))
  )

  it.effect("say why a code leads to no login, on a page for people", () =>
    Effect.gen(function* () {
      const { begin } = yield* television
      const expectReason = (path: string, reason: string) =>
        Effect.map(get(`/api/v2/authenticate/${path}`), (answer) => {
          expect([answer.status, answer.text]).toEqual([400, expect.stringContaining(reason)])
        })
      const incomplete = yield* begin({ domainName: "acme.example" })
      yield* expectReason(`ACME/${incomplete.code}`, "which provider")
      const redirectUrl = "https://acme.example/"
      const complete = yield* begin({ mvpd: "NorthCable", domainName: "acme.example", redirectUrl })
      yield* expectReason(`ACME/${incomplete.code}`, "no longer good")
      yield* expectReason(`Zenith/${complete.code}`, "No device is waiting")
    }).pipe(Effect.provide(Emulator.layer({ throttle: "off" })))
  )

  it.effect("end a logout where the application said", () =>
    Effect.gen(function* () {
      const path = "/adobe-services/logout?requestor_id=ACME&mso_id=NorthCable"
      const led = yield* get(`${path}&redirect_url=https%3A%2F%2Facme.example%2Fbye`)
      expect([led.status, led.headers["location"]]).toEqual([303, "https://acme.example/bye"])
      expect((yield* get(path)).text).toContain("no session with North Cable")
    }).pipe(Effect.provide(Emulator.layer()))
  )
})

describe("what is available in a bucket", () => {
  it.prop(
    "is how many requests pass at once",
    [
      FastCheck.constantFrom("refill" as const, "once" as const),
      FastCheck.integer({ min: 0, max: 5 }),
      FastCheck.array(FastCheck.integer({ min: 0, max: 3000 }), { maxLength: 12 })
    ],
    ([model, burst, pauses]) => {
      const limit: Bucket.Limit = { model, rate: 1, burst }
      let now = 0
      let state = Bucket.start(limit, now)
      for (const pause of pauses) {
        now += pause
        state = Bucket.take(limit, state, now).state
      }
      const expected = Bucket.available(limit, state, now)
      let passed = 0
      for (let taken = Bucket.take(limit, state, now); taken.granted; passed++) {
        taken = Bucket.take(limit, taken.state, now)
      }
      expect(passed).toBe(expected)
    },
    runs(300)
  )
})
