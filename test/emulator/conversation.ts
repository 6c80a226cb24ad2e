/** The requests of Adobe Pass's flow, each with the response that a test can inspect. */
import * as HttpClient from "@effect/platform/HttpClient"
import * as HttpClientRequest from "@effect/platform/HttpClientRequest"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { Emulator } from "effect-adobe-pass-emulator"

/** When a fault applies, and how many clients exist after a registration that failed with it. */
export const moments = [
  ["before-handling", 0],
  ["after-handling", 1]
] as const

export const Registered = Schema.Struct({
  client_id: Schema.String,
  client_secret: Schema.String,
  client_id_issued_at: Schema.Number,
  redirect_uris: Schema.Array(Schema.String),
  grant_types: Schema.Array(Schema.String),
  scopes: Schema.Array(Schema.String)
})

const Issued = Schema.Struct({
  id: Schema.String,
  access_token: Schema.String,
  created_at: Schema.Number,
  expires_in: Schema.Number,
  token_type: Schema.String
})

export interface TextResponse {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly text: string
}

/** Sends a request to the emulator and reads the whole response. */
export const send = (request: HttpClientRequest.HttpClientRequest) =>
  Effect.gen(function* () {
    const { baseUrl } = yield* Emulator.Emulator
    const response = yield* HttpClient.execute(HttpClientRequest.prependUrl(request, baseUrl))
    const text = yield* response.text
    return { status: response.status, headers: response.headers, text } satisfies TextResponse
  })

export type Headers = Readonly<Record<string, string>>

export const postRegister = (body: string, headers: Headers = {}) =>
  HttpClientRequest.post("/o/client/register").pipe(
    HttpClientRequest.bodyText(body, "application/json"),
    HttpClientRequest.setHeaders(headers),
    send
  )

export const register = (headers: Headers = {}) =>
  Effect.gen(function* () {
    const { softwareStatement } = yield* Emulator.Emulator
    const { text } = yield* postRegister(JSON.stringify({ software_statement: softwareStatement }), headers)
    return yield* Schema.decode(Schema.parseJson(Registered))(text)
  })

export type Parameters = ReadonlyArray<readonly [string, string]>

export const postToken = (parameters: Parameters, headers: Headers = {}) =>
  HttpClientRequest.post("/o/client/token").pipe(
    HttpClientRequest.bodyUrlParams(parameters),
    HttpClientRequest.setHeaders(headers),
    send
  )

export interface Credentials {
  readonly client_id: string
  readonly client_secret: string
}

export const tokenParameters = (credentials: Credentials): Parameters => [
  ["grant_type", "client_credentials"],
  ["client_id", credentials.client_id],
  ["client_secret", credentials.client_secret]
]

export const token = (credentials: Credentials, headers: Headers = {}) =>
  Effect.flatMap(postToken(tokenParameters(credentials), headers), ({ text }) =>
    Schema.decode(Schema.parseJson(Issued))(text)
  )

export const deviceHeaders: Headers = {
  "ap-device-identifier": `fingerprint ${Buffer.from("device-1").toString("base64")}`
}

export const call = (accessToken: string, headers: Headers = deviceHeaders) =>
  HttpClientRequest.get("/api/v2/ACME/configuration").pipe(
    HttpClientRequest.bearerToken(accessToken),
    HttpClientRequest.setHeaders(headers),
    send
  )

/** A registered client with a token. */
export const authorize = Effect.gen(function* () {
  const credentials = yield* register()
  const issued = yield* token(credentials)
  return { credentials, accessToken: issued.access_token }
})

export const json = (response: TextResponse): unknown => JSON.parse(response.text)

export const decodeRegistered = Schema.decodeUnknownSync(Registered)
export const decodeIssued = Schema.decodeUnknownSync(Issued)
