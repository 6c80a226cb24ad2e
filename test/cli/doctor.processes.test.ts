import * as fs from "node:fs/promises"
import * as path from "node:path"
import { stripVTControlCharacters } from "node:util"
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { Fault } from "effect-adobe-pass-emulator"
import { type Finished, useCli } from "../support/cli.js"
import { searcher, withoutJwtHeader } from "../support/secrets.js"
import { type Place, place } from "./doctorPlace.js"

const cli = useCli()

/** Without what differs between runs and machines. */
const normalized = (text: string, { adobe, home, store }: Place): string =>
  text
    .replaceAll("\r\n", "\n")
    .replaceAll(store, "STORE")
    .replaceAll(home, "HOME")
    .replaceAll(new URL(adobe.baseUrl).host, "HOST")
    .replace(/fingerprint [0-9a-f]{32}/, "fingerprint HEX")
    .replace(/\d{4}-\d\d-\d\d \d\d:\d\d:\d\dZ/g, "TIME")
    .replace(/[56] h(?: 59 min)?/, "6 h")
    // In a container this repository may be on layers, of which the doctor tells.
    .replace(/^note +store +STORE is in the layers .*\n.*\n/m, "")

const well = `ok       configuration  There is no configuration file; flags, variables and defaults count.
                        ADOBE_PASS_ENVIRONMENT = emulated (variable)
                        ADOBE_PASS_SOFTWARE_STATEMENT_FILE = HOME/statement.txt (variable)
                        ADOBE_PASS_SP_URL = http://HOST (variable)
                        ADOBE_PASS_STORE_DIRECTORY = STORE (variable)
ok       statement      HOME/statement.txt decodes: fingerprint HEX, issued TIME.
ok       hosts          sp (HOST): 1 address, connects, without TLS.
ok       clock          This clock and that of HOST agree within 30 s.
ok       store          files in STORE: locks, writes, reads; 0 sessions.
note     store          Records are not encrypted; whoever reads the store has the credentials.
ok       registration   The instance was registered on TIME.
ok       registration   Its token is valid for 6 h, with scopes api:client:v2.
ok       api            The token has the scope of REST API v2.
ok       api            GET /api/v2/ACME/configuration is answered with 200.
ok       throttle       4 requests answered, none with 429; 0 waited for a turn.
ok       throttle       Limits: 10 requests at once, then 1 a second (learn); a request waits 1 min at most.
All is well.
`

/** What a terminal shows of lines in which a carriage return begins again. */
const erased = (screen: string): string =>
  screen
    .split("\n")
    .map((line) => line.slice(line.lastIndexOf("\r", line.length - 2) + 1))
    .join("\n")

