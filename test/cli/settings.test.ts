import * as fs from "node:fs/promises"
import * as os from "node:os"
import * as path from "node:path"
import { Readable } from "node:stream"
import { NodeContext } from "@effect/platform-node"
import { assert, describe, it } from "@effect/vitest"
import { ConfigError, Effect, Either, Layer, Option } from "effect"
import { AdobePassError } from "effect-adobe-pass"
import { type CommandFailed, describe as described, usage } from "effect-adobe-pass-cli/ExitCode"
import * as Settings from "effect-adobe-pass-cli/Settings"
import { StandardInput } from "effect-adobe-pass-cli/StandardInput"
import * as Store from "effect-adobe-pass-cli/Store"

const directory = Effect.acquireRelease(
  Effect.promise(() => fs.mkdtemp(path.join(os.tmpdir(), "adobe-pass-settings-"))),
  (made) => Effect.promise(() => fs.rm(made, { recursive: true, force: true }))
)

const toml = `
environment = "release-staging"
softwareStatementFile = "statement.txt"
userAgent = "of the file"
device.id = "of the file"
device.ip = "203.0.113.9"

[profile.reports]
userAgent = "of the profile"
softwareStatementFile = "reports/statement.txt"
`

/** Resolves with a configuration file, in an environment that has nothing else. */
const resolve = (
  given: {
    readonly flags?: Readonly<Record<string, string>>
    readonly others?: Parameters<typeof Settings.flags>[0]
    readonly env?: NodeJS.ProcessEnv
    readonly content?: string
    readonly stdin?: string
  } = {}
) =>
  Effect.gen(function* () {
    const home = yield* directory
    yield* Effect.promise(() => fs.writeFile(path.join(home, "adobe-pass.toml"), given.content ?? toml))
    const flags = Object.fromEntries(
      Object.entries({ config: path.join(home, "adobe-pass.toml"), ...given.flags }).map(([name, value]) => [
        name,
        Option.some(value)
      ])
    )
    const settings = yield* Settings.resolve(flags, Settings.flags(given.others ?? {}), {
      XDG_STATE_HOME: path.join(home, "state"),
      ...given.env
    }).pipe(
      Effect.provideService(StandardInput, {
        isTerminal: false,
        claim: () => Effect.succeed(Readable.from([given.stdin ?? ""]))
      }),
      Effect.provide(NodeContext.layer),
      Effect.either
    )
    return { home, settings }
  })

type Resolved = Either.Either<Settings.Settings, CommandFailed>

const right = (settings: Resolved): Settings.Settings =>
  Either.getOrThrowWith(settings, ({ message }) => new Error(message))

const found = (settings: Resolved, option: string) => Settings.get(right(settings), option)

const device = (value: string) => ({ "device.id": { flag: "device", value: Option.some(value) } })

