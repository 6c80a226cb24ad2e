/** What a user writes first: one call from an installed copy of every package. `install.packages.test.ts` runs it. */
import { Console, Effect, Redacted } from "effect"
import { CurrentDevice, Device, Environment, ProtectedClient } from "effect-adobe-pass"
import { Emulator } from "effect-adobe-pass-emulator"
import { NodeAdobePass } from "effect-adobe-pass-node"
import { RedisStore } from "effect-adobe-pass-redis"
import { SqlStore } from "effect-adobe-pass-sql"

const device = Device.make({
  id: "device-1",
  info: { model: "AFTM", version: "1", osName: "Android", osVersion: "9", connectionType: "WiFi" }
})

const call = Effect.gen(function* () {
  const { baseUrl, counts, softwareStatement } = yield* Emulator.Emulator
  const adobePass = NodeAdobePass.layer({
    environment: yield* Environment.custom({ name: "emulator", sp: baseUrl }),
    softwareStatement: Redacted.make(softwareStatement),
    store: NodeAdobePass.fileStore("./.adobe-pass")
  })
  const status = yield* Effect.gen(function* () {
    const adobe = yield* ProtectedClient.ProtectedClient
    const response = yield* adobe.get("/api/v2/ACME/configuration")
    return response.status
  }).pipe(Effect.provideServiceEffect(CurrentDevice, device), Effect.provide(adobePass))
  const { api, register, token } = yield* counts
  yield* Console.log(JSON.stringify({ status, register, token, api, stores: [RedisStore, SqlStore].length }))
})

Effect.runPromise(Effect.provide(call, Emulator.layerServer()))
