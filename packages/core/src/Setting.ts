/**
 * Kinds of options, from which groups of options are made: type, check, default, environment variable and the row of a
 * table in one place.
 *
 * @since 0.1.0
 */
import type * as Arr from "effect/Array"
import * as Config from "effect/Config"
import * as ConfigError from "effect/ConfigError"
import * as Duration from "effect/Duration"
import * as Either from "effect/Either"
import * as Option from "effect/Option"
import * as ParseResult from "effect/ParseResult"
import * as Predicate from "effect/Predicate"
import * as Record from "effect/Record"
import * as Schema from "effect/Schema"
import * as String from "effect/String"
import { InvalidInput } from "./AdobePassError.js"

/**
 * An option as a row of a table.
 *
 * @since 0.1.0
 * @category models
 */
export interface Row {
  readonly option: string
  readonly variable: string
  readonly default: string
}

interface AnySetting {
  readonly schema: Schema.Schema.AnyNoContext
  readonly fallback: unknown
  readonly config: (name: string) => Config.Config<unknown>
  readonly rows: (option: string, variable: string) => ReadonlyArray<Row>
}

/**
 * An option: `I` is what a caller writes, `A` what the library works with.
 *
 * @since 0.1.0
 * @category models
 */
export interface Setting<I, A> extends AnySetting {
  readonly schema: Schema.Schema<A, I>
  /** What an absent value means. */
  readonly fallback: A
  /** Reads the variable of this name, or the variables below it; undefined when it is not set. */
  readonly config: (name: string) => Config.Config<I | undefined>
  /** The checked value; `InvalidInput` names the first wrong option, below `path`. */
  readonly check: (input: I | undefined, path?: string) => Either.Either<A, InvalidInput>
}

type Settings = { readonly [name: string]: AnySetting }

type InputOf<S extends Settings> = {
  readonly [K in keyof S]?: Schema.Schema.Encoded<S[K]["schema"]> | undefined
}

type CheckedOf<S extends Settings> = { readonly [K in keyof S]: Schema.Schema.Type<S[K]["schema"]> }

/**
 * Options that belong together.
 *
 * @since 0.1.0
 * @category models
 */
export interface Group<S extends Settings> extends Setting<InputOf<S>, CheckedOf<S>> {
  /** The options by name, for a group that has them and more. */
  readonly settings: S
  /**
   * As `check`, for an input that is not shared with other groups: a name that is neither an option nor among `others` is
   * refused. Groups within a group are always checked in this way.
   */
  readonly checkNames: (
    input: InputOf<S> | undefined,
    path: string,
    others?: ReadonlyArray<string>
  ) => Either.Either<CheckedOf<S>, InvalidInput>
}

/**
 * What a caller writes for a group of options: any of them, or none.
 *
 * @since 0.1.0
 * @category models
 */
export type Input<G extends AnySetting> = Schema.Schema.Encoded<G["schema"]>

/**
 * A group of options after its check: each has a value, and durations are numbers of milliseconds.
 *
 * @since 0.1.0
 * @category models
 */
export type Checked<G extends AnySetting> = Schema.Schema.Type<G["schema"]>

const unknownOption = "is not an option, so check its spelling"

const below = (path: string, names: ReadonlyArray<PropertyKey>): string =>
  [path, ...names].filter((part) => part !== "").join(".")

const firstProblem = (error: ParseResult.ParseError, path: string): InvalidInput => {
  const issue = ParseResult.ArrayFormatter.formatErrorSync(error)[0]
  const field = below(path, issue?.path ?? [])
  // Options have messages of their own; a default one is about a group, and repeats the value.
  const ofGroup = issue?._tag === "Unexpected" ? unknownOption : "must be an object of options"
  const problem = issue?.message.startsWith("must ") === true ? issue.message : ofGroup
  return new InvalidInput({ field: field === "" ? "options" : field, problem })
}

/** Compiles its schema when it is used: of most options only the group is checked. */
const checkWith =
  <I, A>(schema: Schema.Schema<A, I>, fallback: A): Setting<I, A>["check"] =>
  (input, path = "") =>
    input === undefined
      ? Either.right(fallback)
      : Either.mapLeft(Schema.decodeUnknownEither(schema)(input), (error) => firstProblem(error, path))

