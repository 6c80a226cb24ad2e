/** A television that signs its person in by a browser: what it sends, and what it is answered. */
import * as HttpClientRequest from "@effect/platform/HttpClientRequest"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { authorize, send } from "./conversation.js"

const SessionAnswer = Schema.parseJson(
  Schema.Struct({ actionName: Schema.String, code: Schema.String, url: Schema.String })
)

const ProfilesAnswer = Schema.parseJson(
  Schema.Struct({ profiles: Schema.Record({ key: Schema.String, value: Schema.Unknown }) })
)

/** A decision, or the error of the call. */
const DecisionAnswer = Schema.parseJson(
  Schema.Struct({
    decisions: Schema.optionalWith(
      Schema.Array(
        Schema.Struct({
          source: Schema.String,
          error: Schema.optional(Schema.Struct({ code: Schema.String }))
        })
      ),
      { default: () => [] }
    ),
    code: Schema.optional(Schema.String)
  })
)

const base64 = (text: string): string => Buffer.from(text).toString("base64")

const information = { model: "AFTM", version: "1", osName: "Android", osVersion: "9", connectionType: "WiFi" }

export const television = Effect.gen(function* () {
  const { accessToken, credentials } = yield* authorize
  const headers = {
    authorization: `Bearer ${accessToken}`,
    "ap-device-identifier": `fingerprint ${base64("living-room-tv")}`,
    "x-device-info": base64(JSON.stringify(information)),
    "x-forwarded-for": "203.0.113.7"
  }
  return {
    credentials,
    /** Asks for a session, with what the television knows of it already. */
    begin: (parameters: Readonly<Record<string, string>>, serviceProvider = "ACME") =>
      HttpClientRequest.post(`/api/v2/${serviceProvider}/sessions`).pipe(
        HttpClientRequest.setHeaders(headers),
        HttpClientRequest.bodyUrlParams(parameters),
        send,
        Effect.flatMap(({ text }) => Schema.decode(SessionAnswer)(text))
      ),
    /** The MVPDs of the profiles that a code has led to. */
    poll: (code: string, serviceProvider = "ACME") =>
      HttpClientRequest.get(`/api/v2/${serviceProvider}/profiles/code/${code}`).pipe(
        HttpClientRequest.setHeaders(headers),
        send,
        Effect.flatMap(({ text }) => Schema.decode(ProfilesAnswer)(text)),
        Effect.map(({ profiles }) => Object.keys(profiles))
      ),
    /** What becomes of a call for `acme-live`: the code of the error, or the source of the permit. */
    authorize: (mvpd: string) =>
      HttpClientRequest.post(`/api/v2/ACME/decisions/authorize/${mvpd}`).pipe(
        HttpClientRequest.setHeaders(headers),
        HttpClientRequest.bodyText(JSON.stringify({ resources: ["acme-live"] }), "application/json"),
        send,
        Effect.flatMap(({ text }) => Schema.decode(DecisionAnswer)(text)),
        Effect.map(({ code, decisions: [first] }) => code ?? first?.error?.code ?? first?.source)
      )
  }
})
