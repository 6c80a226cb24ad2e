import { HttpRouter, HttpServerResponse } from "@effect/platform"
import { Effect, Schema } from "effect"
import { CurrentDevice, ProtectedClient, Sessions } from "effect-adobe-pass"
import { answered } from "./answers.js"
import { deviceOf, deviceToForget } from "./caller.js"
import { observed } from "./observed.js"
import { Readiness } from "./readiness.js"

const OfDevice = Schema.Struct({ id: Schema.NonEmptyString })
const OfProvider = Schema.Struct({ id: Schema.NonEmptyString, provider: Schema.NonEmptyString })

/** The configuration of a service provider, as Adobe Pass has it for this device. */
const configuration = Effect.gen(function* () {
  const { id, provider } = yield* HttpRouter.schemaPathParams(OfProvider)
  const adobe = yield* ProtectedClient.ProtectedClient
  const response = yield* Effect.provideServiceEffect(
    adobe.get(`/api/v2/${encodeURIComponent(provider)}/configuration`),
    CurrentDevice,
    deviceOf(id)
  )
  return HttpServerResponse.unsafeJson(yield* response.json)
})

/** Removes the credentials of a device: its users must sign in again. */
const forget = Effect.gen(function* () {
  const { id } = yield* HttpRouter.schemaPathParams(OfDevice)
  const sessions = yield* Sessions.Sessions
  yield* sessions.forget(yield* deviceToForget(id))
  return HttpServerResponse.empty({ status: 204 })
})

const devices = HttpRouter.empty.pipe(
  HttpRouter.get("/:id/configuration/:provider", answered(configuration)),
  HttpRouter.del("/:id", answered(forget)),
  HttpRouter.use(observed),
  HttpRouter.prefixAll("/devices")
)

const ready = Effect.gen(function* () {
  const { isReady } = yield* Readiness
  const ready = yield* isReady
  return HttpServerResponse.unsafeJson({ ready }, { status: ready ? 200 : 503 })
})

const health = HttpRouter.empty.pipe(
  HttpRouter.get("/health/live", Effect.succeed(HttpServerResponse.unsafeJson({ live: true }))),
  HttpRouter.get("/health/ready", ready)
)

/** Everything that can be asked. */
export const routes = HttpRouter.concat(devices, health)
