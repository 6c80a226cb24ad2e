/** The calls of REST API v2: as protected calls whose bodies are read as text or decoded, and typed. */
import * as HttpBody from "@effect/platform/HttpBody"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import * as ProtectedClient from "effect-adobe-pass/ProtectedClient"
import { Configuration } from "effect-adobe-pass-rest-v2/Configuration"
import { Decisions } from "effect-adobe-pass-rest-v2/Decision"
import * as RestV2 from "effect-adobe-pass-rest-v2/RestV2"
import { configuration } from "../contender.js"
import { ours, unthrottled } from "./ours.js"

const body = HttpBody.text(JSON.stringify({ resources: ["channel-one", "channel-two"] }), "application/json")

/** A protected call whose body is read as text, and what is made of the text. */
const reading = (read: (text: string, path: string) => void) =>
  ours({
    throttle: unthrottled,
    call: Effect.map(ProtectedClient.ProtectedClient, (adobe) => (path) => {
      const called = path === configuration ? adobe.get(path) : adobe.post(path, { body })
      return Effect.flatMap(called, (response) =>
        Effect.map(response.text, (text) => {
          read(text, path)
          return response.status
        })
      )
    })
  })

/** As text. */
export const untyped = reading(() => {})

const decodeConfiguration = Schema.decodeSync(Schema.parseJson(Configuration))
const decodeDecisions = Schema.decodeSync(Schema.parseJson(Decisions))

/** As text that is decoded with the schema of the answer. */
export const decoded = reading((text, path) =>
  path === configuration ? decodeConfiguration(text) : decodeDecisions(text)
)

const ofConfiguration = { serviceProvider: "ACME" }
const ofDecisions = { ...ofConfiguration, mvpd: "Cablevision", resources: ["channel-one", "channel-two"] }

/** As calls of the typed client. */
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
