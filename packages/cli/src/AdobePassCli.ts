/**
 * The command `adobe-pass`: its subcommands, and how a run of it ends.
 *
 * @since 0.1.0
 */
import { stripVTControlCharacters } from "node:util"
import type * as CliApp from "@effect/cli/CliApp"
import * as CliConfig from "@effect/cli/CliConfig"
import * as Command from "@effect/cli/Command"
import * as CommandDescriptor from "@effect/cli/CommandDescriptor"
import * as HelpDoc from "@effect/cli/HelpDoc"
import * as ValidationError from "@effect/cli/ValidationError"
import * as Console from "effect/Console"
import * as Effect from "effect/Effect"
import { call } from "./commands/call.js"
import { doctor } from "./commands/doctor.js"
import { emulate } from "./commands/emulate.js"
import { esm } from "./commands/esm.js"
import { exec } from "./commands/exec.js"
import { gateway } from "./commands/gateway.js"
import { register } from "./commands/register.js"
import { sessions } from "./commands/sessions.js"
import { statement } from "./commands/statement.js"
import { token } from "./commands/token.js"
import { type CommandError, type CommandFailed, describe, usage } from "./ExitCode.js"
import type { Output } from "./Output.js"
import type { Signals } from "./Signals.js"
import type { StandardInput } from "./StandardInput.js"
import { version } from "./version.js"

const root = Command.make("adobe-pass").pipe(
  Command.withSubcommands([statement, register, token, exec, call, sessions, doctor, esm, emulate, gateway])
)

/**
 * What the commands need.
 *
 * @since 0.1.0
 * @category models
 */
export type Environment = CliApp.CliApp.Environment | Output | Signals | StandardInput

const run = Command.run(root, { name: "adobe-pass", version })

const plain = (help: HelpDoc.HelpDoc): string => stripVTControlCharacters(HelpDoc.toAnsiText(help))

/** The help of the parser, which lists every flag of every command. */
const everything = (): string => plain(Command.getHelp(root, CliConfig.defaultConfig))

/** A line for each command: its name and the first sentence of its description. */
const summaries = (): string =>
  Array.from(Command.getSubcommands(root), ([name, descriptor]) => {
    const help = plain(CommandDescriptor.getHelp(descriptor, CliConfig.defaultConfig))
    return `  ${name.padEnd(12)}${/DESCRIPTION\s+(.*?)[.:;](?:\s|$)/.exec(help)?.[1] ?? ""}`
  }).join("\n")

/** What `adobe-pass` alone says. */
const overview = (): string => `adobe-pass ${version}: Adobe Pass Authentication on the command line.

Usage: adobe-pass COMMAND [flags]

${summaries()}

adobe-pass COMMAND --help shows the flags of a command. Flags outrank
ADOBE_PASS_* variables, which outrank the file adobe-pass.toml.

Exit codes: 0 done, 1 unforeseen, 2 usage, 3 configuration, 4 refused by Adobe Pass, 5 throttled, 6 Adobe Pass
unavailable, 7 credential store.
`

/** The first flag that no command has: the parser blames the argument behind it. */
const unknownFlag = (args: ReadonlyArray<string>): string | undefined =>
  args
    .slice(0, args.includes("--") ? args.indexOf("--") : args.length)
    .find((argument) => /^--?[a-z]/i.test(argument) && !everything().includes(argument.replace(/=.*/, "")))

const invalid = (args: ReadonlyArray<string>, error: ValidationError.ValidationError): CommandFailed => {
  const flag = unknownFlag(args)
  const problem = stripVTControlCharacters(HelpDoc.toAnsiText(error.error)).trim().replaceAll(/\s+/g, " ")
  return usage(flag === undefined ? problem : `${flag} is not a flag of this command: see --help.`)
}

/**
 * Runs the command. Fails with the exit code and what to write on standard error.
 *
 * @since 0.1.0
 * @category programs
 */
export const main = (argv: ReadonlyArray<string>): Effect.Effect<void, CommandFailed, Environment> => {
  const args = argv.slice(2)
  const isHelp = args.length === 0 || (args.length === 1 && (args[0] === "--help" || args[0] === "-h"))
  if (isHelp) return Console.log(overview())
  return Effect.mapError(run(argv), (error: CommandError | ValidationError.ValidationError) =>
    ValidationError.isValidationError(error) ? invalid(args, error) : describe(error)
  )
}
