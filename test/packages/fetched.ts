/** What a program over `fetch` writes first, in any runtime: the core alone. `runtimes.packages.test.ts` runs it. */
import * as FetchHttpClient from "@effect/platform/FetchHttpClient"
import * as HttpClientResponse from "@effect/platform/HttpClientResponse"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import {
  AdobePass,
  CredentialStore,
  CurrentDevice,
  Device,
  Environment,
  ProtectedClient
} from "effect-adobe-pass"

const device = Device.make({
  id: "device-1",
  info: { model: "AFTM", version: "1", osName: "Android", osVersion: "9", connectionType: "WiFi" }
})

const Configuration = Schema.Struct({ requestor: Schema.Struct({ id: Schema.String }) })

/** The service provider that the API at the URL names. */
export const call = (baseUrl: string, statement: string): Promise<string> =>
  Effect.gen(function* () {
    const adobePass = AdobePass.layer({
      environment: yield* Environment.custom({ name: "emulator", sp: baseUrl }),
      softwareStatement: Redacted.make(statement)
    }).pipe(Layer.provide([FetchHttpClient.layer, CredentialStore.layerMemory]))
    return yield* Effect.gen(function* () {
      const client = yield* ProtectedClient.ProtectedClient
      const response = yield* client.get("/api/v2/ACME/configuration")
      const { requestor } = yield* HttpClientResponse.schemaBodyJson(Configuration)(response)
      return requestor.id
    }).pipe(Effect.provideServiceEffect(CurrentDevice, device), Effect.provide(adobePass))
  }).pipe(Effect.scoped, Effect.runPromise)
