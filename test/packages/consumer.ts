/** What a user writes first: one call from an installed copy of every package. `install.packages.test.ts` runs it. */
import { Console, Effect, Layer, Redacted } from "effect"
import { CurrentDevice, Device, Environment } from "effect-adobe-pass"
import { Emulator } from "effect-adobe-pass-emulator"
import { NodeAdobePass } from "effect-adobe-pass-node"
import { RedisStore } from "effect-adobe-pass-redis"
import { RestV2 } from "effect-adobe-pass-rest-v2"
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
  const provider = yield* Effect.gen(function* () {
    const { configuration } = yield* RestV2.RestV2
    const { requestor } = yield* configuration.retrieve({ serviceProvider: "ACME" })
    return requestor.id
  }).pipe(
    Effect.provideServiceEffect(CurrentDevice, device),
    Effect.provide(Layer.provide(RestV2.layer, adobePass))
  )
  const { api, register, token } = yield* counts
  yield* Console.log(
    JSON.stringify({ provider, register, token, api, stores: [RedisStore, SqlStore].length })
  )
})

Effect.runPromise(Effect.provide(call, Emulator.layerServer()))
