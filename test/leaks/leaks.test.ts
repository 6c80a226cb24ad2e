import * as NodeUtil from "node:util"
import {
  HttpClient,
  HttpClientError,
  HttpClientRequest,
  HttpClientResponse,
  KeyValueStore,
  Error as PlatformError
} from "@effect/platform"
import { assert, describe, it } from "@effect/vitest"
import { Cause, ConfigProvider, Effect, Either, Exit, Layer, Metric, Option, Redacted, Stream } from "effect"
import {
  AccessToken,
  AdobePass,
  ClientCredentials,
  ClientRegistration,
  CredentialStore,
  CurrentDevice,
  CurrentInstance,
  Device,
  DeviceInfo,
  Encryption,
  EnhancedError,
  Environment,
  Health,
  ProtectedClient,
  RegisteredApplication,
  SessionKey,
  Sessions,
  SoftwareStatement,
  Throttle,
  TokenEndpoint
} from "effect-adobe-pass"
import { Emulator, Fault } from "effect-adobe-pass-emulator"
import {
  formsOf,
  leaksIn,
  named,
  plainRenderings,
  type Rendering,
  renderings,
  type Secret,
  searcher,
  shown,
  type Witnessed,
  withoutJwtHeader,
  witness
} from "../support/secrets.js"
import { json, type Replies, type Reply, standIn, transportFailure } from "../support/standIn.js"
import { lockOver, onRecords, storeOn } from "../support/store.js"
import { emulatorEnvironment } from "../support/system.js"
import { runToEnd } from "../support/time.js"

const base64url = (value: unknown) => Buffer.from(JSON.stringify(value)).toString("base64url")

const statement = [
  base64url({ alg: "RS256" }),
  base64url({ sub: "0d9c7b1e-93a4-4f7e-8a11-6f5b3c2d1e00", iss: "auth.adobe.com", iat: 1767225600 }),
  "Zq3vXw81kNf0TtYb-s7dLpUe_2RgHcJa9MiOxK4Vn6WyEu5BzCQlSrDh"
].join(".")
const clientId = "c7a9f0e2-55d3-4b6e-9d0c-7a2e4f8b6c13"
const clientSecret = "e41b8d77-0c2f-49a6-b3f5-91d6a8c05e2a"
const tokenOf = (signature: string) =>
  [base64url({ alg: "RS256" }), base64url({ client_id: clientId, scopes: "api:client:v2" }), signature].join(
    "."
  )
const token = tokenOf("u8Jm2Pq5-xCw7RzLk1NhVb9Ty_4SgFd6Ae3QoUi0XlZpWsKjHrMtBnDv")
const deviceId = `tv/8f3a61c0+d2 "b7"?room=5e`
const deviceIp = "198.51.100.173"
const ticket = "ticket-4f1d9ab36c7e"
const redirectUri = `https://tv.example.com/done?ticket=${ticket}`

const info: DeviceInfo.DeviceInfo = {
  model: "Model-d81c5e90aa",
  version: "Version-77b04f12e6",
  osName: "System-3ce9a5d1f0",
  osVersion: "Release-b52f60c98d",
  connectionType: "Link-19e7d3a4c6",
  manufacturer: "Maker-a64d0b8e25",
  userAgent: "Agent/5c09 (d1e8b7; f3a2c6)",
  applicationId: "App-e0c71d9f4b"
}

const userAgent = "Visitor/7e3b (c4d9f1; a8b2e0)"
const device = Either.getOrThrow(
  Device.onBehalfOf({ id: deviceId, ip: deviceIp, port: 51_617, info, userAgent })
)

const secrets: ReadonlyArray<Secret> = [
  { name: "software statement", value: withoutJwtHeader(statement) },
  { name: "client id", value: clientId },
  { name: "client secret", value: clientSecret },
  { name: "access token", value: withoutJwtHeader(token) },
  { name: "device id", value: deviceId },
  { name: "device IP", value: deviceIp },
  { name: "X-Device-Info header", value: Redacted.value(device.clientHeaders)["x-device-info"] ?? "" },
  { name: "User-Agent of the device", value: userAgent },
  ...Object.entries(info).map(([key, value]) => ({ name: `X-Device-Info ${key}`, value: String(value) }))
]
const find = searcher(secrets)
const names = secrets.map(({ name }) => name)
/** What the stand-in receives from the library by itself. */
const sent = names.filter((name) => name !== "access token")
/** A line with every secret in every form. */
const echo = secrets.flatMap(({ value }) => formsOf(value).map(([, text]) => text)).join(" ")

/** Fails with each secret that leaked and the renderings that show it. */
const assertNoLeaks = (rendered: ReadonlyArray<Rendering>, searching = find) => {
  const ways = new Map<string, Array<string>>()
  for (const [secret, way] of leaksIn(searching, rendered)) {
    ways.set(secret, [...(ways.get(secret) ?? []), way])
  }
  const report = [...ways].map(
    ([secret, through]) =>
      `${secret} leaked through ${through.slice(0, 5).join("; ")} (${through.length} ways)`
  )
  assert.isEmpty(report, report.join("\n"))
}

/** The names that are nowhere in a text: what a test only believes to be in play. */
const absent = (text: string, expected: ReadonlyArray<string>): ReadonlyArray<string> => {
  const there = new Set(find(text))
  return expected.filter(
    (name) => ![...there].some((found) => found === name || found.startsWith(`${name} `))
  )
}

const registered = json(201, {
  client_id: clientId,
  client_secret: clientSecret,
  client_id_issued_at: 1_767_225_600,
  redirect_uris: [],
  grant_types: ["client_credentials"],
  scopes: ["api:client:v2"]
})
const authorized = json(201, { access_token: token, created_at: 0, expires_in: 21_600, token_type: "bearer" })

const normally: Replies = {
  register: () => registered,
  token: () => authorized,
  call: () => json(200, { fine: true })
}

const path = "/api/v2/ACME/configuration"
const call = Effect.flatMap(ProtectedClient.ProtectedClient, (adobe) => adobe.get(path))

const options: AdobePass.AdobePassOptions = {
  environment: emulatorEnvironment,
  softwareStatement: Redacted.make(statement),
  redirectUri,
  throttle: { burst: 1_000_000 }
}

const system = (
  client: HttpClient.HttpClient,
  more: {
    readonly options?: Partial<AdobePass.AdobePassOptions>
    readonly store?: Layer.Layer<CredentialStore.CredentialStore>
  } = {}
) =>
  AdobePass.layer({ ...options, ...more.options }).pipe(
    Layer.provideMerge(
      Layer.merge(Layer.succeed(HttpClient.HttpClient, client), more.store ?? CredentialStore.layerMemory)
    )
  )

type Program = Effect.Effect<
  unknown,
  unknown,
  AdobePass.Services | CredentialStore.CredentialStore | CurrentDevice
