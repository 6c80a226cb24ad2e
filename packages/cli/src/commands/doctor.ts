/** `adobe-pass doctor`: what stands between this machine and Adobe Pass. */
import * as Command from "@effect/cli/Command"
import * as Options from "@effect/cli/Options"
import * as Effect from "effect/Effect"
import * as Caller from "../Caller.js"
import { names } from "../doctor/apis.js"
import * as Settings from "../Settings.js"

const options = {
  ...Settings.options,
  ...Caller.options,
  api: Options.choice("api", names).pipe(
    Options.withDefault("rest-v2"),
    Options.withDescription(
      "The API that the token is for; its scope is looked for, and a cheap call is made"
    )
  ),
  serviceProvider: Options.text("service-provider").pipe(
    Options.withDescription("The service provider whose configuration is read, for REST API v2"),
    Options.optional
  ),
  register: Options.boolean("register").pipe(
    Options.withDescription("Register the device or instance where it has no credentials")
  ),
  json: Options.boolean("json").pipe(Options.withDescription("Write one JSON document"))
}

/** What examines loads the transport, and with it undici, which no other command should wait for. */
export const doctor = Command.make("doctor", options, (flags) =>
  Effect.flatMap(
    Effect.promise(() => import("../doctor/run.js")),
    ({ run }) => run(flags)
  )
).pipe(
  Command.withDescription(
    "Checks the way to Adobe Pass step by step and says what to do: configuration, statement, hosts, clock, store, registration, scopes, throttle. It sends one request each for the time, a registration (only with --register), a token where there is none, and a call of the API; those that fail are repeated as always. It ends with 0 when all is well, 1 with warnings, else with the exit code of the first error."
  )
)
