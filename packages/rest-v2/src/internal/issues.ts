/** Where something is not what its schema says, without the value, which could be a secret, endless, or nested too deeply. */
import * as Arr from "effect/Array"
import type * as ParseResult from "effect/ParseResult"

/** A place that is wrong, and why. */
export interface Issue {
  readonly path: ReadonlyArray<PropertyKey>
  readonly tag: ParseResult.ParseIssue["_tag"]
}

function* leaves(issue: ParseResult.ParseIssue, path: Issue["path"]): Generator<Issue> {
  switch (issue._tag) {
    case "Pointer":
      return yield* leaves(issue.issue, path.concat(issue.path))
    case "Composite":
      for (const inner of Arr.ensure(issue.issues)) yield* leaves(inner, path)
      return
    case "Transformation":
      return yield* leaves(issue.issue, path)
    case "Refinement":
      return issue.kind === "From" ? yield* leaves(issue.issue, path) : yield { path, tag: issue._tag }
    default:
      return yield { path, tag: issue._tag }
  }
}

/** The first place that is wrong. */
export const firstIssue = ({ issue }: ParseResult.ParseError): Issue =>
  leaves(issue, []).next().value ?? { path: [], tag: issue._tag }

/** Enough to find the cause. */
const most = 20

/** A name as it may stand in a message: others wrote it, so it may be anything, and a token too. */
const shown = (key: PropertyKey): string => (/^[\w-]{1,32}$/.test(String(key)) ? String(key) : "*")

/** The first paths that are wrong; a wrong value as a whole has none. */
export const issuePaths = ({ issue }: ParseResult.ParseError): ReadonlyArray<string> => {
  const paths = new Set<string>()
  for (const { path } of leaves(issue, [])) {
    if (path.length > 0) paths.add(path.map(shown).join("."))
    if (paths.size === most) break
  }
  return [...paths]
}
