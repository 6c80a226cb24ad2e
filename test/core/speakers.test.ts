import { HttpBody, HttpClientRequest } from "@effect/platform"
import { assert, describe, expectTypeOf, it } from "@effect/vitest"
import { Clock, Effect, Either, Redacted } from "effect"
import { CurrentDevice, type CurrentInstance, Device, Environment, ProtectedClient } from "effect-adobe-pass"
import { against } from "../support/against.js"
import { json, type Reply, type standIn } from "../support/standIn.js"
import { device } from "../support/system.js"

const production = Environment.environments["release-production"]
const path = "/api/v2/ACME/configuration"
const deviceHeaders = ["ap-device-identifier", "x-device-info", "x-forwarded-for"]

const client = ProtectedClient.ProtectedClient
const get = (url: string) => Effect.flatMap(client, (adobe) => adobe.get(url))
const getWithoutDevice = (url: string) => Effect.flatMap(client, (adobe) => adobe.withoutDevice.get(url))

/** The headers of the requests whose path matches. */
const headersOf = ({ received }: ReturnType<typeof standIn>, matching: string) =>
  received
    .map((text) => text.split("\n"))
    .filter(([, url = ""]) => new URL(url).pathname.startsWith(matching))
    .map(([, , ...lines]) =>
      Object.fromEntries(
        lines
          .filter((line) => line.includes(": "))
          .map((line) => [line.slice(0, line.indexOf(": ")), line.slice(line.indexOf(": ") + 2)])
      )
    )

const inProduction = { environment: "release-production" } as const

describe("a call for a device", () => {
  it.effect("carries its headers to the sp host and its aliases (G2, G3, G8)", () =>
    Effect.gen(function* () {
      const { server } = yield* against(
        {},
        Effect.all([get(path), get(`${production.sp}${path}`), get(`https://api.auth.adobe.com${path}`)]),
        inProduction
      )
      const calls = headersOf(server, "/api/")
      assert.strictEqual(calls.length, 3)
      for (const headers of calls) assert.containsAllKeys(headers, deviceHeaders)
      assert.deepStrictEqual(server.counts, { register: 1, token: 1, call: 3 })
      assert.include(server.received.at(-1), `https://api.auth.adobe.com${path}`)
    })
  )

  it.effect("carries none of them to the management APIs, which know their callers by address", () =>
    Effect.gen(function* () {
      const esm = "/esm/v3/media-company/year"
      for (const [options, url] of [
        [inProduction, `${production.mgmt}${esm}`],
        [{}, esm]
      ] as const) {
        const { server } = yield* against({}, get(url), options)
        const [headers] = headersOf(server, "/esm/")
        assert.doesNotHaveAnyKeys(headers ?? {}, deviceHeaders)
        assert.match(headers?.["authorization"] ?? "", /^Bearer /)
        assert.strictEqual(headers?.["user-agent"], "effect-adobe-pass")
      }
    })
  )

  it.effect("speaks with the user agent of a browser, wherever Adobe reads the platform from it", () =>
    Effect.gen(function* () {
      const browser = Device.make({
        id: "a",
        ip: "203.0.113.9",
        info: "browser",
        userAgent: "Mozilla/5.0 (X)"
      })
      const { server } = yield* against(
        {},
        Effect.provideService(get(path), CurrentDevice, Either.getOrThrow(browser))
      )
      const agents = headersOf(server, "/").map((headers) => headers["user-agent"])
      assert.deepStrictEqual(agents, ["Mozilla/5.0 (X)", "Mozilla/5.0 (X)", "Mozilla/5.0 (X)"])
    })
  )

  it.effect("has the user agent that its caller sets", () =>
    Effect.gen(function* () {
      const request = HttpClientRequest.get(path, { headers: { "User-Agent": "mine" } })
      const { server } = yield* against(
        {},
        Effect.flatMap(client, (adobe) => adobe.execute(request))
      )
      assert.strictEqual(headersOf(server, "/api/")[0]?.["user-agent"], "mine")
    })
  )
})

describe("a call that is made for no device", () => {
  it.effect("carries no device headers, and the token of its own instance", () =>
    Effect.gen(function* () {
      const { server } = yield* against({}, getWithoutDevice(`/api/v2/ACME/sessions/CODE`))
      const [headers] = headersOf(server, "/api/")
      assert.doesNotHaveAnyKeys(headers ?? {}, deviceHeaders)
      assert.match(headers?.["authorization"] ?? "", /^Bearer /)
      const [registration] = headersOf(server, "/o/client/register")
      assert.strictEqual(
        registration?.["x-device-info"],
        Redacted.value(device(2).clientHeaders)["x-device-info"]
      )
    })
  )

  it("says so by its type: it needs an instance, and only a call for a device needs a device", () => {
    expectTypeOf<Effect.Effect.Context<ReturnType<typeof get>>>().toEqualTypeOf<
      ProtectedClient.ProtectedClient | CurrentDevice
    >()
    expectTypeOf<Effect.Effect.Context<ReturnType<typeof getWithoutDevice>>>().toEqualTypeOf<
      ProtectedClient.ProtectedClient | CurrentInstance
    >()
    expectTypeOf<Effect.Effect.Error<ReturnType<typeof getWithoutDevice>>>().toEqualTypeOf<
      Effect.Effect.Error<ReturnType<typeof get>>
    >()
  })
})