describe("settings", () => {
  it.scoped("take a flag before a variable, a variable before a profile, and a profile before the file", () =>
    Effect.gen(function* () {
      const env = { ADOBE_PASS_PROFILE: "reports", ADOBE_PASS_ENVIRONMENT: "prequal-staging" }
      const { settings } = yield* resolve({ env })
      assert.strictEqual(found(settings, "environment"), "prequal-staging")
      assert.strictEqual(found(settings, "userAgent"), "of the profile")
      const flagged = yield* resolve({ env, flags: { environment: "release-production" } })
      assert.strictEqual(found(flagged.settings, "environment"), "release-production")
      const variable = yield* resolve({ env: { ...env, ADOBE_PASS_USER_AGENT: "of the variable" } })
      assert.strictEqual(found(variable.settings, "userAgent"), "of the variable")
      assert.strictEqual(found((yield* resolve()).settings, "userAgent"), "of the file")
    })
  )

  it.scoped("take a profile that a flag names before a variable", () =>
    Effect.gen(function* () {
      const { settings } = yield* resolve({
        flags: { profile: "reports" },
        env: { ADOBE_PASS_USER_AGENT: "of the variable" }
      })
      assert.strictEqual(found(settings, "userAgent"), "of the profile")
    })
  )

  it.scoped("give the device of a flag nothing of another device in a lower place", () =>
    Effect.gen(function* () {
      const { settings } = yield* resolve({ others: device("of the flag") })
      assert.strictEqual(found(settings, "device.id"), "of the flag")
      assert.isUndefined(found(settings, "device.ip"))
      const ofVariable = yield* resolve({
        others: device("of the flag"),
        env: { ADOBE_PASS_DEVICE_ID: "of the variable", ADOBE_PASS_DEVICE_IP: "203.0.113.1" }
      })
      assert.isUndefined(found(ofVariable.settings, "device.ip"))
      const described = yield* resolve({
        others: device("of the flag"),
        env: { ADOBE_PASS_DEVICE_IP: "203.0.113.1" }
      })
      assert.strictEqual(found(described.settings, "device.ip"), "203.0.113.1")
      assert.strictEqual(found((yield* resolve()).settings, "device.ip"), "203.0.113.9")
    })
  )

  it.scoped("use the hosts of the file with its environment only", () =>
    Effect.gen(function* () {
      const content = `environment = "mine"\nspUrl = "https://mine.example.com"`
      const same = yield* resolve({ content, flags: { environment: "mine" } })
      assert.strictEqual(found(same.settings, "spUrl"), "https://mine.example.com")
      const { settings } = yield* resolve({ content, flags: { environment: "release-staging" } })
      assert.isUndefined(found(settings, "spUrl"))
    })
  )

  it.scoped("let a statement in one place hide the file of one in a lower place", () =>
    Effect.gen(function* () {
      const { settings } = yield* resolve({ env: { ADOBE_PASS_SOFTWARE_STATEMENT: "a.b.c" } })
      assert.isUndefined(found(settings, "softwareStatementFile"))
      assert.strictEqual(found(settings, "softwareStatement"), "a.b.c")
    })
  )

  it.scoped("read paths relative to the file that names them", () =>
    Effect.gen(function* () {
      const { home, settings } = yield* resolve({ flags: { profile: "reports" } })
      assert.strictEqual(
        found(settings, "softwareStatementFile"),
        path.join(home, "reports", "statement.txt")
      )
    })
  )

  it.scoped("count a blank variable as one that is not set", () =>
    Effect.gen(function* () {
      const { settings } = yield* resolve({
        env: { ADOBE_PASS_ENVIRONMENT: " ", ADOBE_PASS_PROFILE: "", ADOBE_PASS_CONFIG: "" }
      })
      assert.strictEqual(found(settings, "environment"), "release-staging")
    })
  )

  it.scoped("keep the store below XDG_STATE_HOME unless told otherwise", () =>
    Effect.gen(function* () {
      const { home, settings } = yield* resolve()
      assert.strictEqual(found(settings, "storeDirectory"), path.join(home, "state", "adobe-pass"))
      const relative = yield* resolve({ env: { XDG_STATE_HOME: "not/absolute" } })
      assert.strictEqual(
        found(relative.settings, "storeDirectory"),
        path.join(os.homedir(), ".local", "state", "adobe-pass")
      )
    })
  )

  it.scoped("name no directory for the store where the home is empty or relative", () =>
    Effect.gen(function* () {
      for (const HOME of ["", "not/absolute"]) {
        const { settings } = yield* resolve({ env: { HOME, XDG_STATE_HOME: undefined } })
        assert.isUndefined(found(settings, "storeDirectory"))
        const error = yield* Effect.flip(Layer.launch(Store.layer(right(settings)))).pipe(
          Effect.provide(NodeContext.layer)
        )
        const { exitCode, message } = described(error)
        assert.strictEqual(exitCode, 3)
        assert.match(message, /name a directory with --store-directory/)
      }
    })
  )

  it.scoped("refuse an address of a store that is no URL, without showing it", () =>
    Effect.gen(function* () {
      for (const store of ["postgres", "redis"]) {
        for (const address of ["not a url", `${store}://u:hun%ter2@`]) {
          const env = { ADOBE_PASS_STORE: store, ADOBE_PASS_STORE_URL: address }
          const { settings } = yield* resolve({ env })
          const error = yield* Effect.flip(Layer.launch(Store.layer(right(settings)))).pipe(
            Effect.provide(NodeContext.layer)
          )
          const { exitCode, message } = described(error)
          assert.strictEqual(exitCode, 3, message)
          assert.notMatch(message, /not a url|hun/)
        }
      }
    })
  )

  it.scoped("use the file store where a flag names its directory", () =>
    Effect.gen(function* () {
      const { settings } = yield* resolve({
        flags: { storeDirectory: "/somewhere" },
        env: { ADOBE_PASS_STORE: "redis" }
      })
      assert.strictEqual(found(settings, "store"), "file")
    })
  )

  it.scoped("read a statement from standard input", () =>
    Effect.gen(function* () {
      const { settings } = yield* resolve({ flags: { statement: "-" }, stdin: "a.b.c" })
      assert.strictEqual(found(settings, "softwareStatement"), "a.b.c")
      assert.isUndefined(found(settings, "softwareStatementFile"))
    })
  )

  it.scoped("refuse a profile that the file does not have, and say which it has", () =>
    Effect.gen(function* () {
      const { settings } = yield* resolve({ flags: { profile: "other" } })
      assert.match(
        Either.isLeft(settings) ? settings.left.message : "",
        /has no profile other; it has reports\./
      )
    })
  )
})

