import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { useCli } from "../support/cli.js"
import { emulator, environmentOf } from "./support.js"

const cli = useCli()

describe("adobe-pass register", () => {
  it.scopedLive("registers once, and says so", () =>
    Effect.gen(function* () {
      const home = yield* cli.home
      const adobe = yield* emulator()
      const env = yield* environmentOf(adobe, home)
      const first = yield* cli.run(home, ["register"], { env })
      assert.strictEqual(first.code, 0, first.stderr)
      assert.match(first.stdout, /^Registered in emulated, on \d{4}-\d\d-\d\d /)
      const second = yield* cli.run(home, ["register", "--json"], { env })
      assert.strictEqual(second.code, 0, second.stderr)
      assert.include(JSON.parse(second.stdout), { registered: false, environment: "emulated" })
      assert.strictEqual((yield* adobe.counts).register, 1)
    })
  )

  it.scopedLive("tells in a terminal what is missing, in colour and without a stack", () =>
    Effect.gen(function* () {
      const home = yield* cli.home
      const terminal = yield* cli.terminal(home, ["register"])
      const { code, screen } = yield* terminal.ended
      assert.strictEqual(code, 3)
      assert.match(screen, /ADOBE_PASS_ENVIRONMENT must be set\./)
      assert.notInclude(screen, "    at ")
    })
  )

  it.scopedLive("is done anew for credentials that Adobe Pass does not know, and a line tells of it", () =>
    Effect.gen(function* () {
      const home = yield* cli.home
      const adobe = yield* emulator()
      const env = { ...(yield* environmentOf(adobe, home)), ADOBE_PASS_SESSIONS_CONFIRM_AFTER: "1 millis" }
      const stdin = `{"device":"adobe-pass","client_id":"lost","client_secret":"lost-secret"}`
      const imported = yield* cli.run(home, ["sessions", "import", "-"], { env, stdin })
      assert.strictEqual(imported.code, 0, imported.stderr)
      const { code, stderr } = yield* cli.run(home, ["token"], { env })
      assert.strictEqual(code, 0, stderr)
      assert.match(stderr, /registered again: its users must sign in again/)
      assert.strictEqual((yield* adobe.counts).register, 1)
    })
  )
})
