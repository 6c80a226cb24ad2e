/** A command that we start. */
import { type ChildProcess, type SpawnOptions, spawn } from "node:child_process"
import { constants } from "node:os"
import * as Data from "effect/Data"
import * as Effect from "effect/Effect"

/** The command could not be started. */
export class NotStarted extends Data.TaggedError("NotStarted")<{
  /** The code of the system, such as `ENOENT`. */
  readonly code: string
}> {}

const codeOf = (error: Error): string => ("code" in error ? String(error.code) : error.name)

/** Its exit code as a shell has it: 128 and the number of the signal that has killed it. */
export const exited = (child: ChildProcess): Effect.Effect<number, NotStarted> =>
  Effect.async((resume) => {
    const finished = (code: number | null, signal: NodeJS.Signals | null) =>
      resume(Effect.succeed(code ?? 128 + (signal === null ? 0 : constants.signals[signal])))
    if (child.exitCode !== null || child.signalCode !== null)
      return finished(child.exitCode, child.signalCode)
    const failed = (error: Error) => {
      // A signal that cannot be delivered is an error, too, and the command still runs.
      if (child.pid === undefined) resume(Effect.fail(new NotStarted({ code: codeOf(error) })))
    }
    child.on("error", failed)
    child.once("exit", finished)
    return Effect.sync(() => {
      child.off("exit", finished)
    })
  })

/** Starts a command and waits for it. If the caller goes first, `end` ends it. */
export const run = (
  command: string,
  args: ReadonlyArray<string>,
  options: SpawnOptions,
  use: {
    readonly running?: (child: ChildProcess) => Effect.Effect<never>
    readonly end: (child: ChildProcess) => void
  }
): Effect.Effect<number, NotStarted> =>
  Effect.acquireUseRelease(
    Effect.try({
      try: () => spawn(command, args, options),
      catch: (error) => new NotStarted({ code: error instanceof Error ? codeOf(error) : "UNKNOWN" })
    }),
    (child) => {
      const ended = exited(child)
      return use.running === undefined ? ended : Effect.raceFirst(ended, use.running(child))
    },
    (child) =>
      child.pid === undefined || child.exitCode !== null || child.signalCode !== null
        ? Effect.void
        : Effect.zipRight(
            Effect.sync(() => use.end(child)),
            Effect.ignore(exited(child))
          )
  )
