import { randomBytes } from "node:crypto"
import * as fs from "node:fs/promises"
import * as os from "node:os"
import * as path from "node:path"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Redacted } from "effect"
import { useCli } from "../support/cli.js"
import { describeOwnPostgres, ownPostgres } from "../support/postgres.js"
import { describeOwnRedis, ownRedisServer } from "../support/redis.js"
import { searcher } from "../support/secrets.js"

const cli = useCli()

const row = {
  device: "a-device-of-somebody",
  client_id: "an-imported-client-id",
  client_secret: "an-imported-client-secret"
}

const password = "a-password-of-the-store"

const secrets = searcher([
  ...Object.entries(row).map(([name, value]) => ({ name, value })),
  { name: "password", value: password },
  { name: "another password", value: "quite-another-word" }
])

/** A home with a statement, the address of the store in a file, and a key for its records. */
const homeWith = (kind: string, url: string) =>
  Effect.gen(function* () {
    const home = yield* cli.home
    const files = {
      "statement.txt": `eyJhbGciOiJSUzI1NiJ9.${Buffer.from(`{"sub":"app"}`).toString("base64url")}.c2ln`,
      "url.txt": `${url}\n`,
      "keys.txt": `store-1 ${randomBytes(32).toString("base64")}\n`,
      "adobe-pass.toml": [
        `environment = "mine"`,
        `spUrl = "https://mine.example.com"`,
        `softwareStatementFile = "statement.txt"`,
        `store = "${kind}"`,
        `storeUrlFile = "url.txt"`,
        `storeKeysFile = "keys.txt"`
      ].join("\n")
    }
    for (const [name, content] of Object.entries(files)) {
      yield* Effect.promise(() => fs.writeFile(path.join(home, name), content))
    }
    const run = (args: ReadonlyArray<string>, options: Parameters<typeof cli.run>[2] = {}) =>
      Effect.tap(cli.run(home, ["sessions", ...args], options), ({ stderr, stdout }) =>
        Effect.sync(() => assert.deepStrictEqual(secrets(stdout + stderr), []))
      )
    return { home, run }
  })

type Run = Effect.Effect.Success<ReturnType<typeof homeWith>>["run"]

/** What a store does for the commands, its records encrypted; `dump` is all that it holds. */
const serves = (run: Run, dump: Effect.Effect<string>) =>
  Effect.gen(function* () {
    const imported = yield* run(["import", "-"], { stdin: JSON.stringify(row) })
    assert.deepInclude(imported, { code: 0, stdout: "imported 1, present 0, kept 0, replaced 0, failed 0\n" })
    assert.deepStrictEqual(secrets(yield* dump), [])
    assert.include(yield* dump, "store-1")
    const listed = yield* run(["list", "--json"])
    assert.strictEqual(listed.code, 0, listed.stderr)
    const { encrypted_with, session } = JSON.parse(listed.stdout)
    assert.strictEqual(encrypted_with, "store-1")
    assert.strictEqual((yield* run(["forget", session, "--yes"])).code, 0)
    assert.strictEqual((yield* run(["list", "--json"])).stdout, "")
  })

describeOwnRedis("a store in Redis", () => {
  it.scopedLive("serves the commands, encrypted, and names no password when it refuses one", () =>
    Effect.gen(function* () {
      const server = yield* ownRedisServer({ password })
      const { run } = yield* homeWith("redis", Redacted.value(server.url))
      yield* serves(
        run,
        Effect.map(
          Effect.orDie(
            Effect.flatMap(server.execute("KEYS", "*"), (keys) =>
              Effect.forEach(Array.isArray(keys) ? keys : [], (key) =>
                Effect.orElse(server.execute("GET", `${key}`), () => server.execute("HGETALL", `${key}`))
              )
            )
          ),
          JSON.stringify
        )
      )
      const wrong = Redacted.value(server.url).replace(password, "quite-another-word")
      const refused = yield* run(["list"], { env: { ADOBE_PASS_STORE_URL: wrong } })
      assert.deepInclude(refused, { code: 7, stdout: "" })
      assert.match(refused.stderr, /^adobe-pass: The credential store failed to /)
      yield* server.stop
      assert.strictEqual((yield* run(["list"])).code, 7)
    })
  )
})

