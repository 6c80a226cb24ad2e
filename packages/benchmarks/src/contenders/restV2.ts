/** The calls of REST API v2: as protected calls whose bodies are read as text, and typed. */
import * as HttpBody from "@effect/platform/HttpBody"
import * as Effect from "effect/Effect"
import * as ProtectedClient from "effect-adobe-pass/ProtectedClient"
import * as RestV2 from "effect-adobe-pass-rest-v2/RestV2"
import { configuration } from "../contender.js"
import { ours, unthrottled } from "./ours.js"

const body = HttpBody.text(JSON.stringify({ resources: ["channel-one", "channel-two"] }), "application/json")

/** As text. */
export const untyped = ours({
  throttle: unthrottled,
  call: Effect.map(ProtectedClient.ProtectedClient, (adobe) => (path) => {
    const called = path === configuration ? adobe.get(path) : adobe.post(path, { body })
    return Effect.flatMap(called, (response) => Effect.as(response.text, response.status))
  })
})

const ofConfiguration = { serviceProvider: "ACME" }
const ofDecisions = { ...ofConfiguration, mvpd: "Cablevision", resources: ["channel-one", "channel-two"] }

export const typed = ours({
  throttle: unthrottled,
  call: Effect.map(
    RestV2.make,
    (rest) => (path) =>
      path === configuration
        ? Effect.as(rest.configuration.retrieve(ofConfiguration), 200)
        : Effect.as(rest.decisions.authorize(ofDecisions), 200)
  )
})
