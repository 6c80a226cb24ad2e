/** Processes of a benchmark. Each ends with its scope, and by itself when this process is gone. */
import { type ChildProcess, spawn } from "node:child_process"
import { once } from "node:events"
import { fileURLToPath } from "node:url"
import { Data, Effect, type Scope } from "effect"

/** A process of a benchmark ended as it should not. */
export class ProcessFailed extends Data.TaggedError("ProcessFailed")<{ readonly message: string }> {}

export interface Options {
  readonly args?: ReadonlyArray<string>
  readonly environment?: Readonly<Record<string, string>>
  readonly flags?: ReadonlyArray<string>
  /** What it prints. Nobody else sees it. */
  readonly onOutput?: (text: string) => void
}

/** Runs a script of this package. */
export const script = (
  name: string,
  { args = [], environment = {}, flags = [], onOutput }: Options
): Effect.Effect<ChildProcess, never, Scope.Scope> =>
  Effect.acquireRelease(
    Effect.sync(() => {
      const child = spawn(
        process.execPath,
        [...flags, fileURLToPath(new URL(name, import.meta.url)), ...args],
        {
          stdio: ["ignore", onOutput === undefined ? "inherit" : "pipe", "inherit", "ipc"],
          env: { ...process.env, ...environment }
        }
      )
      if (onOutput !== undefined) child.stdout?.setEncoding("utf8").on("data", onOutput)
      return child
    }),
    (child) => Effect.sync(() => void child.kill("SIGKILL"))
  )

/** The next message of a process. */
export const message = (child: ChildProcess): Effect.Effect<unknown, ProcessFailed> =>
  Effect.async((resume) => {
    const told = (said: unknown) => {
      child.off("exit", ended)
      resume(Effect.succeed(said))
    }
    const ended = (code: number | null) => {
      child.off("message", told)
      resume(
        Effect.fail(
          new ProcessFailed({ message: `${child.spawnargs.slice(1).join(" ")} ended with ${code}` })
        )
      )
    }
    child.once("message", told).once("exit", ended)
  })

/** Waits until a process has ended by itself. */
export const ended = (child: ChildProcess): Effect.Effect<void, ProcessFailed> =>
  Effect.tryPromise({
    try: async () => {
      const [code] = await once(child, "close")
      if (code !== 0) throw new Error(`${child.spawnargs.slice(1).join(" ")} ended with ${code}`)
    },
    catch: (error) => new ProcessFailed({ message: `${error}` })
  })

/** Runs a script of this package to its end, and answers with what it printed. */
export const output = (name: string, options: Options = {}): Effect.Effect<string, ProcessFailed> =>
  Effect.gen(function* () {
    let printed = ""
    const child = yield* script(name, {
      ...options,
      onOutput: (text) => {
        printed += text
      }
    })
    yield* ended(child)
    return printed
  }).pipe(Effect.scoped)
