import { inspect } from "node:util"
import { assert, describe, it } from "@effect/vitest"
import { Clock, Effect, Either, Stream } from "effect"
import {
  type AdobePass,
  type AdobePassError,
  ClientRegistration,
  CurrentDevice,
  ProtectedClient,
  TokenEndpoint
} from "effect-adobe-pass"
import { against, token } from "../support/against.js"
import { pair } from "../support/exchanges.js"
import { json, type Replies, type Reply } from "../support/standIn.js"

const mebibyte = 1_048_576
const register = Effect.flatMap(ClientRegistration.ClientRegistration, (service) =>
  Effect.flatMap(CurrentDevice, service.register)
)
const requestToken = Effect.flatMap(TokenEndpoint.TokenEndpoint, (service) =>
  Effect.flatMap(CurrentDevice, (current) => service.request(current, pair()))
)
const path = "/api/v2/ACME/configuration"
const call = Effect.flatMap(ProtectedClient.ProtectedClient, (adobe) => adobe.get(path))
const rawCall = Effect.flatMap(ProtectedClient.ProtectedClient, (adobe) => adobe.raw.get(path))

const endless = (status: number): Reply => ({ status, endless: "a".repeat(16_384) })

/** What the library took of each endless body: at most the limit and a few chunks, and then the connection ended. */
const assertBounded = (
  bodies: ReadonlyArray<{ readonly bytes: number; readonly isEnded: boolean }>,
  limit = mebibyte
) => {
  assert.isNotEmpty(bodies)
  for (const { bytes, isEnded } of bodies) {
    assert.isAtMost(bytes, limit + 5 * 16_384)
    assert.isTrue(isEnded)
  }
}

describe("a body without end", () => {
  const oauth: ReadonlyArray<
    readonly [
      string,
      keyof Replies,
      Effect.Effect<unknown, AdobePassError.AdobePassError, AdobePass.Services | CurrentDevice>,
      number,
      AdobePassError.AdobePassError["_tag"]
    ]
  > = [
    ["a success of registering", "register", register, 201, "UnexpectedResponse"],
    ["a refusal of registering", "register", register, 400, "UnexpectedResponse"],
    ["an outage of registering", "register", register, 503, "ServiceUnavailable"],
    ["a token", "token", requestToken, 201, "UnexpectedResponse"],
    ["a refusal of the token endpoint", "token", requestToken, 400, "UnexpectedResponse"],
    ["a throttled token request", "token", requestToken, 429, "Throttled"]
  ]
  it.effect.each(oauth)("of %s is read to 1 MiB, and the status decides", ([, route, program, status, tag]) =>
    Effect.gen(function* () {
      const { result, server } = yield* against({ [route]: () => endless(status) }, Effect.flip(program))
      assert.strictEqual(result._tag, tag)
      if (result._tag === "UnexpectedResponse") {
        assert.deepInclude(result, { status, reason: "TooLarge" })
        assert.include(result.message, "a body that is too long")
      }
      assertBounded(server.endless)
    })
  )

  it.effect.each([
    [400, "RequestRejected"],
    [403, "RequestRejected"],
    [429, "Throttled"],
    [500, "ServiceUnavailable"]
  ] as const)("of a call's answer with %d is read to 1 MiB, and the status decides: %s", ([status, tag]) =>
    Effect.gen(function* () {
      const { result, server } = yield* against({ call: () => endless(status) }, Effect.flip(call))
      assert.strictEqual(result._tag, tag)
      assertBounded(server.endless)
    })
  )

  it.effect("is not believed to be short because of the length that it has encoded", () =>
    Effect.gen(function* () {
      const encoded: Reply = {
        status: 201,
        headers: { "content-encoding": "gzip", "content-length": "100" },
        endless: "a".repeat(16_384)
      }
      const { result, server } = yield* against({ token: () => encoded }, Effect.flip(requestToken))
      assert.deepInclude(result, { _tag: "UnexpectedResponse", reason: "TooLarge" })
      assertBounded(server.endless)
    })
  )

  it.effect("of a 401 does not keep the token from being replaced", () =>
    Effect.gen(function* () {
      const { result, server } = yield* against(
        { call: (n) => (n === 1 ? endless(401) : json(200, { fine: true })) },
        call
      )
      assert.strictEqual(result.status, 200)
      assertBounded(server.endless)
    })
  )

  it.effect("of a success that is buffered is read to 8 MiB, and fails", () =>
    Effect.gen(function* () {
      const { result, server } = yield* against(
        { call: () => endless(200) },
        Effect.flip(Effect.flatMap(call, ProtectedClient.buffered))
      )
      assert.deepInclude(result, { _tag: "UnexpectedResponse", status: 200, reason: "TooLarge" })
      assertBounded(server.endless, 8 * mebibyte)
    })
  )

  it.effect("is empty in an answer that is had raw", () =>
    Effect.gen(function* () {
      const { result } = yield* against(
        { call: () => endless(400) },
        Effect.flatMap(rawCall, (response) => Effect.map(response.text, (text) => [response.status, text]))
      )
      assert.deepStrictEqual(result, [400, ""])
    })
  )
})

