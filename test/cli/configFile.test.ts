import * as fs from "node:fs/promises"
import * as os from "node:os"
import * as path from "node:path"
import { NodeContext } from "@effect/platform-node"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Option } from "effect"
import * as ConfigFile from "effect-adobe-pass-cli/ConfigFile"
import * as Variable from "effect-adobe-pass-cli/Variable"

const written = (content: string, mode = 0o600) =>
  Effect.acquireRelease(
    Effect.promise(async () => {
      const directory = await fs.mkdtemp(path.join(os.tmpdir(), "adobe-pass-config-"))
      const file = path.join(directory, "adobe-pass.toml")
      await fs.writeFile(file, content)
      await fs.chmod(file, mode)
      return file
    }),
    (file) => Effect.promise(() => fs.rm(path.dirname(file), { recursive: true, force: true }))
  )

const read = (content: string, options: { readonly found?: boolean; readonly mode?: number } = {}) =>
  Effect.flatMap(written(content, options.mode), (file) =>
    Effect.map(
      Effect.either(ConfigFile.read(file, { found: options.found ?? false })).pipe(
        Effect.provide(NodeContext.layer)
      ),
      (result) => ({ file, result })
    )
  )

/** What the file is refused with, without its path. */
const refusal = (content: string, options: Parameters<typeof read>[1] = {}) =>
  Effect.map(read(content, options), ({ file, result }) =>
    result._tag === "Left" ? result.left.message.replace(file, "FILE") : "is read"
  )

describe("a configuration file", () => {
  it.scoped("gives options by variable, those of tables, numbers and lists among them", () =>
    Effect.gen(function* () {
      const { file, result } = yield* read(`
        environment = "release-staging"
        storeDirectory = "store"
        [throttle]
        maxWait = "10 seconds"
        [transport]
        connections = 4
        [gateway]
        allow = ["10.0.0.0/8", "192.168.0.0/16"]
      `)
      if (result._tag === "Left") return assert.fail(result.left.message)
      assert.deepStrictEqual(
        result.right.values,
        new Map([
          ["ADOBE_PASS_ENVIRONMENT", "release-staging"],
          ["ADOBE_PASS_STORE_DIRECTORY", path.join(path.dirname(file), "store")],
          ["ADOBE_PASS_THROTTLE_MAX_WAIT", "10 seconds"],
          ["ADOBE_PASS_TRANSPORT_CONNECTIONS", "4"],
          ["ADOBE_PASS_GATEWAY_ALLOW", "10.0.0.0/8,192.168.0.0/16"]
        ])
      )
    })
  )

  it.scoped("is refused with a secret in it, and the option that names a file is told", () =>
    Effect.gen(function* () {
      assert.strictEqual(
        yield* refusal(`softwareStatement = "eyJhbGciOiJSUzI1NiJ9.e30.c2ln"`),
        "FILE: softwareStatement is a secret: write it to a file of its own, and name that in softwareStatementFile."
      )
      assert.match(yield* refusal(`storeUrl = "redis://:pw@h"`), /name that in storeUrlFile\.$/)
      assert.match(yield* refusal(`[profile.x]\ngateway.key = "k"`), /profile\.x\.gateway\.key is a secret/)
    })
  )

  it.scoped("is refused with an option that there is not, and its place is told", () =>
    Effect.gen(function* () {
      assert.strictEqual(
        yield* refusal(`enviroment = "x"`),
        "FILE: enviroment is not an option: environment may be meant."
      )
      assert.strictEqual(
        yield* refusal(`[profile.reports.throttle]\nmaxwait = "1 second"`),
        "FILE: profile.reports.throttle.maxwait is not an option: throttle.maxWait may be meant."
      )
      assert.match(yield* refusal(`environment = 1979-05-27`), /environment must be text, a number/)
      assert.match(yield* refusal(`profile = "x"`), /a profile is a table with a name/)
    })
  )

  it.scoped("that is not TOML is refused with the line and without its text", () =>
    Effect.gen(function* () {
      const message = yield* refusal(`environment = "x"\nuserAgent = very-secret-value`)
      assert.match(message, /^FILE, line 2, column \d+: /)
      assert.notInclude(message, "very-secret-value")
    })
  )

  it.scoped("that others can write to is refused unless it was named", () =>
    Effect.gen(function* () {
      assert.match(
        yield* refusal("", { found: true, mode: 0o666 }),
        /can be written by other users.*chmod go-w/
      )
      assert.match(yield* refusal("", { found: true, mode: 0o620 }), /can be written by other users/)
      assert.strictEqual(yield* refusal("", { found: true, mode: 0o644 }), "is read")
      assert.strictEqual(yield* refusal("", { found: false, mode: 0o666 }), "is read")
    })
  )

  it.scoped("is refused with a sentence when it is too long, or nested without end", () =>
    Effect.gen(function* () {
      assert.strictEqual(yield* refusal("#".repeat(1_048_577)), "FILE is longer than 1 MiB.")
      assert.match(yield* refusal(`${"a.".repeat(2_000)}a = 1`), /is not an option\.$/)
      assert.match(yield* refusal(`${"a.".repeat(100_000)}a = 1`), /^FILE.*\.$/s)
    })
  )

  it.scoped("is found in the configuration directory of the user", () =>
    Effect.gen(function* () {
      const file = yield* written("")
      const found = yield* Effect.provide(ConfigFile.find(Option.some(path.dirname(file))), NodeContext.layer)
      assert.deepStrictEqual(found, Option.some(file))
      const none = yield* Effect.provide(
        ConfigFile.find(Option.some(path.join(file, "nowhere"))),
        NodeContext.layer
      )
      assert.deepStrictEqual(none, Option.none())
    })
  )
})

describe("an option", () => {
  it("is found again by its variable, and no two share one", () => {
    const options = [...Variable.known, ...Variable.secrets.keys()]
    for (const option of options) assert.strictEqual(Variable.optionOf(Variable.of(option)), option)
    assert.strictEqual(new Set(options.map(Variable.of)).size, options.length)
  })

  it("that names a file for a secret is one that the file may hold, and a path", () => {
    for (const option of Variable.secrets.values()) {
      assert.isTrue(Variable.known.has(option), option)
      assert.isTrue(Variable.paths.has(option), option)
    }
  })
})
