import { FetchHttpClient, type HttpClient } from "@effect/platform"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Either, Layer, Queue, Redacted } from "effect"
import {
  AdobePass,
  type AdobePassError,
  ClientRegistration,
  CredentialStore,
  CurrentDevice,
  Environment
} from "effect-adobe-pass"
import { NodeTransport } from "effect-adobe-pass-node"
import { platformTransport } from "../node/platformTransport.js"
import { serve } from "../node/transportServer.js"
import { unsigned } from "../support/exchanges.js"
import { device } from "../support/system.js"

/** A server that answers every request with chunks until the connection ends. */
const endless = serve((request, response) => {
  request.resume()
  response.writeHead(201, { "content-type": "application/json" })
  const write = () => {
    while (response.write("a".repeat(65_536)));
    response.once("drain", write)
  }
  write()
})

const transports: ReadonlyArray<
  readonly [string, Layer.Layer<HttpClient.HttpClient, AdobePassError.InvalidInput>]
> = [
  ["NodeTransport", NodeTransport.layer()],
  ["the platform's undici", platformTransport()],
  ["fetch", FetchHttpClient.layer]
]

describe("a body without end", () => {
  it.scopedLive.each(transports)("is read to 1 MiB over %s, and its connection ends", ([, transport]) =>
    Effect.gen(function* () {
      const server = yield* endless
      const library = AdobePass.layer({
        environment: Either.getOrThrow(Environment.custom({ name: "endless", sp: server.url })),
        softwareStatement: Redacted.make(unsigned({ sub: "an-application" }))
      }).pipe(Layer.provide([transport, CredentialStore.layerMemory]))
      const register = Effect.flatMap(ClientRegistration.ClientRegistration, (service) =>
        Effect.flatMap(CurrentDevice, service.register)
      )
      const error = yield* Effect.flip(register).pipe(
        Effect.zipLeft(Queue.take(server.closed)),
        Effect.provideService(CurrentDevice, device()),
        Effect.provide(library)
      )
      assert.deepInclude(error, { _tag: "UnexpectedResponse", reason: "TooLarge" })
    })
  )
})