describe("JSON of a call", () => {
  const post = (url: string) =>
    Effect.flatMap(client, (adobe) =>
      adobe.execute(
        HttpClientRequest.post(url).pipe(
          HttpClientRequest.acceptJson,
          HttpClientRequest.setBody(HttpBody.unsafeJson({ resources: ["ACME1"] }))
        )
      )
    )
  const types = (server: ReturnType<typeof standIn>) =>
    headersOf(server, "/api/").map((headers) => [headers["content-type"], headers["accept"]])

  it.effect("has the charset that REST API v2 demands (G9)", () =>
    Effect.gen(function* () {
      const demanded = "application/json;charset=utf-8"
      const { server } = yield* against({}, post("/api/v2/ACME/decisions/authorize/NorthCable"))
      assert.deepStrictEqual(types(server), [[demanded, demanded]])
    })
  )

  it.effect("is left as it is for other APIs, and so are other types", () =>
    Effect.gen(function* () {
      const { server } = yield* against({}, post("/api/ACME/link"))
      assert.deepStrictEqual(types(server), [["application/json", "application/json"]])
      const xml = HttpClientRequest.get(path, { headers: { accept: "text/xml" } })
      const { server: other } = yield* against(
        {},
        Effect.flatMap(client, (adobe) => adobe.execute(xml))
      )
      assert.deepStrictEqual(types(other), [[undefined, "text/xml"]])
    })
  )
})

describe("a refusal by a management API", () => {
  const esm = `${production.mgmt}/esm/v3/media-company/year/month`
  const text = (body: string): Reply => ({ status: 400, headers: { "content-type": "text/plain" }, body })

  it.effect("explains itself in plain text, which the error keeps without secrets", () =>
    Effect.gen(function* () {
      const { result } = yield* against(
        { call: () => text(" Invalid start date for device-1\n") },
        Effect.flip(get(esm)),
        inProduction
      )
      assert.deepInclude(result, {
        _tag: "RequestRejected",
        status: 400,
        serverMessage: "Invalid start date for <redacted>"
      })
    })
  )

  it.effect("with 429 is about the address of its caller: no device waits, and the error says so", () =>
    Effect.gen(function* () {
      const { result, server } = yield* against(
        { call: (n) => (n === 1 ? { status: 429 } : json(200, {})) },
        Effect.all([Effect.flip(get(esm)), get(path), Clock.currentTimeMillis]),
        inProduction
      )
      const [error, , now] = result
      assert.deepInclude(error, { _tag: "Throttled", status: 429, countedBy: "caller" })
      assert.include(error.message, "this machine's address")
      assert.notInclude(error.message, "device")
      assert.strictEqual(now, 0)
      assert.strictEqual(server.counts.call, 2)
    })
  )
})

describe("the Degradation API", () => {
  const rule = `${production.mgmt}/control/v3/degradation/ACME/all?programmer=ACME`

  it.effect("is called twice at once and then once a minute: never more than twice in any minute", () =>
    Effect.gen(function* () {
      const times: Array<number> = []
      const call = Effect.zipRight(
        get(rule),
        Effect.map(Clock.currentTimeMillis, (now) => times.push(now))
      )
      yield* against({}, Effect.repeatN(call, 3), inProduction)
      assert.deepStrictEqual(times, [0, 0, 60_000, 120_000])
    })
  )

  it.effect("is left alone for a minute after a 429, which another caller of this address has caused", () =>
    Effect.gen(function* () {
      const { result } = yield* against(
        { call: (n) => (n === 1 ? { status: 429 } : json(200, {})) },
        Effect.all([Effect.flip(get(rule)), Effect.zipRight(get(rule), Clock.currentTimeMillis)]),
        inProduction
      )
      assert.deepInclude(result[0], { _tag: "Throttled", retryAfterMillis: 60_000 })
      assert.strictEqual(result[1], 60_000)
    })
  )

  it.effect(
    "does not make a caller wait for longer than a minute: the call is not sent, and the error says why",
    () =>
      Effect.gen(function* () {
        const { result, server } = yield* against(
          {},
          Effect.all(
            Array.from({ length: 4 }, () => Effect.either(get(rule))),
            { concurrency: "unbounded" }
          ),
          inProduction
        )
        const refused = result.flatMap((call) => (Either.isLeft(call) ? [call.left] : []))
        assert.strictEqual(server.counts.call, 3)
        assert.strictEqual(refused.length, 1)
        assert.deepInclude(refused[0], { _tag: "Throttled", countedBy: "caller" })
        assert.include(refused[0]?.message, "was not sent")
      })
  )
})
