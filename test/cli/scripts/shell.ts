import { spawn } from "node:child_process"
import * as fs from "node:fs/promises"
import * as os from "node:os"
import * as path from "node:path"
import { fileURLToPath } from "node:url"
import { Effect, type Scope } from "effect"

/** A period whose numbers no longer change. */
const lastYear = new Date().getUTCFullYear() - 1

/** What the scripts of this directory are asked for. */
const wanted = {
  DIMENSIONS: "media-company year month day proxy mvpd",
  QUERY: `start=${lastYear}-01-01&end=${lastYear}-01-03&mvpd!=NorthCable`
}

export interface ShellResult {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

const scriptOf = (name: string): string => fileURLToPath(new URL(name, import.meta.url))

/** The lines of a script that do something: neither empty nor a comment. */
export const linesOf = (name: string): Effect.Effect<ReadonlyArray<string>> =>
  Effect.map(
    Effect.promise(() => fs.readFile(scriptOf(name), "utf8")),
    (text) => text.split("\n").filter((line) => line.trim() !== "" && !line.startsWith("#"))
  )

/** A new working directory; removed with the scope. */
export const directory: Effect.Effect<string, never, Scope.Scope> = Effect.acquireRelease(
  Effect.promise(() => fs.mkdtemp(path.join(os.tmpdir(), "adobe-pass-scripts-"))),
  (created) => Effect.promise(() => fs.rm(created, { recursive: true, force: true }))
)

/** Runs a script of this directory as a shell does. It needs `curl` and `jq`. */
export const run = (
  name: string,
  cwd: string,
  env: Readonly<Record<string, string>>,
  args: ReadonlyArray<string> = []
): Effect.Effect<ShellResult> =>
  Effect.async((resume) => {
    const child = spawn("sh", [scriptOf(name), ...args], {
      cwd,
      env: { PATH: process.env["PATH"] ?? "", HOME: cwd, ...wanted, ...env },
      stdio: ["ignore", "pipe", "pipe"]
    })
    const [stdout, stderr]: [Array<Buffer>, Array<Buffer>] = [[], []]
    child.stdout.on("data", (chunk) => stdout.push(chunk))
    child.stderr.on("data", (chunk) => stderr.push(chunk))
    const text = (chunks: ReadonlyArray<Buffer>) => Buffer.concat(chunks).toString("utf8")
    const finished = (code: number | null) =>
      resume(Effect.succeed({ code, stdout: text(stdout), stderr: text(stderr) }))
    child.once("close", finished)
    return Effect.sync(() => void child.kill("SIGKILL"))
  })
