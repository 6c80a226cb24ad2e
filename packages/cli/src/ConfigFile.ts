/**
 * The configuration file, `adobe-pass.toml`: options by their names, and profiles for several registered applications.
 *
 * ```toml
 * environment = "release-production"
 * softwareStatementFile = "statement.txt"
 *
 * [throttle]
 * maxWait = "10 seconds"
 *
 * [profile.reports]
 * softwareStatementFile = "reports.txt"
 * ```
 *
 * @since 0.1.0
 */
import * as FileSystem from "@effect/platform/FileSystem"
import * as Path from "@effect/platform/Path"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Predicate from "effect/Predicate"
import { parse, TomlError } from "smol-toml"
import { type CommandFailed, misconfigured } from "./ExitCode.js"
import { textOfFile } from "./StandardInput.js"
import { nearest } from "./Suggestion.js"
import * as Variable from "./Variable.js"

/**
 * The values of a file by variable: those for all, and those of each profile.
 *
 * @since 0.1.0
 * @category models
 */
export interface ConfigFile {
  readonly path: string
  readonly values: ReadonlyMap<string, string>
  readonly profiles: ReadonlyMap<string, ReadonlyMap<string, string>>
}

type Table = { readonly [name: string]: unknown }

/** Besides tables and lists the parser makes only dates of objects. */
const isTable = (value: unknown): value is Table => Predicate.isRecord(value) && !Predicate.isDate(value)

/** More tables in each other than any option has: what is deeper is no option. */
const deepest = 8

/** The values of a table by option: `maxWait` in `[throttle]` is `throttle.maxWait`. */
function* optionsOf(table: Table, above = "", depth = 0): Iterable<readonly [string, unknown]> {
  for (const [name, value] of Object.entries(table)) {
    if (isTable(value) && depth < deepest) yield* optionsOf(value, `${above}${name}.`, depth + 1)
    else yield [above + name, value]
  }
}

const text = (value: unknown): string | undefined => {
  if (typeof value === "string") return value
  if (typeof value === "number" || typeof value === "boolean") return String(value)
  return Array.isArray(value) && value.every((item) => typeof item === "string") ? value.join(",") : undefined
}

/** Checks the options of a table, and gives their variables. */
const decode = (
  file: string,
  table: Table,
  where: string
): Effect.Effect<ReadonlyMap<string, string>, CommandFailed, Path.Path> =>
  Effect.gen(function* () {
    const path = yield* Path.Path
    const values = new Map<string, string>()
    for (const [option, value] of optionsOf(table)) {
      const refuse = (problem: string) => misconfigured(`${file}: ${where}${option} ${problem}.`)
      const instead = Variable.secrets.get(option)
      if (instead !== undefined) {
        return yield* refuse(`is a secret: write it to a file of its own, and name that in ${instead}`)
      }
      if (!Variable.known.has(option)) {
        const meant = nearest(option, Variable.known)
        return yield* refuse(
          meant === undefined ? "is not an option" : `is not an option: ${meant} may be meant`
        )
      }
      const written = text(value)
      if (written === undefined)
        return yield* refuse("must be text, a number, true, false or a list of texts")
      values.set(
        Variable.of(option),
        Variable.paths.has(option) ? path.resolve(path.dirname(file), written) : written
      )
    }
    return values
  })

const toml = (file: string, content: string): Effect.Effect<Table, CommandFailed> =>
  Effect.try({
    try: () => parse(content),
    catch: (error) =>
      misconfigured(
        error instanceof TomlError
          ? `${file}, line ${error.line}, column ${error.column}: ${error.message.split("\n", 1)[0] ?? ""}.`
          : `${file} is not TOML.`
      )
  })

/** Others must not be able to say where secrets go. */
const checkOwner = (file: string): Effect.Effect<void, CommandFailed, FileSystem.FileSystem> =>
  Effect.gen(function* () {
    const fs = yield* FileSystem.FileSystem
    const found = yield* Effect.mapError(fs.stat(file), () => misconfigured(`${file} cannot be read.`))
    const user = process.getuid?.()
    const owner = Option.getOrUndefined(found.uid)
    if (user === undefined || owner === undefined) return
    if (owner !== user && owner !== 0) {
      return yield* misconfigured(
        `${file} belongs to another user, who could have your software statement sent elsewhere: name it with --config if you trust it.`
      )
    }
    if ((found.mode & 0o022) !== 0) {
      return yield* misconfigured(
        `${file} can be written by other users, who could have your software statement sent elsewhere: run chmod go-w on it.`
      )
    }
  })

/**
 * Reads a file. `found`: nobody has named it, so it must belong to the user.
 *
 * @since 0.1.0
 * @category constructors
 */
export const read = (
  file: string,
  { found }: { readonly found: boolean }
): Effect.Effect<ConfigFile, CommandFailed, FileSystem.FileSystem | Path.Path> =>
  Effect.gen(function* () {
    if (found) yield* checkOwner(file)
    const content = yield* Effect.mapError(textOfFile(file), (error) =>
      error._tag === "CommandFailed" ? error : misconfigured(`${file} cannot be read.`)
    )
    const { profile = {}, ...common } = yield* toml(file, content)
    if (!isTable(profile) || !Object.values(profile).every(isTable)) {
      return yield* misconfigured(`${file}: a profile is a table with a name, such as [profile.reports].`)
    }
    const profiles = yield* Effect.forEach(Object.entries(profile), ([name, table]) =>
      Effect.map(
        decode(file, isTable(table) ? table : {}, `profile.${name}.`),
        (values) => [name, values] as const
      )
    )
    return { path: file, values: yield* decode(file, common, ""), profiles: new Map(profiles) }
  })

/**
 * The file that is used when none is named: `adobe-pass.toml` in the working directory, or in the configuration directory
 * of the user.
 *
 * @since 0.1.0
 * @category constructors
 */
export const find = (
  configDirectory: Option.Option<string>
): Effect.Effect<Option.Option<string>, never, FileSystem.FileSystem | Path.Path> =>
  Effect.gen(function* () {
    const fs = yield* FileSystem.FileSystem
    const path = yield* Path.Path
    const directories = [path.resolve(), ...Option.toArray(configDirectory)]
    const candidates = directories.map((directory) => path.join(directory, "adobe-pass.toml"))
    return yield* Effect.findFirst(candidates, (file) => Effect.orElseSucceed(fs.exists(file), () => false))
  })
