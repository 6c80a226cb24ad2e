/** The script API over HTTP, as a table of commands. */
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as ParseResult from "effect/ParseResult"
import * as Schema from "effect/Schema"
import { Fault } from "../Fault.js"
import type { Script } from "../Script.js"
import { forwardedFor, type LoggedRequest, Route } from "../Traffic.js"
import { type Answer, empty, json } from "./answer.js"
import type { Handler } from "./outcome.js"

const prefix = "/_emulator/"

type Command = (body: string) => Effect.Effect<Answer>

const query =
  (result: Effect.Effect<unknown>): Command =>
  () =>
    Effect.map(result, (value) => json(200, value))

const withBody =
  <A, I>(schema: Schema.Schema<A, I>, run: (value: A) => Effect.Effect<Answer>): Command =>
  (body) =>
    Either.match(Schema.decodeEither(Schema.parseJson(schema))(body === "" ? "{}" : body), {
      onLeft: (error) =>
        Effect.succeed(
          json(400, { error: "invalid_request", message: ParseResult.TreeFormatter.formatErrorSync(error) })
        ),
      onRight: run
    })

const command = <A, I>(schema: Schema.Schema<A, I>, run: (value: A) => Effect.Effect<void>): Command =>
  withBody(schema, (value) => Effect.as(run(value), empty(204)))

const Nothing = Schema.Struct({})
const Statement = Schema.Struct({ statement: Schema.optional(Schema.String) })
const Strings = Schema.Array(Schema.String)
const PositiveInt = Schema.Int.pipe(Schema.positive())

const Mint = Schema.Struct({
  scopes: Schema.optionalWith(Strings, { exact: true }),
  subject: Schema.optionalWith(Schema.String, { exact: true }),
  issuedAt: Schema.optionalWith(Schema.Int, { exact: true }),
  redirectDomains: Schema.optionalWith(Strings, { exact: true })
})

const Fail = Schema.Struct({
  route: Route,
  fault: Fault,
  times: Schema.optionalWith(Schema.Union(PositiveInt, Schema.Literal("always")), { default: () => 1 }),
  /** Only requests with this path and from this address fail. */
  path: Schema.optional(Schema.String),
  forwardedFor: Schema.optional(Schema.String)
})

/** Entries hide their secrets when serialized; this API returns them in full. */
const reveal = (entry: LoggedRequest) => ({ ...entry })

const commands = (script: Script): ReadonlyMap<string, Command> =>
  new Map<string, Command>([
    ["GET log", query(Effect.map(script.log, (entries) => entries.map(reveal)))],
    ["GET clients", query(script.clients)],
    ["GET counts", query(script.counts)],
    ["GET statement", query(Effect.succeed({ statement: script.softwareStatement }))],
    [
      "POST mint-statement",
      withBody(Mint, (mint) =>
        Effect.map(script.mintStatement(mint), (statement) => json(201, { statement }))
      )
    ],
    [
      "POST fail",
      command(Fail, (fail) =>
        script.fail({
          route: fail.route,
          fault: fail.fault,
          times: fail.times === "always" ? Number.POSITIVE_INFINITY : fail.times,
          when: (request) =>
            (fail.path === undefined || fail.path === request.path) &&
            (fail.forwardedFor === undefined || fail.forwardedFor === forwardedFor(request))
        })
      )
    ],
    ["POST clear-faults", command(Nothing, () => script.clearFaults)],
    ["POST clear-log", command(Nothing, () => script.clearLog)],
    ["POST revoke-statement", command(Statement, ({ statement }) => script.revokeStatement(statement))],
    ["POST restore-statement", command(Statement, ({ statement }) => script.restoreStatement(statement))],
    [
      "POST revoke-client",
      command(Schema.Struct({ clientId: Schema.String }), ({ clientId }) => script.revokeClient(clientId))
    ],
    ["POST revoke-all-clients", command(Nothing, () => script.revokeAllClients)],
    ["POST revoke-tokens", command(Nothing, () => script.revokeTokens)],
    ["POST expire-tokens", command(Nothing, () => script.expireTokens)],
    [
      "POST clock",
      command(Schema.Struct({ skewMillis: Schema.Int }), ({ skewMillis }) =>
        script.skewClock(Math.abs(skewMillis), skewMillis < 0 ? "behind" : "ahead")
      )
    ],
    [
      "POST token-ttl",
      command(Schema.Struct({ seconds: PositiveInt }), ({ seconds }) => script.setTokenTtl(seconds * 1000))
    ],
    [
      "POST issued-at-unit",
      command(Schema.Struct({ unit: Schema.Literal("s", "ms") }), ({ unit }) => script.setIssuedAtUnit(unit))
    ]
  ])

/** Answers requests under `/_emulator/`, and passes all others on. */
export const withControl = (script: Script, handle: Handler): Handler => {
  const table = commands(script)
  const unknown = json(404, {
    error: "not_found",
    message: `Unknown command. The commands are: ${[...table.keys()].join(", ")}`
  })
  return (request) => {
    if (!request.path.startsWith(prefix)) return handle(request)
    const run = table.get(`${request.method} ${request.path.slice(prefix.length)}`)
    const answer = run === undefined ? Effect.succeed(unknown) : run(request.body)
    return Effect.map(answer, (value) => ({ _tag: "Answered", answer: value }))
  }
}
