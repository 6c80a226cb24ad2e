import { spawnSync } from "node:child_process"
import * as fs from "node:fs/promises"
import * as path from "node:path"
import { stripVTControlCharacters } from "node:util"
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { useCli } from "../support/cli.js"

const cli = useCli()

describe("adobe-pass help", () => {
  it.scopedLive("is the same for --help, -h and help, plain, and fits 80 columns", () =>
    Effect.gen(function* () {
      const home = yield* cli.home
      const overview = yield* cli.run(home, [])
      assert.strictEqual(overview.code, 0, overview.stderr)
      assert.include(overview.stdout, "Exit codes: 0 done")
      for (const words of [["help"], ["--help"], ["-h"]]) {
        assert.strictEqual((yield* cli.run(home, words)).stdout, overview.stdout)
      }
      const commands = Array.from(overview.stdout.matchAll(/^ {2}([a-z]+) {2}/gm), ([, name = ""]) => name)
      assert.includeMembers(commands, ["statement", "register", "token", "sessions"])
      for (const command of commands) {
        const { code, stderr, stdout } = yield* cli.run(home, [command, "--help"])
        assert.deepStrictEqual({ code, stderr }, { code: 0, stderr: "" }, command)
        assert.notMatch(stdout, /user-defined|This setting|Exit codes/)
        assert.notMatch(stdout, /\u001b/)
        for (const line of stdout.split("\n")) assert.isAtMost(line.length, 80, line)
      }
      const nested = yield* cli.run(home, ["sessions", "forget", "x", "-h"])
      assert.match(nested.stdout, /^Usage: adobe-pass sessions forget \[flags\] SESSION\.\.\.$/m)
      assert.strictEqual((yield* cli.run(home, ["help", "sessions", "forget"])).stdout, nested.stdout)
      const terminal = yield* cli.terminal(home, ["sessions", "forget", "--help"], { env: { NO_COLOR: "1" } })
      const { screen } = yield* terminal.ended
      assert.strictEqual(screen.replaceAll("\r\n", "\n"), nested.stdout)
      assert.strictEqual(stripVTControlCharacters(screen), screen)
    })
  )

  it.scopedLive("is not needed to see what is wrong with a command line", () =>
    Effect.gen(function* () {
      const home = yield* cli.home
      const wrong = [
        [["tokn"], /adobe-pass has no command tokn; it has statement,/],
        [["token", "--fromat", "json"], /--fromat is not a flag of adobe-pass token/],
        [["token", "--format=xml"], /--format must be one of text, json, header, env\./],
        [["token", "--device"], /--device needs a value\./],
        [["--profile", "x", "token"], /--profile belongs behind the command/],
        [["token", "extra"], /Received unknown argument: 'extra'/],
        [["statement", "inspect"], /Missing argument <FILE>/],
        [["help", "tokn"], /has no command tokn/]
      ] as const
      for (const [words, message] of wrong) {
        const { code, stderr, stdout } = yield* cli.run(home, words)
        assert.deepStrictEqual({ code, stdout }, { code: 2, stdout: "" }, words.join(" "))
        assert.match(stderr, message)
        assert.strictEqual(stderr.trim().split("\n").length, 1, stderr)
      }
    })
  )

  it.scopedLive("leaves the flags of the parser: the version, the level of logs and completions", () =>
    Effect.gen(function* () {
      const home = yield* cli.home
      const version = yield* cli.run(home, ["--version"])
      assert.match(version.stdout, /^\d+\.\d+\.\d+\n/)
      const level = yield* cli.run(home, ["sessions", "list", "--log-level", "debug"])
      assert.strictEqual(level.code, 0, level.stderr)
      const wizard = yield* cli.run(home, ["--wizard"])
      assert.notInclude(wizard.stderr, "fault of its own")
      for (const shell of ["bash", "zsh", "fish"]) {
        const { code, stdout } = yield* cli.run(home, ["--completions", shell])
        assert.strictEqual(code, 0)
        assert.include(stdout, "sessions")
        const file = path.join(home, `completions.${shell}`)
        yield* Effect.promise(() => fs.writeFile(file, stdout))
        const sourced = spawnSync(shell, ["-c", `. ${file}`])
        // A shell that is not on this machine has no opinion.
        if (sourced.error !== undefined) continue
        assert.deepStrictEqual([sourced.status, String(sourced.stderr)], [0, ""], shell)
      }
    })
  )

  it.scopedLive("completes commands, flags and choices in bash, and leaves files to it", () =>
    Effect.gen(function* () {
      const home = yield* cli.home
      const { stdout } = yield* cli.run(home, ["--completions", "bash"])
      const complete = (...words: ReadonlyArray<string>) => {
        const typed = ["adobe-pass", ...words].map((word) => `"${word}"`).join(" ")
        const script = `${stdout}\nCOMP_WORDS=(${typed}) COMP_CWORD=${words.length}\n_adobe_pass\nprintf '%s ' "\${COMPREPLY[@]}"`
        return String(spawnSync("bash", ["-c", script]).stdout).trim()
      }
      assert.strictEqual(complete("st"), "statement")
      assert.strictEqual(complete("token", "--form"), "--format")
      assert.strictEqual(complete("token", "--format", "j"), "json")
      assert.strictEqual(complete("sessions", ""), "list show forget export import")
      assert.strictEqual(complete("sessions", "import", "--dr"), "--dry-run")
      assert.strictEqual(complete("token", "--statement", "sta"), "")
      assert.strictEqual(complete("gateway", "sta"), "status")
    })
  )
})
