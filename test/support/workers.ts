import { type ChildProcess, spawn } from "node:child_process"
import { existsSync } from "node:fs"
import * as fs from "node:fs/promises"
import * as path from "node:path"
import { createInterface } from "node:readline"
import { fileURLToPath } from "node:url"
import { beforeAll, inject } from "@effect/vitest"
import { Effect, type Scope } from "effect"
import { build } from "esbuild"

export interface WorkerOptions {
  readonly args?: ReadonlyArray<string>
  /** Added to the environment of the tests. */
  readonly env?: Readonly<Record<string, string | undefined>>
  readonly cwd?: string
  /** Keeps its standard error for `errors`; otherwise the run of the tests shows it. */
  readonly keepErrors?: boolean
}

/** Starts a process of a program; it is killed with the scope, which closes when the process has ended. */
export type StartWorker = (options?: WorkerOptions) => Effect.Effect<Worker, never, Scope.Scope>

/**
 * Runs `worker.cjs` from the code that an earlier process with the same command has compiled, and keeps the code of the
 * first one: a process that is killed soon spends most of its time compiling.
 */
const launcher = `
const fs = require("node:fs")
const vm = require("node:vm")
const file = __dirname + "/worker.cjs"
const command = process.argv.slice(2, 4).filter((arg) => /^[a-z-]+$/i.test(arg))
const cache = [file, ...command, "cache"].join(".")
const cachedData = fs.existsSync(cache) ? fs.readFileSync(cache) : undefined
const script = new vm.Script(require("node:module").wrap(fs.readFileSync(file, "utf8").replace(/^#!.*/, "")), {
  filename: file,
  cachedData,
  importModuleDynamically: vm.constants?.USE_MAIN_CONTEXT_DEFAULT_LOADER
})
script.runInThisContext()(exports, require, module, file, __dirname)
const keep = () => {
  if (fs.existsSync(cache)) return
  fs.writeFileSync(cache + process.pid, script.createCachedData())
  fs.renameSync(cache + process.pid, cache)
}
if (cachedData === undefined) {
  // By then it has compiled what it needs.
  setTimeout(keep, 1000).unref()
  process.on("exit", keep)
}
`

const bundle = async (program: string, directory: string) => {
  await fs.writeFile(path.join(directory, "launch.cjs"), launcher)
  await build({
    entryPoints: [program],
    bundle: true,
    // A third less to read for each process; names stay.
    minifySyntax: true,
    minifyWhitespace: true,
    platform: "node",
    format: "cjs",
    target: "node20",
    conditions: ["effect-adobe-pass-source"],
    external: ["pg-native"],
    logLevel: "error",
    outfile: path.join(directory, "worker.cjs")
  })
}

/** Bundles a program where it is not yet bundled in this run: the directory of the bundle. */
const bundled = async (program: string): Promise<string> => {
  const directory = path.join(
    inject("programs"),
    path.relative(process.cwd(), program).replaceAll(/\W+/g, "-")
  )
  if (existsSync(directory)) return directory
  const made = await fs.mkdtemp(`${directory}-`)
  await bundle(program, made)
  await fs.rename(made, directory).catch(async (error: unknown) => {
    // The tests of another file were first.
    if (!existsSync(directory)) throw error
    await fs.rm(made, { recursive: true })
  })
  return directory
}

/**
 * Bundles a program for the tests of a file, so that a process of it starts in a fraction of a second. Returns the path of
 * a script for Node.js, once the tests have begun.
 */
export const useProgram = (program: URL): (() => string) => {
  let directory = ""
  beforeAll(async () => {
    directory = await bundled(fileURLToPath(program))
  })
  return () => path.join(directory, "launch.cjs")
}

/** `useProgram`, for processes that tests talk to. */
export const useWorker = (program: URL): StartWorker => {
  const script = useProgram(program)
  return (options) => Effect.suspend(() => startWorker(script(), options))
}

export interface Worker {
  readonly process: ChildProcess
  /** What it has written to standard output so far. */
  readonly output: () => string
  /** The same by lines. */
  readonly lines: ReadonlyArray<string>
  /** What it has written to standard error so far, with `keepErrors`. */
  readonly errors: () => string
  /** Waits until it has written a line that starts or matches so, and returns it; fails when it ends without. */
  readonly says: (line: string | RegExp) => Effect.Effect<string, string>
  /** Sends it a line. */
  readonly tell: (line: string) => Effect.Effect<void>
  /** Waits until it has ended and all its output is read: the exit code, or null when it was killed. */
  readonly ended: Effect.Effect<number | null>
  readonly signal: (signal: NodeJS.Signals) => Effect.Effect<void>
}

/** Waits for the end, because a process that still runs may write into a directory that is removed next. */
const kill = (child: ChildProcess): Effect.Effect<void> =>
  Effect.async((resume) => {
    if (child.exitCode !== null || child.signalCode !== null) return resume(Effect.void)
    child.once("exit", () => resume(Effect.void))
    child.kill("SIGKILL")
  })

const startWorker = (
  script: string,
  { args = [], cwd, env = {}, keepErrors = false }: WorkerOptions = {}
): Effect.Effect<Worker, never, Scope.Scope> =>
  Effect.map(
    Effect.acquireRelease(
      Effect.sync(() =>
        spawn(process.execPath, [script, ...args], {
          stdio: ["pipe", "pipe", keepErrors ? "pipe" : "inherit"],
          cwd,
          env: { ...process.env, ...env }
        })
      ),
      kill
    ),
    (child): Worker => {
      let output = ""
      let errors = ""
      const lines: Array<string> = []
      const { stderr, stdin, stdout } = child
      if (stdin === null || stdout === null) throw new Error("the worker has no standard input and output")
      stdout.on("data", (chunk) => (output += chunk))
      stderr?.on("data", (chunk) => (errors += chunk))
      const reader = createInterface(stdout)
      reader.on("line", (line) => lines.push(line))
      // It may be killed before it has read what it was told.
      stdin.on("error", () => {})
      const closed = new Promise<number | null>((resolve) => child.once("close", resolve))
      const ended = Effect.promise(() => closed)
      return {
        process: child,
        output: () => output,
        lines,
        errors: () => errors,
        says: (wanted) =>
          Effect.raceFirst(
            Effect.async<string>((resume) => {
              const look = () => {
                const found = lines.find((line) =>
                  typeof wanted === "string" ? line.startsWith(wanted) : wanted.test(line)
                )
                if (found === undefined) return
                reader.off("line", look)
                resume(Effect.succeed(found))
              }
              reader.on("line", look)
              look()
              return Effect.sync(() => void reader.off("line", look))
            }),
            Effect.flatMap(ended, (code) =>
              Effect.fail(`ended with ${code} before it said "${wanted}": ${errors}`)
            )
          ),
        tell: (line) => Effect.sync(() => void stdin.write(`${line}\n`)),
        ended,
        signal: (signal) => Effect.sync(() => void child.kill(signal))
      }
    }
  )
