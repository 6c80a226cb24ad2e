/**
 * Reads an answer although optional members are not what was documented: required things strictly, optional ones
 * leniently.
 *
 * The schema itself is strict, which makes it several times faster than one that is lenient in each member. Only an
 * answer that it refuses is looked at again. An error beside nothing is refused, too: it is no empty answer.
 */
import * as Arr from "effect/Array"
import * as Either from "effect/Either"
import * as Option from "effect/Option"
import * as ParseResult from "effect/ParseResult"
import * as Predicate from "effect/Predicate"
import * as Schema from "effect/Schema"
import * as AST from "effect/SchemaAST"
import { isErrorInPlace } from "./errorInPlace.js"

type Path = ReadonlyArray<PropertyKey>

/** What to do about a member: write another value, or remove it. */
interface Repair {
  readonly path: Path
  readonly value: Option.Option<unknown>
}

/** A primitive in another form: a number where text is documented, or the other way round. */
const converted = ({ actual, ast }: ParseResult.Type): Option.Option<unknown> => {
  const from = AST.encodedAST(ast)
  if (AST.isStringKeyword(from) && (typeof actual === "number" || typeof actual === "boolean")) {
    return Option.some(String(actual))
  }
  if (AST.isBooleanKeyword(from) && (actual === "true" || actual === "false")) {
    return Option.some(actual === "true")
  }
  return AST.isNumberKeyword(from) && typeof actual === "string" && /^-?\d+(?:\.\d+)?$/.test(actual)
    ? Option.some(Number(actual))
    : Option.none()
}

const optionalEntries = Symbol.for("effect-adobe-pass-rest-v2/optionalEntries")

/** A map whose entries may go one by one when they cannot be read. */
export const recordOfOptional = <A, I>(value: Schema.Schema<A, I>) =>
  Schema.Record({ key: Schema.String, value }).annotations({ [optionalEntries]: true })

const isOptional = (ast: AST.AST, [key]: Path): boolean =>
  AST.isTypeLiteral(ast) &&
  (ast.annotations[optionalEntries] === true ||
    ast.propertySignatures.some(({ isOptional, name }) => isOptional && name === key))

/** What repairs an issue; `None` when a required member is missing or wrong. `optional` is the innermost that may go. */
const repairsOf = (
  issue: ParseResult.ParseIssue,
  path: Path,
  optional: Option.Option<Path>
): Option.Option<ReadonlyArray<Repair>> => {
  switch (issue._tag) {
    case "Pointer": {
      const inner = [...path, ...Arr.ensure(issue.path)]
      return repairsOf(issue.issue, inner, optional)
    }
    case "Transformation":
    case "Refinement":
      return repairsOf(issue.issue, path, optional)
    case "Composite": {
      if (AST.isUnion(issue.ast)) return removal(optional)
      const repairs = Arr.ensure(issue.issues).map((inner) => {
        const key = inner._tag === "Pointer" ? Arr.ensure(inner.path) : []
        return repairsOf(inner, path, isOptional(issue.ast, key) ? Option.some([...path, ...key]) : optional)
      })
      return Option.map(Option.all(repairs), (all) => all.flat())
    }
    case "Type": {
      const value = converted(issue)
      return Option.isSome(value) ? Option.some([{ path, value }]) : removal(optional)
    }
    default:
      return removal(optional)
  }
}

const removal = (optional: Option.Option<Path>): Option.Option<ReadonlyArray<Repair>> =>
  Option.map(optional, (path) => [{ path, value: Option.none() }])

/** The repairs by the first key of their paths, which have the rest of it. */
const byKey = (repairs: ReadonlyArray<Repair>): ReadonlyMap<PropertyKey, ReadonlyArray<Repair>> => {
  const groups = new Map<PropertyKey, Array<Repair>>()
  for (const {
    path: [key, ...path],
    value
  } of repairs) {
    if (key === undefined) continue
    const group = groups.get(key)
    if (group === undefined) groups.set(key, [{ path, value }])
    else group.push({ path, value })
  }
  return groups
}

/**
 * A copy with all repairs, or nothing when the whole is removed. One copy, since an answer may need thousands of repairs;
 * what is not on their paths is shared.
 */
const repaired = (json: unknown, repairs: ReadonlyArray<Repair>): ReadonlyArray<unknown> => {
  const whole = repairs.find(({ path }) => path.length === 0)
  if (whole !== undefined) return Option.toArray(whole.value)
  const groups = byKey(repairs)
  const member = (value: unknown, key: PropertyKey): ReadonlyArray<unknown> => {
    const own = groups.get(key)
    return own === undefined ? [value] : repaired(value, own)
  }
  if (Array.isArray(json)) return [json.flatMap(member)]
  if (!Predicate.isRecord(json)) return [json]
  const members = Object.entries(json).flatMap(([key, value]) =>
    member(value, key).map((kept) => [key, kept])
  )
  return [Object.fromEntries(members)]
}

/** What a conversion has brought to light may need another one; more are not made. */
const rounds = 3

/** The schema, but an optional member that cannot be read counts as absent, and a primitive is read in another form. */
export const lenient = <A, I>(schema: Schema.Schema<A, I>): Schema.Schema<A, I> =>
  Schema.declare(
    [schema],
    {
      decode: (strict) => {
        const refused = (json: unknown) => new ParseResult.Type(strict.ast, json, "is an error")
        const decode = ParseResult.decodeUnknownEither(strict, { errors: "all" })
        const attempt = (json: unknown, left: number): Either.Either<A, ParseResult.ParseIssue> =>
          Either.orElse(decode(json), (issue) => {
            const repairs = left === 0 ? Option.none() : repairsOf(issue, [], Option.none())
            return Option.isNone(repairs)
              ? Either.left(issue)
              : attempt(repaired(json, repairs.value)[0], left - 1)
          })
        return (json) => (isErrorInPlace(json) ? Either.left(refused(json)) : attempt(json, rounds))
      },
      encode: (strict) => ParseResult.encodeUnknown(strict)
    },
    { [AST.SurrogateAnnotationId]: schema.ast }
  )
