/** `adobe-pass exec`: a command with an access token in its environment. */
import type { ChildProcess } from "node:child_process"
import * as Args from "@effect/cli/Args"
import * as Command from "@effect/cli/Command"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import type { AccessToken } from "effect-adobe-pass/AccessToken"
import * as Application from "../Application.js"
import * as Caller from "../Caller.js"
import { CommandFailed, usage } from "../ExitCode.js"
import * as Settings from "../Settings.js"
import { Signals } from "../Signals.js"
import * as Child from "../token/child.js"
import { environment } from "../token/environment.js"
import { expiry } from "../token/format.js"
import { renewed } from "../token/renewed.js"

/** What a shell says of a command that it cannot start. */
const notStarted = (name: string, code: string): CommandFailed =>
  code === "ENOENT"
    ? new CommandFailed({ exitCode: 127, message: `${name} is not found: check the name and PATH.` })
    : new CommandFailed({ exitCode: 126, message: `${name} cannot be run [${code}]: check its permissions.` })

/** The keys of a terminal for SIGINT and SIGQUIT reach the command, too, and a second one would be one too many. */
const isInTerminal = [process.stdin, process.stdout, process.stderr].some(({ isTTY }) => isTTY === true)

/** Passes signals on to the command, which decides when to end. */
const forwarding = (child: ChildProcess) =>
  Effect.flatMap(Signals, ({ any }) =>
    Effect.forever(
      Effect.map(any, (signal) => {
        const isOfKey = signal === "SIGINT" || signal === "SIGQUIT"
        if (!isOfKey || !isInTerminal) child.kill(signal)
      })
    )
  )

/** Runs the command to its end, and ends as it does. */
const run = (name: string, args: ReadonlyArray<string>, token: AccessToken) =>
  Effect.gen(function* () {
    const context = yield* Effect.context<Signals>()
    const env = environment({
      ADOBE_PASS_TOKEN: Redacted.value(token.value),
      ADOBE_PASS_TOKEN_EXPIRES_AT: expiry(token)
    })
    const exitCode = yield* Effect.mapError(
      Child.run(
        name,
        args,
        { env, stdio: "inherit" },
        {
          running: (child) => Effect.provide(forwarding(child), context),
          end: (child) => void child.kill("SIGTERM")
        }
      ),
      ({ code }) => notStarted(name, code)
    )
    if (exitCode !== 0) return yield* new CommandFailed({ exitCode, message: "" })
  })

/** The parser takes the first `--` out, and with it the border between our flags and those of the command. */
const isBehindDashes = (command: ReadonlyArray<string>): boolean => {
  const border = process.argv.indexOf("--")
  return border !== -1 && process.argv.length - border - 1 === command.length
}

const options = {
  ...Settings.options,
  ...Caller.options,
  command: Args.text({ name: "CMD" }).pipe(
    Args.withDescription("The command and its arguments, behind --"),
    Args.repeated
  )
}

export const exec = Command.make("exec", options, ({ command, ...flags }) =>
  Effect.gen(function* () {
    const [name, ...args] = command
    if (name === undefined || name === "" || !isBehindDashes(command)) {
      return yield* usage("Write the command behind two dashes: adobe-pass exec -- CMD ARGS.")
    }
    const settings = yield* Settings.resolve(flags, Caller.flags(flags))
    const caller = yield* Caller.resolve(settings)
    const { token } = yield* Effect.provide(renewed(caller.device), Application.layer(settings))
    yield* run(name, args, token)
  })
).pipe(
  Command.withDescription(
    "Runs a command with ADOBE_PASS_TOKEN and ADOBE_PASS_TOKEN_EXPIRES_AT in its environment, and ends as it does."
  )
)