describe("a body as long as is read", () => {
  it.effect("is decoded, whatever its chunks", () =>
    Effect.gen(function* () {
      const padding = "ä".repeat((mebibyte - 1000) / 2)
      const { result } = yield* against(
        { token: () => json(201, { access_token: token, expires_in: 21_600, padding }) },
        requestToken
      )
      assert.deepStrictEqual(result.scopes, ["api:client:v2"])
    })
  )

  it.effect("reaches the caller of a raw call as it was", () =>
    Effect.gen(function* () {
      const body = "ä".repeat(100_000)
      const { result } = yield* against(
        { call: () => ({ status: 400, body }) },
        Effect.flatMap(rawCall, ({ text }) => text)
      )
      assert.strictEqual(result, body)
    })
  )
})

describe("a body that breaks", () => {
  const broken = (status: number, headers: Readonly<Record<string, string>> = {}): Reply => ({
    status,
    headers,
    broken: '{"error":"inva'
  })
  const created = json(201, { client_id: "an-id", client_secret: "a-secret" })

  it.effect.each([
    [429, { "retry-after": "120" }],
    [503, {}]
  ] as const)("in an answer with %d does not make the registration one that is lost", ([status, headers]) =>
    Effect.gen(function* () {
      const { server } = yield* against(
        { register: (n) => (n === 1 ? broken(status, headers) : created) },
        register,
        { retry: { attempts: 2, budget: "10 minutes" } }
      )
      assert.strictEqual(server.counts.register, 2)
    })
  )

  it.effect("in an answer with 429 does not keep the next request from waiting as long as it asks", () =>
    Effect.gen(function* () {
      const { result } = yield* against(
        { register: (n) => (n === 1 ? broken(429, { "retry-after": "40" }) : created) },
        Effect.gen(function* () {
          const error = yield* Effect.flip(register)
          const from = yield* Clock.currentTimeMillis
          yield* register
          return { error, waited: (yield* Clock.currentTimeMillis) - from }
        })
      )
      assert.deepInclude(result.error, { _tag: "Throttled", status: 429, retryAfterMillis: 40_000 })
      assert.isAtLeast(result.waited, 40_000)
    })
  )

  const refused: ReadonlyArray<
    readonly [
      "register" | "token",
      Effect.Effect<unknown, AdobePassError.AdobePassError, AdobePass.Services | CurrentDevice>
    ]
  > = [
    ["register", register],
    ["token", requestToken]
  ]
  it.effect.each(refused)(
    "in a refusal of %s leaves it a refusal, and no client is given up",
    ([route, program]) =>
      Effect.gen(function* () {
        const { result, server } = yield* against({ [route]: () => broken(400) }, Effect.flip(program), {
          retry: { attempts: 3 }
        })
        assert.deepInclude(result, { _tag: "UnexpectedResponse", status: 400, reason: "BrokenJson" })
        assert.strictEqual(server.counts[route], 1)
      })
  )

  it.effect("in a success is a lost connection, after which a client may exist", () =>
    Effect.gen(function* () {
      const { result } = yield* against({ register: () => broken(201) }, Effect.flip(register))
      assert.deepInclude(result, { _tag: "TransportError", reason: "ConnectionLost" })
    })
  )
})

const nested = `${"[".repeat(3000)}${"]".repeat(3000)}`
const jsonText = (status: number, body: string): Reply => ({
  status,
  headers: { "content-type": "application/json" },
  body
})

