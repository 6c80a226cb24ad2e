/** `adobe-pass gateway`: a local reverse proxy that holds the credentials for programs in any language. */
import * as Command from "@effect/cli/Command"
import * as Flags from "@effect/cli/Options"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Options from "../gateway/options.js"
import { run } from "../gateway/run.js"
import * as Status from "../gateway/status.js"
import { statusOf } from "../gateway/statusOf.js"
import * as Output from "../Output.js"
import * as Settings from "../Settings.js"

const status = Command.make(
  "status",
  {
    profile: Settings.options.profile,
    config: Settings.options.config,
    url: Flags.text("url").pipe(
      Flags.withDefault("http://127.0.0.1:8080"),
      Flags.withDescription("The address of the gateway")
    ),
    keyFile: Options.keyFile,
    json: Flags.boolean("json").pipe(Flags.withDescription("Write JSON"))
  },
  ({ config, json, keyFile, profile, url }) =>
    Effect.gen(function* () {
      const settings = yield* Settings.resolve(
        {
          config,
          profile,
          environment: Option.none(),
          statement: Option.none(),
          storeDirectory: Option.none()
        },
        Settings.flags({ "gateway.keyFile": { flag: "key-file", value: keyFile } })
      )
      const found = yield* statusOf(url, yield* Options.key(settings))
      if (json) return yield* Output.json(found)
      const { stdout } = yield* Output.Output
      yield* stdout.line(Status.table(stdout, found))
    })
).pipe(
  Command.withDescription("Shows what a gateway that runs is doing: sessions, tokens, failures, pacing.")
)

export const gateway = Command.make("gateway", { ...Settings.options, ...Options.flags }, (flags) =>
  Effect.gen(function* () {
    const settings = yield* Settings.resolve(flags, Options.found(flags))
    yield* run(yield* Options.resolve(settings), settings)
  })
).pipe(
  Command.withDescription(
    "Serves Adobe Pass on this machine without tokens: the gateway registers, refreshes, paces and repeats for every device."
  ),
  Command.withSubcommands([status])
)