>

/** One failure of the library. */
interface Failure {
  readonly name: string
  /** The tag of the error, so that the failure is the one that is meant. */
  readonly tag: string
  readonly replies?: Partial<Replies>
  readonly program?: Program
  readonly options?: Partial<AdobePass.AdobePassOptions>
  readonly store?: Layer.Layer<CredentialStore.CredentialStore>
  /** Secrets that must have passed through the stand-in; by default those that the library sends. */
  readonly inPlay?: ReadonlyArray<string>
}

/** Runs a failure and renders everything it shows: error, exit, spans, logs, events and metrics. */
const provoke = (failure: Failure) =>
  Effect.gen(function* () {
    const server = standIn({ ...normally, ...failure.replies })
    const events: Array<unknown> = []
    const healths: Array<Health.Health> = []
    const run = Effect.gen(function* () {
      const sessions = yield* Sessions.Sessions
      yield* Effect.fork(Stream.runForEach(sessions.events, (event) => Effect.sync(() => events.push(event))))
      yield* Effect.yieldNow()
      const noted = Effect.map(AdobePass.health, (health) => healths.push(health))
      return yield* Effect.ensuring(failure.program ?? call, noted)
    }).pipe(
      Effect.withSpan("caller"),
      Effect.provideService(CurrentDevice, device),
      Effect.provide(
        system(server.client, {
          ...(failure.options === undefined ? {} : { options: failure.options }),
          ...(failure.store === undefined ? {} : { store: failure.store })
        })
      )
    )
    const witnessed = yield* runToEnd(witness(run))
    const rendered = [
      ...(yield* shown(witnessed)),
      ...(yield* Effect.forEach([...events, ...healths], (shown) => renderings(shown))).flat(),
      ...plainRenderings(Metric.unsafeSnapshot())
    ]
    return { witnessed, rendered, text: [...server.received, ...server.answered].join("\n") }
  })

const tagOf = (witnessed: Witnessed<unknown, unknown>): string => {
  const failure = Exit.isFailure(witnessed.exit) ? Cause.failureOption(witnessed.exit.cause) : Option.none()
  return Option.match(failure, {
    onNone: () => NodeUtil.inspect(witnessed.exit),
    onSome: (error) => String((error as { readonly _tag?: unknown })._tag)
  })
}

const leaksNothing = (failure: Failure) =>
  Effect.gen(function* () {
    const { rendered, text, witnessed } = yield* provoke(failure)
    assert.strictEqual(tagOf(witnessed), failure.tag)
    assert.deepStrictEqual(absent(text, failure.inPlay ?? sent), [])
    assert.include(
      witnessed.spans.map(({ name }) => name),
      "caller"
    )
    assertNoLeaks(rendered)
  })

const repeated = (reply: Reply) => () => reply

const echoHeaders = {
  location: `https://elsewhere.example/?${encodeURIComponent(echo)}`,
  "www-authenticate": `Bearer error="${token}"`,
  "x-request": encodeURIComponent(echo)
}

/** Answers that are bad at every endpoint, with the tag that each endpoint gives them. */
const badAnswers: ReadonlyArray<readonly [name: string, reply: Reply, oauth: string, call: string]> = [
  [
    "an HTML page that shows the request",
    { status: 400, headers: { ...echoHeaders, "content-type": "text/html" }, body: `<html>${echo}</html>` },
    "UnexpectedResponse",
    "RequestRejected"
  ],
  [
    "plain text that shows the request",
    { status: 403, headers: { "content-type": "text/plain" }, body: echo },
    "UnexpectedResponse",
    "RequestRejected"
  ],
  [
    "JSON that breaks off",
    {
      status: 404,
      headers: { "content-type": "application/json" },
      body: `{"error":"${echo.replaceAll('"', "")}`
    },
    "UnexpectedResponse",
    "RequestRejected"
  ],
  ["JSON text that shows the request", json(400, echo), "UnexpectedResponse", "RequestRejected"],
  [
    "JSON of other members that show the request",
    json(400, { what: echo, [echo]: echo }),
    "UnexpectedResponse",
    "RequestRejected"
  ],
  [
    "a redirect that carries the request",
    { status: 302, headers: echoHeaders, body: echo },
    "UnexpectedResponse",
    "UnexpectedResponse"
  ],
  [
    "throttling with a page that shows the request",
    {
      status: 429,
      headers: { ...echoHeaders, "retry-after": echo.slice(0, 200).replaceAll(/[^\w]/g, "") },
      body: `<html>${echo}</html>`
    },
    "Throttled",
    "Throttled"
  ],
  [
    "an outage with a page that shows the request",
    { status: 503, headers: echoHeaders, body: `<html>${echo}</html>` },
    "ServiceUnavailable",
    "ServiceUnavailable"
  ],
  [
    "a connection that breaks with an error that shows the request",
    { fails: transportFailure(echo) },
    "TransportError",
    "TransportError"
  ],
  [
    "a connection that is never made, with an error that shows the request",
    { fails: transportFailure(echo, "ECONNREFUSED") },
    "TransportError",
    "TransportError"
  ],
  [
    "a connection that breaks with the token as the system's code",
    { fails: (request) => transportFailure(echo, token)(request) },
    "TransportError",
    "TransportError"
  ]
]

const failuresOfEndpoint = (route: "register" | "token"): ReadonlyArray<Failure> => {
  const answering = (reply: Reply) => ({ [route]: repeated(reply) })
  const codes: ReadonlyArray<readonly [string, string]> =
    route === "register"
      ? [
          ["invalid_request", "InvalidRequest"],
          ["invalid_redirect_uri", "InvalidRedirectUri"],
          ["invalid_software_statement", "InvalidSoftwareStatement"],
          ["unapproved_software_statement", "UnapprovedSoftwareStatement"]
        ]
      : [
          ["invalid_request", "InvalidRequest"],
          ["invalid_client", "InvalidClient"],
          ["unauthorized_client", "UnauthorizedClient"],
          ["unsupported_grant_type", "UnsupportedGrantType"]
        ]
  const minted = route === "register" ? "client_secret" : "access_token"
  return [
    ...codes.map(
      ([code, tag]): Failure => ({
        name: `${route}: ${code} with a description that shows the request`,
        tag,
        replies: answering(json(400, { error: code, error_description: echo, message: echo, trace: echo })),
        options: { sessions: { reregister: "never" } },
        inPlay: wire
      })
    ),
    ...badAnswers.map(
      ([name, reply, tag]): Failure => ({
        name: `${route}: ${name}`,
        tag,
        replies: answering(reply),
        inPlay: wire
      })
    ),
    {
      name: `${route}: a success without what it must have, and with everything else`,
      tag: "UnexpectedResponse",
      replies: answering(
        json(201, {
          client_id: [clientId],
          client_id_issued_at: echo,
          redirect_uris: echo,
          scopes: { [echo]: echo },
          expires_in: token,
          token_type: echo,
          created_at: clientSecret,
          [minted]: { value: echo }
        })
      ),
      inPlay: wire
    },
    {
      name: `${route}: a success whose secret no header may carry`,
      tag: route === "register" ? "TransportError" : "UnexpectedResponse",
      replies:
        route === "register"
          ? { token: repeated({ fails: transportFailure(echo) }) }
          : answering(json(201, { access_token: `${token}\n${echo}`, expires_in: 60 })),
      inPlay: wire
    },
    {
      name: `${route}: a success that breaks off`,
      tag: "TransportError",
      replies: answering({ status: 201, broken: `{"${minted}":"${clientSecret} ${token}` }),
      inPlay: ["software statement", "client secret", "access token"]
    },
    {
      name: `${route}: no answer`,
      tag: "TransportError",
      replies: answering("hangs"),
      inPlay:
        route === "register"
          ? ["software statement", "device IP", "X-Device-Info header"]
          : sent.filter((name) => name !== "device id")
    }
  ]
}

