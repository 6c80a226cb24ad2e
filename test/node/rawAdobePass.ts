/** Adobe Pass on a socket, whose protected API does what a test says, and the library on it. */
import type { ServerResponse } from "node:http"
import { Effect, Either, Layer, Redacted } from "effect"
import { AdobePass, CredentialStore, CurrentDevice, Environment, ProtectedClient } from "effect-adobe-pass"
import { NodeTransport } from "effect-adobe-pass-node"
import { device } from "../support/system.js"
import { type Received, serveWhole } from "./transportServer.js"

export const json = { "content-type": "application/json" }

const oauth: Readonly<Record<string, unknown>> = {
  "/o/client/register": {
    client_id: "id",
    client_secret: "secret",
    client_id_issued_at: 1,
    redirect_uris: [],
    grant_types: ["client_credentials"],
    scopes: []
  },
  "/o/client/token": { access_token: "token", expires_in: 21_600, token_type: "bearer", created_at: 0 }
}

/**
 * Adobe Pass, whose protected API does what the test says, and so do other paths where it says so; the calls are the paths
 * in their order.
 */
export const adobePass = (
  api: (request: Received, response: ServerResponse) => void,
  others: Readonly<Record<string, (response: ServerResponse) => void>> = {}
) =>
  Effect.gen(function* () {
    const calls: Array<string> = []
    const server = yield* serveWhole((request, response) => {
      const path = request.target.split("?")[0] ?? ""
      const other = others[path]
      if (other !== undefined) return other(response)
      const answer = oauth[path]
      if (answer !== undefined) return void response.writeHead(201, json).end(JSON.stringify(answer))
      calls.push(request.target)
      api(request, response)
    })
    return { ...server, calls }
  })

/** The library on a pool of one connection, unless it is told otherwise. */
export const over = (
  url: string,
  options: Partial<AdobePass.AdobePassOptions>,
  transport: NodeTransport.TransportOptions = {}
) =>
  AdobePass.layer({
    environment: Either.getOrThrow(Environment.custom({ name: "raw", sp: url })),
    softwareStatement: Redacted.make("eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJhIn0.c2ln"),
    throttle: { burst: 1_000_000 },
    ...options
  }).pipe(Layer.provide([NodeTransport.layer({ connections: 1, ...transport }), CredentialStore.layerMemory]))

export const call = (path: string, n = 1) =>
  Effect.flatMap(ProtectedClient.ProtectedClient, (adobe) => adobe.get(path)).pipe(
    Effect.provideService(CurrentDevice, device(n))
  )
