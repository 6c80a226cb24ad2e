import * as fs from "node:fs/promises"
import * as path from "node:path"
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { Fault } from "effect-adobe-pass-emulator"
import { useCli } from "../support/cli.js"
import { emulator, environmentOf } from "./support.js"
import { leaks } from "./tokenSupport.js"

const cli = useCli()

const world = (options?: Parameters<typeof emulator>[0]) =>
  Effect.gen(function* () {
    const home = yield* cli.home
    const adobe = yield* emulator(options)
    const env = yield* environmentOf(adobe, home)
    const token = (args: ReadonlyArray<string> = [], more: Readonly<Record<string, string>> = {}) =>
      cli.run(home, ["token", ...args], { env: { ...env, ...more } })
    return { adobe, env, home, token }
  })

/** Writes over the record of each session. */
const damage = async (store: string) => {
  const names = (await fs.readdir(store)).filter((name) => name.endsWith(".json"))
  assert.isNotEmpty(names)
  for (const name of names) await fs.writeFile(path.join(store, name), "{")
}

describe("adobe-pass token", () => {
  it.scopedLive("writes the token of the store and nothing else, in each format, also in a terminal", () =>
    Effect.gen(function* () {
      const { adobe, env, home, token } = yield* world()
      const { code, stderr, stdout } = yield* token()
      assert.strictEqual(code, 0, stderr)
      assert.strictEqual(stderr, "")
      assert.match(stdout, /^eyJ[\w-]+\.[\w-]+\.[\w-]+\n$/)
      const value = stdout.trim()
      assert.strictEqual((yield* token(["--format", "header"])).stdout, `Authorization: Bearer ${value}\n`)
      assert.strictEqual((yield* token(["--format", "env"])).stdout, `ADOBE_PASS_TOKEN=${value}\n`)
      const json = JSON.parse((yield* token(["--format", "json"])).stdout)
      assert.include(json, { access_token: value, token_type: "bearer" })
      assert.strictEqual(Date.parse(json.expires_at) - Date.parse(json.issued_at), 6 * 3_600_000)
      const terminal = yield* cli.terminal(home, ["token"], { env })
      assert.deepStrictEqual(yield* terminal.ended, { code: 0, screen: `${value}\r\n` })
      assert.strictEqual((yield* adobe.counts).token, 1)
    })
  )

  const failures: ReadonlyArray<{
    readonly what: string
    readonly code: number
    readonly says: RegExp
    readonly args?: ReadonlyArray<string>
    readonly break: (given: Effect.Effect.Success<ReturnType<typeof world>>) => Effect.Effect<unknown>
    readonly env?: Readonly<Record<string, string>>
  }> = [
    {
      what: "a flag that it does not have",
      code: 2,
      says: /--foo is not a flag/,
      args: ["--foo"],
      break: () => Effect.void
    },
    {
      what: "an environment that is not configured",
      code: 3,
      says: /ADOBE_PASS_ENVIRONMENT must be set/,
      env: { ADOBE_PASS_ENVIRONMENT: "" },
      break: () => Effect.void
    },
    {
      what: "a statement that was revoked",
      code: 4,
      says: /unapproved_software_statement/,
      break: ({ adobe }) => adobe.revokeStatement()
    },
    {
      what: "a throttle that asks for a longer wait than anybody has",
      code: 5,
      says: /429|throttle/i,
      break: ({ adobe }) =>
        adobe.fail({
          route: "token",
          fault: Fault.answer(429, { headers: { "retry-after": "3600" } }),
          times: Number.POSITIVE_INFINITY
        })
    },
    {
      what: "an outage",
      code: 6,
      says: /POST \/o\/client\/token/,
      break: ({ adobe }) =>
        adobe.fail({ route: "token", fault: Fault.reset(), times: Number.POSITIVE_INFINITY })
    },
    {
      what: "a record of the store that is damaged",
      code: 7,
      says: /restore it from a backup/,
      break: ({ home, token }) =>
        Effect.andThen(token(), () => Effect.promise(() => damage(path.join(home, "store"))))
    }
  ]

  for (const failure of failures)
    it.scopedLive(`ends with ${failure.code} at ${failure.what}, and says what to do in one line`, () =>
      Effect.gen(function* () {
        const given = yield* world()
        yield* failure.break(given)
        const ended = yield* given.token(failure.args, failure.env)
        assert.strictEqual(ended.code, failure.code, ended.stderr)
        assert.strictEqual(ended.stdout, "")
        assert.match(ended.stderr, failure.says)
        assert.match(ended.stderr, /^adobe-pass: [^\n]+\n$/)
        assert.deepStrictEqual(yield* leaks(given.adobe, [ended.stderr]), [])
        const env = { ...given.env, ...failure.env }
        const terminal = yield* cli.terminal(given.home, ["token", ...(failure.args ?? [])], { env })
        const { code, screen } = yield* terminal.ended
        assert.strictEqual(code, failure.code, screen)
        assert.match(screen, failure.says)
      })
    )
})
