import { type ChildProcess, spawn } from "node:child_process"
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs"
import { createRequire } from "node:module"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath, pathToFileURL } from "node:url"
import { describe, expect, it } from "@effect/vitest"
import { Deferred, Effect } from "effect"
import { Emulator } from "effect-adobe-pass-emulator"

const walkthrough = fileURLToPath(new URL("../../packages/examples/src/walkthrough.ts", import.meta.url))
const tsx = pathToFileURL(createRequire(import.meta.url).resolve("tsx")).href

interface Finished {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

const directory = Effect.acquireRelease(
  Effect.sync(() => mkdtempSync(join(tmpdir(), "walkthrough-test-"))),
  (path) => Effect.sync(() => rmSync(path, { recursive: true, force: true }))
)

/** The walkthrough as a child without a terminal, in a directory of its own for files and temporary files. */
const start = (cwd: string, variables: Readonly<Record<string, string>> = {}) =>
  Effect.gen(function* () {
    const inherited = Object.entries(process.env).filter(([name]) => !name.startsWith("ADOBE_PASS_"))
    const child: ChildProcess = yield* Effect.acquireRelease(
      Effect.sync(() =>
        spawn(process.execPath, ["--conditions=effect-adobe-pass-source", "--import", tsx, walkthrough], {
          cwd,
          env: { ...Object.fromEntries(inherited), TMPDIR: cwd, TMP: cwd, TEMP: cwd, ...variables }
        })
      ),
      (running) => Effect.sync(() => running.kill("SIGKILL"))
    )
    const finished = yield* Deferred.make<Finished>()
    const output = { stdout: "", stderr: "" }
    child.stdout?.on("data", (chunk) => {
      output.stdout += chunk
    })
    child.stderr?.on("data", (chunk) => {
      output.stderr += chunk
    })
    child.on("close", (code) => Deferred.unsafeDone(finished, Effect.succeed({ code, ...output })))
    return { child, output, finished: Deferred.await(finished) }
  })

const run = (cwd: string, variables?: Readonly<Record<string, string>>) =>
  Effect.flatMap(start(cwd, variables), ({ finished }) => finished)

/** What the walkthrough left behind; tsx keeps a cache of its own there. */
const leftIn = (cwd: string): ReadonlyArray<string> =>
  readdirSync(cwd).filter((name) => !name.startsWith("tsx-"))

describe("the tour", () => {
  it.scopedLive(
    "takes every step, proves each from the emulator's log and cleans up",
    () =>
      Effect.gen(function* () {
        const cwd = yield* directory
        const { code, stderr, stdout } = yield* run(cwd)
        expect(stderr).toBe("")
        expect(code).toBe(0)
        expect(stdout).not.toContain("\u001b")
        expect(stdout).not.toContain("\r")
        expect(stdout).not.toContain("FAILED")
        const rows = stdout
          .slice(stdout.indexOf("What Adobe Pass received"))
          .split("\n")
          .flatMap(
            (line) =>
              /^ {2}(\d+)\. .*?(\d+) +(\d+) +(\d+) +(\d+) +(\w+)$/.exec(line)?.slice(1).join(" ") ?? []
          )
        // Step, registrations, token requests, calls, answers of 429, result.
        expect(rows).toEqual([
          "1 0 0 0 0 ok",
          "2 1 0 0 0 ok",
          "3 0 1 0 0 ok",
          "4 0 0 3 0 ok",
          "5 0 0 1 0 ok",
          "6 0 1 1 0 ok",
          "7 0 1 100 0 ok",
          "8 0 0 20 0 ok"
        ])
        for (const line of ["mode 0600", "50 calls succeed", "0 answers of 429", "<redacted>"]) {
          expect(stdout).toContain(line)
        }
        expect(stdout).toMatch(/\] \d+ of 20 sent after \d+\.\d s/)
        expect(leftIn(cwd)).toEqual([])
      }),
    60_000
  )

  it.scopedLive(
    "ends at once on Ctrl-C, and removes its directory",
    () =>
      Effect.gen(function* () {
        const cwd = yield* directory
        const { child, finished, output } = yield* start(cwd)
        yield* Effect.sleep("50 millis").pipe(
          Effect.repeat({ until: () => output.stdout.includes("Outlive the token") })
        )
        expect(leftIn(cwd)).toHaveLength(1)
        yield* Effect.sync(() => child.kill("SIGINT"))
        const { code, stderr } = yield* Effect.timeout(finished, "2 seconds")
        expect([code, stderr]).toEqual([130, ""])
        expect(leftIn(cwd)).toEqual([])
      }),
    30_000
  )
})