const wire = names
const actions: ReadonlyArray<readonly [action: string, status: number, tag: string]> = [
  ["none", 400, "RequestRejected"],
  ["configuration", 403, "ConfigurationRequired"],
  ["application-registration", 401, "ApplicationRegistrationRequired"],
  ["authentication", 403, "AuthenticationRequired"],
  ["authorization", 403, "AuthorizationRequired"],
  ["retry", 403, "TemporaryFailure"],
  ["retry-after", 403, "TemporaryFailure"],
  ["an action of tomorrow", 410, "RequestRejected"],
  ["none", 401, "AccessTokenRejected"],
  ["none", 500, "ServiceUnavailable"]
]

/** The two headers of a protected call that show the device and its session. */
const reflected = `authorization: Bearer ${token}; ap-device-identifier: ${Redacted.value(device.callHeaders)["ap-device-identifier"]}; x-forwarded-for: ${deviceIp}; id: ${deviceId}`

const failuresOfCalls: ReadonlyArray<Failure> = [
  ...badAnswers.map(
    ([name, reply, , tag]): Failure => ({
      name: `call: ${name}`,
      tag,
      replies: { call: repeated(reply) },
      inPlay: wire
    })
  ),
  ...actions.map(
    ([action, status, tag]): Failure => ({
      name: `call: ${status} with action ${action} that reflects the headers of the request`,
      tag,
      replies: {
        call: repeated(
          json(status, {
            action,
            status,
            code: reflected,
            message: reflected,
            details: reflected,
            helpUrl: `https://help.example/?${reflected}`,
            trace: reflected
          })
        )
      },
      inPlay: ["access token", "device id", "device IP"]
    })
  ),
  {
    name: "call: 401 for a token without the scope of REST API v2",
    tag: "InsufficientScope",
    options: { missingScope: "send" },
    replies: {
      token: repeated(
        json(201, {
          access_token: [base64url({ alg: "RS256" }), base64url({ scopes: "other" }), "c2lnbmF0dXJl"].join(
            "."
          ),
          expires_in: 60
        })
      ),
      call: repeated(json(401, { action: "none", message: `${deviceId} ${deviceIp}` }))
    },
    inPlay: ["device id", "device IP"]
  },
  {
    name: "call: 429 of a management API",
    tag: "Throttled",
    replies: { call: repeated({ status: 429, headers: echoHeaders, body: echo }) },
    program: Effect.flatMap(ProtectedClient.ProtectedClient, (adobe) => adobe.get("/esm/v3/year")),
    inPlay: wire
  },
  {
    name: "call: plain text of a management API that shows the request",
    tag: "RequestRejected",
    replies: {
      call: repeated({ status: 400, headers: { "content-type": "text/plain" }, body: `${reflected} ${echo}` })
    },
    program: Effect.flatMap(ProtectedClient.ProtectedClient, (adobe) =>
      Effect.provideService(adobe.withoutDevice.get("/esm/v3/year"), CurrentInstance, device)
    ),
    inPlay: wire
  },
  {
    name: "call: 401 for a body that cannot be sent twice",
    tag: "AccessTokenRejected",
    replies: { call: repeated(json(401, { message: reflected, trace: reflected })) },
    program: Effect.flatMap(ProtectedClient.ProtectedClient, (adobe) =>
      adobe.post(path, {
        body: HttpClientRequest.bodyStream(
          HttpClientRequest.post(path),
          Stream.make(new TextEncoder().encode(clientSecret))
        ).body
      })
    ),
    inPlay: ["access token", "device id", "device IP"]
  },
  {
    name: "call: a 401 for a token that was just obtained",
    tag: "AccessTokenRejected",
    replies: { call: repeated({ status: 401, body: echo }) },
    inPlay: wire
  },
  {
    name: "call: an error whose body breaks off",
    tag: "RequestRejected",
    replies: { call: repeated({ status: 403, broken: `{"message":"${token} ${clientId}` }) },
    inPlay: ["access token", "device id", "device IP"]
  },
  { name: "call: no answer", tag: "TransportError", replies: { call: repeated("hangs") }, inPlay: wire },
  {
    name: "call: a queue that is too long",
    tag: "Throttled",
    program: Effect.all(
      Array.from({ length: 20 }, () => call),
      { concurrency: "unbounded" }
    ),
    options: { throttle: { burst: 3, maxWait: "2 seconds" } },
    inPlay: wire
  }
]

/** Fields, and the shapes of JSON and XML they come in. */
const shapes: ReadonlyArray<readonly [name: string, reply: (text: string) => Reply]> = [
  [
    "the fields of a flat error",
    (text) =>
      json(403, {
        action: "none",
        code: text,
        message: text,
        details: text,
        trace: text,
        helpUrl: `https://help.example/${text}`
      })
  ],
  ["the action", (text) => json(403, { action: text, code: "a_code" })],
  [
    "the fields of a nested error",
    (text) => json(403, { error: { code: text, message: { inner: text }, details: [text] } })
  ],
  ["the error string", (text) => json(403, { error: text, error_description: text })],
  ["the plain message", (text) => json(403, { status: 403, message: `Not allowed: ${text}` })],
  [
    "an XML error",
    (text) => ({
      status: 403,
      headers: { "content-type": "application/xml" },
      body: `<error><code>${text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll('"', "&quot;")}</code></error>`
    })
  ],
  [
    "a long message that is cut",
    (text) => json(403, { message: `${"x".repeat(1000 - Math.ceil(text.length / 2))}${text}` })
  ]
]