/**
 * The text of a variable, without the space around it. A blank one counts as not set.
 *
 * @since 0.1.0
 * @category variables
 */
export const variableText = (name: string): Config.Config<string> =>
  Config.mapOrFail(Config.option(Config.string(name)), (text) =>
    Either.fromOption(Option.filter(Option.map(text, String.trim), String.isNonEmpty), () =>
      ConfigError.MissingData([name], `Expected ${name} to be set`)
    )
  )

const make = <I, A>(options: {
  readonly schema: Schema.Schema<A, I>
  readonly problem: string
  readonly fallback: A
  readonly defaultText: string
  /** What the text of a variable means, before the check. */
  readonly read: (text: string) => Option.Option<I>
}): Setting<I, A> => {
  const schema = options.schema.annotations({
    message: () => ({ message: options.problem, override: true })
  })
  return {
    schema,
    fallback: options.fallback,
    config: (name) =>
      variableText(name).pipe(
        Config.mapOrFail((text) =>
          Either.fromOption(options.read(text), () => ConfigError.InvalidData([name], options.problem))
        ),
        Config.option,
        Config.map(Option.getOrUndefined)
      ),
    check: checkWith(schema, options.fallback),
    rows: (option, variable) => [{ option, variable, default: options.defaultText }]
  }
}

/** The longest delay of a timer is 2^31 - 1 milliseconds. */
const longest = "24 days"

const DurationInput = Schema.declare((input): input is Duration.DurationInput =>
  Option.isSome(Duration.decodeUnknown(input))
)

/**
 * A duration longer than zero and at most `maximum`, in whole milliseconds. With `unlimited` also `Duration.infinity`,
 * which means no limit.
 *
 * @since 0.1.0
 * @category constructors
 */
export const duration = (
  fallback: Duration.DurationInput & string,
  options: {
    readonly maximum?: Duration.DurationInput & string
    readonly unlimited?: boolean
  } = {}
): Setting<Duration.DurationInput, number> => {
  const { maximum = longest, unlimited = false } = options
  const isAllowed = (millis: number) =>
    millis > 0 && (millis <= Duration.toMillis(maximum) || (unlimited && millis === Infinity))
  return make({
    schema: Schema.transform(DurationInput, Schema.Number, {
      decode: (input) => Math.ceil(Duration.toMillis(input)),
      encode: (millis) => Duration.millis(millis)
    }).pipe(Schema.filter(isAllowed)),
    problem: `must be a duration: a number and a unit, such as "10 seconds" or "500 millis" (units: millis, seconds, minutes, hours, days), longer than zero and at most ${maximum}${unlimited ? ", or infinity" : ""}`,
    fallback: Duration.toMillis(fallback),
    defaultText: fallback,
    read: (text) =>
      unlimited && text.toLowerCase() === "infinity"
        ? Option.some(Duration.infinity)
        : Duration.decodeUnknown(text)
  })
}

const readNumber = (text: string): Option.Option<number> =>
  Option.liftPredicate(Number(text), (value) => Number.isFinite(value))

/** As `toLocaleString` gives it, which loads the data of all languages. */
const withSeparators = (value: number): string => `${value}`.replace(/\B(?=(\d{3})+$)/g, ",")

/**
 * A whole number of at least `minimum`.
 *
 * @since 0.1.0
 * @category constructors
 */
export const integer = (options: {
  readonly minimum: number
  readonly default: number
}): Setting<number, number> =>
  make({
    schema: Schema.Number.pipe(
      Schema.filter((value) => Number.isSafeInteger(value) && value >= options.minimum)
    ),
    problem: `must be a whole number of at least ${options.minimum}`,
    fallback: options.default,
    defaultText: withSeparators(options.default),
    read: readNumber
  })

/**
 * A number from `minimum` to `maximum`.
 *
 * @since 0.1.0
 * @category constructors
 */
