/**
 * What the words of a command line mean: which command, its flags, and what is wrong with them.
 *
 * The parser wants flags in front of arguments that look like flags, such as `-`, and blames the wrong word when a flag
 * is unknown, stands twice or lacks its value.
 *
 * @since 0.1.0
 */
import { stripVTControlCharacters } from "node:util"
import * as CliConfig from "@effect/cli/CliConfig"
import * as CommandDescriptor from "@effect/cli/CommandDescriptor"
import * as HelpDoc from "@effect/cli/HelpDoc"
import type * as Span from "@effect/cli/HelpDoc/Span"
import * as Arr from "effect/Array"
import * as Either from "effect/Either"
import * as HashMap from "effect/HashMap"
import * as HashSet from "effect/HashSet"
import * as Option from "effect/Option"
import { type CommandFailed, usage } from "./ExitCode.js"
import * as Output from "./Output.js"

/**
 * A flag, or an argument that has no flag.
 *
 * @since 0.1.0
 * @category models
 */
export interface Parameter {
  /** `-y` and `--yes`, or the name of an argument. */
  readonly names: ReadonlyArray<string>
  /** What its value is; undefined for a flag that is there or not. */
  readonly value: string | undefined
  readonly isRepeated: boolean
  readonly isOptional: boolean
  readonly description: string
}

/**
 * A command, or a group of commands.
 *
 * @since 0.1.0
 * @category models
 */
export interface Command {
  readonly path: ReadonlyArray<string>
  readonly description: string
  /** As the usage shows it: `[SESSION]`. */
  readonly arguments: ReadonlyArray<Parameter>
  readonly flags: ReadonlyArray<Parameter>
  readonly commands: ReadonlyArray<string>
}

const withoutBuiltIns = CliConfig.make({ showBuiltIns: false })

const textOf = (span: Span.Span): string => {
  switch (span._tag) {
    case "Sequence":
      return textOf(span.left) + textOf(span.right)
    case "Text":
    case "URI":
      return span.value
    default:
      return textOf(span.value)
  }
}

/** The text of a block. That of a paragraph or a heading needs no layout, which takes long. */
const plain = (help: HelpDoc.HelpDoc): string =>
  help._tag === "Header" || help._tag === "Paragraph"
    ? textOf(help.value).trim()
    : stripVTControlCharacters(HelpDoc.toAnsiText(help)).trim()

const blocks = (help: HelpDoc.HelpDoc): ReadonlyArray<HelpDoc.HelpDoc> =>
  help._tag === "Sequence" ? [...blocks(help.left), ...blocks(help.right)] : [help]

/** The blocks below a heading of the parser's help. */
const section = (all: ReadonlyArray<HelpDoc.HelpDoc>, heading: string): ReadonlyArray<HelpDoc.HelpDoc> => {
  const start = all.findIndex((block) => block._tag === "Header" && plain(block) === heading)
  if (start === -1) return []
  const rest = all.slice(start + 1)
  const end = rest.findIndex((block) => block._tag === "Header")
  return rest.slice(0, end === -1 ? rest.length : end)
}

/** Sentences of the parser about the kind of a value, which says nothing that the usage does not. */
const noise =
  /^This (?:setting|argument) is optional\.\s*|^This (?:option|argument) m(?:ay|ust) be repeated.*$/

/** What a person has written about a parameter, and its default. */
const description = (help: HelpDoc.HelpDoc): string =>
  blocks(help)
    .slice(1)
    .map((block) =>
      plain(block)
        .replace(noise, "")
        .replace(/^Defaults to: (.*)$/, "(default $1)")
    )
    .filter((text) => text !== "")
    .join(" ")

/** `(-H, --header text)...` and `<FILE>`, taken apart. */
const shape = /^\(?([^ ,)]+(?:, [^ ,)]+)*)(?: ([^)]*?))?\)?(\.\.\.| \d.*)?$/

const parameter = (written: string, help: HelpDoc.HelpDoc): Parameter => {
  const [, names = written, value, repeated] = shape.exec(written) ?? []
  return {
    names: names.split(", "),
    value: value?.replaceAll(" | ", "|"),
    isRepeated: repeated !== undefined,
    isOptional: plain(help).includes("This setting is optional."),
    description: description(help)
  }
}

const parameters = (found: ReadonlyArray<HelpDoc.HelpDoc>): ReadonlyArray<Parameter> =>
  found.flatMap((block) =>
    block._tag === "DescriptionList"
      ? block.definitions.map(([span, help]) => parameter(plain(HelpDoc.p(span)), help))
      : []
  )

/** The names of the commands of a group, in the order in which they were declared. */
const commandNames = (found: ReadonlyArray<HelpDoc.HelpDoc>): ReadonlyArray<string> => [
  ...new Set(
    found.flatMap((block) =>
      plain(block)
        .split("\n")
        .flatMap((line) => /^\s*- (\S+)/.exec(line)?.[1] ?? [])
    )
  )
]

const described = (path: ReadonlyArray<string>, command: CommandDescriptor.Command<unknown>): Command => {
  const all = blocks(CommandDescriptor.getHelp(command, withoutBuiltIns))
  return {
    path,
    description: section(all, "DESCRIPTION").map(plain).join(" "),
    arguments: parameters(section(all, "ARGUMENTS")),
    flags: parameters(section(all, "OPTIONS")),
    commands: commandNames(section(all, "COMMANDS"))
  }
}