describeOwnPostgres("a store in PostgreSQL", () => {
  it.scopedLive("serves the commands, encrypted, and names no password when it refuses one", () =>
    Effect.gen(function* () {
      const directory = yield* Effect.acquireRelease(
        Effect.promise(() => fs.mkdtemp(path.join(os.tmpdir(), "adobe-pass-hba-"))),
        (made) => Effect.promise(() => fs.rm(made, { recursive: true, force: true }))
      )
      const rules = path.join(directory, "pg_hba.conf")
      yield* Effect.promise(async () => {
        await fs.chmod(directory, 0o755)
        await fs.writeFile(
          rules,
          "host all postgres 127.0.0.1/32 trust\nhost all all 127.0.0.1/32 scram-sha-256\n"
        )
      })
      const server = yield* ownPostgres({ hba_file: rules })
      yield* server.execute(`CREATE ROLE service LOGIN SUPERUSER PASSWORD '${password}'`)
      const url = new URL(server.url)
      url.username = "service"
      url.password = password
      const { run } = yield* homeWith("postgres", url.href)
      yield* serves(
        run,
        Effect.gen(function* () {
          const tables = yield* server.execute(
            "SELECT query_to_xml('SELECT * FROM ' || quote_ident(tablename), true, false, '')::text AS rows FROM pg_tables WHERE schemaname = 'public'"
          )
          return JSON.stringify(tables)
        })
      )
      url.password = "quite-another-word"
      const refused = yield* run(["list"], { env: { ADOBE_PASS_STORE_URL: url.href } })
      assert.deepInclude(refused, { code: 7, stdout: "" })
      assert.match(refused.stderr, /^adobe-pass: The credential store failed to /)
    })
  )
})

describe("a store that cannot be used", () => {
  it.scopedLive("is refused with the place where it was chosen", () =>
    Effect.gen(function* () {
      const { home, run } = yield* homeWith("redsi", "redis://127.0.0.1:1")
      const file = path.join(home, "adobe-pass.toml")
      const kind = yield* run(["list"])
      assert.deepInclude(kind, {
        code: 3,
        stderr: `adobe-pass: store (${file}) must be file, postgres or redis.\n`
      })
      const missing = yield* run(["list"], {
        env: { ADOBE_PASS_STORE: "redis", ADOBE_PASS_STORE_URL_FILE: "nowhere.txt" }
      })
      assert.deepInclude(missing, {
        code: 3,
        stderr: "adobe-pass: nowhere.txt: there is no such file or directory.\n"
      })
      const address = yield* run(["list"], {
        env: { ADOBE_PASS_STORE: "redis", ADOBE_PASS_STORE_URL: `http://:${password}@x` }
      })
      assert.strictEqual(address.code, 3)
      assert.match(
        address.stderr,
        /^adobe-pass: The address of the store \(ADOBE_PASS_STORE_URL\) must be a URL/
      )
      const away = yield* run(["list"], { env: { ADOBE_PASS_STORE: "redis" } })
      assert.deepInclude(away, { code: 7, stdout: "" })
      yield* Effect.promise(() => fs.writeFile(path.join(home, "a-file"), ""))
      const directory = yield* run(["list", "--store-directory", "a-file"])
      assert.include([3, 7], directory.code, directory.stderr)
      const keys = yield* run(["list", "--store-directory", "d"], {
        env: { ADOBE_PASS_STORE_KEYS_FILE: path.join(home, "a-file") }
      })
      assert.strictEqual(keys.code, 3)
      assert.match(keys.stderr, /a-file has no key: write an id and the output of "openssl rand/)
    })
  )
})
