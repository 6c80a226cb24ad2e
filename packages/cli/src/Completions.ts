/**
 * Completions of commands, flags and their choices for shells. Where there are none, the shell completes names of files.
 *
 * @since 0.1.0
 */
import type { Command, Parameter } from "./CommandLine.js"

/**
 * The shells that there are completions for.
 *
 * @since 0.1.0
 * @category constants
 */
export const shells = ["bash", "zsh", "fish"] as const

/**
 * @since 0.1.0
 * @category models
 */
export type Shell = (typeof shells)[number]

const choicesOf = ({ value }: Parameter): ReadonlyArray<string> =>
  value?.includes("|") === true ? value.split("|") : []

const flagsOf = ({ flags }: Command): ReadonlyArray<string> => [
  ...flags.flatMap(({ names }) => names),
  "--help"
]

const quoted = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`

const branch = (pattern: string, effect: string): string => `    ${pattern}) ${effect} ;;`

const bash = (commands: ReadonlyArray<Command>): string => {
  const paths = commands.filter(({ path }) => path.length > 0).map(({ path }) => quoted(path.join(" ")))
  const choices = commands.flatMap((command) =>
    command.flags.flatMap((flag) =>
      choicesOf(flag).length === 0
        ? []
        : flag.names.map((name) =>
            branch(quoted(`${command.path.join(" ")}|${name}`), `words=${quoted(choicesOf(flag).join(" "))}`)
          )
    )
  )
  const words = commands.map((command) =>
    branch(
      quoted(command.path.join(" ")),
      `commands=${quoted(command.commands.join(" "))} flags=${quoted(flagsOf(command).join(" "))}`
    )
  )
  return `_adobe_pass() {
  local current="\${COMP_WORDS[COMP_CWORD]}" previous="\${COMP_WORDS[COMP_CWORD-1]}"
  local at=1 command="" words="" commands="" flags=""
  while [ "$at" -lt "$COMP_CWORD" ]; do
    case "\${command:+$command }\${COMP_WORDS[at]}" in
    ${paths.join("|")}) command="\${command:+$command }\${COMP_WORDS[at]}" ;;
    esac
    at=$((at + 1))
  done
  case "$command" in
${words.join("\n")}
  esac
  case "$current" in
    -*) words="$flags" ;;
    *) words="$commands" ;;
  esac
  case "$command|$previous" in
${choices.join("\n")}
  esac
  COMPREPLY=($(compgen -W "$words" -- "$current"))
}
complete -o default -F _adobe_pass adobe-pass`
}

const zsh = (commands: ReadonlyArray<Command>): string => `autoload -U +X compinit && compinit
autoload -U +X bashcompinit && bashcompinit
${bash(commands)}`

/** The first sentence of a description. */
const summary = ({ description }: { readonly description: string }): string =>
  quoted(/^(.*?)[.:;](?:\s|$)/.exec(description)?.[1] ?? description)

const condition = ({ commands, path }: Command): string => {
  if (path.length === 0) return "__fish_use_subcommand"
  const seen = path.map((name) => `__fish_seen_subcommand_from ${name}`)
  const others = commands.map((name) => `not __fish_seen_subcommand_from ${name}`)
  return [...seen, ...others].join("; and ")
}

const fishFlag = (when: string, flag: Parameter): string => {
  const names = flag.names.map((name) =>
    name.startsWith("--") ? `-l ${name.slice(2)}` : `-s ${name.slice(1)}`
  )
  const choices = choicesOf(flag)
  const value =
    flag.value === undefined ? "" : choices.length === 0 ? " -r" : ` -x -a ${quoted(choices.join(" "))}`
  return `complete -c adobe-pass -n ${quoted(when)} ${names.join(" ")}${value} -d ${summary(flag)}`
}

const fish = (commands: ReadonlyArray<Command>): string =>
  commands
    .flatMap((command) => {
      const when = condition(command)
      const below = command.commands.map((name) => {
        const found = commands.find(
          ({ path }) => path.length === command.path.length + 1 && path.at(-1) === name
        )
        return `complete -c adobe-pass -f -n ${quoted(when)} -a ${name} -d ${summary(found ?? { description: "" })}`
      })
      return [...below, ...command.flags.map((flag) => fishFlag(when, flag))]
    })
    .join("\n")

const scripts: { readonly [Name in Shell]: (commands: ReadonlyArray<Command>) => string } = {
  bash,
  fish,
  zsh
}

/**
 * The script for a shell: it is sourced, or stands where the shell looks for completions.
 *
 * @since 0.1.0
 * @category conversions
 */
export const script = (shell: Shell, commands: ReadonlyArray<Command>): string => scripts[shell](commands)
