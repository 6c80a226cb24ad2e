/** `adobe-pass register`: step 1 and 2, the client credentials of a device or an instance. */
import * as Command from "@effect/cli/Command"
import * as Options from "@effect/cli/Options"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import { CredentialStore } from "effect-adobe-pass/CredentialStore"
import { RegisteredApplication } from "effect-adobe-pass/RegisteredApplication"
import * as SessionKey from "effect-adobe-pass/SessionKey"
import { Sessions } from "effect-adobe-pass/Sessions"
import * as Application from "../Application.js"
import * as Caller from "../Caller.js"
import * as Output from "../Output.js"
import * as Settings from "../Settings.js"
import { at, iso } from "../Time.js"

const options = {
  ...Settings.options,
  ...Caller.options,
  json: Options.boolean("json").pipe(Options.withDescription("Write JSON"))
}

export const register = Command.make("register", options, ({ json, ...flags }) =>
  Effect.gen(function* () {
    const settings = yield* Settings.resolve(flags, Caller.flags(flags))
    const caller = yield* Caller.resolve(settings)
    const shown = Effect.gen(function* () {
      const application = yield* RegisteredApplication
      const session = yield* SessionKey.make(application, caller.device)
      const store = yield* CredentialStore
      const isNew = Option.isNone(yield* store.load(session))
      const sessions = yield* Sessions
      const credentials = yield* sessions.credentials(caller.device)
      const report = {
        registered: isNew,
        session,
        environment: application.environment.name,
        issued_at: iso(credentials.issuedAt),
        scopes: credentials.scopes
      }
      if (json) return yield* Output.json(report)
      yield* Output.line(
        `${isNew ? "Registered" : "Already registered"} in ${report.environment}, on ${at(credentials.issuedAt)}.`
      )
      yield* Output.line(`session ${session}`)
    })
    yield* Effect.provide(shown, Application.layer(settings))
  })
).pipe(
  Command.withDescription(
    "Registers a device or this instance, once: the credentials are kept in the store, and a second run uses them."
  )
)
