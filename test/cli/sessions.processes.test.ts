import { spawn } from "node:child_process"
import { randomBytes } from "node:crypto"
import * as fs from "node:fs/promises"
import * as path from "node:path"
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { useCli } from "../support/cli.js"
import { searcher } from "../support/secrets.js"
import { emulator, environmentOf } from "./support.js"

const cli = useCli()

const write = (file: string, text: string) => Effect.promise(() => fs.writeFile(file, text))

const read = (file: string) => Effect.promise(() => fs.readFile(file, "utf8"))

/** Credentials of devices as another system has them. */
const rows = (count: number) =>
  Array.from({ length: count }, (_, n) => ({
    device: `a-device-of-somebody-${n}`,
    client_id: `an-imported-client-id-${n}`,
    client_secret: `an-imported-client-secret-${n}`,
    issued_at: 1_700_000_000 + n,
    scopes: "api:client:v2"
  }))

const jsonLines = (values: ReadonlyArray<unknown>): string =>
  values.map((value) => `${JSON.stringify(value)}\n`).join("")

const secretsOf = (given: ReturnType<typeof rows>) =>
  given.flatMap(({ client_id, client_secret, device }) => [
    { name: "device", value: device },
    { name: "client id", value: client_id },
    { name: "client secret", value: client_secret }
  ])

/** A home whose store has imported sessions, and a look for their secrets in what is written. */
const imported = (count: number) =>
  Effect.gen(function* () {
    const home = yield* cli.home
    const statement = `eyJhbGciOiJSUzI1NiJ9.${Buffer.from(`{"sub":"app","iss":"adobe","iat":1700000000}`).toString("base64url")}.${randomBytes(64).toString("base64url")}`
    yield* write(path.join(home, "statement.txt"), statement)
    const env = {
      ADOBE_PASS_ENVIRONMENT: "emulated",
      ADOBE_PASS_SP_URL: "http://127.0.0.1:9",
      ADOBE_PASS_SOFTWARE_STATEMENT_FILE: path.join(home, "statement.txt")
    }
    const given = rows(count)
    const secrets = searcher([...secretsOf(given), { name: "statement", value: statement.slice(40) }])
    const told: Array<string> = []
    const run = (args: ReadonlyArray<string>, stdin?: string) =>
      Effect.tap(
        cli.run(home, ["sessions", ...args], { env, ...(stdin === undefined ? {} : { stdin }) }),
        ({ stderr, stdout }) => Effect.sync(() => told.push(stdout, stderr))
      )
    const first = yield* run(["import", "-"], jsonLines(given))
    assert.strictEqual(first.code, 0, first.stderr)
    assert.strictEqual(first.stdout, `imported ${count}, present 0, kept 0, replaced 0, failed 0\n`)
    const keys = yield* Effect.map(run(["list", "--json"]), ({ stdout }) =>
      stdout
        .trim()
        .split("\n")
        .map((line): string => JSON.parse(line).session)
    )
    const nothingSecret = Effect.sync(() => assert.deepStrictEqual(told.flatMap(secrets), []))
    return { home, env, given, run, keys, nothingSecret, secrets }
  })

/** A file with a key for exports. */
const keysFile = (home: string, name: string, id = "k1") => {
  const file = path.join(home, name)
  return Effect.as(write(file, `# for the safe\n${id} ${randomBytes(32).toString("base64")}\n`), file)
}

