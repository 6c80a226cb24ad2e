/** Processes of a benchmark: servers that print where they are, and runs that print what they found. */
import { type ChildProcess, spawn } from "node:child_process"
import { once } from "node:events"
import { createInterface } from "node:readline"
import { fileURLToPath } from "node:url"
import { Data, Effect, type Scope } from "effect"

/** A process of a benchmark ended as it should not. */
export class ProcessFailed extends Data.TaggedError("ProcessFailed")<{ readonly message: string }> {}

const start = (
  script: string,
  args: ReadonlyArray<string>,
  environment: Readonly<Record<string, string>>,
  flags: ReadonlyArray<string>
): ChildProcess =>
  spawn(process.execPath, [...flags, fileURLToPath(new URL(script, import.meta.url)), ...args], {
    stdio: ["pipe", "pipe", "inherit"],
    env: { ...process.env, ...environment }
  })

/** Starts a server of this package, and answers with the first line that it prints. It ends with the scope. */
export const server = (
  script: string,
  ...args: ReadonlyArray<string>
): Effect.Effect<string, ProcessFailed, Scope.Scope> =>
  Effect.flatMap(
    Effect.acquireRelease(
      Effect.sync(() => start(script, args, {}, [])),
      (child) => Effect.sync(() => void child.kill("SIGKILL"))
    ),
    (child) =>
      Effect.async<string, ProcessFailed>((resume) => {
        if (child.stdout !== null) {
          createInterface(child.stdout).once("line", (line) => resume(Effect.succeed(line)))
        }
        child.once("exit", (code) =>
          resume(Effect.fail(new ProcessFailed({ message: `${script} ended with ${code}` })))
        )
      })
  )

/** Runs a script of this package to its end, and answers with what it printed. */
export const output = (
  script: string,
  options: {
    readonly args?: ReadonlyArray<string>
    readonly environment?: Readonly<Record<string, string>>
    readonly flags?: ReadonlyArray<string>
  } = {}
): Effect.Effect<string, ProcessFailed> =>
  Effect.async<string, ProcessFailed>((resume) => {
    const child = start(script, options.args ?? [], options.environment ?? {}, options.flags ?? [])
    child.stdin?.end()
    let printed = ""
    child.stdout?.setEncoding("utf8").on("data", (piece: string) => {
      printed += piece
    })
    child.once("close", (code) =>
      resume(
        code === 0
          ? Effect.succeed(printed)
          : Effect.fail(
              new ProcessFailed({ message: `${script} ${options.args?.join(" ")} ended with ${code}` })
            )
      )
    )
    return Effect.promise(async () => {
      child.kill("SIGKILL")
      await once(child, "close")
    })
  })