/** What a server knows of a caller and may put into words. */
const echoed: ReadonlyArray<readonly [name: string, value: string]> = [
  ["software statement", statement],
  ["client id", clientId],
  ["client secret", clientSecret],
  ["access token", token],
  ["device id", deviceId],
  ["device IP", deviceIp],
  ["X-Device-Info header", Redacted.value(device.clientHeaders)["x-device-info"] ?? ""],
  ["X-Device-Info userAgent", info.userAgent ?? ""]
]

const withClient = (
  use: (adobe: ProtectedClient.ProtectedClient) => Effect.Effect<unknown, unknown, CurrentDevice>
): Program => Effect.flatMap(ProtectedClient.ProtectedClient, use)

const callFailures: ReadonlyArray<Failure> = [
  {
    name: "input: a host that is not Adobe's, with secrets in path, query and fragment",
    tag: "ForeignOrigin",
    program: withClient((adobe) =>
      adobe.get(
        `https://elsewhere.example/${encodeURIComponent(deviceId)}?token=${token}&secret=${clientSecret}#${clientId}`
      )
    )
  },
  {
    name: "input: a URL with a user name and a password",
    tag: "InvalidInput",
    program: withClient((adobe) => adobe.get(`https://${clientId}:${clientSecret}@127.0.0.1/`))
  },
  {
    name: "input: a URL that is none",
    tag: "InvalidInput",
    program: withClient((adobe) => adobe.get(`http://[${token}]:${clientSecret}`))
  },
  ...["authorization", "ap-device-identifier", "x-device-info", "x-forwarded-for"].map(
    (name): Failure => ({
      name: `input: the header ${name}, which belongs to the library`,
      tag: "InvalidInput",
      program: withClient((adobe) => adobe.get(path, { headers: { [name]: `Bearer ${token} ${echo}` } }))
    })
  ),
  {
    name: "input: a header with a line break",
    tag: "InvalidInput",
    program: withClient((adobe) =>
      adobe.get(path, { headers: { "ad-service-token": `${token}\r\nx: ${clientSecret}` } })
    )
  },
  {
    name: "input: a header outside of Latin-1",
    tag: "InvalidInput",
    program: withClient((adobe) => adobe.get(path, { headers: { "ad-service-token": `\u20ac${token}` } }))
  }
].map((failure) => ({ ...failure, inPlay: [] }))

const misfit = (value: string): never => value as never

/** Inputs that are refused where they are given, each with a secret as the value. */
const refusedInputs: ReadonlyArray<readonly [name: string, refused: Effect.Effect<unknown, unknown>]> = [
  [
    "a statement of two parts",
    SoftwareStatement.make(Redacted.make(statement.slice(statement.indexOf(".") + 1)))
  ],
  ["a statement of four parts", SoftwareStatement.make(`${statement}.${clientSecret}`)],
  ["a statement with other characters", SoftwareStatement.make(`${statement}~${clientSecret}`)],
  [
    "a statement whose header is none",
    SoftwareStatement.make(`${token.split(".")[2]}.${withoutJwtHeader(statement)}`)
  ],
  [
    "a statement whose claims are none",
    SoftwareStatement.make(`${statement.split(".")[0]}.${clientSecret}.${statement.split(".")[2]}`)
  ],
  [
    "a statement whose claims have other types",
    SoftwareStatement.make(
      [base64url({ alg: "RS256" }), base64url({ sub: { clientSecret } }), "c2ln"].join(".")
    )
  ],
  [
    "a statement that is not signed",
    SoftwareStatement.make([base64url({ alg: "none" }), ...statement.split(".").slice(1)].join("."))
  ],
  ["a statement that is too long", SoftwareStatement.make(statement.repeat(200))],
  ["a redirect URI that is none", RegisteredApplication.make({ ...options, redirectUri: `?${ticket}` })],
  ["a user agent with a line break", RegisteredApplication.make({ ...options, userAgent: `${token}\n` })],
  [
    "an environment of another name",
    RegisteredApplication.make({ ...options, environment: misfit(statement) })
  ],
  ["a host without https", Environment.custom({ name: "own", sp: `http://${clientId}.example/${token}` })],
  ["a host that is none", Environment.custom({ name: "own", sp: `${token} ${clientSecret}` })],
  [
    "a host with a password",
    Environment.custom({ name: "own", sp: `https://${clientId}:${clientSecret}@sp.example` })
  ],
  [
    "a host with a query",
    Environment.custom({ name: "own", sp: "https://sp.example", mgmt: `https://sp.example/?${token}` })
  ],
  [
    "an environment name with other characters",
    Environment.custom({ name: `${token} ${clientSecret}`, sp: "https://sp.example" })
  ],
  [
    "a device id with a line break",
    Device.make({ id: `${deviceId}\n`, info: "browser", userAgent: "Mozilla/5.0" })
  ],
  [
    "a device id that is too long",
    Device.make({ id: deviceId.repeat(100), info: "browser", userAgent: "Mozilla/5.0" })
  ],
  ["a device IP that is a list", Device.make({ id: deviceId, ip: `${deviceIp}, ${deviceIp}`, info })],
  [
    "a device IP with a port",
    Device.onBehalfOf({ id: deviceId, ip: `${deviceIp}:51617`, port: 51_617, info })
  ],
  [
    "a device port that is none",
    Device.onBehalfOf({ id: deviceId, ip: deviceIp, port: misfit(deviceIp), info })
  ],
  ...Object.keys(info).map(
    (key) =>
      [
        `device information with a line break in ${key}`,
        Device.make({
          id: deviceId,
          ip: deviceIp,
          info: { ...info, [key]: `${info.userAgent}\n${info.model}` }
        })
      ] as const
  ),
  [
    "device information of another type",
    Device.make({ id: deviceId, info: { ...info, displayWidth: misfit(deviceId) } })
  ],
  ["device information that is text", Device.make({ id: deviceId, info: misfit(`${deviceId} ${deviceIp}`) })],
  ["a device information header that is not base64", DeviceInfo.fromHeader(`${token}!`)],
  [
    "a device information header that is not JSON",
    DeviceInfo.fromHeader(Buffer.from(echo).toString("base64"))
  ],
  [
    "a device information header without the required keys",
    DeviceInfo.fromHeader(
      Buffer.from(JSON.stringify({ userAgent: info.userAgent, [token]: clientSecret })).toString("base64")
    )
  ],
  [
    "a device information header of other types",
    DeviceInfo.fromHeader(
      Buffer.from(JSON.stringify({ ...info, model: { deviceId }, displayWidth: deviceIp })).toString("base64")
    )
  ],
  ...(
    [
      ["a limit", { timeout: misfit(token) }],
      ["a number of attempts", { retry: { attempts: misfit(clientSecret) } }],
      ["a delay", { retry: { base: misfit(deviceId) } }],
      ["a cooldown", { sessions: { outageCooldown: misfit(deviceId) } }],
      ["a capacity", { sessions: { capacity: misfit(deviceId) } }],
      ["a refresh window", { sessions: { refreshWindow: { fraction: misfit(token) } } }],
      ["a burst", { throttle: { burst: misfit(token) } }],
      ["a limit of keys", { throttle: { maxKeys: misfit(token) } }]
    ] as const
  ).map(
    ([name, more]) =>
      [
        `${name} that is text`,
        Effect.scoped(Layer.build(system(standIn(normally).client, { options: more })))
      ] as const
  )
]

