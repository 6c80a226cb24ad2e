/** What `token --watch` does when the file has another token. */
import type { ChildProcess } from "node:child_process"
import { constants } from "node:os"
import { resolve } from "node:path"
import * as FileSystem from "@effect/platform/FileSystem"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import { type CommandError, describe, misconfigured } from "../ExitCode.js"
import * as Output from "../Output.js"
import * as Child from "./child.js"
import { environment } from "./environment.js"

/** Runs a command of the shell, or sends a signal to the process whose id a file holds. */
export type OnChange =
  | { readonly _tag: "Command"; readonly command: string }
  | { readonly _tag: "Signal"; readonly signal: Signal; readonly pidFile: string }

/** Those that programs reload at. */
export const signals = ["HUP", "USR1", "USR2", "TERM", "INT"] as const

export type Signal = (typeof signals)[number]

/** A command that takes longer is ended, because later tokens would wait for it. */
const longestRun = "30 seconds"

/** The shell with all that it has started: it leads a process group of its own. */
const killGroup = ({ pid }: ChildProcess) => {
  if (pid === undefined) return
  try {
    process.kill(-pid, "SIGKILL")
  } catch (error) {
    // It has ended by itself.
    if (!(error instanceof Error && "code" in error && error.code === "ESRCH")) throw error
  }
}

const runCommand = (command: string, file: string) =>
  Child.run(
    "/bin/sh",
    ["-c", command],
    {
      env: environment({ ADOBE_PASS_TOKEN_FILE: resolve(file) }),
      detached: true,
      stdio: ["ignore", "inherit", "inherit"]
    },
    { end: killGroup }
  ).pipe(
    Effect.timeoutOption(longestRun),
    Effect.matchEffect({
      onFailure: ({ code }) => misconfigured(`/bin/sh cannot be started [${code}].`),
      onSuccess: Option.match({
        onNone: () => misconfigured(`The command of --on-change was ended after ${longestRun}.`),
        onSome: (code) =>
          code === 0
            ? Effect.void
            : misconfigured(`The command of --on-change failed with exit code ${code}.`)
      })
    })
  )

/** The process of a file. Neither 0 nor a negative number: such ids mean groups of processes. */
const processOf = (pidFile: string): Effect.Effect<number, CommandError, FileSystem.FileSystem> =>
  Effect.flatMap(FileSystem.FileSystem, (fs) =>
    Effect.flatMap(fs.readFileString(pidFile), (text) =>
      /^[1-9]\d{0,9}$/.test(text.trim())
        ? Effect.succeed(Number(text))
        : misconfigured(`${pidFile} does not hold the id of a process.`)
    )
  )

const sendSignal = (signal: Signal, pidFile: string) =>
  Effect.flatMap(processOf(pidFile), (pid) =>
    Effect.try({
      try: () => process.kill(pid, constants.signals[`SIG${signal}`]),
      catch: () =>
        misconfigured(`SIG${signal} could not be sent to process ${pid} of ${pidFile}: check that it runs.`)
    })
  )

/** Tells others that the file has changed. A failure is reported, and the watcher goes on. */
export const tell = (
  change: OnChange,
  file: string
): Effect.Effect<void, never, FileSystem.FileSystem | Output.Output> =>
  Effect.catchAll(
    change._tag === "Command" ? runCommand(change.command, file) : sendSignal(change.signal, change.pidFile),
    (error: CommandError) => Output.note(`adobe-pass: ${describe(error).message}`)
  )
