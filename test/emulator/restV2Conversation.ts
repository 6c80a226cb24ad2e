/** Raw calls of REST API v2, with what a test may get wrong on purpose. */
import * as HttpClientRequest from "@effect/platform/HttpClientRequest"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { Emulator } from "effect-adobe-pass-emulator"
import {
  type Headers,
  json,
  postRegister,
  Registered,
  send,
  type TextResponse,
  token
} from "./conversation.js"

export const base64 = (text: string): string => Buffer.from(text, "utf8").toString("base64")

export const base64Json = (value: unknown): string => base64(JSON.stringify(value))

const info = {
  model: "AFTM",
  version: "montoya",
  osName: "Android",
  osVersion: "5.1.1",
  connectionType: "WiFi"
}

export const deviceHeaders = (device: string): Headers => ({
  "ap-device-identifier": `fingerprint ${base64(device)}`,
  "x-device-info": base64Json(info)
})

const registerWith = (statement: string) =>
  Effect.flatMap(postRegister(JSON.stringify({ software_statement: statement })), ({ text }) =>
    Schema.decode(Schema.parseJson(Registered))(text)
  )

type Form = Readonly<Record<string, string>>

/** An application on one device. A header or form in `undefined` is left out. */
export interface Application {
  readonly clientId: string
  readonly accessToken: string
  readonly get: (path: string, headers?: Headers) => ReturnType<typeof send>
  readonly form: (path: string, form: Form, headers?: Headers) => ReturnType<typeof send>
  readonly json: (path: string, body: unknown, headers?: Headers) => ReturnType<typeof send>
}

export const callsOf = (accessToken: string, device: Headers): Omit<Application, "clientId"> => {
  const call = (request: HttpClientRequest.HttpClientRequest, headers: Headers = {}) =>
    request.pipe(
      HttpClientRequest.bearerToken(accessToken),
      HttpClientRequest.setHeaders({ ...device, ...headers }),
      send
    )
  return {
    accessToken,
    get: (path, headers) => call(HttpClientRequest.get(`/api/v2/${path}`), headers),
    form: (path, form, headers) =>
      call(HttpClientRequest.bodyUrlParams(HttpClientRequest.post(`/api/v2/${path}`), { ...form }), headers),
    json: (path, body, headers) =>
      call(
        HttpClientRequest.bodyText(
          HttpClientRequest.post(`/api/v2/${path}`),
          JSON.stringify(body),
          "application/json"
        ),
        headers
      )
  }
}

/** Registers an application on a device: by its own statement, or by another one. */
export const application = (device = "device-1", statement?: string) =>
  Effect.gen(function* () {
    const { softwareStatement } = yield* Emulator.Emulator
    const credentials = yield* registerWith(statement ?? softwareStatement)
    const { access_token } = yield* token(credentials)
    return {
      clientId: credentials.client_id,
      ...callsOf(access_token, deviceHeaders(device))
    } satisfies Application
  })

export const parameters = {
  mvpd: "NorthCable",
  domainName: "acme.example",
  redirectUrl: "https://acme.example/done"
}

const Coded = Schema.Struct({ code: Schema.String })

export const codeOf = (answer: TextResponse): string => Schema.decodeUnknownSync(Coded)(json(answer)).code

/** Status and code of an enhanced error at the top level. */
export const failure = (answer: TextResponse): readonly [number, string] => [answer.status, codeOf(answer)]

/** What a browser does: it opens the page of a code, and sends its form. */
export const browse = (code: string, user: string, password: string, serviceProvider = "ACME") =>
  Effect.gen(function* () {
    const opened = yield* send(HttpClientRequest.get(`/api/v2/authenticate/${serviceProvider}/${code}`))
    const page = yield* send(HttpClientRequest.get(opened.headers["location"] ?? ""))
    const sent = yield* HttpClientRequest.post("/adobe-services/authenticate").pipe(
      HttpClientRequest.bodyUrlParams({ code, user, password }),
      send
    )
    return { opened, page, sent }
  })

/** Signs a person in on the device of an application. */
export const signIn = (
  app: Application,
  { mvpd = "NorthCable", user = "nora", password = "north" } = {},
  headers?: Headers
) =>
  Effect.flatMap(app.form("ACME/sessions", { ...parameters, mvpd }, headers), (created) =>
    browse(codeOf(created), user, password)
  )

/** Of both levels. */
export const EnhancedError = Schema.Struct({
  action: Schema.String,
  status: Schema.Number,
  code: Schema.String,
  message: Schema.String,
  details: Schema.optional(Schema.String),
  helpUrl: Schema.String,
  trace: Schema.String
})

const Decisions = Schema.Struct({
  decisions: Schema.Array(
    Schema.Struct({
      resource: Schema.String,
      authorized: Schema.Boolean,
      source: Schema.String,
      error: Schema.optional(EnhancedError),
      token: Schema.optional(
        Schema.Struct({ serializedToken: Schema.String, notBefore: Schema.Number, notAfter: Schema.Number })
      ),
      notBefore: Schema.optional(Schema.Number),
      notAfter: Schema.optional(Schema.Number)
    })
  )
})

export const decisionsOf = (answer: TextResponse) =>
  Schema.decodeUnknownSync(Decisions)(json(answer)).decisions

/** Of each decision whether it permits, or the code of its error. */
export const verdictsOf = (answer: TextResponse): ReadonlyArray<string> =>
  decisionsOf(answer).map(({ authorized, error }) => (authorized ? "permit" : (error?.code ?? "deny")))

/** What a framework says that has granted access, and whose person has chosen NorthCable. */
export const partnerStatus = ({ access = "granted", expires = 4_000_000_000_000, id = "NCBL" } = {}) => ({
  frameworkPermissionInfo: { accessStatus: access },
  frameworkProviderInfo: { id, expirationDate: String(expires) }
})

/** What a partner answers to its request, about a person. */
export const samlResponse = (user: string, issuer = "NorthCable"): string =>
  base64(
    `<samlp:Response xmlns:samlp="urn:oasis:names:tc:SAML:2.0:protocol"><saml:Issuer>${issuer}</saml:Issuer>` +
      `<saml:Subject><saml:NameID>${user}</saml:NameID></saml:Subject></samlp:Response>`
  )
