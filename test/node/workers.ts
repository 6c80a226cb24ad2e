import { type ChildProcess, spawn } from "node:child_process"
import * as fs from "node:fs/promises"
import * as os from "node:os"
import * as path from "node:path"
import { createInterface } from "node:readline"
import { fileURLToPath } from "node:url"
import { afterAll, beforeAll } from "@effect/vitest"
import { Effect, type Scope } from "effect"
import { build } from "esbuild"

/** Bundles the worker for the tests of a file, so that a process of it starts in a tenth of a second. */
export const useWorker = (): ((
  command: string,
  directory: string
) => Effect.Effect<Worker, never, Scope.Scope>) => {
  let bundle = ""
  beforeAll(async () => {
    bundle = await fs.mkdtemp(path.join(os.tmpdir(), "effect-adobe-pass-worker-"))
    await build({
      entryPoints: [fileURLToPath(new URL("worker.ts", import.meta.url))],
      bundle: true,
      platform: "node",
      format: "esm",
      target: "node20",
      conditions: ["effect-adobe-pass-source"],
      logLevel: "error",
      outfile: path.join(bundle, "worker.mjs")
    })
  })
  afterAll(() => fs.rm(bundle, { recursive: true, force: true }))
  return (command, directory) => startWorker(path.join(bundle, "worker.mjs"), command, directory)
}

export interface Worker {
  readonly process: ChildProcess
  /** Everything it has said so far. */
  readonly lines: ReadonlyArray<string>
  /** Waits until it has said a line that starts so; fails when it ends without. */
  readonly says: (start: string) => Effect.Effect<void, string>
  /** Waits until it has ended and all it said is read: the exit code, or null when it was killed. */
  readonly ended: Effect.Effect<number | null>
  readonly signal: (signal: NodeJS.Signals) => Effect.Effect<void>
}

/** A process that runs a command of the worker; it is killed with the scope. */
const startWorker = (
  script: string,
  command: string,
  directory: string
): Effect.Effect<Worker, never, Scope.Scope> =>
  Effect.map(
    Effect.acquireRelease(
      Effect.sync(() =>
        spawn(process.execPath, [script, command, directory], { stdio: ["pipe", "pipe", "inherit"] })
      ),
      (child) => Effect.sync(() => void child.kill("SIGKILL"))
    ),
    (child): Worker => {
      const lines: Array<string> = []
      const reader = createInterface(child.stdout)
      reader.on("line", (line) => lines.push(line))
      const closed = new Promise<number | null>((resolve) => child.once("close", resolve))
      const ended = Effect.promise(() => closed)
      return {
        process: child,
        lines,
        says: (start) =>
          Effect.raceFirst(
            Effect.async<void>((resume) => {
              const look = () => {
                if (lines.some((line) => line.startsWith(start))) resume(Effect.void)
              }
              reader.on("line", look)
              look()
              return Effect.sync(() => void reader.off("line", look))
            }),
            Effect.flatMap(ended, (code) => Effect.fail(`ended with ${code} before it said "${start}"`))
          ),
        ended,
        signal: (signal) => Effect.sync(() => void child.kill(signal))
      }
    }
  )