describe("adobe-pass sessions list and show", () => {
  it.scopedLive("show what the store holds, as a table and for machines, and no secret", () =>
    Effect.gen(function* () {
      const { keys, nothingSecret, run } = yield* imported(3)
      const { code, stdout } = yield* run(["list"])
      assert.strictEqual(code, 0)
      const [head, ...lines] = stdout.trim().split("\n")
      assert.match(head ?? "", /^SESSION {7}AGE +TOKEN +ENVIRONMENT +STATEMENT +KEY$/)
      assert.strictEqual(lines.length, 3)
      for (const line of lines)
        assert.match(line, /^[0-9a-f]{12} {2}\d+ d .* none +emulated +[0-9a-f]{12} {2}none$/)
      const shown = yield* run(["show", keys[0]?.slice(0, 12) ?? ""])
      assert.match(shown.stdout, new RegExp(`^session {6}${keys[0]}\nenvironment {2}emulated\n`))
      const json = yield* run(["show", keys[0] ?? "", "--json"])
      assert.deepInclude(JSON.parse(json.stdout), {
        session: keys[0],
        scopes: ["api:client:v2"],
        token: null,
        encrypted_with: null
      })
      const other = yield* run(["list", "--environment", "release-production"])
      assert.deepInclude(other, { code: 0, stdout: "", stderr: "There are no sessions.\n" })
      yield* nothingSecret
    })
  )

  it.scopedLive("find the session of a device by its id, and say when there is none", () =>
    Effect.gen(function* () {
      const { keys, nothingSecret, run } = yield* imported(1)
      const { stdout } = yield* run(["show", "--device", "a-device-of-somebody-0"])
      assert.include(stdout, keys[0] ?? "none")
      assert.deepInclude(yield* run(["show", "--device", "a-device-of-nobody"]), { code: 2, stdout: "" })
      const unknown = yield* run(["show", "0000000000"])
      assert.strictEqual(unknown.code, 2)
      assert.match(unknown.stderr, /^adobe-pass: No stored session starts with 0000000000/)
      yield* nothingSecret
    })
  )

  it.scopedLive("tell the expiry of a token, and show no part of it", () =>
    Effect.gen(function* () {
      const home = yield* cli.home
      const env = yield* environmentOf(yield* emulator(), home)
      const token = (yield* cli.run(home, ["token"], { env })).stdout.trim()
      const list = yield* cli.run(home, ["sessions", "list"], { env })
      assert.match(list.stdout, /expires in (?:\d+ d|\d+ h|\d+ min)/)
      const show = yield* cli.run(home, ["sessions", "show"], { env })
      assert.match(show.stdout, /token +expires in .*, at 20\d\d-/)
      assert.deepStrictEqual(searcher([{ name: "token", value: token }])(list.stdout + show.stdout), [])
    })
  )

  it.scopedLive("show a damaged record with the others, and end with the code of the store", () =>
    Effect.gen(function* () {
      const { home, keys, nothingSecret, run } = yield* imported(2)
      const damaged = keys[1] ?? ""
      const store = path.join(home, ".local/state/adobe-pass")
      const files = yield* Effect.promise(() => fs.readdir(store, { recursive: true }))
      const file = files.find((name) => path.basename(name).startsWith(damaged)) ?? "none"
      yield* write(path.join(store, file), "half a rec")
      const { code, stderr, stdout } = yield* run(["list"])
      assert.strictEqual(code, 7)
      assert.include(stdout, `${damaged.slice(0, 12)}  cannot be read (Corrupt)`)
      assert.include(stdout, (keys[0] ?? "").slice(0, 12))
      assert.match(stderr, /1 record \(Corrupt\): .*\nadobe-pass: 1 session of the store cannot be read\.\n$/)
      const shown = yield* run(["show", damaged, "--json"])
      assert.strictEqual(shown.code, 7)
      assert.deepInclude(JSON.parse(shown.stdout), { session: damaged, error: "Corrupt" })
      const target = path.join(home, "out.jsonl")
      const exported = yield* run(["export", target, "--keys-file", yield* keysFile(home, "keys")])
      assert.strictEqual(exported.code, 7)
      assert.match(exported.stderr, /Exported 1 session\.\n.* cannot be read, and is not in the export\.\n$/)
      yield* nothingSecret
    })
  )

  it.scopedLive("end quietly when their reader goes", () =>
    Effect.gen(function* () {
      // More than a pipe holds.
      const { env, home } = yield* imported(400)
      const { code, said } = yield* Effect.promise(
        () =>
          new Promise<{ readonly code: number | null; readonly said: string }>((resolve) => {
            const child = spawn(
              "sh",
              ["-c", `"$0" "$1" sessions list --json | head -1`, process.execPath, cli.script()],
              {
                env: { PATH: process.env["PATH"] ?? "", HOME: home, ...env }
              }
            )
            let said = ""
            child.stderr.on("data", (chunk) => (said += chunk))
            child.stdout.resume()
            child.once("close", (code) => resolve({ code, said }))
          })
      )
      assert.deepStrictEqual({ code, said }, { code: 0, said: "" })
    })
  )
})

