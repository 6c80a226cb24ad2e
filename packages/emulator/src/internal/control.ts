/** The script API over HTTP: one table, one line per command. */
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as ParseResult from "effect/ParseResult"
import * as Schema from "effect/Schema"
import type { Service } from "../Emulator.js"
import { Fault } from "../Fault.js"
import { forwardedFor, type LoggedRequest, type ReceivedRequest, Route } from "../Traffic.js"
import { type Answer, empty, json } from "./answer.js"
import type { Outcome } from "./engine.js"

const prefix = "/_emulator/"

export const isControl = (request: ReceivedRequest): boolean => request.path.startsWith(prefix)

type Command = (body: string) => Effect.Effect<Answer>

const query =
  (result: Effect.Effect<unknown>): Command =>
  () =>
    Effect.map(result, (value) => json(200, value))

const exchange =
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
  exchange(schema, (value) => Effect.as(run(value), empty(204)))

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
  /** Only requests with this path, or of this device. */
  path: Schema.optional(Schema.String),
  forwardedFor: Schema.optional(Schema.String)
})

/** The log's entries hide their secrets when printed; who asks over this API asks for all of it. */
const reveal = (entry: LoggedRequest) => ({ ...entry })

const commands = (script: Service): ReadonlyMap<string, Command> =>
  new Map<string, Command>([
    ["GET log", query(Effect.map(script.log, (entries) => entries.map(reveal)))],
    ["GET clients", query(script.clients)],
    ["GET counts", query(script.counts)],
    ["GET statement", query(Effect.succeed({ statement: script.softwareStatement }))],
    [
      "POST mint-statement",
      exchange(Mint, (mint) =>
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

export const make = (script: Service): ((request: ReceivedRequest) => Effect.Effect<Outcome>) => {
  const table = commands(script)
  const unknown = json(404, {
    error: "not_found",
    message: `The control API knows: ${[...table.keys()].join(", ")}`
  })
  return (request) => {
    const found = table.get(`${request.method} ${request.path.slice(prefix.length)}`)
    const answer = found === undefined ? Effect.succeed(unknown) : found(request.body)
    return Effect.map(answer, (value) => ({ _tag: "Answered", answer: value }))
  }
}
