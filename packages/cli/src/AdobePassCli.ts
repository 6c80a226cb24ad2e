/**
 * The command `adobe-pass`: its subcommands, and how a run of it ends.
 *
 * @since 0.1.0
 */
import { stripVTControlCharacters } from "node:util"
import type * as CliApp from "@effect/cli/CliApp"
import * as Command from "@effect/cli/Command"
import * as HelpDoc from "@effect/cli/HelpDoc"
import * as ValidationError from "@effect/cli/ValidationError"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Schema from "effect/Schema"
import * as CommandLine from "./CommandLine.js"
import * as Completions from "./Completions.js"
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
import * as Help from "./Help.js"
import * as Output from "./Output.js"
import type { Signals } from "./Signals.js"
import type { StandardInput } from "./StandardInput.js"
import { version } from "./version.js"

const commands = [statement, register, token, exec, call, sessions, doctor, esm, emulate, gateway] as const

const root = Command.make("adobe-pass").pipe(Command.withSubcommands(commands))

const program: CommandLine.Program = {
  commands: commands.map(({ descriptor }) => descriptor)
}

/**
 * What the commands need.
 *
 * @since 0.1.0
 * @category models
 */
export type Environment = CliApp.CliApp.Environment | Output.Output | Signals | StandardInput

const run = Command.run(root, { name: "adobe-pass", version })

/** What all commands of a group are. */
const commandsOf = (group: CommandLine.Command): ReadonlyArray<CommandLine.Command> =>
  group.commands.map((name) => CommandLine.find(program, [...group.path, name]).command)

const help = (command: CommandLine.Command): string =>
  command.path.length === 0
    ? Help.overview(commandsOf(command))
    : Help.ofCommand(command, commandsOf(command))

const isHelpFlag = (word: string): boolean => word === "--help" || word === "-h"

const isBuiltIn = (words: ReadonlyArray<string>): boolean =>
  words.some((word) => /^--(?:version|wizard)(?:=|$)/.test(word))

/** All commands, those of groups behind their group. */
const all = (command: CommandLine.Command): ReadonlyArray<CommandLine.Command> => [
  command,
  ...commandsOf(command).flatMap(all)
]

const isShell = Schema.is(Schema.Literal(...Completions.shells))

/** Those of the parser do not find the flags of a command whose name has a dash. */
const completions = (words: ReadonlyArray<string>): Effect.Effect<void, CommandFailed, Output.Output> => {
  const shell = words[0]?.includes("=") === true ? words[0].replace(/^.*?=/, "") : words[1]
  return isShell(shell)
    ? Output.line(Completions.script(shell, all(CommandLine.find(program, []).command)))
    : usage(`--completions must be one of ${Completions.shells.join(", ")}.`)
}

/** The words before those of another program. */
const own = (words: ReadonlyArray<string>): ReadonlyArray<string> =>
  words.includes("--") ? words.slice(0, words.indexOf("--")) : words

/** What the parser says of a wrong command line, in one sentence. */
const problem = (error: ValidationError.ValidationError): CommandFailed =>
  usage(
    stripVTControlCharacters(HelpDoc.toAnsiText(error.error))
      .trim()
      .replaceAll(/\s+/g, " ")
      .replace(/[^.]$/, "$&.")
  )

/**
 * Runs the command. Fails with the exit code and what to write on standard error.
 *
 * @since 0.1.0
 * @category programs
 */
export const main = (argv: ReadonlyArray<string>): Effect.Effect<void, CommandFailed, Environment> => {
  const words = argv.slice(2)
  if (/^--completions(?:=|$)/.test(words[0] ?? "")) return completions(words)
  const named = words[0] === "help" ? words.slice(1) : words
  const { command, rest } = CommandLine.find(program, named)
  // A group that has flags, as the gateway has, is a command by itself, too.
  const isAlone = rest.length === 0 && command.commands.length > 0 && command.flags.length === 0
  const isAsked = words[0] === "help" && (rest.length === 0 || command.commands.length === 0)
  const isHelp = isAlone || isAsked || own(rest).some(isHelpFlag)
  if (isHelp) return Output.line(help(command))
  const arranged = isBuiltIn(own(rest))
    ? Either.right({ builtIn: [], own: rest })
    : CommandLine.arrange(command, rest)
  return Effect.flatMap(arranged, ({ builtIn, own }) =>
    Effect.mapError(
      run([...argv.slice(0, 2), ...builtIn, ...command.path, ...own]),
      (error: CommandError | ValidationError.ValidationError) =>
        ValidationError.isValidationError(error) ? problem(error) : describe(error)
    )
  )
}