describe("a success of a shape that nobody expects", () => {
  const shapes: ReadonlyArray<
    readonly [string, string, register: ReadonlyArray<string>, token: ReadonlyArray<string>]
  > = [
    [
      "fields nested 3,000 deep",
      `{"client_id":${nested},"client_secret":"a","access_token":${nested},"expires_in":60}`,
      ["client_id"],
      ["access_token"]
    ],
    ["lists nested 3,000 deep", nested, [], []],
    ["an empty list", "[]", [], []],
    ["null", "null", [], []]
  ]
  it.effect.each(shapes)("such as %s is UnexpectedJson, at both endpoints", ([, body, ...expected]) =>
    Effect.gen(function* () {
      const answers = { register: () => jsonText(201, body), token: () => jsonText(201, body) }
      const { result } = yield* against(
        answers,
        Effect.all([Effect.flip(register), Effect.flip(requestToken)])
      )
      const errors: ReadonlyArray<AdobePassError.AdobePassError> = result
      errors.forEach((error, n) => {
        assert.deepInclude(error, {
          _tag: "UnexpectedResponse",
          reason: "UnexpectedJson",
          issues: expected[n] ?? []
        })
        assert.notInclude(error.message, "()")
        assert.isBelow(error.message.length, 300)
      })
    })
  )
})

describe("an answer's status", () => {
  it.effect("of 304 is no redirect, and the error does not call it one", () =>
    Effect.gen(function* () {
      const { result } = yield* against({ call: () => ({ status: 304, body: null }) }, Effect.flip(call))
      assert.deepInclude(result, { _tag: "UnexpectedResponse", status: 304, reason: "UnknownStatus" })
      assert.notInclude(result.message, "redirect")
    })
  )
})

describe("what a server sends", () => {
  it.effect("as the code of an error is kept only when it is short", () =>
    Effect.gen(function* () {
      const long = "a".repeat(1_000_000)
      const { result: oauth } = yield* against(
        { token: () => json(400, { error: long }) },
        Effect.flip(requestToken)
      )
      assert.deepInclude(oauth, { _tag: "UnexpectedResponse", reason: "UnknownCode" })
      const { result: enhanced } = yield* against(
        { call: () => json(400, { action: long, code: long, trace: long, message: long }) },
        Effect.flip(call)
      )
      for (const error of [oauth, enhanced]) {
        assert.isBelow(error.message.length, 500)
        assert.isBelow(JSON.stringify(error).length, 2000)
      }
    })
  )

  it.effect("is no token when it is longer than the headers that servers accept", () =>
    Effect.gen(function* () {
      const { result, server } = yield* against(
        { token: () => json(201, { access_token: "a".repeat(1_000_000), expires_in: 60 }) },
        Effect.flip(call)
      )
      assert.deepInclude(result, { _tag: "UnexpectedResponse", issues: ["access_token"] })
      assert.strictEqual(server.counts.call, 0)
    })
  )
})

describe("a buffered answer", () => {
  const buffered = (reply: Reply) =>
    against({ call: () => reply }, Effect.flatMap(call, ProtectedClient.buffered))

  it.effect("can be read in any form, and more than once", () =>
    Effect.gen(function* () {
      const { result } = yield* buffered(json(200, { fine: true }))
      const text = '{"fine":true}'
      const bytes = new TextEncoder().encode(text)
      for (let times = 0; times < 2; times++) {
        assert.strictEqual(yield* result.text, text)
        assert.deepStrictEqual(yield* result.json, { fine: true })
        assert.deepStrictEqual(new Uint8Array(yield* result.arrayBuffer), bytes)
        assert.strictEqual(yield* Stream.mkString(Stream.decodeText(result.stream)), text)
      }
      assert.strictEqual(result.status, 200)
      assert.strictEqual(result.headers["content-type"], "application/json;charset=UTF-8")
    })
  )

  it.effect.each([
    ["", null],
    ["<html>", "Html"],
    ["Sorry", "Text"],
    ['{"fine":', "BrokenJson"]
  ] as const)("with the body %j says what it is when JSON is asked for", ([body, reason]) =>
    Effect.gen(function* () {
      const { result } = yield* buffered({ status: 200, body })
      const read = yield* Effect.either(ProtectedClient.readBody(({ json }) => json)(result))
      if (reason === null) assert.deepStrictEqual(read, Either.right(null))
      else assert.deepInclude(Either.getOrThrow(Either.flip(read)), { _tag: "UnexpectedResponse", reason })
    })
  )

  it.effect("fails when its body breaks off", () =>
    Effect.gen(function* () {
      const { result } = yield* against(
        { call: () => ({ broken: '{"fine":' }) },
        Effect.flip(Effect.flatMap(call, ProtectedClient.buffered))
      )
      assert.deepInclude(result, { _tag: "TransportError", reason: "ConnectionLost" })
    })
  )

  it.effect("does not print its body, nor the token that it was asked for with (H10)", () =>
    Effect.gen(function* () {
      const { result } = yield* buffered(json(200, { fine: true, token }))
      const printed = [inspect(result, { depth: null, showHidden: true }), JSON.stringify(result)].join()
      assert.notInclude(printed, token)
      assert.notInclude(printed, "fine")
    })
  )
})
