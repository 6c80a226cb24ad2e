/** What a start of the bundled command loads, and how its process ends. */
import { execFile } from "node:child_process"
import * as fs from "node:fs/promises"
import * as module from "node:module"
import { tmpdir } from "node:os"
import * as path from "node:path"
import { promisify } from "node:util"
import { afterAll, assert, beforeAll, describe, it } from "@effect/vitest"
import { Effect, Schema } from "effect"
import { root } from "../docs/sources.js"
import { useCli } from "../support/cli.js"

const Imports = Schema.Array(Schema.Struct({ path: Schema.String, kind: Schema.String }))

/** What esbuild says of the files that it has written: from what, and what each imports. */
const Account = Schema.parseJson(
  Schema.Struct({
    outputs: Schema.Record({
      key: Schema.String,
      value: Schema.Struct({
        entryPoint: Schema.optional(Schema.String),
        inputs: Schema.Record({
          key: Schema.String,
          value: Schema.Struct({ bytesInOutput: Schema.Number })
        }),
        imports: Imports
      })
    })
  })
)

const run = promisify(execFile)

describe("the bundle of adobe-pass", () => {
  let directory = ""
  let account: typeof Account.Type = { outputs: {} }

  beforeAll(async () => {
    directory = await fs.mkdtemp(path.join(tmpdir(), "adobe-pass-bundle-"))
    const file = path.join(directory, "account.json")
    await run(process.execPath, [`${root}scripts/bundle.mjs`, path.join(directory, "dist"), file])
    account = Schema.decodeSync(Account)(await fs.readFile(file, "utf8"))
  })
  afterAll(() => fs.rm(directory, { recursive: true, force: true }))

  const outputOf = (entryPoint: string) => {
    const [name = ""] =
      Object.entries(account.outputs).find(([, output]) => output.entryPoint === entryPoint) ?? []
    return name
  }

  /** The packages and the folders of this repository that are loaded with a file of the bundle. */
  const loadedWith = (output: string, seen = new Set<string>()): ReadonlySet<string> => {
    const found = new Set<string>()
    if (seen.has(output)) return found
    seen.add(output)
    const { imports = [], inputs = {} } = account.outputs[output] ?? {}
    for (const [input, { bytesInOutput }] of Object.entries(inputs)) {
      const [, dependency, own] = /node_modules\/((?:@[^/]+\/)?[^/]+)|^packages\/([^/]+)/.exec(input) ?? []
      if (bytesInOutput > 0) found.add(dependency ?? own ?? input)
    }
    for (const { kind, path } of imports) {
      if (kind === "import-statement") for (const name of loadedWith(path, seen)) found.add(name)
    }
    return found
  }

  it("begins with a launcher that enables the cache of compiled code before anything else is loaded", () => {
    assert.deepStrictEqual([...loadedWith(outputOf("packages/cli/src/main.ts"))], ["cli"])
  })

  it("loads the client, the drivers of databases and the emulator only for commands that use them", () => {
    const always = loadedWith(outputOf("packages/cli/src/run.ts"))
    assert.includeMembers([...always], ["cli", "core", "effect", "@effect/cli"])
    for (const name of ["undici", "ioredis", "pg", "emulator", "rest-v2", "sql", "redis"]) {
      assert.isFalse(always.has(name), `${name} is loaded at each start: import what uses it dynamically`)
    }
    assert.include([...loadedWith(outputOf("packages/cli/src/emulate/serve.ts"))], "emulator")
    assert.include([...loadedWith(outputOf("packages/node/src/NodeTransport.ts"))], "undici")
  })

  const script = () => path.join(directory, "dist/adobe-pass.js")
  const env = () => ({ PATH: process.env["PATH"], HOME: directory, LANG: "C.UTF-8" })

  it("ends quietly when its reader has gone", async () => {
    const shell = `"${process.execPath}" "${script()}" --help | head -n 1`
    const { stderr, stdout } = await run("sh", ["-c", shell], { env: env() })
    assert.match(stdout, /^adobe-pass \d+\.\d+\.\d+: [^\n]*\n$/)
    assert.strictEqual(stderr, "")
  })

  it("writes all of a long text into a pipe before it ends", async () => {
    // Indented, 500 levels take half a megabyte: more than a pipe holds.
    const nested = Array.from({ length: 500 }).reduce<ReadonlyArray<unknown>>((inner) => [inner], [])
    const claims = { sub: "application", nested, end: "the end" }
    const parts = [{ alg: "RS256" }, claims].map((part) =>
      Buffer.from(JSON.stringify(part)).toString("base64url")
    )
    const file = path.join(directory, "statement.txt")
    await fs.writeFile(file, [...parts, "c2lnbmF0dXJl"].join("."))
    const { stdout } = await run(process.execPath, [script(), "statement", "inspect", "--json", file], {
      env: env(),
      maxBuffer: 1e7
    })
    assert.isAbove(stdout.length, 2 ** 18)
    assert.deepStrictEqual(JSON.parse(stdout).claims, claims)
  })

  it("ends although its standard input stays open", async () => {
    const { stdout } = await run(process.execPath, [script(), "token", "--help"], { env: env() })
    assert.match(stdout, /--format[\s\S]*[^\n]\n$/)
  })

  it("keeps compiled code where only its user can write, and nowhere else", async () => {
    const cache = path.join(directory, "cache")
    const compiled = path.join(cache, "adobe-pass/compiled")
    const start = () =>
      run(process.execPath, [script(), "--help"], { env: { ...env(), XDG_CACHE_HOME: cache } })
    await start()
    if (!("enableCompileCache" in module)) {
      await fs.access(compiled).then(
        () => assert.fail("Node.js has no cache of compiled code"),
        () => undefined
      )
      return
    }
    assert.strictEqual((await fs.stat(compiled)).mode & 0o777, 0o700)
    assert.isNotEmpty(await fs.readdir(compiled))
    await fs.rm(compiled, { recursive: true })
    await fs.mkdir(compiled)
    await fs.chmod(compiled, 0o777)
    await start()
    assert.deepStrictEqual(await fs.readdir(compiled), [])
  })
})

describe("a pipe", () => {
  const cli = useCli()

  it.scopedLive("is read as a file is", () =>
    Effect.gen(function* () {
      const home = yield* cli.home
      yield* Effect.promise(() => run("mkfifo", [path.join(home, "pipe")]))
      const running = yield* cli.start(home, ["statement", "inspect", "pipe"])
      yield* Effect.promise(() => fs.writeFile(path.join(home, "pipe"), "no statement"))
      const { code, stderr } = yield* running.ended
      assert.strictEqual(code, 3)
      assert.match(stderr, /^adobe-pass: pipe is not a JWT /)
    })
  )
})

describe("a signal", () => {
  const cli = useCli()

  it.scopedLive("ends a command that waits for the content of a pipe", () =>
    Effect.gen(function* () {
      const home = yield* cli.home
      const pipe = path.join(home, "pipe")
      yield* Effect.promise(() => run("mkfifo", [pipe]))
      for (const [signal, code] of [
        ["SIGTERM", 143],
        ["SIGUSR1", 138]
      ] as const) {
        const running = yield* cli.start(home, ["statement", "inspect", "pipe"])
        // It opens as soon as the command does.
        const writer = yield* Effect.promise(() => fs.open(pipe, "w"))
        yield* running.signal(signal)
        const ended = yield* running.ended
        yield* Effect.promise(() => writer.close())
        assert.deepStrictEqual(ended, { code, stdout: "", stderr: "" }, signal)
      }
    })
  )
})
