/**
 * The help of commands: what one does, its usage, its arguments and its flags, readable at 80 columns.
 *
 * @since 0.1.0
 */
import type { Command, Parameter } from "./CommandLine.js"
import { version } from "./version.js"

const width = 80

/** Lines of at most so many characters; a longer word has a line of its own. */
const wrap = (text: string, columns: number): ReadonlyArray<string> => {
  const lines = [""]
  for (const word of text.split(/\s+/)) {
    const last = lines.length - 1
    const line = lines[last] ?? ""
    if (line !== "" && line.length + 1 + word.length > columns) lines.push(word)
    else lines[last] = line === "" ? word : `${line} ${word}`
  }
  return lines
}

/** A name, and what it is beside it. A name that is too long has a line of its own. */
const entry = (name: string, text: string, column: number): ReadonlyArray<string> => {
  const [first = "", ...others] = wrap(text, width - column - 2)
  const indent = " ".repeat(column + 2)
  const below = others.map((line) => indent + line)
  return name.length < column
    ? [`  ${name.padEnd(column)}${first}`.trimEnd(), ...below]
    : [`  ${name}`, indent + first, ...below]
}

const bare = (name: string): string => name.replace(/[<>]/g, "")

const flagName = ({ isRepeated, names, value }: Parameter): string =>
  [
    names.join(", "),
    ...(value === undefined ? [] : [value.includes("|") ? value : value.toUpperCase()])
  ].join(" ") + (isRepeated ? " ..." : "")

const argumentName = ({ isOptional, isRepeated, names: [name = ""] }: Parameter): string => {
  const repeated = isRepeated ? `${bare(name)}...` : bare(name)
  return isOptional ? `[${repeated}]` : repeated
}

const usage = (command: Command): string =>
  [
    "Usage: adobe-pass",
    ...command.path,
    ...(command.commands.length > 0 ? [command.flags.length > 0 ? "[COMMAND]" : "COMMAND"] : []),
    ...(command.commands.length > 0 || command.flags.length > 0 ? ["[flags]"] : []),
    ...command.arguments.map(argumentName)
  ].join(" ")

const entries = (
  heading: string,
  rows: ReadonlyArray<readonly [name: string, text: string]>
): ReadonlyArray<string> => {
  if (rows.length === 0) return []
  const column = Math.min(28, Math.max(...rows.map(([name]) => name.length)) + 2)
  return ["", `${heading}:`, ...rows.flatMap(([name, text]) => entry(name, text, column))]
}

/** The first sentence of a description. */
const summary = (text: string): string => /^(.*?)[.:;](?:\s|$)/.exec(text)?.[1] ?? text

/**
 * The help of a command, or of a group with its commands.
 *
 * @since 0.1.0
 * @category conversions
 */
export const ofCommand = (command: Command, commands: ReadonlyArray<Command>): string =>
  [
    ...wrap(command.description, width),
    "",
    usage(command),
    ...entries(
      "Commands",
      commands.map(({ description, path }) => [path.at(-1) ?? "", summary(description)])
    ),
    ...entries(
      "Arguments",
      command.arguments.map(({ description, names: [name = ""] }) => [bare(name), description])
    ),
    ...entries(
      "Flags",
      command.flags.map((flag) => [flagName(flag), flag.description])
    )
  ].join("\n")

/** What each exit code means; a test compares it with `ExitCode`. */
const codes = `0 done, 1 unforeseen or a warning, 2 usage, 3 configuration, 4 refused by Adobe Pass, 5 throttled, 6 Adobe Pass unavailable, 7 credential store; 128 and the number of the signal that ended it.`

/**
 * What `adobe-pass` alone says.
 *
 * @since 0.1.0
 * @category conversions
 */
export const overview = (commands: ReadonlyArray<Command>): string =>
  [
    `adobe-pass ${version}: Adobe Pass Authentication on the command line.`,
    "",
    "Usage: adobe-pass COMMAND [flags]",
    ...entries(
      "Commands",
      commands.map(({ description, path }) => [path.at(-1) ?? "", summary(description)])
    ),
    "",
    ...wrap(
      "adobe-pass COMMAND --help shows the flags of a command. Flags outrank ADOBE_PASS_* variables, which outrank the file adobe-pass.toml. adobe-pass --completions bash writes completions for a shell (bash, zsh or fish).",
      width
    ),
    "",
    ...wrap(`Exit codes: ${codes}`, width)
  ].join("\n")
