import { execFileSync } from "node:child_process"
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { Fault } from "effect-adobe-pass-emulator"
import { useCli } from "../support/cli.js"
import { emulator, environmentOf } from "./support.js"
import { leaks, read } from "./tokenSupport.js"

const cli = useCli()

const world = Effect.gen(function* () {
  const home = yield* cli.home
  const adobe = yield* emulator()
  const env: Readonly<Record<string, string>> = {
    ...(yield* environmentOf(adobe, home)),
    ADOBE_PASS_STORE_URL: "postgres://me:a-password@127.0.0.1/none",
    ADOBE_PASS_GATEWAY_KEY: "a-key-of-the-gateway"
  }
  return {
    adobe,
    env,
    home,
    exec: (...command: ReadonlyArray<string>) => cli.run(home, ["exec", "--", ...command], { env })
  }
})

describe("adobe-pass exec", () => {
  it.scopedLive("gives the command a token, its arguments and standard input, and none of our secrets", () =>
    Effect.gen(function* () {
      const { adobe, env, home } = yield* world
      const statement = yield* read(env["ADOBE_PASS_SOFTWARE_STATEMENT_FILE"] ?? "")
      const { code, stderr, stdout } = yield* cli.run(
        home,
        [
          "exec",
          "--",
          "sh",
          "-c",
          'cat; echo "$@"; echo "$ADOBE_PASS_TOKEN_EXPIRES_AT"; env',
          "sh",
          "--help",
          "--",
          "a b"
        ],
        {
          env: { ...env, ADOBE_PASS_SOFTWARE_STATEMENT_FILE: "", ADOBE_PASS_SOFTWARE_STATEMENT: statement },
          stdin: "from outside\n"
        }
      )
      assert.strictEqual(code, 0, stderr)
      assert.match(stdout, /^from outside\n--help -- a b\n\d{4}-\d\d-\d\dT[\d:.]+Z\n/)
      const { issued } = yield* adobe.exportState
      assert.include(stdout, `ADOBE_PASS_TOKEN=${issued.clients[0]?.tokens[0]?.token}\n`)
      const rest = stdout.replace(/^ADOBE_PASS_TOKEN=.*$/m, "")
      const more = [
        { name: "store", value: env["ADOBE_PASS_STORE_URL"] ?? "" },
        { name: "gateway key", value: env["ADOBE_PASS_GATEWAY_KEY"] ?? "" }
      ]
      assert.deepStrictEqual(yield* leaks(adobe, [rest, stderr], more), [])
    })
  )

  it.scopedLive("ends as the command does, and like a shell where it cannot be started", () =>
    Effect.gen(function* () {
      const { adobe, env, exec, home } = yield* world
      assert.strictEqual((yield* exec("sh", "-c", "exit 7")).code, 7)
      assert.strictEqual((yield* exec("sh", "-c", "kill -KILL $$")).code, 137)
      const missing = yield* exec("no-such-command")
      assert.strictEqual(missing.code, 127)
      assert.strictEqual(
        missing.stderr,
        "adobe-pass: no-such-command is not found: check the name and PATH.\n"
      )
      const noProgram = yield* exec(env["ADOBE_PASS_SOFTWARE_STATEMENT_FILE"] ?? "")
      assert.strictEqual(noProgram.code, 126)
      assert.match(noProgram.stderr, /cannot be run \[EACCES\]/)
      for (const args of [["ls"], [], ["--"], ["--", ""], ["ls", "--", "-l"], ["--nothing", "--", "ls"]]) {
        const { code, stderr } = yield* cli.run(home, ["exec", ...args], { env })
        assert.strictEqual(code, 2, args.join(" "))
        assert.match(stderr, /adobe-pass exec -- CMD ARGS|is not a flag/)
      }
      assert.strictEqual((yield* adobe.counts).token, 1)
    })
  )

  it.scopedLive("does not run the command without a token", () =>
    Effect.gen(function* () {
      const { adobe, exec } = yield* world
      yield* adobe.fail({ route: "token", fault: Fault.answer(503), times: Number.POSITIVE_INFINITY })
      const { code, stdout } = yield* exec("echo", "ran")
      assert.deepStrictEqual({ code, stdout }, { code: 6, stdout: "" })
    })
  )

  it.scopedLive("passes signals on, waits for the command, and shows no secret in the process list", () =>
    Effect.gen(function* () {
      const { adobe, env, home } = yield* world
      for (const signal of ["SIGTERM", "SIGHUP", "SIGINT", "SIGQUIT", "SIGUSR1", "SIGUSR2"] as const) {
        const script = `trap 'echo got; exit 5' ${signal.slice(3)}; echo ready; while :; do sleep 0.05; done`
        const running = yield* cli.start(home, ["exec", "--", "sh", "-c", script], { env })
        yield* running.says(/ready/)
        const processes = execFileSync("ps", ["-eo", "args"], { encoding: "utf8" })
        assert.deepStrictEqual(yield* leaks(adobe, [processes]), [])
        yield* running.signal(signal)
        const { code, stderr, stdout } = yield* running.ended
        assert.deepStrictEqual({ code, stdout }, { code: 5, stdout: "ready\ngot\n" }, signal)
        assert.strictEqual(stderr, "", signal)
      }
    })
  )

  it.scopedLive("leaves Ctrl-C in a terminal to the command, which gets it once", () =>
    Effect.gen(function* () {
      const { env, home } = yield* world
      const script =
        "const end = () => process.exit(9); process.on('SIGINT', () => { console.log('got'); setTimeout(end, 300) });" +
        "setInterval(() => {}, 1000); console.log('ready ' + process.stdout.isTTY)"
      const terminal = yield* cli.terminal(home, ["exec", "--", process.execPath, "-e", script], { env })
      yield* terminal.says(/ready true/)
      yield* terminal.type("\u0003")
      const { code, screen } = yield* terminal.ended
      assert.strictEqual(code, 9, screen)
      assert.strictEqual(screen.match(/got/g)?.length, 1)
    })
  )
})