describe("adobe-pass doctor", () => {
  it.scopedLive("says that all is well, in four requests", () =>
    Effect.gen(function* () {
      const here = yield* place(cli)
      const { code, stderr, stdout } = yield* here.doctor(["--register", "--service-provider", "ACME"])
      assert.strictEqual(code, 0, stdout)
      assert.strictEqual(stderr, "")
      assert.strictEqual(normalized(stdout, here), well)
      const counts = yield* here.adobe.counts
      assert.deepStrictEqual(counts, { register: 1, token: 1, api: 1, management: 0, other: 1, throttled: 0 })
    })
  )

  it.scopedLive(
    "shows the same in a terminal, in colour, and takes away the name of the check under way",
    () =>
      Effect.gen(function* () {
        const here = yield* place(cli)
        const terminal = yield* cli.terminal(
          here.home,
          ["doctor", "--register", "--service-provider", "ACME"],
          {
            env: here.env
          }
        )
        const { code, screen } = yield* terminal.ended
        assert.strictEqual(code, 0, screen)
        assert.include(screen, "\u001b[32mok")
        assert.include(screen, "registration ...\r")
        assert.strictEqual(normalized(erased(stripVTControlCharacters(screen)), here), well)
      })
  )

  it.scopedLive("writes one document with --json", () =>
    Effect.gen(function* () {
      const { doctor } = yield* place(cli)
      const { code, stdout } = yield* doctor(["--json", "--api", "cmu", "--register"])
      const { exit_code, findings } = JSON.parse(stdout)
      assert.strictEqual(code, 4)
      assert.strictEqual(exit_code, 4)
      assert.deepStrictEqual(
        findings
          .map(({ check, severity }: Record<string, string>) => `${check} ${severity}`)
          .filter((line: string) => !line.startsWith("store note")),
        [
          "configuration ok",
          "statement ok",
          "hosts ok",
          "clock ok",
          "store ok",
          "registration ok",
          "registration ok",
          "api error",
          "throttle ok",
          "throttle ok"
        ]
      )
      const [problem] = findings.filter(({ severity }: Record<string, string>) => severity === "error")
      assert.match(problem.finding, /lacks the scope cmu:billing:client or cmu:analytics:client/)
      assert.match(problem.advice, /Create a registered application/)
    })
  )

  it.scopedLive("registers nobody unless it is told to, and leaves no store behind", () =>
    Effect.gen(function* () {
      const { adobe, doctor, store } = yield* place(cli)
      const { code, stdout } = yield* doctor()
      assert.strictEqual(code, 0, stdout)
      assert.match(
        stdout,
        /^note +registration +This instance is not registered; its first call registers it\.$/m
      )
      assert.strictEqual((yield* adobe.counts).register, 0)
      const left = yield* Effect.promise(() => fs.readdir(path.dirname(store)))
      assert.deepStrictEqual(left, [])
    })
  )

  it.scopedLive("does not replace credentials that are refused unless it is told to", () =>
    Effect.gen(function* () {
      const { adobe, doctor, env, home } = yield* place(cli)
      // The library does not replace credentials that are new.
      yield* adobe.skewClock("1 day", "behind")
      yield* cli.run(home, ["register"], { env })
      yield* adobe.skewClock(0)
      yield* adobe.revokeAllClients
      const { code, stdout } = yield* doctor([], { ADOBE_PASS_SESSIONS_CONFIRM_AFTER: "1 millis" })
      assert.strictEqual(code, 4, stdout)
      assert.match(
        stdout,
        /^error +registration +.*\(invalid_client\): registering again would sign its users out/m
      )
      assert.strictEqual((yield* adobe.counts).register, 1)
    })
  )

  it.scopedLive("is interrupted by Ctrl-C in the middle of a check, and leaves a clean line", () =>
    Effect.gen(function* () {
      const here = yield* place(cli)
      yield* here.adobe.fail({ route: "register", fault: Fault.hang() })
      const terminal = yield* cli.terminal(here.home, ["doctor", "--register"], { env: here.env })
      yield* terminal.says(/registration \.\.\./)
      yield* terminal.type("\u0003")
      const { code, screen } = yield* terminal.ended
      assert.strictEqual(code, 130)
      const last = stripVTControlCharacters(screen).split("\n").at(-1)?.replace("^C", "") ?? ""
      assert.match(last, /registration \.\.\.\r +\r$/)
    })
  )

  it.scopedLive("shows no secret, whatever it finds", () =>
    Effect.gen(function* () {
      const { adobe, doctor, home, statement } = yield* place(cli)
      const keys = path.join(home, "keys.txt")
      const key = Buffer.alloc(32, "k3y of the store").toString("base64")
      yield* Effect.promise(() => fs.writeFile(keys, `first ${key}\n`, { mode: 0o644 }))
      const device = {
        ADOBE_PASS_DEVICE_ID: "ba23d141-d715-561c-94f4-e9e4c966b1eb",
        ADOBE_PASS_DEVICE_IP: "192.168.171.13",
        ADOBE_PASS_DEVICE_USER_AGENT: "Mozilla/5.0",
        ADOBE_PASS_STORE_KEYS_FILE: keys,
        ADOBE_PASS_SESSIONS_CONFIRM_AFTER: "1 millis"
      }
      const call = ["--register", "--service-provider", "ACME"]
      const runs: Array<Finished> = []
      const run = (args: ReadonlyArray<string>, env: Readonly<Record<string, string>> = {}) =>
        Effect.map(doctor(args, { ...device, ...env }), (finished) => runs.push(finished))
      yield* run(call)
      yield* run([...call, "--json"])
      yield* run([...call, "--api", "esm"])
      yield* adobe.revokeTokens
      yield* run(call)
      yield* adobe.revokeStatement()
      yield* run(call)
      yield* run(call, {
        ADOBE_PASS_SOFTWARE_STATEMENT_FILE: "",
        ADOBE_PASS_SOFTWARE_STATEMENT: adobe.softwareStatement,
        ADOBE_PASS_STORE_URL: "postgres://someone:password-of-the-store@127.0.0.1/store",
        HTTP_PROXY: "http://someone:password-of-the-proxy@127.0.0.1:9"
      })
      yield* Effect.promise(() => fs.writeFile(statement, `${adobe.softwareStatement}!`))
      yield* run(call)
      const { clients } = (yield* adobe.exportState).issued
      assert.isNotEmpty(clients.flatMap(({ tokens }) => tokens))
      const find = searcher([
        { name: "statement", value: withoutJwtHeader(adobe.softwareStatement) },
        { name: "key", value: key },
        { name: "device id", value: device.ADOBE_PASS_DEVICE_ID },
        { name: "device address", value: device.ADOBE_PASS_DEVICE_IP },
        { name: "password of the store", value: "password-of-the-store" },
        { name: "password of the proxy", value: "password-of-the-proxy" },
        ...clients.flatMap(({ id, secret, tokens }) => [
          { name: "client id", value: id },
          { name: "client secret", value: secret },
          ...tokens.map(({ token }) => ({ name: "token", value: withoutJwtHeader(token) }))
        ])
      ])
      for (const { stderr, stdout } of runs)
        assert.deepStrictEqual(find(stdout + stderr), [], stdout + stderr)
    })
  )
})
