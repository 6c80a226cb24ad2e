/** The control API: the script API over HTTP, as a table of commands; and the console, whose forms run them. */
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { Fault } from "../Fault.js"
import type { Script } from "../Script.js"
import { forwardedFor, type LoggedRequest, type ReceivedRequest, Route } from "../Traffic.js"
import { type Answer, json } from "./answer.js"
import { type Command, command, Nothing, query, withBody } from "./command.js"
import { isForeign } from "./controlAccess.js"
import { controlPage } from "./controlPage.js"
import type { Handler, Outcome } from "./outcome.js"
import { bodyOf } from "./pages/console/forms.js"
import { consolePage, prefix } from "./pages/console/layout.js"
import { consoleView } from "./pages/console.js"
import { html } from "./pages/html.js"
import { seeOther } from "./pages/page.js"
import { restV2Commands } from "./restV2/controlCommands.js"
import type { State } from "./state.js"

/** What every command says when it cannot be done. */
const Refusal = Schema.parseJson(Schema.Struct({ message: Schema.String }))

const Statement = Schema.Struct({ statement: Schema.optional(Schema.String) })
const Strings = Schema.Array(Schema.String)
const PositiveInt = Schema.Int.pipe(Schema.positive())

const Mint = Schema.Struct({
  scopes: Schema.optionalWith(Strings, { exact: true }),
  subject: Schema.optionalWith(Schema.String, { exact: true }),
  issuedAt: Schema.optionalWith(Schema.Int, { exact: true }),
  redirectDomains: Schema.optionalWith(Strings, { exact: true })
})

const Probability = Schema.Number.pipe(Schema.greaterThan(0), Schema.lessThanOrEqualTo(1))

const Fail = Schema.Struct({
  route: Route,
  fault: Fault,
  times: Schema.optionalWith(Schema.Union(PositiveInt, Schema.Literal("always")), { exact: true }),
  probability: Schema.optionalWith(Probability, { exact: true }),
  /** Only requests with this path and from this address fail. */
  path: Schema.optional(Schema.String),
  forwardedFor: Schema.optional(Schema.String)
})

/** Entries hide their secrets when serialized; this API returns them in full. */
const reveal = (entry: LoggedRequest) => ({ ...entry })

const fail =
  (script: Script) =>
  ({ forwardedFor: address, path, times, ...options }: typeof Fail.Type): Effect.Effect<void> =>
    script.fail({
      ...options,
      ...(times === undefined ? {} : { times: times === "always" ? Number.POSITIVE_INFINITY : times }),
      when: (request) =>
        (path === undefined || path === request.path) &&
        (address === undefined || address === forwardedFor(request))
    })

const questions = (script: Script): ReadonlyArray<readonly [string, Command]> => [
  ["GET statement", query("a software statement", Effect.succeed({ statement: script.softwareStatement }))],
  ["GET clients", query("the ids of the registered clients", script.clients)],
  ["GET counts", query("how many requests came, by route", script.counts)],
  [
    "GET log",
    query(
      "the requests with their secrets",
      Effect.map(script.log, (entries) => entries.map(reveal))
    )
  ]
]

const traffic = (script: Script): ReadonlyArray<readonly [string, Command]> => [
  ["POST fail", command("makes requests fail, see below", Fail, fail(script))],
  ["POST clear-faults", command("forgets the faults that are left", Nothing, () => script.clearFaults)],
  ["POST clear-log", command("clears log and counts", Nothing, () => script.clearLog)]
]

const issued = (script: Script): ReadonlyArray<readonly [string, Command]> => [
  [
    "POST mint-statement",
    withBody("another statement: scopes, subject, issuedAt, redirectDomains", Mint, (mint) =>
      Effect.map(script.mintStatement(mint), (statement) => json(201, { statement }))
    )
  ],
  [
    "POST revoke-statement",
    command("an application with all that it has: statement", Statement, ({ statement }) =>
      script.revokeStatement(statement)
    )
  ],
  [
    "POST restore-statement",
    command("undoes that: statement", Statement, ({ statement }) => script.restoreStatement(statement))
  ],
  [
    "POST revoke-client",
    command("clientId", Schema.Struct({ clientId: Schema.String }), ({ clientId }) =>
      script.revokeClient(clientId)
    )
  ],
  ["POST revoke-all-clients", command("all of them", Nothing, () => script.revokeAllClients)],
  ["POST revoke-tokens", command("all that were issued so far", Nothing, () => script.revokeTokens)],
  ["POST expire-tokens", command("all that were issued so far", Nothing, () => script.expireTokens)]
]