describe("adobe-pass sessions forget", () => {
  it.scopedLive("refuses where nobody can be asked, and forgets with --yes", () =>
    Effect.gen(function* () {
      const { keys, nothingSecret, run } = yield* imported(2)
      const start = (keys[0] ?? "").slice(0, 12)
      const refused = yield* run(["forget", start])
      assert.deepInclude(refused, { code: 2, stdout: "" })
      assert.match(refused.stderr, /must sign in again/)
      assert.match(refused.stderr, /There is no terminal to ask on: repeat the command with --yes/)
      assert.deepInclude(yield* run(["forget", start, "--yes"]), { code: 0, stdout: `Forgot ${start}.\n` })
      const again = yield* run(["forget", keys[0] ?? "", "--yes"])
      assert.strictEqual(again.code, 2)
      assert.match(again.stderr, /There is no stored session/)
      assert.strictEqual((yield* run(["forget", "--yes"])).code, 2)
      const own = yield* run(["forget", "--device", "a-device-of-somebody-0", "--device=x", "-y"])
      assert.match(own.stderr, /--device stands twice/)
      for (const device of ["a-device-of-somebody-0", "a-device-of-somebody-1"]) {
        yield* run(["forget", "--device", device, "-y"])
      }
      assert.strictEqual((yield* run(["list", "--json"])).stdout, "")
      yield* nothingSecret
    })
  )

  it.scopedLive("asks at a terminal, and does nothing unless the answer is yes", () =>
    Effect.gen(function* () {
      const { env, home, keys, run, secrets } = yield* imported(1)
      const start = (keys[0] ?? "").slice(0, 8)
      const first = yield* cli.terminal(home, ["sessions", "forget", start], { env })
      yield* first.says(/must sign in again[\s\S]*Forget this session\? \[y\/N\] $/)
      yield* first.type("\r")
      const no = yield* first.ended
      assert.strictEqual(no.code, 1)
      assert.match(no.screen, /Nothing was forgotten\./)
      assert.strictEqual((yield* run(["list", "--json"])).stdout.trim().split("\n").length, 1)
      const second = yield* cli.terminal(home, ["sessions", "forget", start], { env })
      yield* second.says(/\[y\/N\] $/)
      yield* second.type("yes\r")
      const yes = yield* second.ended
      assert.strictEqual(yes.code, 0)
      assert.match(yes.screen, /Forgot [0-9a-f]{12}\./)
      assert.strictEqual((yield* run(["list", "--json"])).stdout, "")
      assert.deepStrictEqual(secrets(no.screen + yes.screen), [])
    })
  )
})

