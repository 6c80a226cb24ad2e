/** Contenders in processes of their own, as a scenario uses them. */
import { spawn } from "node:child_process"
import { createInterface } from "node:readline"
import { fileURLToPath } from "node:url"
import { Effect, type Scope } from "effect"
import type { Contender, Target } from "./contender.js"

/** What a contender can be told. */
export type Command =
  | { readonly do: "open"; readonly target: Target }
  /** These calls, all of them. */
  | { readonly do: "run"; readonly paths: ReadonlyArray<string>; readonly concurrency: number }
  /** The same call again and again. */
  | { readonly do: "repeat"; readonly calls: number; readonly concurrency: number }
  /** The same under the profiler of the engine. */
  | { readonly do: "profile"; readonly calls: number; readonly concurrency: number }
  /** Reads of the token in memory. */
  | { readonly do: "tokens"; readonly reads: number }

/** How long calls took, the processor's time of the whole process, and how many of them were answered with 200. */
export interface Calls {
  readonly millis: number
  readonly processorMillis: number
  readonly ok: number
}

export interface Answers {
  readonly open: null
  readonly run: Calls
  readonly repeat: Calls
  /** Microseconds by what they were spent on. */
  readonly profile: Readonly<Record<string, number>>
  /** Null where the library gives no token away. */
  readonly tokens: { readonly millis: number } | null
}

export type Tell = <C extends Command>(command: C) => Effect.Effect<Answers[C["do"]]>

/** Starts a contender; its process ends with the scope. */
export const inProcess = ({ name }: Contender): Effect.Effect<Tell, never, Scope.Scope> =>
  Effect.gen(function* () {
    const child = yield* Effect.acquireRelease(
      Effect.sync(() =>
        spawn(process.execPath, [fileURLToPath(new URL("./contenderRun.js", import.meta.url)), name], {
          stdio: ["pipe", "pipe", "inherit"]
        })
      ),
      (child) => Effect.sync(() => void child.kill("SIGKILL"))
    )
    const lines = createInterface(child.stdout)[Symbol.asyncIterator]()
    const next = async () => {
      const { done, value } = await lines.next()
      if (done === true) throw new Error(`${name} ended`)
      return JSON.parse(value)
    }
    yield* Effect.promise(next)
    return (command) =>
      Effect.promise(() => {
        child.stdin.write(`${JSON.stringify(command)}\n`)
        return next()
      })
  })
