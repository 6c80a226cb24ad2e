import { HttpClient } from "@effect/platform"
import { Effect, Layer, Redacted } from "effect"
import { AdobePass, CredentialStore, CurrentDevice, CurrentInstance } from "effect-adobe-pass"
import { unsigned } from "./exchanges.js"
import { json, type Replies, standIn } from "./standIn.js"
import { device, emulatorEnvironment } from "./system.js"
import { runToEnd } from "./time.js"

/** A token with the scope of REST API v2. */
export const token = unsigned({ scopes: "api:client:v2" })

const normally: Replies = {
  register: () => json(201, { client_id: "an-id", client_secret: "a-secret" }),
  token: () => json(201, { access_token: token, expires_in: 21_600 }),
  call: () => json(200, { fine: true })
}

/**
 * Runs a program on the library against a server of these replies, each request once. Calls are made for device 1, and
 * those that are made for none as device 2.
 */
export const against = <A, E>(
  replies: Partial<Replies>,
  program: Effect.Effect<A, E, AdobePass.Services | CurrentDevice | CurrentInstance>,
  options: Partial<AdobePass.AdobePassOptions> = {}
) =>
  Effect.suspend(() => {
    const server = standIn({ ...normally, ...replies })
    const library = AdobePass.layer({
      environment: emulatorEnvironment,
      softwareStatement: Redacted.make(unsigned({ sub: "an-application" })),
      retry: { attempts: 1 },
      ...options
    }).pipe(Layer.provide([Layer.succeed(HttpClient.HttpClient, server.client), CredentialStore.layerMemory]))
    return runToEnd(program).pipe(
      Effect.map((result) => ({ result, server })),
      Effect.provideService(CurrentDevice, device(1)),
      Effect.provideService(CurrentInstance, device(2)),
      Effect.provide(library)
    )
  })