describe("a message about a value", () => {
  const explained = (settings: Resolved, error: Parameters<typeof Settings.explain>[1]) =>
    described(Settings.explain(right(settings), error)).message

  const wrong = (field: string) => new AdobePassError.InvalidInput({ field, problem: "is wrong" })

  it.scoped("names the flag that it came from", () =>
    Effect.gen(function* () {
      const { settings } = yield* resolve({ flags: { environment: "x" } })
      assert.strictEqual(explained(settings, wrong("ADOBE_PASS_ENVIRONMENT")), "--environment is wrong.")
    })
  )

  it.scoped("names the option and the file, and the profile in it", () =>
    Effect.gen(function* () {
      const { home, settings } = yield* resolve({ flags: { profile: "reports" } })
      const file = path.join(home, "adobe-pass.toml")
      const invalid = ConfigError.InvalidData(["ADOBE_PASS_ENVIRONMENT"], "is wrong")
      assert.strictEqual(explained(settings, invalid), `environment (${file}) is wrong.`)
      assert.strictEqual(
        explained(settings, wrong("ADOBE_PASS_USER_AGENT")),
        `userAgent (${file}, profile reports) is wrong.`
      )
    })
  )

  it.scoped("names the variable where it is one, or is not set", () =>
    Effect.gen(function* () {
      const { settings } = yield* resolve({ env: { ADOBE_PASS_USER_AGENT: "x" } })
      assert.strictEqual(
        explained(settings, wrong("ADOBE_PASS_USER_AGENT")),
        "ADOBE_PASS_USER_AGENT is wrong."
      )
      assert.strictEqual(
        explained(settings, ConfigError.MissingData(["ADOBE_PASS_INSTANCE"], "")),
        "ADOBE_PASS_INSTANCE must be set."
      )
    })
  )

  it("keeps the exit code", () => {
    const settings: Settings.Settings = {
      found: new Map([["ADOBE_PASS_X", { value: "1", source: "--x" }]]),
      file: undefined,
      profile: undefined
    }
    const error = Settings.explain(settings, usage("ADOBE_PASS_X is wrong."))
    assert.deepInclude(described(error), { exitCode: 2, message: "--x is wrong." })
  })
})
