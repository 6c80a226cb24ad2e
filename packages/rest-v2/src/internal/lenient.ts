/**
 * Reads an answer although optional members are not what was documented: required things strictly, optional ones
 * leniently.
 *
 * The schema itself is strict, which makes it several times faster than one that is lenient in each member. Only an
 * answer that it refuses is looked at again.
 */
import * as Arr from "effect/Array"
import * as Either from "effect/Either"
import * as Option from "effect/Option"
import * as ParseResult from "effect/ParseResult"
import * as Predicate from "effect/Predicate"
import * as Schema from "effect/Schema"
import * as AST from "effect/SchemaAST"

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

const isOptional = (ast: AST.AST, [key]: Path): boolean =>
  AST.isTypeLiteral(ast) && ast.propertySignatures.some(({ isOptional, name }) => isOptional && name === key)

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

/** A copy with the repair; what is not on its path is shared. */
const repaired = (json: unknown, { path: [key, ...rest], value }: Repair): unknown => {
  if (key === undefined) return Option.getOrUndefined(value)
  if (Array.isArray(json))
    return json.map((item, at) => (at === key ? repaired(item, { path: rest, value }) : item))
  if (!Predicate.isRecord(json)) return json
  const { [key]: before, ...others } = json
  return rest.length === 0 && Option.isNone(value)
    ? others
    : { ...others, [key]: repaired(before, { path: rest, value }) }
}

/** What a conversion has brought to light may need another one; more are not made. */
const rounds = 3

/** The schema, but an optional member that cannot be read counts as absent, and a primitive is read in another form. */
export const lenient = <A, I>(schema: Schema.Schema<A, I>): Schema.Schema<A, I> =>
  Schema.declare(
    [schema],
    {
      decode: (strict) => {
        const decode = ParseResult.decodeUnknownEither(strict, { errors: "all" })
        const attempt = (json: unknown, left: number): Either.Either<A, ParseResult.ParseIssue> =>
          Either.orElse(decode(json), (issue) => {
            const repairs = left === 0 ? Option.none() : repairsOf(issue, [], Option.none())
            return Option.isNone(repairs)
              ? Either.left(issue)
              : attempt(repairs.value.reduce(repaired, json), left - 1)
          })
        return (json) => attempt(json, rounds)
      },
      encode: (strict) => ParseResult.encodeUnknown(strict)
    },
    { [AST.SurrogateAnnotationId]: schema.ast }
  )