const configured = (variables: Readonly<Record<string, string>>) =>
  Effect.withConfigProvider(
    AdobePass.config,
    ConfigProvider.fromMap(new Map(Object.entries(variables)), { pathDelim: "_" })
  )

const usable = { ADOBE_PASS_ENVIRONMENT: "release-staging", ADOBE_PASS_SOFTWARE_STATEMENT: statement }

const refusedVariables: ReadonlyArray<readonly [name: string, variables: Readonly<Record<string, string>>]> =
  [
    ["ENVIRONMENT", { ...usable, ADOBE_PASS_ENVIRONMENT: statement }],
    [
      "SP_URL",
      {
        ...usable,
        ADOBE_PASS_ENVIRONMENT: "own",
        ADOBE_PASS_SP_URL: `https://${clientId}:${clientSecret}@sp.example`
      }
    ],
    [
      "MGMT_URL",
      {
        ...usable,
        ADOBE_PASS_ENVIRONMENT: "own",
        ADOBE_PASS_SP_URL: "https://sp.example",
        ADOBE_PASS_MGMT_URL: `${token} ${statement}`
      }
    ],
    ["TIMEOUT", { ...usable, ADOBE_PASS_TIMEOUT: token }],
    ["THROTTLE_BURST", { ...usable, ADOBE_PASS_THROTTLE_BURST: token }],
    ["THROTTLE_REPLENISH", { ...usable, ADOBE_PASS_THROTTLE_REPLENISH: token }]
  ]

const keyValueStore = (failing: {
  readonly get?: Effect.Effect<Option.Option<string>, PlatformError.PlatformError>
  readonly set?: Effect.Effect<void, PlatformError.PlatformError>
}) =>
  CredentialStore.layerKeyValueStore().pipe(
    Layer.provide(
      Layer.succeed(
        KeyValueStore.KeyValueStore,
        KeyValueStore.makeStringOnly({
          get: () => failing.get ?? Effect.succeedNone,
          set: () => failing.set ?? Effect.void,
          remove: () => Effect.void,
          clear: Effect.void,
          size: Effect.succeed(0)
        })
      )
    ),
    Layer.orDie
  )

const platformFailure = new PlatformError.SystemError({
  reason: "Unknown",
  module: "KeyValueStore",
  method: "get",
  description: echo,
  pathOrDescriptor: echo,
  cause: new Error(echo)
})

const credentialsOf = (session: SessionKey.SessionKey) =>
  new ClientCredentials.ClientCredentials({
    clientId: Redacted.make(clientId),
    clientSecret: Redacted.make(clientSecret),
    issuedAt: 0,
    redirectUris: [redirectUri],
    grantTypes: [],
    scopes: [],
    environment: "emulator",
    statement: "0".repeat(32),
    session
  })

const recordOf = (session: SessionKey.SessionKey) => ({
  version: 1,
  credentials: { ...credentialsOf(session), clientId, clientSecret }
})

const otherSession = SessionKey.SessionKey.make("0".repeat(64))

const records: ReadonlyArray<readonly [name: string, record: string, reason: string]> = [
  ["is text", echo, "Corrupt"],
  ["breaks off", JSON.stringify(recordOf(otherSession)).slice(0, -9), "Corrupt"],
  ["is of another version", JSON.stringify({ ...recordOf(otherSession), version: echo }), "Corrupt"],
  [
    "is of a newer version",
    JSON.stringify({ ...recordOf(otherSession), version: 2, secrets: [clientSecret, token] }),
    "Newer"
  ],
  [
    "has other types",
    JSON.stringify({
      ...recordOf(otherSession),
      credentials: { ...recordOf(otherSession).credentials, clientSecret: [clientSecret], session: token }
    }),
    "Corrupt"
  ],
  ["belongs to another device", JSON.stringify(recordOf(otherSession)), "Mismatch"]
]

const failuresOfStores: ReadonlyArray<Failure> = [
  ...records.map(
    ([name, record, reason]): Failure => ({
      name: `store: a record that ${name} (${reason})`,
      tag: "CredentialStoreError",
      store: keyValueStore({ get: Effect.succeedSome(record) })
    })
  ),
  {
    name: "store: a read that fails with an error that shows the record",
    tag: "CredentialStoreError",
    store: keyValueStore({ get: Effect.fail(platformFailure) })
  },
  {
    name: "store: a write that fails with an error that shows the record",
    tag: "CredentialStoreError",
    store: keyValueStore({ set: Effect.fail(platformFailure) })
  },
  {
    name: "store: a record in clear that encryption refuses",
    tag: "CredentialStoreError",
    store: Layer.effect(
      CredentialStore.CredentialStore,
      Effect.map(
        Encryption.make([{ id: "k1", secret: Redacted.make(Buffer.alloc(32, 1).toString("base64")) }], {
          plaintext: "refuse"
        }),
        (encryption) =>
          storeOn(
            {
              ...onRecords(new Map()),
              read: (session) => Effect.succeedSome(JSON.stringify(recordOf(session)))
            },
            { encryption }
          )
      ).pipe(Effect.orDie)
    )
  },
  {
    name: "store: a backend that removes records by itself",
    tag: "CredentialStoreError",
    store: Layer.succeed(
      CredentialStore.CredentialStore,
      storeOn({
        ...onRecords(new Map()),
        read: () => Effect.fail({ reason: "Evicting", code: "ALLKEYS_LRU" })
      })
    )
  },
  {
    name: "store: a backend that takes a message for a code",
    tag: "CredentialStoreError",
    store: Layer.succeed(
      CredentialStore.CredentialStore,
      storeOn({
        read: () => Effect.fail({ reason: "Unavailable", code: `cannot write ${echo}` }),
        compareAndSet: () => Effect.succeed(false),
        remove: () => Effect.void,
        lock: lockOver(() => Effect.succeedNone)
      })
    )
  }
].map((failure) => ({ ...failure, inPlay: [] }))

const failures: ReadonlyArray<Failure> = [
  ...failuresOfEndpoint("register"),
  ...failuresOfEndpoint("token"),
  ...failuresOfCalls,
  ...callFailures,
  ...failuresOfStores
]

