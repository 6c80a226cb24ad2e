/**
 * What a command works with, and where each value comes from: flags first, then variables, then the configuration file.
 *
 * @since 0.1.0
 */
import { homedir } from "node:os"
import type * as FileSystem from "@effect/platform/FileSystem"
import * as Path from "@effect/platform/Path"
import * as ConfigProvider from "effect/ConfigProvider"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as ConfigFile from "./ConfigFile.js"
import { type CommandError, CommandFailed, describe, misconfigured } from "./ExitCode.js"
import * as Flag from "./Flag.js"
import * as StandardInput from "./StandardInput.js"
import * as Variable from "./Variable.js"

/**
 * A value, and where it was found: `--environment`, `variable`, or the file with the profile.
 *
 * @since 0.1.0
 * @category models
 */
export interface Found {
  readonly value: string
  readonly source: string
}

/**
 * The settings by variable.
 *
 * @since 0.1.0
 * @category models
 */
export interface Settings {
  readonly found: ReadonlyMap<string, Found>
  /** The configuration file that was read. */
  readonly file: string | undefined
  readonly profile: string | undefined
}

/**
 * The value of an option.
 *
 * @since 0.1.0
 * @category accessors
 */
export const get = (settings: Settings, option: string): string | undefined =>
  settings.found.get(Variable.of(option))?.value

/** How a person has written a value: a flag, or an option of the file. */
const writtenAs = (variable: string, { source }: Found): string =>
  source === "variable" || source === "default"
    ? variable
    : source.startsWith("--")
      ? source
      : `${Variable.optionOf(variable) ?? variable} (${source})`

/**
 * The error with what its reader has written in place of variables: a value of a flag is named by the flag, and one of
 * the configuration file by its option and the file.
 *
 * @since 0.1.0
 * @category conversions
 */
export const explain = (settings: Settings, error: CommandError): CommandError => {
  const { exitCode, message } = describe(error)
  const explained = message.replace(/\bADOBE_PASS_[A-Z0-9_]+/g, (variable) => {
    const found = settings.found.get(variable)
    return found === undefined ? variable : writtenAs(variable, found)
  })
  return explained === message ? error : new CommandFailed({ exitCode, message: explained })
}

/**
 * The variables, for the configuration of the library.
 *
 * @since 0.1.0
 * @category conversions
 */
export const provider = ({ found }: Settings): ConfigProvider.ConfigProvider =>
  ConfigProvider.fromMap(new Map(Array.from(found, ([name, { value }]) => [name, value])))

/**
 * The flags of every command that uses an Adobe Pass environment or a store.
 *
 * @since 0.1.0
 * @category options
 */
export const options = {
  profile: Flag.text(
    "profile",
    "The profile of the configuration file, for one of several registered applications"
  ),
  config: Flag.text("config", "The configuration file, in place of adobe-pass.toml"),
  environment: Flag.text(
    "environment",
    "release-production, release-staging, prequal-production or prequal-staging"
  ),
  statement: Flag.text("statement", "The file with the software statement, or - for standard input"),
  storeDirectory: Flag.text("store-directory", "The directory that credentials and tokens are kept in")
}

/**
 * Flags as they were given. A command need not have all of them.
 *
 * @since 0.1.0
 * @category models
 */
export type Flags = { readonly [Name in keyof typeof options]?: Option.Option<string> }

type Values = ReadonlyMap<string, Found>

const from = (source: string, values: Iterable<readonly [string, string]>): Values =>
  new Map(Array.from(values, ([name, value]) => [name, { value, source }]))

/** Adds the values of a source of lower rank. */
const under = (higher: Values, lower: Values): Values => {
  const namesAnother = (name: string): boolean =>
    lower.has(name) && lower.get(name)?.value !== higher.get(name)?.value
  const displaced = (name: string): ReadonlyArray<string> =>
    [
      Variable.alternatives.get(name) ?? [],
      namesAnother(name) ? (Variable.descriptions.get(name) ?? []) : []
    ].flat()
  const hidden = new Set(Array.from(higher.keys()).flatMap(displaced))
  const added = Array.from(lower).filter(([name]) => !hidden.has(name))
  return new Map([...added, ...higher])
}

const valueOf = (flags: Flags, name: keyof Flags): string | undefined =>
  Option.getOrUndefined(flags[name] ?? Option.none())

/** The flags by variable. A statement on standard input is read. */
const ofFlags = (
  flags: Flags,
  others: ReadonlyMap<string, Found>
): Effect.Effect<Values, CommandFailed, StandardInput.StandardInput> =>
  Effect.gen(function* () {
    const values = new Map(others)
    const set = (option: string, flag: string, value: string | undefined) => {
      if (value !== undefined) values.set(Variable.of(option), { value, source: `--${flag}` })
    }
    const [statement, storeDirectory] = [valueOf(flags, "statement"), valueOf(flags, "storeDirectory")]
    set("environment", "environment", valueOf(flags, "environment"))
    set("storeDirectory", "store-directory", storeDirectory)
    if (storeDirectory !== undefined) set("store", "store-directory", "file")
    if (statement === "-") {
      set("softwareStatement", "statement", yield* StandardInput.text("--statement"))
    } else {
      set("softwareStatementFile", "statement", statement)
    }
    return values
  })

