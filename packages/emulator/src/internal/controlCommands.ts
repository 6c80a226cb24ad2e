/** The commands of the control API: the script API over HTTP. */
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { Fault } from "../Fault.js"
import type { Script } from "../Script.js"
import { forwardedFor, type LoggedRequest, Route } from "../Traffic.js"
import { json } from "./answer.js"
import { type Command, command, Nothing, query, withBody } from "./command.js"
import { optional } from "./optional.js"
import { restV2Commands } from "./restV2/controlCommands.js"

const Statement = Schema.Struct({ statement: Schema.optional(Schema.String) })
const Strings = Schema.Array(Schema.String)
const PositiveInt = Schema.Int.pipe(Schema.positive())

const Mint = Schema.Struct({
  scopes: optional(Strings),
  subject: optional(Schema.String),
  issuedAt: optional(Schema.Int),
  redirectDomains: optional(Strings)
})

/** Dates far from now cannot be written. */
const century = 100 * 366 * 24 * 3600 * 1000
const Skew = Schema.Int.pipe(Schema.between(-century, century))

const Probability = Schema.Number.pipe(Schema.greaterThan(0), Schema.lessThanOrEqualTo(1))

const Fail = Schema.Struct({
  route: Route,
  fault: Fault,
  times: optional(Schema.Union(PositiveInt, Schema.Literal("always"))),
  probability: optional(Probability),
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
    command("skewMillis, at most a century", Schema.Struct({ skewMillis: Skew }), ({ skewMillis }) =>
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

/** All commands, by method and name. */
export const makeCommands = (script: Script): ReadonlyMap<string, Command> =>
  new Map([questions, traffic, issued, settings, restV2Commands].flatMap((group) => group(script)))
