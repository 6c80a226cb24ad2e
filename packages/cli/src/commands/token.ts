/** `adobe-pass token`: step 3 and 4, an access token that may be used now. */
import * as Command from "@effect/cli/Command"
import * as Options from "@effect/cli/Options"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Application from "../Application.js"
import * as Caller from "../Caller.js"
import { type CommandFailed, usage } from "../ExitCode.js"
import * as Output from "../Output.js"
import * as Settings from "../Settings.js"
import * as Signals from "../Signals.js"
import * as TokenFile from "../token/file.js"
import { format, formats } from "../token/format.js"
import { type OnChange, signals } from "../token/onChange.js"
import { renewed } from "../token/renewed.js"
import { watch } from "../token/watch.js"

const options = {
  ...Settings.options,
  ...Caller.options,
  format: Options.choice("format", formats).pipe(
    Options.withDefault("text"),
    Options.withDescription(
      "text: the token alone; header: for curl -H; env: for env or a shell; json: with expires_at"
    )
  ),
  watch: Options.text("watch").pipe(
    Options.withDescription("Keeps this file fresh until a signal ends the command, and writes nothing else"),
    Options.optional
  ),
  onChange: Options.text("on-change").pipe(
    Options.withDescription("With --watch: a command for the shell, run after each change of the file"),
    Options.optional
  ),
  signal: Options.choice("signal", signals).pipe(
    Options.withDescription("With --watch: a signal for the process of --pid-file after each change"),
    Options.optional
  ),
  pidFile: Options.text("pid-file").pipe(
    Options.withDescription("The file with the id of the process that gets the signal"),
    Options.optional
  )
}

type Flags = Command.Command.ParseConfig<typeof options>

/** What to do on each change; the flags must go together. */
const onChange = (flags: Flags): Effect.Effect<OnChange | undefined, CommandFailed> => {
  const command = Option.getOrUndefined(flags.onChange)
  const signal = Option.getOrUndefined(flags.signal)
  const pidFile = Option.getOrUndefined(flags.pidFile)
  if ((signal === undefined) !== (pidFile === undefined)) {
    return usage("--signal and --pid-file go together: the signal, and the file with the id of the process.")
  }
  if (command !== undefined && signal !== undefined) {
    return usage("--on-change and --signal cannot be used together: let the command send the signal.")
  }
  if ((command !== undefined || signal !== undefined) && Option.isNone(flags.watch)) {
    return usage("--on-change and --signal need --watch, which names the file that changes.")
  }
  if (command !== undefined) return Effect.succeed({ _tag: "Command", command })
  return Effect.succeed(
    signal === undefined || pidFile === undefined ? undefined : { _tag: "Signal", signal, pidFile }
  )
}

const settingsOf = (flags: Flags) =>
  Effect.gen(function* () {
    const settings = yield* Settings.resolve(flags, Caller.flags(flags))
    return { settings, caller: yield* Caller.resolve(settings) }
  })

const write = (flags: Flags) =>
  Effect.gen(function* () {
    yield* onChange(flags)
    const { caller, settings } = yield* settingsOf(flags)
    const { token } = yield* Effect.provide(renewed(caller.device), Application.layer(settings))
    yield* Output.line(format(flags.format, token))
  })

/** The file is guarded from the start to the end, whatever happens between. */
const keep = (flags: Flags, path: string) =>
  Effect.gen(function* () {
    const change = yield* onChange(flags)
    const file = yield* TokenFile.open(path)
    const watching = Effect.flatMap(settingsOf(flags), ({ caller, settings }) =>
      Effect.provide(
        watch({ path, file, format: flags.format, onChange: change }, caller.device),
        Application.layer(settings)
      )
    )
    yield* Signals.until(Effect.tapError(Effect.scoped(watching), () => file.gone))
  }).pipe(Effect.scoped)

export const token = Command.make("token", options, (flags) =>
  Option.match(flags.watch, { onNone: () => write(flags), onSome: (file) => keep(flags, file) })
).pipe(
  Command.withDescription(
    "Writes an access token to standard output, and nothing else; registers and refreshes where it is needed."
  )
)
