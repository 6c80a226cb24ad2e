/** The kinds of findings. */
import { type CommandError, describe } from "../ExitCode.js"
import type { Finding } from "./check.js"

export const ok = (finding: string, details?: ReadonlyArray<string>): Finding => ({
  severity: "ok",
  finding,
  ...(details === undefined ? {} : { details })
})

export const note = (finding: string, advice?: string): Finding => ({
  severity: "note",
  finding,
  ...(advice === undefined ? {} : { advice })
})

export const warning = (finding: string, advice: string): Finding => ({
  severity: "warning",
  finding,
  advice
})

export const error = (exitCode: number, finding: string, advice?: string): Finding => ({
  severity: "error",
  exitCode,
  finding,
  ...(advice === undefined ? {} : { advice })
})

export const skipped = (reason: string): Finding => ({
  severity: "skipped",
  finding: `Not checked, because ${reason}.`
})

/** A failure, whose message says what to do; `advice` where more is known here. */
export const failure = (failed: CommandError, advice?: string): Finding => {
  const { exitCode, message } = describe(failed)
  return error(exitCode, message, advice)
}