describe("the searcher of this suite", () => {
  it.effect("finds every secret in an object that shows it, in every form and rendering (H10)", () =>
    Effect.gen(function* () {
      for (const { name, value } of secrets) {
        for (const [form, text] of formsOf(value)) {
          const found = leaksIn(find, yield* renderings(new Error(`cannot send ${text}`)))
          for (const way of [
            "util.inspect of everything",
            "String",
            "error.stack",
            "Cause.pretty",
            "Logger.stringLogger",
            "Logger.logfmtLogger",
            "Logger.jsonLogger",
            "Logger.structuredLogger",
            "Logger.prettyLogger"
          ]) {
            assert.isTrue(
              found.some(([leaked, through]) => leaked.startsWith(name) && through === way),
              `${name}${form} was not found in ${way}: ${found.join("\n")}`
            )
          }
        }
      }
    })
  )

  it.effect("finds what hides behind getters, symbols, causes, hidden properties and collections", () =>
    Effect.gen(function* () {
      const hidden: ReadonlyArray<unknown> = [
        Object.defineProperty({}, "hidden", { value: clientSecret, enumerable: false }),
        {
          get lazy() {
            return clientSecret
          }
        },
        { [Symbol("secret")]: clientSecret },
        new Error("outer", { cause: new Error(clientSecret) }),
        new Map([["key", new Set([clientSecret])]]),
        Cause.fail({ deep: { deeper: { deepest: { bottom: [clientSecret] } } } }),
        Exit.fail(clientSecret)
      ]
      for (const value of hidden) {
        assert.isNotEmpty(leaksIn(find, yield* renderings(value)), NodeUtil.inspect(value))
      }
    })
  )

  it("finds twelve characters in a row of a secret, and a secret inside of longer base64", () => {
    assert.deepStrictEqual(find(`...${clientSecret.slice(7, 19)}...`), ["client secret"])
    assert.deepStrictEqual(find(`...${clientSecret.slice(7, 18)}...`), [])
    for (const prefix of ["", "a", "ab"]) {
      const text = Buffer.from(`{"${prefix}":"${clientSecret}"}`).toString("base64")
      assert.include(find(text), "client secret in base64")
    }
  })

  it.effect("sees a span attribute, a span event and a line of a logger", () =>
    Effect.gen(function* () {
      const leaky = Effect.gen(function* () {
        yield* Effect.annotateCurrentSpan("token", token)
        yield* Effect.logTrace("sent", { clientSecret })
        return yield* Effect.fail("refused")
      }).pipe(Effect.withSpan("leaky"))
      const leaks = leaksIn(find, yield* shown(yield* witness(leaky)))
      assert.isTrue(
        leaks.some(([leaked, way]) => leaked === "access token" && way.startsWith("attributes of span leaky"))
      )
      assert.isTrue(
        leaks.some(([leaked, way]) => leaked === "client secret" && way.startsWith("log of the run"))
      )
    })
  )
})

describe("the store records of this suite", () => {
  it.each(records)("a record that %s holds secrets", (_name, record) => {
    assert.isNotEmpty(find(record))
  })
})

describe("a failure shows no secret (H10)", () => {
  it.effect.each(failures.map((failure) => [failure.name, failure] as const))("%s", ([, failure]) =>
    leaksNothing(failure)
  )
})

describe("an error of a protected call shows no secret that the server put into it (H10)", () => {
  it.effect.each(echoed)("the %s", ([name, value]) =>
    Effect.gen(function* () {
      const answers = shapes.flatMap(([shape, reply]) =>
        formsOf(value).map(([form, text]) => [`${name}${form} in ${shape}`, reply(text)] as const)
      )
      const server = standIn({ ...normally, call: (n) => answers[n - 1]?.[1] ?? "hangs" })
      const errors = yield* runToEnd(
        Effect.forEach(answers, () => Effect.flip(call)).pipe(
          Effect.provideService(CurrentDevice, device),
          Effect.provide(system(server.client))
        )
      )
      assert.strictEqual(server.counts.call, answers.length)
      const leaks = answers.flatMap(([answer], index) => {
        assert.strictEqual(errors[index]?._tag, "RequestRejected", answer)
        assert.isNotEmpty(find(server.answered.at(index - answers.length) ?? ""), `${answer} is not in play`)
        return leaksIn(find, plainRenderings(errors[index])).length > 0 ? [answer] : []
      })
      assert.isEmpty(leaks, `the error still shows:\n${leaks.join("\n")}`)
    })
  )
})

describe("an error of one item of an answer shows no secret that the server put into it (H10)", () => {
  const itemErrors = (answer: unknown) =>
    Effect.flatMap(ProtectedClient.ProtectedClient, (adobe) =>
      Effect.forEach(EnhancedError.items(answer), ({ error }) => adobe.itemError(error))
    )

  it.effect.each(echoed)("the %s", ([name, value]) =>
    Effect.gen(function* () {
      const texts = formsOf(value).map(([, text]) => text)
      const decisions = texts.map((text) => ({
        authorized: false,
        error: {
          action: "authorization",
          code: text,
          message: text,
          details: `The MVPD says: ${text}`,
          helpUrl: `https://help.example/${text}`,
          trace: text
        }
      }))
      const attributes = Object.fromEntries(texts.map((text, at) => [`attribute${at}`, { error: text }]))
      const answer = { decisions, profiles: { NorthCable: { attributes } } }
      const server = standIn({ ...normally, call: repeated(json(200, answer)) })
      const witnessed = yield* runToEnd(
        witness(
          Effect.flatMap(call, ({ json }) => json).pipe(
            Effect.flatMap(itemErrors),
            Effect.provideService(CurrentDevice, device),
            Effect.provide(system(server.client))
          )
        )
      )
      assert.isNotEmpty(find(server.answered.join("\n")), `${name} is not in play`)
      const errors = Exit.getOrElse(witnessed.exit, () => [])
      assert.lengthOf(errors, 2 * texts.length)
      for (const error of errors) assertNoLeaks(plainRenderings(error))
      assertNoLeaks(yield* shown(witnessed))
    })
  )

  it.effect("a token that was replaced while the call was under way", () =>
    Effect.gen(function* () {
      const later = [base64url({ alg: "RS256" }), base64url({ scopes: "api:client:v2" }), "bGF0ZXI"].join(".")
      const server = standIn({
        ...normally,
        token: (n) => json(201, { access_token: n === 1 ? token : later, expires_in: 21_600 }),
        call: repeated(json(200, { decisions: [{ error: { details: `${token} is refused` } }] }))
      })
      const errors = yield* runToEnd(
        Effect.gen(function* () {
          const answer = yield* Effect.flatMap(call, ({ json }) => json)
          const sessions = yield* Sessions.Sessions
          yield* Effect.sleep("7 hours")
          yield* sessions.accessToken(device)
          return yield* itemErrors(answer)
        }).pipe(Effect.provideService(CurrentDevice, device), Effect.provide(system(server.client)))
      )
      assert.strictEqual(server.counts.token, 2)
      assert.deepStrictEqual(
        errors.map(({ details }) => details),
        ["<redacted> is refused"]
      )
    })
  )
})

