/** The commands of the control API that are about REST API v2. */
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { EnhancedErrorCode } from "../../EnhancedErrorCode.js"
import { SavedState } from "../../SavedState.js"
import { MvpdOperation, type Script } from "../../Script.js"
import { Degradation, World } from "../../World.js"
import { empty, json } from "../answer.js"
import { type Command, command, query, withBody } from "../command.js"
import { optional } from "../optional.js"

const text = optional(Schema.String)

const SignIn = Schema.Struct({ code: Schema.String, user: text, mvpd: text })

const Filter = Schema.Struct({ clientId: text, device: text, serviceProvider: text, mvpd: text })

const Degrade = Schema.Struct({
  mvpd: Schema.String,
  rule: Schema.Union(Degradation.fields.rule, Schema.Literal("none")),
  message: text
})

const Times = Schema.Union(Schema.Int.pipe(Schema.positive()), Schema.Literal("always"))

const Failure = Schema.Struct({
  mvpd: Schema.String,
  code: EnhancedErrorCode,
  operation: optional(MvpdOperation),
  resource: text,
  times: optional(Times)
})

const Plan = Schema.Struct({
  mvpd: Schema.String,
  user: Schema.String,
  resources: Schema.Union(Schema.Array(Schema.String), Schema.Literal("all"))
})

const people = (script: Script): ReadonlyArray<readonly [string, Command]> => [
  ["GET sessions", query("the sessions with their codes", script.sessions)],
  ["GET profiles", query("who is signed in", script.profiles)],
  [
    "POST sign-in",
    withBody("signs somebody in: code, user, mvpd", SignIn, (who) =>
      Effect.match(script.signIn(who), {
        onFailure: ({ message }) => json(400, { error: "invalid_request", message }),
        onSuccess: () => empty(204)
      })
    )
  ],
  [
    "POST revoke-profiles",
    command("all, or those of clientId, device, serviceProvider, mvpd", Filter, script.revokeProfiles)
  ],
  ["POST expire-profiles", command("the same, but expired", Filter, script.expireProfiles)]
]

const mvpds = (script: Script): ReadonlyArray<readonly [string, Command]> => [
  [
    "POST degrade",
    command("mvpd, rule (AuthNAll, AuthZAll, AuthZNone, none), message", Degrade, ({ message, mvpd, rule }) =>
      script.degrade(mvpd, rule, message)
    )
  ],
  [
    "POST mvpd-fails",
    command(
      "the next calls about mvpd with code: operation, resource, times",
      Failure,
      ({ times, ...failure }) =>
        script.mvpdFails({
          ...failure,
          ...(times === undefined ? {} : { times: times === "always" ? Number.POSITIVE_INFINITY : times })
        })
    )
  ],
  [
    "POST plan",
    command('what a person may see: mvpd, user, resources or "all"', Plan, ({ mvpd, resources, user }) =>
      script.setPlan(mvpd, user, resources)
    )
  ]
]

const states = (script: Script): ReadonlyArray<readonly [string, Command]> => [
  ["GET world", query("service providers, MVPDs and people", script.world)],
  ["POST world", command("another world", World, script.setWorld)],
  ["GET state", query("all that is remembered, with its secrets", script.exportState)],
  ["POST state", command("goes on with that", SavedState, script.importState)]
]

export const restV2Commands = (script: Script): ReadonlyArray<readonly [string, Command]> => [
  ...people(script),
  ...mvpds(script),
  ...states(script)
]
