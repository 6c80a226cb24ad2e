import { readdirSync, rmSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { describe, expect, it } from "@effect/vitest"
import { Effect } from "effect"
import { Emulator } from "effect-adobe-pass-emulator"
import { temporaryDirectory } from "../node/directory.js"
import { useWorker } from "../support/workers.js"

const startWalkthrough = useWorker(new URL("../../packages/examples/src/walkthrough.ts", import.meta.url))

const inherited = Object.keys(process.env).filter((name) => name.startsWith("ADOBE_PASS_"))

/** The walkthrough as a process without a terminal, in a directory of its own for files and temporary files. */
const start = (cwd: string, variables: Readonly<Record<string, string>> = {}) =>
  startWalkthrough({
    cwd,
    keepErrors: true,
    env: {
      ...Object.fromEntries(inherited.map((name) => [name, undefined])),
      TMPDIR: cwd,
      TMP: cwd,
      TEMP: cwd,
      ...variables
    }
  })

const run = (cwd: string, variables?: Readonly<Record<string, string>>) =>
  Effect.gen(function* () {
    const { ended, errors, output } = yield* start(cwd, variables)
    const code = yield* ended
    return { code, stdout: output(), stderr: errors() }
  })

describe.concurrent("the tour", () => {
  it.scopedLive("takes every step, proves each from the emulator's log and cleans up", () =>
    Effect.gen(function* () {
      const cwd = yield* temporaryDirectory
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
          (line) => /^ {2}(\d+)\. .*?(\d+) +(\d+) +(\d+) +(\d+) +(\w+)$/.exec(line)?.slice(1).join(" ") ?? []
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
        "8 0 0 20 0 ok",
        // A session, and one or two questions whether somebody has signed in.
        expect.stringMatching(/^9 0 0 [23] 0 ok$/),
        "10 0 0 3 0 ok",
        "11 0 0 1 0 ok"
      ])
      for (const line of ["mode 0600", "50 calls succeed", "0 answers of 429", "<redacted>"]) {
        expect(stdout).toContain(line)
      }
      // Only what nobody can shorten is wider than a terminal: paths of this machine, and URLs of the emulator.
      const wide = stdout
        .split("\n")
        .filter((line) => line.length > 80 && !line.includes(cwd) && !line.includes("/adobe-services/"))
      expect(wide).toEqual([])
      expect(stdout).toContain("packages/examples/src/emulatedSteps.ts")
      expect(stdout).toMatch(/\] \d+ of 20 sent after \d+\.\d s/)
      expect(readdirSync(cwd)).toEqual([])
    })
  )

  it.scopedLive("ends quietly when nobody reads its output, and removes its directory", () =>
    Effect.gen(function* () {
      const cwd = yield* temporaryDirectory
      const worker = yield* start(cwd)
      yield* worker.says(/Register the device/)
      worker.process.stdout?.destroy()
      expect([yield* worker.ended, worker.errors()]).toEqual([0, ""])
      expect(readdirSync(cwd)).toEqual([])
    })
  )

  it.scopedLive("ends at once on Ctrl-C, and removes its directory", () =>
    Effect.gen(function* () {
      const cwd = yield* temporaryDirectory
      const { ended, errors, output, says, signal } = yield* start(cwd)
      yield* says(/Outlive the token/)
      expect(readdirSync(cwd)).toHaveLength(1)
      yield* signal("SIGINT")
      expect([yield* ended, errors()]).toEqual([130, ""])
      expect(output()).not.toContain("What Adobe Pass received")
      expect(readdirSync(cwd)).toEqual([])
    })
  )
})

describe.concurrent("an environment of your own", () => {
  it.scopedLive(
    "is registered with once, gets a token and is called; a second run takes both from the store",
    () =>
      Effect.gen(function* () {
        const cwd = yield* temporaryDirectory
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

        const second = yield* run(cwd, { ...variables, ADOBE_PASS_CALL_PATH: "/api/v2/Zenith/configuration" })
        expect([second.code, second.stderr]).toEqual([0, ""])
        expect(yield* emulator.counts).toMatchObject({ register: 1, token: 1, api: 2 })
        expect((yield* emulator.log).at(-1)?.path).toBe("/api/v2/Zenith/configuration")

        yield* emulator.revokeStatement()
        rmSync(join(cwd, ".adobe-pass"), { recursive: true })
        const refused = yield* run(cwd, variables)
        expect(refused.code).toBe(1)
        expect(refused.stderr).toContain("unapproved_software_statement")
      }).pipe(Effect.provide(Emulator.layerServer()))
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
      "ADOBE_PASS_SOFTWARE_STATEMENT_FILE names a file that cannot be read (ENOENT)"
    ],
    ["a file without a statement", complete, "ADOBE_PASS_SOFTWARE_STATEMENT_FILE is not a JWT"],
    [
      "an unknown environment",
      { ...complete, ADOBE_PASS_ENVIRONMENT: "staging" },
      "ADOBE_PASS_ENVIRONMENT must be one of release-production"
    ],
    ["nothing to call", { ...complete, ADOBE_PASS_SERVICE_PROVIDER: "" }, "Set ADOBE_PASS_SERVICE_PROVIDER"],
    ["a wrong option", { ...complete, ADOBE_PASS_TIMEOUT: "soon" }, "ADOBE_PASS_TIMEOUT must be a duration"]
  ]

  for (const [name, variables, sentence] of mistakes) {
    it.scopedLive(`with ${name} ends with one sentence and exit code 1`, () =>
      Effect.gen(function* () {
        const cwd = yield* temporaryDirectory
        writeFileSync(join(cwd, statement), "not a statement")
        const { code, stderr, stdout } = yield* run(cwd, variables)
        expect(code).toBe(1)
        expect(stderr).toContain(sentence)
        expect(stderr.trim().split("\n")).toHaveLength(1)
        expect(stderr + stdout).not.toMatch(/^\s+at /m)
        expect(readdirSync(cwd)).toEqual([statement])
      })
    )
  }
})
