/** What an import came to: a line for a person or a machine, what to do about the rest, and the exit code. */
import * as Effect from "effect/Effect"
import { type CommandFailed, misconfigured } from "../ExitCode.js"
import * as Output from "../Output.js"
import type { Summary } from "./import.js"

const sessions = (count: number): string => `${count} ${count === 1 ? "session" : "sessions"}`

/** The counts. */
export const counts = (
  { counts }: Summary,
  options: { readonly json: boolean; readonly dryRun: boolean }
) => {
  const named = {
    imported: counts.Imported,
    present: counts.Present,
    kept: counts.Kept,
    replaced: counts.Replaced,
    failed: counts.Failed
  }
  if (options.json) return Output.line(Output.jsonLine({ ...named, dry_run: options.dryRun }))
  const text = Object.entries(named).map(([name, count]) => `${name} ${count}`)
  return Output.line(`${options.dryRun ? "Nothing was written; it would be: " : ""}${text.join(", ")}`)
}

/** What the counts mean for the users of the devices. */
export const consequences = ({ counts }: Summary) =>
  Effect.gen(function* () {
    if (counts.Kept > 0) {
      yield* Output.note(
        `The store holds other credentials of ${sessions(counts.Kept)}, which were kept: --replace overwrites them, and their users must sign in again.`
      )
    }
    if (counts.Replaced > 0) {
      yield* Output.note(`The logins of the credentials that were replaced are lost (${counts.Replaced}).`)
    }
  })

/** What is missing. */
export const ending = (
  file: string,
  { counts, isExport, promised }: Summary
): Effect.Effect<void, CommandFailed> => {
  const { Failed: failed, ...done } = counts
  const read = Object.values(done).reduce((sum, count) => sum + count, failed)
  if (isExport && promised === undefined) {
    return misconfigured(`${file} ends before its last line: ${sessions(read)} of it were read.`)
  }
  if (promised !== undefined && promised !== read) {
    return misconfigured(`${file} should have ${sessions(promised)}, and has ${read}.`)
  }
  if (failed > 0) {
    return misconfigured(
      `${failed} ${failed === 1 ? "line" : "lines"} of ${file} could not be imported: correct them, and import the file again.`
    )
  }
  return read === 0 && !isExport ? misconfigured(`${file} has no sessions.`) : Effect.void
}
