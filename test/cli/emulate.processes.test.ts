import * as fs from "node:fs/promises"
import * as path from "node:path"
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { useCli } from "../support/cli.js"
import { searcher } from "../support/secrets.js"
import { freePort } from "../support/servers.js"

const cli = useCli()

/** The address that an emulator has announced. */
const address = /export ADOBE_PASS_SP_URL=(http:\/\/127\.0\.0\.1:\d+)/

const variables = (home: string, url: string) => ({
  ADOBE_PASS_ENVIRONMENT: "emulator",
  ADOBE_PASS_SP_URL: url,
  ADOBE_PASS_SOFTWARE_STATEMENT_FILE: path.join(home, "statement.txt"),
  ADOBE_PASS_STORE_DIRECTORY: path.join(home, "store")
})

const status = (url: string, init?: RequestInit) =>
  Effect.promise(async () => {
    const response = await fetch(url, init)
    await response.arrayBuffer()
    return response.status
  })

const mode = (file: string) => Effect.promise(async () => (await fs.stat(file)).mode & 0o777)

describe("adobe-pass emulate", () => {
  it.scopedLive("goes on after a restart: the store of a client is still good", () =>
    Effect.gen(function* () {
      const home = yield* cli.home
      const port = String(yield* freePort)
      const flags = ["--port", port, "--statement-file", "statement.txt", "--export-on-exit", "state.json"]
      const first = yield* cli.start(home, ["emulate", ...flags])
      const [, url = ""] = yield* first.says(address)
      const env = variables(home, url)
      assert.strictEqual((yield* cli.run(home, ["register"], { env })).code, 0)
      yield* first.signal("SIGTERM")
      const ended = yield* first.ended
      assert.strictEqual(ended.code, 0, ended.stderr)
      assert.match(ended.stdout, /POST {4}201 .* \/o\/client\/register/)
      assert.strictEqual(yield* mode(path.join(home, "state.json")), 0o600)
      assert.strictEqual(yield* mode(path.join(home, "statement.txt")), 0o600)

      const second = yield* cli.start(home, ["emulate", ...flags, "--import", "state.json"])
      yield* second.says(address)
      const token = yield* cli.run(home, ["token"], { env })
      assert.strictEqual(token.code, 0, token.stderr)
      yield* second.signal("SIGINT")
      const again = yield* second.ended
      assert.strictEqual(again.code, 0, again.stderr)
      assert.match(again.stdout, /\/o\/client\/token/)
      assert.notMatch(again.stdout, /\/o\/client\/register/)
      assert.deepStrictEqual(
        (yield* Effect.promise(() => fs.readdir(home))).filter((name) => name.endsWith(".tmp")),
        []
      )
    })
  )

  it.scopedLive("fails as often as it is told to, and in the same way with the same seed", () =>
    Effect.gen(function* () {
      const home = yield* cli.home
      const statuses = Effect.gen(function* () {
        const args = ["emulate", "--port", "0", "--seed", "7", "--throttle", "off", "--fault", "api:503@50%"]
        const emulator = yield* cli.start(home, [...args, "--quiet"])
        const [, url = ""] = yield* emulator.says(address)
        const seen = yield* Effect.replicateEffect(status(`${url}/api/v2/ACME/configuration`), 40)
        yield* emulator.signal("SIGTERM")
        const { code, stdout } = yield* emulator.ended
        assert.strictEqual(code, 0)
        assert.notMatch(stdout, /GET +\d{3} /)
        return seen
      })
      const first = yield* statuses
      assert.sameMembers([...new Set(first)], [401, 503])
      assert.deepStrictEqual(yield* statuses, first)
    })
  )

  it.scopedLive(
    "writes JSON for a machine: where it is, then a line for each request without its secrets",
    () =>
      Effect.gen(function* () {
        const home = yield* cli.home
        const emulator = yield* cli.start(home, ["emulate", "--port", "0", "--json"])
        const [head] = yield* emulator.says(/^\{.*\}\n/)
        const { environment, url } = JSON.parse(head)
        yield* status(`${url}/api/v2/ACME/sessions/CODE12345678?key=query-12345678`, {
          headers: { authorization: "Bearer header-12345678" }
        })
        const [, line = ""] = yield* emulator.says(/^\{.*\}\n(\{.*\})\n/)
        const { at, ms, ...request } = JSON.parse(line)
        assert.deepStrictEqual(request, { method: "GET", path: "/api/v2/ACME/sessions/…", result: "401" })
        assert.isNumber(ms)
        assert.match(at, /^\d{4}-/)
        yield* emulator.signal("SIGTERM")
        const { stderr, stdout } = yield* emulator.ended
        const find = searcher([
          { name: "code", value: "CODE12345678" },
          { name: "query", value: "query-12345678" },
          { name: "header", value: "header-12345678" }
        ])
        assert.deepStrictEqual(find(stdout + stderr), [])
        assert.match(environment.ADOBE_PASS_SOFTWARE_STATEMENT, /^ey/)
      })
  )

  it.scopedLive("draws a table in a terminal, and gives the terminal back on Ctrl-C", () =>
    Effect.gen(function* () {
      const home = yield* cli.home
      const args = ["emulate", "--port", "0", "--burst", "0", "--open", "--export-on-exit", "state.json"]
      // The browser of this machine stays closed.
      const terminal = yield* cli.terminal(home, args, { env: { PATH: home } })
      const [, url = ""] = yield* terminal.says(address)
      yield* terminal.says(/No browser could be opened; the console is at http/)
      yield* terminal.says(/register 0 {3}token 0/)
      const caller = { headers: { "x-forwarded-for": "192.0.2.1" } }
      assert.strictEqual(yield* status(`${url}/api/v2/ACME/configuration`, caller), 401)
      assert.strictEqual(yield* status(`${url}/api/v2/ACME/configuration`, caller), 429)
      yield* terminal.says(/\[33m[^\n]*429 [^\n]*\/api\/v2\/ACME\/configuration/)
      yield* terminal.says(/api 2 [^\n]*throttled 1/)
      yield* terminal.type("\u0003")
      const { code, screen } = yield* terminal.ended
      assert.strictEqual(code, 0, screen)
      assert.isAbove(screen.lastIndexOf("\u001b[?25h"), screen.lastIndexOf("\u001b[?25l"))
      assert.match(screen, /The state is in state\.json\./)
    })
  )

  it.scopedLive("says what to do when it cannot start, before it listens", () =>
    Effect.gen(function* () {
      const home = yield* cli.home
      const running = yield* cli.start(home, ["emulate", "--port", "0"])
      const [, url = ""] = yield* running.says(address)
      yield* Effect.promise(() => fs.writeFile(path.join(home, "world.json"), '{"serviceProvider":[]}'))
      const cases = [
        [
          ["--port", new URL(url).port],
          3,
          /cannot listen on 127\.0\.0\.1:\d+: it is in use\. Choose another/
        ],
        [["--port", "70000"], 2, /--port must be a whole number from 0 to 65535/],
        [["--fault", "api:explode"], 2, /--fault api:explode cannot be used/],
        [["--import", "missing.json"], 3, /missing\.json: there is no such file/],
        [["--world", "world.json"], 3, /--world world\.json cannot be used/],
        [["--export-on-exit", "nowhere/state.json"], 3, /nowhere first/],
        [["--host", "0.0.0.0", "--open"], 2, /loopback/]
      ] as const
      for (const [args, code, says] of cases) {
        const ended = yield* cli.run(home, ["emulate", ...args])
        assert.strictEqual(ended.code, code, ended.stderr)
        assert.match(ended.stderr, says)
        assert.strictEqual(ended.stdout, "")
        assert.strictEqual(ended.stderr.trimEnd().split("\n").length, 1, ended.stderr)
      }
    })
  )
})
