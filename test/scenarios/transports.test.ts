import { FetchHttpClient } from "@effect/platform"
import { assert, describe, it } from "@effect/vitest"
import { Context, Effect, Either, Layer, Redacted } from "effect"
import { AdobePass, CredentialStore, CurrentDevice, Environment, ProtectedClient } from "effect-adobe-pass"
import { Emulator, Fault } from "effect-adobe-pass-emulator"
import { device } from "../support/system.js"

const server = Effect.map(Layer.build(Layer.fresh(Emulator.layerServer({ throttle: "off" }))), (services) =>
  Context.get(services, Emulator.Emulator)
)

const over = (emulator: Emulator.Service) =>
  AdobePass.layer({
    environment: Either.getOrThrow(Environment.custom({ name: "emulator", sp: emulator.baseUrl })),
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
})
