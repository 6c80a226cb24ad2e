/** How the doctor shows what it finds: line by line, or as one JSON document. */
import * as Effect from "effect/Effect"
import { Output, type Style } from "../Output.js"
import type { Finding, Severity } from "./check.js"
import { checks, type Reported, type Reporter } from "./examination.js"

const styles: { readonly [Name in Severity]: Style } = {
  ok: "green",
  note: "cyan",
  warning: "yellow",
  error: "red",
  skipped: "dim"
}

const markWidth = Math.max(...Object.keys(styles).map(({ length }) => length))
const nameWidth = Math.max(...checks.map(({ name }) => name.length))
const indentation = " ".repeat(markWidth + nameWidth + 4)

/** A finding on lines of its own: mark, check and sentence, and below it what to do. */
const linesOf = (
  style: (style: Style, text: string) => string,
  check: string,
  { advice, details = [], finding, severity }: Finding
): ReadonlyArray<string> => [
  `${style(styles[severity], severity.padEnd(markWidth))}  ${check.padEnd(nameWidth)}  ${finding}`,
  ...(advice === undefined ? [] : [`${indentation}${advice}`]),
  ...details.map((detail) => style("dim", `${indentation}${detail}`))
]

const progress = (check: string): string => `${"".padEnd(markWidth)}  ${check} ...`

/** Blanks over the name of the check under way: they show the same where styles are off. */
const erasure = (check: string): string => `\r${" ".repeat(progress(check).length)}\r`

/** Lines on standard output; on a terminal also the name of the check under way, which is taken away again. */
export const lines: Effect.Effect<Reporter<never>, never, Output> = Effect.map(Output, ({ stdout }) => {
  const onTerminal = (text: string) => (stdout.isTerminal ? stdout.write(text) : Effect.void)
  return {
    begins: (check) => onTerminal(progress(check)),
    ends: (check, findings) =>
      Effect.zipRight(
        onTerminal(erasure(check)),
        Effect.forEach(
          findings.flatMap((finding) => linesOf(stdout.style, check, finding)),
          stdout.line,
          { discard: true }
        )
      ),
    interrupted: (check) => onTerminal(erasure(check))
  }
})

const counted = (count: number, name: string): ReadonlyArray<string> =>
  count === 0 ? [] : [`${count} ${name}${count === 1 ? "" : "s"}`]

/** The last line: what to look for above it. */
export const summary = (findings: ReadonlyArray<Finding>): string => {
  const count = (severity: Severity) => findings.filter((finding) => finding.severity === severity).length
  const problems = [...counted(count("error"), "error"), ...counted(count("warning"), "warning")]
  if (problems.length > 0) return `${problems.join(" and ")}.`
  const [skipped] = counted(count("skipped"), "check")
  return skipped === undefined ? "All is well." : `Nothing wrong was found; ${skipped} skipped.`
}

/** Nothing as it goes. */
export const silent: Reporter<never> = {
  begins: () => Effect.void,
  ends: () => Effect.void,
  interrupted: () => Effect.void
}

/** The document of `--json`. */
export const document = (reported: ReadonlyArray<Reported>, exitCode: number) => ({
  exit_code: exitCode,
  findings: reported.map(({ advice, check, details, finding, severity }) => ({
    check,
    severity,
    finding,
    ...(advice === undefined ? {} : { advice }),
    ...(details === undefined ? {} : { details })
  }))
})