describe("a secret that looks like an error code is not taken for one (H10)", () => {
  const bedroom = "television_in_the_bedroom"
  const finds = searcher([{ name: "device id", value: bedroom }])

  it.effect.each(["register", "token", "call"] as const)("by a %s", (route) =>
    Effect.gen(function* () {
      const server = standIn({ ...normally, [route]: repeated(json(400, { error: bedroom, code: bedroom })) })
      const witnessed = yield* runToEnd(
        witness(
          call.pipe(
            Effect.provideService(CurrentDevice, Either.getOrThrow(Device.make({ id: bedroom, info }))),
            Effect.provide(system(server.client))
          )
        )
      )
      assert.strictEqual(tagOf(witnessed), route === "call" ? "RequestRejected" : "UnexpectedResponse")
      assertNoLeaks(yield* shown(witnessed), finds)
    })
  )
})

describe("input that is refused is not repeated (H10)", () => {
  it.effect.each(refusedInputs)("%s", ([, refused]) =>
    Effect.gen(function* () {
      const witnessed = yield* runToEnd(witness(refused))
      assert.strictEqual(tagOf(witnessed), "InvalidInput")
      assertNoLeaks(yield* shown(witnessed))
    })
  )

  it.effect.each(refusedVariables)("a bad ADOBE_PASS_%s", ([, variables]) =>
    Effect.gen(function* () {
      const witnessed = yield* witness(configured(variables))
      assert.isTrue(Exit.isFailure(witnessed.exit))
      assertNoLeaks(yield* shown(witnessed))
    })
  )
})

describe("an answer of a protected call shows no secret (H10)", () => {
  const readers: ReadonlyArray<
    readonly [
      name: string,
      read: (adobe: ProtectedClient.ProtectedClient) => Effect.Effect<unknown, unknown, CurrentDevice>
    ]
  > = [
    ["text", (adobe) => Effect.flatMap(adobe.get(path), ({ text }) => text)],
    ["json", (adobe) => Effect.flatMap(adobe.get(path), ({ json }) => json)],
    ["urlParamsBody", (adobe) => Effect.flatMap(adobe.get(path), ({ urlParamsBody }) => urlParamsBody)],
    ["formData", (adobe) => Effect.flatMap(adobe.get(path), ({ formData }) => formData)],
    ["arrayBuffer", (adobe) => Effect.flatMap(adobe.get(path), ({ arrayBuffer }) => arrayBuffer)],
    ["stream", (adobe) => Effect.flatMap(adobe.get(path), ({ stream }) => Stream.runDrain(stream))],
    ["text of a raw answer", (adobe) => Effect.flatMap(adobe.raw.get(path), ({ text }) => text)],
    [
      "status",
      (adobe) =>
        Effect.flatMap(
          adobe.get(path),
          HttpClientResponse.filterStatus((status) => status !== 200)
        )
    ]
  ]

  const broken: ReadonlyArray<readonly [name: string, reply: Reply]> = [
    [
      "breaks off",
      {
        broken: `{"device":"${token} ${deviceId}`,
        headers: { "content-type": "multipart/form-data; boundary=x" }
      }
    ],
    ["breaks off at once", { broken: "" }]
  ]

  it.effect.each(readers)("when its %s cannot be read", ([, read]) =>
    Effect.gen(function* () {
      for (const [, reply] of broken) {
        const { rendered, text, witnessed } = yield* provoke({
          name: "reading",
          tag: "ResponseError",
          replies: { call: repeated(reply) },
          program: Effect.flatMap(ProtectedClient.ProtectedClient, read)
        })
        assert.strictEqual(tagOf(witnessed), "ResponseError")
        assert.deepStrictEqual(
          absent(text, ["access token", "device id", "device IP", "X-Device-Info header"]),
          []
        )
        assertNoLeaks(rendered)
      }
    })
  )

  it.effect("when its transport describes the failure with the headers of the request", () =>
    Effect.gen(function* () {
      const server = standIn(normally)
      const talkative = HttpClient.transform(server.client, (sending, request) =>
        request.url.endsWith("/configuration")
          ? Effect.map(sending, (response) =>
              Object.create(response, {
                stream: {
                  value: Stream.fail(
                    new HttpClientError.ResponseError({
                      request,
                      response,
                      reason: "Decode",
                      description: `after ${request.headers["authorization"]}`,
                      cause: new Error(reflected)
                    })
                  )
                }
              })
            )
          : sending
      )
      const witnessed = yield* runToEnd(
        witness(
          Effect.flatMap(call, (response) => response.json).pipe(
            Effect.provideService(CurrentDevice, device),
            Effect.provide(system(talkative))
          )
        )
      )
      assert.strictEqual(tagOf(witnessed), "ResponseError")
      assertNoLeaks(yield* shown(witnessed))
    })
  )

  it.effect.each([200, 403, 500] as const)("with status %d, printed with its request", (status) =>
    Effect.gen(function* () {
      const server = standIn({
        ...normally,
        call: repeated({ status, headers: echoHeaders, body: echo })
      })
      const program = Effect.gen(function* () {
        const adobe = yield* ProtectedClient.ProtectedClient
        const response = yield* adobe.raw.get(path)
        assert.include(yield* response.text, withoutJwtHeader(token))
        return { response, request: response.request, cookies: response.cookies }
      })
      const witnessed = yield* runToEnd(
        witness(
          program.pipe(Effect.provideService(CurrentDevice, device), Effect.provide(system(server.client)))
        )
      )
      assert.isTrue(Exit.isSuccess(witnessed.exit), NodeUtil.inspect(witnessed.exit))
      assert.deepStrictEqual(absent([...server.received, ...server.answered].join("\n"), names), [])
      assertNoLeaks(yield* shown(witnessed))
    })
  )
})

