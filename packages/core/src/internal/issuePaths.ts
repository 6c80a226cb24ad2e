import type * as ParseResult from "effect/ParseResult"

type Path = ReadonlyArray<PropertyKey>

const leaves = (issue: ParseResult.ParseIssue, path: Path): ReadonlyArray<Path> => {
  switch (issue._tag) {
    case "Pointer":
      return leaves(issue.issue, path.concat(issue.path))
    case "Composite":
      return [issue.issues].flat().flatMap((inner) => leaves(inner, path))
    case "Refinement":
    case "Transformation":
      return leaves(issue.issue, path)
    default:
      return [path]
  }
}

/**
 * The paths of the fields that are missing or wrong, each once; a wrong value as a whole has none. Unlike the formatters
 * of Effect this renders no value, which could be a secret, or nested too deeply.
 */
export const issuePaths = (error: ParseResult.ParseError): ReadonlyArray<string> => [
  ...new Set(
    leaves(error.issue, [])
      .filter((path) => path.length > 0)
      .map((path) => path.map(String).join("."))
  )
]
