import { FetchHttpClient, HttpBody, HttpClientRequest } from "@effect/platform"
import { assert, describe, it } from "@effect/vitest"
import { Context, Effect, Either, Layer, Redacted } from "effect"
import { AdobePass, CredentialStore, CurrentDevice, Environment, ProtectedClient } from "effect-adobe-pass"
import { Emulator, Fault } from "effect-adobe-pass-emulator"
import { NodeAdobePass } from "effect-adobe-pass-node"
import { device } from "../support/system.js"

const server = Effect.map(
  Layer.build(Layer.fresh(Emulator.layerServer({ throttle: "off", restV2: "echo" }))),
  (services) => Context.get(services, Emulator.Emulator)
)

const environmentOf = (emulator: Emulator.Emulator) =>
  Either.getOrThrow(Environment.custom({ name: "emulator", sp: emulator.baseUrl }))

const over = (emulator: Emulator.Emulator) =>
  AdobePass.layer({
    environment: environmentOf(emulator),
    softwareStatement: Redacted.make(emulator.softwareStatement)
  }).pipe(Layer.provide([FetchHttpClient.layer, CredentialStore.layerMemory]))

const call = Effect.flatMap(ProtectedClient.ProtectedClient, (adobe) =>
  adobe.get("/api/v2/ACME/configuration")
)

describe("over fetch", () => {
  it.scopedLive("the flow runs", () =>
    Effect.gen(function* () {
      const emulator = yield* server
      const response = yield* Effect.provide(call, over(emulator))
      assert.strictEqual(response.status, 200)
      assert.propertyVal(yield* response.json, "deviceIdentifier", "device-1")
    }).pipe(Effect.provideService(CurrentDevice, device()))
  )

  it.scopedLive("a redirect is not followed: neither token nor statement reach another host", () =>
    Effect.gen(function* () {
      const emulator = yield* server
      const elsewhere = yield* server
      const redirect = Fault.answer(307, { headers: { location: `${elsewhere.baseUrl}/api/v2/x` } })
      for (const route of ["register", "token", "api"] as const) {
        yield* emulator.fail({ route, fault: redirect })
        const error = yield* Effect.flip(Effect.provide(call, over(emulator)))
        assert.strictEqual(error._tag === "UnexpectedResponse" ? error.reason : error._tag, "Redirect")
        yield* emulator.clearFaults
      }
      assert.deepStrictEqual(yield* elsewhere.log, [])
    }).pipe(Effect.provideService(CurrentDevice, device()))
  )

  it.scopedLive("a body that may hide a stream is not sent twice", () =>
    Effect.gen(function* () {
      const emulator = yield* server
      yield* emulator.fail({ route: "api", fault: Fault.answer(401), times: 9 })
      const raw = HttpClientRequest.put("/api/v2/x").pipe(
        HttpClientRequest.setBody(HttpBody.raw(new Blob(["once"])))
      )
      const error = yield* Effect.flatMap(ProtectedClient.ProtectedClient, (adobe) =>
        adobe.execute(raw)
      ).pipe(Effect.flip, Effect.provide(over(emulator)))
      assert.strictEqual(error._tag, "AccessTokenRejected")
      assert.strictEqual((yield* emulator.counts).api, 1)
    }).pipe(Effect.provideService(CurrentDevice, device()))
  )
})

describe("over a pool of one connection", () => {
  const huge = "x".repeat(300_000)
  it.scopedLive.each([401, 429, 302, 404] as const)(
    "a long page with status %d does not keep the connection",
    (status) =>
      Effect.gen(function* () {
        const emulator = yield* server
        const library = NodeAdobePass.layer({
          environment: environmentOf(emulator),
          softwareStatement: Redacted.make(emulator.softwareStatement),
          store: CredentialStore.layerMemory,
          transport: { connections: 1 },
          timeout: "2 seconds"
        })
        yield* Effect.gen(function* () {
          yield* call
          yield* emulator.fail({ route: "api", fault: Fault.answer(status, { body: huge }) })
          yield* Effect.either(call)
          assert.strictEqual((yield* call).status, 200)
        }).pipe(Effect.provide(library))
      }).pipe(Effect.provideService(CurrentDevice, device()))
  )
})
