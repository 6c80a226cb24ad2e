import * as fs from "node:fs/promises"
import * as path from "node:path"
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { useCli } from "../support/cli.js"
import { searcher } from "../support/secrets.js"

const cli = useCli()

const signature = Buffer.from("this is the signature, which is a secret").toString("base64url")

const base64Url = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString("base64url")

const statement = (claims: unknown, header: unknown = { alg: "RS256" }): string =>
  `${base64Url(header)}.${base64Url(claims)}.${signature}`

const claims = { sub: "the application", iss: "auth.adobe.com", iat: 1_700_000_000, nbf: 1_700_000_000 }

/** Neither the signature nor the text before it, which would be the whole statement. */
const leaks = searcher([
  { name: "signature", value: signature },
  { name: "statement", value: base64Url(claims) }
])

const inspect = (home: string, content: string | Uint8Array, ...flags: ReadonlyArray<string>) =>
  Effect.gen(function* () {
    const file = path.join(home, "statement.txt")
    yield* Effect.promise(() => fs.writeFile(file, content))
    const finished = yield* cli.run(home, ["statement", "inspect", file, ...flags])
    assert.deepStrictEqual(leaks(finished.stdout + finished.stderr), [])
    return { ...finished, stderr: finished.stderr.replace(file, "FILE") }
  })

describe("adobe-pass statement inspect", () => {
  it.scopedLive("reads the forms in which a statement is kept, and shows the same of each", () =>
    Effect.gen(function* () {
      const home = yield* cli.home
      const text = statement(claims)
      const folded = text.replace(/(.{40})/g, "$1\r\n")
      const plain = yield* inspect(home, text)
      assert.strictEqual(plain.code, 0, plain.stderr)
      assert.match(
        plain.stdout,
        /^subject {5}the application\nissuer {6}auth\.adobe\.com\nissued {6}2023-11-14 22:13:20Z\nalgorithm {3}RS256\nfingerprint [0-9a-f]{32}\n$/
      )
      const forms = [
        folded,
        `\ufeff${text}\n`,
        Buffer.from(`\ufeff${text}`, "utf16le"),
        JSON.stringify({ software_statement: text }),
        `export ADOBE_PASS_SOFTWARE_STATEMENT="${text}"`
      ]
      for (const form of forms) {
        assert.strictEqual((yield* inspect(home, form)).stdout, plain.stdout, String(form))
      }
      const stdin = yield* cli.run(home, ["statement", "inspect", "-"], { stdin: text })
      assert.strictEqual(stdin.stdout, plain.stdout)
    })
  )

  it.scopedLive("says what a file is that holds none, and repeats nothing of it", () =>
    Effect.gen(function* () {
      const home = yield* cli.home
      const wrong = [
        ["<!doctype html><html></html>", /^adobe-pass: FILE is an HTML page: the download failed/],
        ["", /^adobe-pass: FILE is empty: use the content/],
        [`{"other": "${signature}"}`, /^adobe-pass: FILE is JSON without a member software_statement/],
        [`${base64Url(claims)}.${signature}`, /^adobe-pass: FILE is not a JWT/],
        [statement(claims, { alg: "none" }), /^adobe-pass: FILE is not signed \(alg none\)/],
        [Buffer.alloc(2_000_000, "a"), /^adobe-pass: FILE is longer than 1 MiB\./]
      ] as const
      for (const [content, message] of wrong) {
        const { code, stderr, stdout } = yield* inspect(home, content)
        assert.deepStrictEqual({ code, stdout }, { code: 3, stdout: "" })
        assert.match(stderr, message)
      }
      const absent = yield* cli.run(home, ["statement", "inspect", "absent.txt"])
      assert.deepInclude(absent, {
        code: 3,
        stderr: "adobe-pass: absent.txt: there is no such file or directory.\n"
      })
    })
  )

  it.scopedLive("tells what is odd about it", () =>
    Effect.gen(function* () {
      const home = yield* cli.home
      const odd = yield* inspect(
        home,
        statement({ software_id: "x", iat: 4_000_000_000_000, exp: 1_600_000_000 }, { alg: "HS256" }),
        "--json"
      )
      assert.strictEqual(odd.code, 0, odd.stderr)
      const report = JSON.parse(odd.stdout)
      assert.deepStrictEqual(report.header, { alg: "HS256" })
      assert.lengthOf(report.odd, 5)
      assert.match(
        report.odd.join("\n"),
        /signed with HS256;.*\n.*no subject.*\n.*milliseconds.*\n.*in the future.*\n.*has expired/
      )
      for (const iat of ["yesterday", 1e300, { a: 1 }, null]) {
        const { code, stdout } = yield* inspect(home, statement({ ...claims, iat }))
        assert.strictEqual(code, 0)
        assert.match(stdout, /odd {9}When it was issued \(iat\) cannot be read as a time\./)
      }
    })
  )

  it.scopedLive("lets no claim move the cursor of a terminal, and shows a long one in part", () =>
    Effect.gen(function* () {
      const home = yield* cli.home
      const hostile = {
        ...claims,
        sub: "\u001b[2J\u009b31m\u202eevil\r\n",
        client_name: "x".repeat(5000),
        iss: "a\u0007",
        odd: ["\u0007"]
      }
      yield* Effect.promise(() => fs.writeFile(path.join(home, "hostile.txt"), statement(hostile)))
      const terminal = yield* cli.terminal(home, ["statement", "inspect", "hostile.txt"], {
        env: { NO_COLOR: "1" }
      })
      const { code, screen } = yield* terminal.ended
      assert.strictEqual(code, 0)
      assert.notMatch(screen, /[\u0007\u001b\u009b\u202e]/)
      assert.include(screen, "\\u001b[2J\\u009b31m\\u202eevil\\u000d\\u000a")
      assert.notInclude(screen, "x".repeat(500))
      const json = yield* cli.run(home, ["statement", "inspect", "hostile.txt", "--json"])
      assert.notMatch(json.stdout, /[\u0007\u001b\u009b\u202e]/)
      assert.deepStrictEqual(JSON.parse(json.stdout).claims, hostile)
      assert.deepStrictEqual(leaks(screen + json.stdout), [])
    })
  )
})
