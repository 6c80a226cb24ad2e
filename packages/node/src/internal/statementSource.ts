/** Where the software statement is: in a variable, or in a file that another variable names. */
import * as fs from "node:fs/promises"
import * as Config from "effect/Config"
import * as ConfigError from "effect/ConfigError"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import * as Setting from "effect-adobe-pass/Setting"
import { step } from "./files.js"

const inVariable = "ADOBE_PASS_SOFTWARE_STATEMENT"
const inFile = "ADOBE_PASS_SOFTWARE_STATEMENT_FILE"

/** @internal */
export interface StatementSource {
  /** The variable to name when the statement cannot be used. */
  readonly variable: string
  readonly read: Effect.Effect<Redacted.Redacted<string>, ConfigError.ConfigError>
}

const contentOf = (file: string): StatementSource["read"] =>
  step(() => fs.readFile(file, "utf8")).pipe(
    Effect.mapBoth({
      onSuccess: (text) => Redacted.make(text),
      onFailure: ({ code = "" }) =>
        ConfigError.InvalidData(
          [inFile],
          `names a file that cannot be read (${code}): it must be the file downloaded from the TVE Dashboard`
        )
    })
  )

const missing = (variable: string) => ConfigError.MissingData([variable], `Expected ${variable} to be set`)

/** Exactly one of the two variables is set. An empty one counts as not set beside the other. @internal */
export const config: Config.Config<StatementSource> = Config.all({
  text: Config.option(Config.string(inVariable)),
  file: Config.option(Setting.variableText(inFile))
}).pipe(
  Config.mapOrFail(({ file, text }): Either.Either<StatementSource, ConfigError.ConfigError> => {
    if (Option.isNone(file)) {
      return Option.match(text, {
        onNone: () => Either.left(ConfigError.Or(missing(inVariable), missing(inFile))),
        onSome: (statement) =>
          Either.right({ variable: inVariable, read: Effect.succeed(Redacted.make(statement)) })
      })
    }
    return Option.exists(text, (statement) => statement.trim() !== "")
      ? Either.left(ConfigError.InvalidData([inFile], `and ${inVariable} are both set: set one of them`))
      : Either.right({ variable: inFile, read: contentOf(file.value) })
  })
)