const settings = (script: Script): ReadonlyArray<readonly [string, Command]> => [
  [
    "POST clock",
    command("skewMillis", Schema.Struct({ skewMillis: Schema.Int }), ({ skewMillis }) =>
      script.skewClock(Math.abs(skewMillis), skewMillis < 0 ? "behind" : "ahead")
    )
  ],
  [
    "POST token-ttl",
    command(
      "seconds, and clientId for the tokens of one client",
      Schema.Struct({ seconds: PositiveInt, clientId: Schema.optional(Schema.String) }),
      ({ clientId, seconds }) => script.setTokenTtl(seconds * 1000, clientId)
    )
  ],
  [
    "POST issued-at-unit",
    command('unit, "s" or "ms"', Schema.Struct({ unit: Schema.Literal("s", "ms") }), ({ unit }) =>
      script.setIssuedAtUnit(unit)
    )
  ]
]

const answered = (answer: Answer): Outcome => ({ _tag: "Answered", answer })

/** curl sends JSON under this type as well. */
const isForm = ({ body, headers }: ReceivedRequest): boolean =>
  /^application\/x-www-form-urlencoded\b/i.test(headers["content-type"] ?? "") && !/^\s*($|\{)/.test(body)

const refused = (answer: Answer, returnTo: string): Answer => {
  const { message } = Schema.decodeUnknownSync(Refusal)(answer.body)
  return consolePage({
    part: "controls",
    title: "Not done",
    status: answer.status,
    content: html`<h1>Not done</h1><p class="note bad" role="alert">${message}</p>
<p><a href="${prefix}${returnTo}">Go back</a></p>`
  })
}

/** A form runs the command, and comes back to the page that it is on. */
const submit = (name: string, { run }: Command, body: string): Effect.Effect<Answer> => {
  const fields = Object.fromEntries(new URLSearchParams(body))
  const returnTo = fields["returnTo"] ?? ""
  return Effect.map(run(JSON.stringify(bodyOf(name, fields))), (answer) =>
    answer.status >= 400 ? refused(answer, returnTo) : seeOther(`${prefix}${returnTo}?done=${name}`)
  )
}

const foreign = json(403, {
  error: "forbidden",
  message: "The control API answers requests to its own address only, and none of another origin."
})

/** Answers requests under `/_emulator/`, and passes all others on. */
export const withControl = (state: State, script: Script, handle: Handler, listening: string): Handler => {
  const table = new Map([
    ...questions(script),
    ...traffic(script),
    ...issued(script),
    ...settings(script),
    ...restV2Commands(script)
  ])
  const commands = (request: ReceivedRequest) =>
    controlPage(
      `http://${request.headers["host"]}`,
      [...table].map(([name, { about }]) => [name, about])
    )
  const unknown = json(404, {
    error: "not_found",
    message: `Unknown command; GET ${prefix} explains all of them: ${[...table.keys()].join(", ")}.`
  })
  const view = (request: ReceivedRequest, name: string): Effect.Effect<Answer> | undefined => {
    if (request.method !== "GET") return undefined
    const isBrowser = (request.headers["accept"] ?? "").includes("text/html")
    if (name === "commands" || (name === "" && !isBrowser)) return Effect.succeed(commands(request))
    return consoleView(state, name, new URLSearchParams(request.query))
  }
  const run = (request: ReceivedRequest, name: string): Effect.Effect<Answer> => {
    const found = table.get(`${request.method} ${name}`)
    if (found === undefined) return Effect.succeed(unknown)
    return isForm(request) ? submit(name, found, request.body) : found.run(request.body)
  }
  return (request) => {
    if (!`${request.path}/`.startsWith(prefix)) return handle(request)
    if (isForeign(request, listening)) return Effect.succeed(answered(foreign))
    const name = request.path.slice(prefix.length)
    return Effect.map(view(request, name) ?? run(request, name), answered)
  }
}