describe("adobe-pass sessions export and import", () => {
  it.scopedLive("move all sessions with their tokens to another store, encrypted on the way", () =>
    Effect.gen(function* () {
      const home = yield* cli.home
      const adobe = yield* emulator()
      const env = yield* environmentOf(adobe, home)
      const token = (yield* cli.run(home, ["token"], { env })).stdout.trim()
      const keys = yield* keysFile(home, "keys")
      const file = path.join(home, "out.jsonl")
      const exported = yield* cli.run(home, ["sessions", "export", file, "--keys-file", keys], { env })
      assert.deepInclude(exported, { code: 0, stdout: "", stderr: "Exported 1 session.\n" })
      assert.strictEqual((yield* Effect.promise(() => fs.stat(file))).mode & 0o777, 0o600)
      const content = yield* read(file)
      assert.deepStrictEqual(searcher([{ name: "token", value: token }])(content), [])
      const other = { ...env, ADOBE_PASS_STORE_DIRECTORY: path.join(home, "other") }
      const dry = yield* cli.run(home, ["sessions", "import", file, "--keys-file", keys, "--dry-run"], {
        env: other
      })
      assert.match(dry.stdout, /^Nothing was written; it would be: imported 1, /)
      assert.strictEqual((yield* cli.run(home, ["sessions", "list", "--json"], { env: other })).stdout, "")
      const imported = yield* cli.run(home, ["sessions", "import", file], {
        env: { ...other, ADOBE_PASS_EXPORT_KEYS_FILE: keys }
      })
      assert.deepInclude(imported, {
        code: 0,
        stdout: "imported 1, present 0, kept 0, replaced 0, failed 0\n"
      })
      const counts = yield* adobe.counts
      assert.strictEqual((yield* cli.run(home, ["token"], { env: other })).stdout.trim(), token)
      assert.deepStrictEqual(yield* adobe.counts, counts)
    })
  )

  it.scopedLive("refuse an export without a key, over a file, and with another key", () =>
    Effect.gen(function* () {
      const { home, keys, nothingSecret, run } = yield* imported(2)
      const file = path.join(home, "out.jsonl")
      const without = yield* run(["export", file])
      assert.strictEqual(without.code, 3)
      assert.match(without.stderr, /An export is encrypted: --keys-file/)
      const key = yield* keysFile(home, "keys")
      yield* write(file, "mine")
      const over = yield* run(["export", file, "--keys-file", key])
      assert.strictEqual(over.code, 3)
      assert.strictEqual(yield* read(file), "mine")
      assert.strictEqual((yield* run(["export", file, "--keys-file", key, "--force"])).code, 0)
      for (const [name, id] of [
        ["same id", "k1"],
        ["other id", "k2"]
      ] as const) {
        const other = yield* keysFile(home, name, id)
        const refused = yield* run(["import", file, "--keys-file", other, "--replace"])
        assert.deepInclude(refused, { code: 3, stdout: "" })
        assert.match(refused.stderr, /out\.jsonl is encrypted with (?:another key|a key that is not among)/)
      }
      const left = yield* Effect.promise(() => fs.readdir(home))
      assert.deepStrictEqual(
        left.filter((name) => name.startsWith(".out")),
        []
      )
      const cut = (yield* read(file)).split("\n").slice(0, 2).join("\n")
      const short = yield* run(["import", "-", "--keys-file", key], cut)
      assert.strictEqual(short.code, 3)
      assert.match(short.stderr, /Standard input ends before its last line: 1 session of it were read\./)
      assert.match(short.stdout, /^imported 0, present 1, /)
      assert.include(yield* read(file), keys[0] ?? "none")
      yield* nothingSecret
    })
  )

  it.scopedLive(
    "keep other credentials of a device unless told to replace them, and say what that costs",
    () =>
      Effect.gen(function* () {
        const { given, home, nothingSecret, run } = yield* imported(2)
        const others = jsonLines(given.map((row) => ({ ...row, client_secret: "another-client-secret" })))
        const kept = yield* run(["import", "-", "--json"], others)
        assert.strictEqual(kept.code, 0)
        assert.deepInclude(JSON.parse(kept.stdout), {
          imported: 0,
          present: 0,
          kept: 2,
          replaced: 0,
          failed: 0
        })
        assert.match(kept.stderr, /--replace overwrites them, and their users must sign in again/)
        const file = path.join(home, "rows.jsonl")
        yield* write(file, others)
        const replaced = yield* run(["import", file, "--replace"])
        assert.deepInclude(replaced, {
          code: 0,
          stdout: "imported 0, present 0, kept 0, replaced 2, failed 0\n"
        })
        assert.match(replaced.stderr, /logins .* are lost \(2\)/)
        assert.match((yield* run(["import", file])).stdout, /present 2/)
        yield* nothingSecret
      })
  )

  it.scopedLive("name bad lines by their number without their content, and import the others", () =>
    Effect.gen(function* () {
      const { nothingSecret, run, secrets } = yield* imported(1)
      const [one, two] = rows(3).slice(1)
      const { client_secret: _, ...lacking } = one ?? {}
      const content = [
        JSON.stringify(two),
        "",
        `{"client_secret": "an-imported-client-secret-0`,
        JSON.stringify(lacking),
        JSON.stringify({ ...one, client_secret: "an-imported-client-secret-0\u0007" }),
        JSON.stringify({ ...one, device: "" }),
        `"${"x".repeat(300_000)}"`,
        JSON.stringify({ ...one, client_id: 4_711_000_000, scopes: null, issued_at: "2026-01-01T00:00:00Z" })
      ].join("\n")
      const { code, stderr, stdout } = yield* run(["import", "-"], content)
      assert.strictEqual(code, 3)
      assert.strictEqual(stdout, "imported 2, present 0, kept 0, replaced 0, failed 5\n")
      for (const line of [3, 4, 5, 6, 7]) assert.match(stderr, new RegExp(`^line ${line}: `, "m"))
      assert.match(stderr, /5 lines of Standard input could not be imported/)
      assert.deepStrictEqual(secrets(stderr), [])
      yield* nothingSecret
    })
  )
})