describe("an environment of your own", () => {
  it.scopedLive(
    "is registered with once, gets a token and is called; a second run takes both from the store",
    () =>
      Effect.gen(function* () {
        const cwd = yield* directory
        const emulator = yield* Emulator.Emulator
        const file = join(cwd, "statement.txt")
        writeFileSync(file, `${emulator.softwareStatement}\n`)
        const variables = {
          ADOBE_PASS_ENVIRONMENT: "desk",
          ADOBE_PASS_SP_URL: emulator.baseUrl,
          ADOBE_PASS_SOFTWARE_STATEMENT_FILE: file,
          ADOBE_PASS_SERVICE_PROVIDER: "ACME"
        }
        const first = yield* run(cwd, variables)
        expect([first.code, first.stderr]).toEqual([0, ""])
        expect(first.stdout).toContain(emulator.baseUrl)
        expect(first.stdout).toContain("./.adobe-pass")
        expect(first.stdout).toContain("/api/v2/ACME/configuration")
        expect(first.stdout).not.toContain(emulator.softwareStatement)
        expect(yield* emulator.counts).toMatchObject({ register: 1, token: 1, api: 1 })

        const second = yield* run(cwd, { ...variables, ADOBE_PASS_CALL_PATH: "/api/v2/OTHER/configuration" })
        expect([second.code, second.stderr]).toEqual([0, ""])
        expect(yield* emulator.counts).toMatchObject({ register: 1, token: 1, api: 2 })
        expect((yield* emulator.log).at(-1)?.path).toBe("/api/v2/OTHER/configuration")

        yield* emulator.revokeStatement()
        rmSync(join(cwd, ".adobe-pass"), { recursive: true })
        const refused = yield* run(cwd, variables)
        expect(refused.code).toBe(1)
        expect(refused.stderr).toContain("unapproved_software_statement")
      }).pipe(Effect.provide(Emulator.layerServer())),
    60_000
  )

  const statement = "statement.txt"
  const complete = {
    ADOBE_PASS_ENVIRONMENT: "release-staging",
    ADOBE_PASS_SOFTWARE_STATEMENT_FILE: statement,
    ADOBE_PASS_SERVICE_PROVIDER: "ACME"
  }
  const mistakes: ReadonlyArray<readonly [string, Readonly<Record<string, string>>, string]> = [
    ["only half of the variables", { ADOBE_PASS_ENVIRONMENT: "release-staging" }, "Set both"],
    [
      "no file",
      { ...complete, ADOBE_PASS_SOFTWARE_STATEMENT_FILE: "nowhere.txt" },
      "nowhere.txt cannot be read"
    ],
    ["a file without a statement", complete, "softwareStatement is not a JWT"],
    [
      "an unknown environment",
      { ...complete, ADOBE_PASS_ENVIRONMENT: "staging" },
      "must be one of release-production"
    ],
    ["nothing to call", { ...complete, ADOBE_PASS_SERVICE_PROVIDER: "" }, "Set ADOBE_PASS_SERVICE_PROVIDER"],
    ["a wrong option", { ...complete, ADOBE_PASS_TIMEOUT: "soon" }, "ADOBE_PASS_TIMEOUT: "]
  ]

  for (const [name, variables, sentence] of mistakes) {
    it.scopedLive(`with ${name} ends with one sentence and exit code 1`, () =>
      Effect.gen(function* () {
        const cwd = yield* directory
        writeFileSync(join(cwd, statement), "not a statement")
        const { code, stderr, stdout } = yield* run(cwd, variables)
        expect(code).toBe(1)
        expect(stderr).toContain(sentence)
        expect(stderr.trim().split("\n")).toHaveLength(1)
        expect(stderr + stdout).not.toMatch(/^\s+at /m)
        expect(leftIn(cwd)).toEqual([statement])
      })
    )
  }
})