/**
 * The commands of the program, each of which may be a group of commands.
 *
 * @since 0.1.0
 * @category models
 */
export interface Program {
  readonly commands: ReadonlyArray<CommandDescriptor.Command<unknown>>
}

/** The program itself, whose help would lay out every flag of every command. */
const group = (commands: Program["commands"]): Command => ({
  path: [],
  description: "",
  arguments: [],
  flags: [],
  commands: commands.flatMap((command) => Array.from(CommandDescriptor.getNames(command)))
})

/**
 * The command that the first words name, and the words behind them.
 *
 * @since 0.1.0
 * @category accessors
 */
export const find = (
  { commands }: Program,
  words: ReadonlyArray<string>
): { readonly command: Command; readonly rest: ReadonlyArray<string> } => {
  const [first = "", second = ""] = words
  const found = commands.find((command) => HashSet.has(CommandDescriptor.getNames(command), first))
  if (found === undefined) return { command: group(commands), rest: words }
  const command = described([first], found)
  const child = Option.getOrUndefined(HashMap.get(CommandDescriptor.getSubcommands(found), second))
  return command.commands.length === 0 || child === undefined
    ? { command, rest: words.slice(1) }
    : { command: described([first, second], child), rest: words.slice(2) }
}

const levels = ["all", "trace", "debug", "info", "warning", "error", "fatal", "none"]

/** Flags that the parser gives to every command, and that go in front of it. */
const builtIn: ReadonlyArray<Parameter> = [
  {
    names: ["--log-level"],
    value: levels.join("|"),
    isRepeated: false,
    isOptional: true,
    description: "Logs from this level on, on standard error"
  }
]

const title = ({ path }: Command): string => ["adobe-pass", ...path].join(" ")

/** A word of the command line as messages show it. */
const shown = (word: string): string => Output.printable(word.slice(0, 60))

const isFlag = (word: string): boolean => /^-[^-]|^--./.test(word)

const flagOf = ({ flags }: Command, word: string): Parameter | undefined =>
  [...flags, ...builtIn].find(({ names }) => names.includes(word.replace(/=.*/s, "")))

const notFlag = (command: Command, word: string): CommandFailed => {
  const name = shown(word.replace(/=.*/s, ""))
  return command.commands.length > 0 && command.flags.length === 0
    ? usage(`${name} belongs behind the command: ${title(command)} COMMAND ${name}.`)
    : usage(`${name} is not a flag of ${title(command)}: see ${title(command)} --help.`)
}

const notCommand = (command: Command, word: string): CommandFailed =>
  usage(`${title(command)} has no command ${shown(word)}; it has ${command.commands.join(", ")}.`)

/** A flag of the command line, with its value if it has one, and how many words it is. */
interface Taken {
  readonly flag: Parameter
  readonly words: ReadonlyArray<string>
  readonly length: number
}

/** The flag that is the first of the words; a left says what is wrong. */
const takeFlag = (
  command: Command,
  word: string,
  next: string | undefined
): Either.Either<Taken, CommandFailed> => {
  const flag = flagOf(command, word)
  if (flag === undefined) return Either.left(notFlag(command, word))
  if (flag.value === undefined) return Either.right({ flag, words: [word], length: 1 })
  const [name = ""] = word.split("=", 1)
  const isJoined = name !== word
  const value = isJoined ? word.slice(name.length + 1) : next
  if (value === undefined || value === "" || (!isJoined && value.startsWith("--"))) {
    return Either.left(usage(`${name} needs a value.`))
  }
  const choices = flag.value.includes("|") ? flag.value.split("|") : [value]
  return choices.includes(value)
    ? Either.right({ flag, words: [name, value], length: isJoined ? 1 : 2 })
    : Either.left(usage(`${name} must be one of ${choices.join(", ")}.`))
}

/**
 * The words behind a command: flags of the parser, flags of the command, and its arguments. What is behind `--` is left
 * alone.
 *
 * @since 0.1.0
 * @category models
 */
export interface Arranged {
  readonly builtIn: ReadonlyArray<string>
  readonly own: ReadonlyArray<string>
}

/**
 * Puts the flags in front of the arguments. A left says which word is wrong.
 *
 * @since 0.1.0
 * @category conversions
 */
export const arrange = (
  command: Command,
  words: ReadonlyArray<string>
): Either.Either<Arranged, CommandFailed> =>
  Either.gen(function* () {
    const end = words.includes("--") ? words.indexOf("--") : words.length
    const flags: Array<Taken> = []
    const others: Array<string> = []
    for (let at = 0; at < end; ) {
      const word = words[at] ?? ""
      if (!isFlag(word)) {
        if (command.commands.length > 0) return yield* Either.left(notCommand(command, word))
        others.push(word)
        at += 1
        continue
      }
      const taken = yield* takeFlag(command, word, at + 1 < end ? words[at + 1] : undefined)
      if (!taken.flag.isRepeated && flags.some(({ flag }) => flag === taken.flag)) {
        return yield* Either.left(usage(`${taken.words[0] ?? ""} stands twice: give it once.`))
      }
      flags.push(taken)
      at += taken.length
    }
    const [own, ofParser] = Arr.partition(flags, ({ flag }) => builtIn.includes(flag))
    return {
      builtIn: ofParser.flatMap(({ words }) => words),
      own: [...own.flatMap(({ words }) => words), ...others, ...words.slice(end)]
    }
  })