describe("what callers hold shows no secret (H10)", () => {
  const models: ReadonlyArray<readonly [name: string, model: Effect.Effect<unknown, unknown>]> = [
    ["Device", Effect.succeed(device)],
    ["Device in a record", Effect.succeed({ device, devices: [device], map: new Map([[device, device]]) })],
    ["ClientCredentials", Effect.succeed(credentialsOf(otherSession))],
    [
      "AccessToken",
      Effect.succeed(
        new AccessToken.AccessToken({ value: Redacted.make(token), issuedAt: 0, expiresAt: 1, scopes: [] })
      )
    ],
    ["SoftwareStatement", SoftwareStatement.make(statement)],
    ["RegisteredApplication", RegisteredApplication.make(options)],
    [
      "SessionKey",
      Effect.flatMap(RegisteredApplication.make(options), (application) =>
        SessionKey.make(application, device)
      )
    ],
    [
      "options from variables",
      Effect.withConfigProvider(
        AdobePass.config,
        ConfigProvider.fromMap(
          new Map([
            ["ADOBE_PASS_ENVIRONMENT", "release-staging"],
            ["ADOBE_PASS_SOFTWARE_STATEMENT", statement]
          ]),
          { pathDelim: "_" }
        )
      )
    ],
    ["layer of the system", Effect.succeed(AdobePass.layer(options))]
  ]

  it.effect.each(models)("%s", ([name, model]) =>
    Effect.gen(function* () {
      const value = yield* Effect.orDie(model)
      assertNoLeaks(yield* named(name, renderings(value)))
    })
  )

  it.effect("the services and everything else of a system that has worked", () =>
    Effect.gen(function* () {
      const server = standIn(normally)
      yield* Effect.gen(function* () {
        const services = {
          "effect-adobe-pass/Sessions": yield* Sessions.Sessions,
          "effect-adobe-pass/ProtectedClient": yield* ProtectedClient.ProtectedClient,
          "effect-adobe-pass/Throttle": yield* Throttle.Throttle,
          "effect-adobe-pass/ClientRegistration": yield* ClientRegistration.ClientRegistration,
          "effect-adobe-pass/TokenEndpoint": yield* TokenEndpoint.TokenEndpoint,
          "effect-adobe-pass/CredentialStore": yield* CredentialStore.CredentialStore,
          "effect-adobe-pass/HealthRecord": yield* Health.HealthRecord
        }
        yield* runToEnd(call)
        const context = yield* Effect.context<AdobePass.Services>()
        for (const [name, service] of Object.entries({ ...services, context })) {
          assertNoLeaks(plainRenderings(service).map(([way, text]): Rendering => [`${name}: ${way}`, text]))
        }
      }).pipe(Effect.provideService(CurrentDevice, device), Effect.provide(system(server.client)))
      assert.deepStrictEqual(absent(server.received.join("\n"), names), [])
    })
  )
})

describe("a full run against the emulator (H10)", () => {
  it.effect(
    "shows none of the secrets that went over the wire in spans, logs, events, metrics or results",
    () =>
      Effect.gen(function* () {
        const emulator = yield* Emulator.Emulator
        const events: Array<Sessions.SessionEvent> = []
        const run = Effect.gen(function* () {
          const sessions = yield* Sessions.Sessions
          yield* Effect.forkScoped(
            Stream.runForEach(sessions.events, (event) => Effect.sync(() => events.push(event)))
          )
          const flow = Effect.gen(function* () {
            yield* call
            yield* emulator.revokeTokens
            yield* call
            yield* emulator.skewClock("2 minutes")
            yield* Effect.sleep("6 hours")
            yield* call
            yield* emulator.fail({ route: "token", fault: Fault.reset() })
            // A token that is newer than this says nothing by being refused.
            yield* Effect.sleep("5 seconds")
            yield* sessions.reject(device, yield* sessions.accessToken(device))
            yield* call
            yield* emulator.revokeAllClients
            // A token that is newer than this says nothing by being refused.
            yield* Effect.sleep("5 seconds")
            yield* sessions.reject(device, yield* sessions.accessToken(device))
            yield* call
            yield* emulator.fail({ route: "api", fault: Fault.truncate })
            yield* Effect.either(Effect.flatMap(call, ({ text }) => text))
            yield* emulator.fail({ route: "api", fault: Fault.answer(429), times: 5 })
            yield* Effect.either(call)
            yield* sessions.forget(device)
            return yield* call
          })
          return yield* flow.pipe(
            Effect.withSpan("flow", { attributes: { device } }),
            Effect.annotateLogs({ device })
          )
        })
        const witnessed = yield* runToEnd(Effect.scoped(witness(run)))
        assert.isTrue(Exit.isSuccess(witnessed.exit), NodeUtil.inspect(witnessed.exit))

        const log = yield* emulator.log
        const learned: Array<Secret> = [
          { name: "software statement", value: withoutJwtHeader(emulator.softwareStatement) },
          ...secrets.filter(({ name }) => name.startsWith("device") || name.startsWith("X-Device-Info"))
        ]
        for (const [at, { body, headers, route }] of log.entries()) {
          if (route === "token") {
            const form = new URLSearchParams(body)
            learned.push({ name: `client id of request ${at}`, value: form.get("client_id") ?? "" })
            learned.push({ name: `client secret of request ${at}`, value: form.get("client_secret") ?? "" })
          }
          const bearer = headers["authorization"]
          if (bearer !== undefined) {
            learned.push({ name: `access token of request ${at}`, value: withoutJwtHeader(bearer) })
          }
        }
        const distinct = (kind: string) =>
          new Set(learned.filter(({ name }) => name.startsWith(kind)).map(({ value }) => value)).size
        assert.deepStrictEqual(
          {
            ids: distinct("client id"),
            secrets: distinct("client secret"),
            tokens: distinct("access token")
          },
          { ids: 3, secrets: 3, tokens: 6 }
        )
        const bodies = log
          .map(({ body, headers }) => `${body}\n${Object.values(headers).join("\n")}`)
          .join("\n")
        assert.includeMembers(
          [...searcher(learned)(bodies)],
          ["software statement", "device IP", "X-Device-Info header"]
        )

        const tags = new Set(events.map(({ _tag }) => _tag))
        assert.includeMembers([...tags], ["Registered", "TokenObtained", "CredentialsReplaced", "Forgotten"])
        const spans = new Set(witnessed.spans.map(({ name }) => name))
        assert.includeMembers(
          [...spans],
          ["flow", "ClientRegistration.register", "TokenEndpoint.request", "ProtectedClient.execute"]
        )
        assert.isTrue(witnessed.lines.some(([, text]) => text.includes("clock of Adobe Pass")))

        const searching = searcher(learned)
        assertNoLeaks(yield* shown(witnessed), searching)
        for (const event of events) assertNoLeaks(yield* named(event._tag, renderings(event)), searching)
        assertNoLeaks(plainRenderings(Metric.unsafeSnapshot()), searching)
      }).pipe(
        Effect.provideService(CurrentDevice, device),
        Effect.provide(
          Layer.unwrapEffect(
            Effect.map(Emulator.Emulator, ({ softwareStatement }) =>
              AdobePass.layer({ ...options, softwareStatement: Redacted.make(softwareStatement) })
            )
          ).pipe(
            Layer.provideMerge(Layer.merge(Emulator.layer({ throttle: "off" }), CredentialStore.layerMemory))
          )
        )
      )
  )
})
