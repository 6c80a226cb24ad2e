import { spawn } from "node:child_process"
import * as fs from "node:fs/promises"
import * as os from "node:os"
import * as path from "node:path"
import { type IPty, spawn as spawnInTerminal } from "@lydell/node-pty"
import { Effect, type Scope } from "effect"
import { useProgram } from "./workers.js"

/** What a person sees of a command that has ended. */
export interface Finished {
  /** Its exit code, or 128 and the number of the signal that has killed it, as a shell has it. */
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

export interface CliOptions {
  /** Added to an environment that has nothing of Adobe Pass, and a home directory of its own. */
  readonly env?: Readonly<Record<string, string>>
  readonly cwd?: string
  /** What it reads from standard input; nothing when absent. */
  readonly stdin?: string | Uint8Array
}

/** A command that runs. It is killed with the scope. */
export interface Running {
  readonly pid: number
  readonly stdout: () => string
  readonly stderr: () => string
  /** Waits until it has written what matches, on either stream; fails when it ends without. */
  readonly says: (wanted: RegExp) => Effect.Effect<RegExpExecArray, string>
  readonly signal: (signal: NodeJS.Signals) => Effect.Effect<void>
  readonly ended: Effect.Effect<Finished>
}

/** A command in a terminal, where both streams are one. */
export interface InTerminal {
  readonly screen: () => string
  readonly says: (wanted: RegExp) => Effect.Effect<RegExpExecArray, string>
  readonly type: (keys: string) => Effect.Effect<void>
  readonly ended: Effect.Effect<{ readonly code: number; readonly screen: string }>
}

export interface Cli {
  /** A new directory that is the home of the commands; removed with the scope. */
  readonly home: Effect.Effect<string, never, Scope.Scope>
  readonly run: (home: string, args: ReadonlyArray<string>, options?: CliOptions) => Effect.Effect<Finished>
  readonly start: (
    home: string,
    args: ReadonlyArray<string>,
    options?: CliOptions
  ) => Effect.Effect<Running, never, Scope.Scope>
  readonly terminal: (
    home: string,
    args: ReadonlyArray<string>,
    options?: Omit<CliOptions, "stdin">
  ) => Effect.Effect<InTerminal, never, Scope.Scope>
  /** The script that Node.js runs, for a shell script of a test. */
  readonly script: () => string
}

const home = Effect.acquireRelease(
  Effect.promise(() => fs.mkdtemp(path.join(os.tmpdir(), "adobe-pass-home-"))),
  (directory) => Effect.promise(() => fs.rm(directory, { recursive: true, force: true }))
)

const environment = (home: string, env: CliOptions["env"] = {}): Record<string, string> => ({
  PATH: process.env["PATH"] ?? "",
  HOME: home,
  LANG: "C.UTF-8",
  ...env
})

/** Waits for a text that matches, which `subscribe` tells about; fails with what there was when `ended` comes first. */
const waitFor = (
  wanted: RegExp,
  text: () => string,
  subscribe: (look: () => void) => () => void,
  ended: Effect.Effect<unknown>
): Effect.Effect<RegExpExecArray, string> =>
  Effect.raceFirst(
    Effect.async<RegExpExecArray>((resume) => {
      const look = () => {
        const found = wanted.exec(text())
        if (found !== null) resume(Effect.succeed(found))
      }
      const stop = subscribe(look)
      look()
      return Effect.sync(stop)
    }),
    Effect.flatMap(ended, () => {
      const found = wanted.exec(text())
      return found === null ? Effect.fail(`ended without ${wanted}: ${text()}`) : Effect.succeed(found)
    })
  )

const start = (
  script: string,
  home: string,
  args: ReadonlyArray<string>,
  { cwd = home, env, stdin = "" }: CliOptions = {}
): Effect.Effect<Running, never, Scope.Scope> =>
  Effect.map(
    Effect.acquireRelease(
      Effect.sync(() => {
        const child = spawn(process.execPath, [script, ...args], { cwd, env: environment(home, env) })
        // It may end before it has read everything.
        child.stdin.on("error", () => {})
        child.stdin.end(stdin)
        return child
      }),
      (child) =>
        Effect.async<void>((resume) => {
          if (child.exitCode !== null || child.signalCode !== null) return resume(Effect.void)
          child.once("exit", () => resume(Effect.void))
          child.kill("SIGKILL")
        })
    ),
    (child) => {
      const stdout: Array<Buffer> = []
      const stderr: Array<Buffer> = []
      child.stdout.on("data", (chunk) => stdout.push(chunk))
      child.stderr.on("data", (chunk) => stderr.push(chunk))
      const text = (chunks: ReadonlyArray<Buffer>) => Buffer.concat(chunks).toString("utf8")
      const closed = new Promise<Finished>((resolve) =>
        child.once("close", (code, signal) =>
          resolve({
            code: code ?? 128 + (signal === null ? 0 : os.constants.signals[signal]),
            stdout: text(stdout),
            stderr: text(stderr)
          })
        )
      )
      const ended = Effect.promise(() => closed)
      return {
        pid: child.pid ?? 0,
        stdout: () => text(stdout),
        stderr: () => text(stderr),
        says: (wanted) =>
          waitFor(
            wanted,
            () => text(stdout) + text(stderr),
            (look) => {
              child.stdout.on("data", look)
              child.stderr.on("data", look)
              return () => {
                child.stdout.off("data", look)
                child.stderr.off("data", look)
              }
            },
            ended
          ),
        signal: (signal) => Effect.sync(() => void child.kill(signal)),
        ended
      }
    }
  )

const inTerminal = (
  script: string,
  home: string,
  args: ReadonlyArray<string>,
  { cwd = home, env }: Omit<CliOptions, "stdin"> = {}
): Effect.Effect<InTerminal, never, Scope.Scope> =>
  Effect.gen(function* () {
    let screen = ""
    let exited: number | undefined
    const terminal = yield* Effect.acquireRelease(
      Effect.sync(
        (): IPty =>
          spawnInTerminal(process.execPath, [script, ...args], {
            name: "xterm-256color",
            cols: 120,
            rows: 40,
            cwd,
            env: environment(home, { TERM: "xterm-256color", ...env })
          })
      ),
      (pty) =>
        Effect.async<void>((resume) => {
          if (exited !== undefined) return resume(Effect.void)
          pty.onExit(() => resume(Effect.void))
          pty.kill("SIGKILL")
        })
    )
    terminal.onData((data) => {
      screen += data
    })
    const closed = new Promise<number>((resolve) =>
      terminal.onExit(({ exitCode, signal }) => {
        exited = signal === undefined || signal === 0 ? exitCode : 128 + signal
        resolve(exited)
      })
    )
    const ended = Effect.promise(() => closed)
    return {
      screen: () => screen,
      says: (wanted) =>
        waitFor(
          wanted,
          () => screen,
          (look) => {
            const listener = terminal.onData(look)
            return () => listener.dispose()
          },
          ended
        ),
      type: (keys) => Effect.sync(() => terminal.write(keys)),
      ended: Effect.map(ended, (code) => ({ code, screen }))
    }
  })

/** The command `adobe-pass` for the tests of a file, bundled from source. */
export const useCli = (): Cli => {
  const script = useProgram(new URL("../../packages/cli/src/main.ts", import.meta.url))
  return {
    home,
    script,
    start: (home, args, options) => Effect.suspend(() => start(script(), home, args, options)),
    run: (home, args, options) =>
      Effect.scoped(
        Effect.flatMap(
          Effect.suspend(() => start(script(), home, args, options)),
          ({ ended }) => ended
        )
      ),
    terminal: (home, args, options) => Effect.suspend(() => inTerminal(script(), home, args, options))
  }
}
