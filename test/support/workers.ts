import { type ChildProcess, spawn } from "node:child_process"
import * as fs from "node:fs/promises"
import * as os from "node:os"
import * as path from "node:path"
import { createInterface } from "node:readline"
import { fileURLToPath } from "node:url"
import { afterAll, beforeAll } from "@effect/vitest"
import { Effect, type Scope } from "effect"
import { build } from "esbuild"

export interface WorkerOptions {
  readonly args?: ReadonlyArray<string>
  readonly env?: Readonly<Record<string, string>>
}

/**
 * Bundles a program for the tests of a file, so that a process of it starts in a fraction of a second; answers with how
 * one is started.
 */
export const useWorker = (
  program: URL
): ((options?: WorkerOptions) => Effect.Effect<Worker, never, Scope.Scope>) => {
  let bundle = ""
  beforeAll(async () => {
    bundle = await fs.mkdtemp(path.join(os.tmpdir(), "effect-adobe-pass-worker-"))
    await build({
      entryPoints: [fileURLToPath(program)],
      bundle: true,
      platform: "node",
      format: "esm",
      target: "node20",
      conditions: ["effect-adobe-pass-source"],
      external: ["pg-native"],
      // CommonJS modules in the bundle ask for those of Node.js.
      banner: {
        js: 'import { createRequire as bundleRequire } from "node:module"; const require = bundleRequire(import.meta.url);'
      },
      logLevel: "error",
      outfile: path.join(bundle, "worker.mjs")
    })
  })
  afterAll(() => fs.rm(bundle, { recursive: true, force: true }))
  return (options) => startWorker(path.join(bundle, "worker.mjs"), options)
}

export interface Worker {
  readonly process: ChildProcess
  /** Everything it has said so far. */
  readonly lines: ReadonlyArray<string>
  /** Waits until it has said a line that starts so, and answers with it; fails when it ends without. */
  readonly says: (start: string) => Effect.Effect<string, string>
  /** Sends it a line. */
  readonly tell: (line: string) => Effect.Effect<void>
  /** Waits until it has ended and all it said is read: the exit code, or null when it was killed. */
  readonly ended: Effect.Effect<number | null>
  readonly signal: (signal: NodeJS.Signals) => Effect.Effect<void>
}

/** A process of the program; it is killed with the scope. */
const startWorker = (
  script: string,
  { args = [], env = {} }: WorkerOptions = {}
): Effect.Effect<Worker, never, Scope.Scope> =>
  Effect.map(
    Effect.acquireRelease(
      Effect.sync(() =>
        spawn(process.execPath, [script, ...args], {
          stdio: ["pipe", "pipe", "inherit"],
          env: { ...process.env, ...env }
        })
      ),
      (child) => Effect.sync(() => void child.kill("SIGKILL"))
    ),
    (child): Worker => {
      const lines: Array<string> = []
      const reader = createInterface(child.stdout)
      reader.on("line", (line) => lines.push(line))
      // It may be killed before it has read what it was told.
      child.stdin.on("error", () => {})
      const closed = new Promise<number | null>((resolve) => child.once("close", resolve))
      const ended = Effect.promise(() => closed)
      return {
        process: child,
        lines,
        says: (start) =>
          Effect.raceFirst(
            Effect.async<string>((resume) => {
              const look = () => {
                const found = lines.find((line) => line.startsWith(start))
                if (found === undefined) return
                reader.off("line", look)
                resume(Effect.succeed(found))
              }
              reader.on("line", look)
              look()
              return Effect.sync(() => void reader.off("line", look))
            }),
            Effect.flatMap(ended, (code) => Effect.fail(`ended with ${code} before it said "${start}"`))
          ),
        tell: (line) => Effect.sync(() => void child.stdin.write(`${line}\n`)),
        ended,
        signal: (signal) => Effect.sync(() => void child.kill(signal))
      }
    }
  )