/** A variable that is blank counts as one that is not set. */
const variable = (environment: NodeJS.ProcessEnv, name: string): string | undefined =>
  environment[name]?.trim() === "" ? undefined : environment[name]

const ofVariables = (environment: NodeJS.ProcessEnv): Values =>
  from(
    "variable",
    Object.keys(environment).flatMap((name) => {
      const value = variable(environment, name)
      return name.startsWith("ADOBE_PASS_") && value !== undefined ? [[name, value] as const] : []
    })
  )

/** The home of the user; none where no absolute path is known. */
const homeOf = (environment: NodeJS.ProcessEnv): Effect.Effect<Option.Option<string>, never, Path.Path> =>
  Effect.map(Path.Path, (path) =>
    Option.filter(
      environment["HOME"] === undefined ? Option.liftThrowable(homedir)() : Option.some(environment["HOME"]),
      path.isAbsolute
    )
  )

const directory = (
  environment: NodeJS.ProcessEnv,
  variable: string,
  ...fallback: ReadonlyArray<string>
): Effect.Effect<Option.Option<string>, never, Path.Path> =>
  Effect.gen(function* () {
    const path = yield* Path.Path
    const given = Option.filter(Option.fromNullable(environment[variable]), path.isAbsolute)
    const home = yield* homeOf(environment)
    return Option.map(
      Option.orElse(given, () => Option.map(home, (home) => path.join(home, ...fallback))),
      (base) => path.join(base, "adobe-pass")
    )
  })

const ofFile = (
  flags: Flags,
  environment: NodeJS.ProcessEnv
): Effect.Effect<Option.Option<ConfigFile.ConfigFile>, CommandFailed, FileSystem.FileSystem | Path.Path> =>
  Effect.gen(function* () {
    const named = valueOf(flags, "config") ?? variable(environment, "ADOBE_PASS_CONFIG")
    if (named !== undefined) return Option.some(yield* ConfigFile.read(named, { found: false }))
    const found = yield* ConfigFile.find(yield* directory(environment, "XDG_CONFIG_HOME", ".config"))
    return Option.isNone(found)
      ? Option.none()
      : Option.some(yield* ConfigFile.read(found.value, { found: true }))
  })

const ofProfile = (
  file: Option.Option<ConfigFile.ConfigFile>,
  name: string
): Effect.Effect<Values, CommandFailed> => {
  if (Option.isNone(file)) {
    return misconfigured(`There is no profile ${name}, because there is no configuration file.`)
  }
  const { path, profiles } = file.value
  const values = profiles.get(name)
  return values === undefined
    ? misconfigured(
        `${path} has no profile ${name}; it has ${Array.from(profiles.keys()).join(", ") || "none"}.`
      )
    : Effect.succeed(from(`${path}, profile ${name}`, values))
}

/**
 * The settings of a command. `others` are the values of its own flags by variable.
 *
 * A profile that a flag names outranks variables; one that `ADOBE_PASS_PROFILE` names does not.
 *
 * @since 0.1.0
 * @category constructors
 */
export const resolve = (
  flags: Flags,
  others: ReadonlyMap<string, Found> = new Map(),
  environment: NodeJS.ProcessEnv = process.env
): Effect.Effect<Settings, CommandFailed, FileSystem.FileSystem | Path.Path | StandardInput.StandardInput> =>
  Effect.gen(function* () {
    const file = yield* ofFile(flags, environment)
    const flag = valueOf(flags, "profile")
    const name = flag ?? variable(environment, "ADOBE_PASS_PROFILE")
    const profile = name === undefined ? new Map<string, Found>() : yield* ofProfile(file, name)
    const variables = ofVariables(environment)
    const common = Option.match(file, {
      onNone: () => new Map<string, Found>(),
      onSome: ({ path, values }) => from(path, values)
    })
    const given = yield* ofFlags(flags, others)
    const ranked =
      flag === undefined ? [given, variables, profile, common] : [given, profile, variables, common]
    const storeDirectory = yield* directory(environment, "XDG_STATE_HOME", ".local", "state")
    const defaults = from(
      "default",
      Option.toArray(Option.map(storeDirectory, (found) => [Variable.of("storeDirectory"), found] as const))
    )
    return {
      found: [...ranked, defaults].reduce(under, new Map()),
      file: Option.getOrUndefined(file)?.path,
      profile: name
    }
  })

/**
 * The values of flags of a command by variable, for `resolve`.
 *
 * @since 0.1.0
 * @category conversions
 */
export const flags = (given: {
  readonly [option: string]: { readonly flag: string; readonly value: Option.Option<string> }
}): ReadonlyMap<string, Found> =>
  new Map(
    Object.entries(given).flatMap(([option, { flag, value }]) =>
      Option.isSome(value)
        ? [[Variable.of(option), { value: value.value, source: `--${flag}` }] as const]
        : []
    )
  )