export const number = (options: {
  readonly minimum: number
  readonly maximum: number
  readonly default: number
}): Setting<number, number> =>
  make({
    schema: Schema.Number.pipe(
      Schema.filter((value) => value >= options.minimum && value <= options.maximum)
    ),
    problem: `must be a number from ${options.minimum} to ${options.maximum}`,
    fallback: options.default,
    defaultText: `${options.default}`,
    read: readNumber
  })

/**
 * One of the given words.
 *
 * @since 0.1.0
 * @category constructors
 */
export const literal = <const Words extends Arr.NonEmptyReadonlyArray<string>>(
  words: Words,
  fallback: Words[number],
  problem = `must be one of ${words.join(", ")}`
): Setting<Words[number], Words[number]> =>
  make({
    schema: Schema.Literal(...words),
    problem,
    fallback,
    defaultText: fallback,
    read: (text) => Option.fromNullable(words.find((word) => word === text))
  })

/**
 * Text that matches a pattern.
 *
 * @since 0.1.0
 * @category constructors
 */
export const text = (options: {
  readonly pattern: RegExp
  readonly problem: string
  readonly default: string
}): Setting<string, string> =>
  make({
    schema: Schema.String.pipe(Schema.pattern(options.pattern)),
    problem: options.problem,
    fallback: options.default,
    defaultText: options.default,
    read: Option.some
  })

/** The words that `Config.boolean` reads. */
const booleans = new Map([
  ...["true", "yes", "on", "1"].map((word) => [word, true] as const),
  ...["false", "no", "off", "0"].map((word) => [word, false] as const)
])

/**
 * A boolean.
 *
 * @since 0.1.0
 * @category constructors
 */
export const flag = (fallback: boolean): Setting<boolean, boolean> =>
  make({
    schema: Schema.Boolean,
    problem: "must be true or false",
    fallback,
    defaultText: `${fallback}`,
    read: (text) => Option.fromNullable(booleans.get(text.toLowerCase()))
  })

const constantCase = (name: string): string => String.toUpperCase(String.camelToSnake(name))

/**
 * The variable of an option: `throttle.maxWait` below `ADOBE_PASS` is `ADOBE_PASS_THROTTLE_MAX_WAIT`.
 *
 * @since 0.1.0
 * @category variables
 */
export const variable = (prefix: string, option: string): string =>
  [prefix, ...option.split(".").map(constantCase)].join("_")

/**
 * A group of options, which may hold further groups.
 *
 * @since 0.1.0
 * @category constructors
 */
export const group = <S extends Settings>(
  settings: S,
  rule?: { readonly isValid: (checked: CheckedOf<S>) => boolean; readonly problem: string }
): Group<S> => {
  const onlyKnown = { parseOptions: { onExcessProperty: "error" } } as const
  const struct = Schema.Struct(
    Record.map(settings, ({ fallback, schema }) =>
      Schema.optionalWith(schema.annotations(onlyKnown), { default: () => fallback })
    )
  )
  // All three are built from `settings`, property by property, which the types do not express.
  const typed = struct as unknown as Schema.Schema<CheckedOf<S>, InputOf<S>>
  const config = (name: string) =>
    Config.all(Record.map(settings, (setting, key) => setting.config(variable(name, key)))) as Config.Config<
      InputOf<S>
    >
  const schema: Schema.Schema<CheckedOf<S>, InputOf<S>> = rule === undefined
    ? typed
    : typed.pipe(Schema.filter((checked) => rule.isValid(checked) || rule.problem))
  const fallback = Record.map(settings, (setting) => setting.fallback) as CheckedOf<S>
  const check = checkWith(schema, fallback)
  return {
    settings,
    schema,
    fallback,
    config,
    rows: (option, prefix) =>
      Object.entries(settings).flatMap(([key, setting]) =>
        setting.rows(`${option}${option === "" ? "" : "."}${key}`, variable(prefix, key))
      ),
    check,
    checkNames: (input, path, others = []) => {
      const names = Predicate.isRecord(input) ? Object.keys(input) : []
      const unknown = names.find((name) => !Object.hasOwn(settings, name) && !others.includes(name))
      return unknown === undefined
        ? check(input, path)
        : Either.left(new InvalidInput({ field: below(path, [unknown]), problem: unknownOption }))
    }
  }
}
