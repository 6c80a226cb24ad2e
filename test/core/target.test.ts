import { HttpClientRequest } from "@effect/platform"
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { CurrentDevice, ProtectedClient } from "effect-adobe-pass"
import { Emulator } from "effect-adobe-pass-emulator"
import { device, system } from "../support/system.js"
import { runToEnd } from "../support/time.js"

const send = (request: HttpClientRequest.HttpClientRequest) =>
  Effect.flatMap(ProtectedClient.ProtectedClient, (adobe) => runToEnd(adobe.execute(request)))
const log = Effect.flatMap(Emulator.Emulator, (emulator) => emulator.log)
const withSystem = Effect.provide(system())
const withDevice = Effect.provideService(CurrentDevice, device())

describe("the target of a protected call", () => {
  it.effect.each([
    "https://example.com/api/v2/ACME/configuration",
    "http://127.0.0.1:81/api/v2/ACME/configuration",
    "https://127.0.0.1/api/v2/ACME/configuration",
    "http://127.0.0.1.example.com/",
    "\\\\example.com/api",
    "ht\ntps://example.com/"
  ])("is not %j: nothing is sent, no registration either", (url) =>
    Effect.gen(function* () {
      const error = yield* Effect.flip(send(HttpClientRequest.get(url)))
      assert.strictEqual(error._tag, "ForeignOrigin")
      assert.deepStrictEqual(yield* log, [])
    }).pipe(withDevice, withSystem)
  )

  it.effect.each([
    "http://user:word@127.0.0.1/api/v2/a",
    "http://127.0.0.1@example.com/",
    "http://",
    "https://[::",
    "blob:http://127.0.0.1/6a3e5f0c",
    "file:///etc/passwd",
    "javascript:alert(1)",
    "data:,a"
  ])("is not %j: that is no URL for a token", (url) =>
    Effect.gen(function* () {
      const error = yield* Effect.flip(send(HttpClientRequest.get(url)))
      assert.deepInclude(error, { _tag: "InvalidInput", field: "url" })
      assert.deepStrictEqual(yield* log, [])
    }).pipe(withDevice, withSystem)
  )

  it.effect.each([
    ["/api/v2/ACME/configuration", "/api/v2/ACME/configuration"],
    ["api/v2/ACME/configuration", "/api/v2/ACME/configuration"],
    ["http://127.0.0.1/api/v2/ACME/configuration", "/api/v2/ACME/configuration"],
    ["HTTP://127.0.0.1:80/api/v2/ACME/configuration", "/api/v2/ACME/configuration"],
    ["//example.com/api", "//example.com/api"],
    ["/\\example.com/api", "//example.com/api"],
    ["/@example.com/api", "/@example.com/api"]
  ])("is a path on the environment's own host for %j", ([url = "", path]) =>
    Effect.gen(function* () {
      yield* Effect.either(send(HttpClientRequest.get(url)))
      const last = (yield* log).at(-1)
      assert.strictEqual(last?.path, path)
      assert.strictEqual(last?.headers["host"], "127.0.0.1")
    }).pipe(withDevice, withSystem)
  )
})

describe("a header of a protected call", () => {
  const path = "/api/v2/ACME/configuration"
  it.effect.each(["Authorization", "AP-Device-Identifier", "X-Device-Info", "X-Forwarded-For"])(
    "that belongs to the library cannot be set: %s",
    (name) =>
      Effect.gen(function* () {
        const error = yield* Effect.flip(send(HttpClientRequest.get(path, { headers: { [name]: "mine" } })))
        assert.deepInclude(error, { _tag: "InvalidInput", field: `headers.${name.toLowerCase()}` })
        assert.deepStrictEqual(yield* log, [])
      }).pipe(withDevice, withSystem)
  )

  it.effect.each(["a\r\nx-injected: 1", "a\u0000", "\u{1F4FA}", "\u007f"])(
    "cannot have the value %j",
    (value) =>
      Effect.gen(function* () {
        const error = yield* Effect.flip(send(HttpClientRequest.get(path, { headers: { "x-trace": value } })))
        assert.deepInclude(error, { _tag: "InvalidInput", field: "headers.x-trace" })
        assert.notInclude(error.message, value)
        assert.deepStrictEqual(yield* log, [])
      }).pipe(withDevice, withSystem)
  )

  it.effect.each(["", "a b", "a:b", "a\r\nb", "ä"])("cannot have the name %j", (name) =>
    Effect.gen(function* () {
      const error = yield* Effect.flip(send(HttpClientRequest.get(path, { headers: { [name]: "a" } })))
      assert.deepInclude(error, { _tag: "InvalidInput", field: "headers" })
      assert.deepStrictEqual(yield* log, [])
    }).pipe(withDevice, withSystem)
  )

  it.effect("is sent when it is the caller's own", () =>
    Effect.gen(function* () {
      yield* send(
        HttpClientRequest.get(path, { headers: { "AP-Partner-Framework-Status": "a\tb", "x-latin": "é" } })
      )
      const headers = (yield* log).at(-1)?.headers
      assert.deepInclude(headers, { "ap-partner-framework-status": "a\tb", "x-latin": "é" })
    }).pipe(withDevice, withSystem)
  )
})
