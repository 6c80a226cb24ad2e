import * as fs from "node:fs/promises"
import * as path from "node:path"
import { assert, describe, it } from "@effect/vitest"
import {
  Cause,
  Chunk,
  ConfigProvider,
  Context,
  Effect,
  Either,
  Encoding,
  Layer,
  Option,
  Redacted
} from "effect"
import { CredentialStore, Encryption, Options, RegisteredApplication } from "effect-adobe-pass"
import { sampleCredentials, sampleKey, sampleToken } from "effect-adobe-pass/testing/CredentialStoreContract"
import { FileStore, NodeAdobePass, NodeTransport } from "effect-adobe-pass-node"
import { namesIn, onStore, storeDirectory } from "./directory.js"

const key = sampleKey("a")
const statement = "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJhIn0.c2ln"

const exists = (file: string) =>
  Effect.promise(() =>
    fs
      .access(file)
      .then(() => true)
      .catch(() => false)
  )

/** The fields that a layer refuses, one for each failure. */
const refusedFields = <A, E extends object>(layer: Layer.Layer<A, E>) =>
  Effect.map(Effect.flip(Effect.sandbox(Effect.scoped(Layer.build(layer)))), (cause) =>
    Chunk.toReadonlyArray(Chunk.map(Cause.failures(cause), (error) => Reflect.get(error, "field")))
  )

describe("a file store", () => {
  it.scopedLive("with encryption writes neither client id, client secret nor token in clear", () =>
    Effect.gen(function* () {
      const directory = yield* storeDirectory
      const encryption = yield* Encryption.make([
        { id: "k1", secret: Redacted.make(Buffer.alloc(32, 7).toString("base64")) }
      ])
      const credentials = sampleCredentials(key, 1)
      yield* onStore(
        directory,
        (store) =>
          Effect.zipRight(
            store.saveCredentials(key, credentials),
            store.saveToken(key, credentials, sampleToken("the-token"))
          ),
        { encryption }
      )
      const [file = "", ...others] = yield* namesIn(directory)
      assert.deepStrictEqual(others, [])
      const text = yield* Effect.promise(() => fs.readFile(path.join(directory, file), "utf8"))
      for (const secret of ["client-1", "secret-1", "the-token"]) {
        assert.notInclude(text, secret)
        assert.notInclude(text, Encoding.encodeBase64(secret).slice(0, 8))
      }
      assert.deepInclude(yield* Effect.flip(onStore(directory, (store) => store.load(key))), {
        reason: "Encrypted"
      })
      const loaded = yield* onStore(directory, (store) => store.load(key), { encryption })
      assert.strictEqual(Option.getOrThrow(loaded).encryptedWith, "k1")
    })
  )

  for (const [field, value] of [
    ["lockWait", 0],
    ["lockWait", Number.POSITIVE_INFINITY],
    ["timeout", 0],
    ["timeout", Number.NaN],
    ["timeout", Number.POSITIVE_INFINITY],
    ["lockwait", 1]
  ] as const) {
    it.scopedLive(`refuses a ${field} of ${value} once, and creates no directory`, () =>
      Effect.gen(function* () {
        const directory = yield* storeDirectory
        const layer = FileStore.layer({ directory, [field]: value })
        assert.deepStrictEqual(yield* refusedFields(layer), [field])
        assert.isFalse(yield* exists(directory))
      })
    )
  }
})

describe("Adobe Pass on Node.js", () => {
  const options = { environment: "release-staging", softwareStatement: Redacted.make(statement) } as const

  for (const [field, wrong] of [
    ["timeout", { timeout: 0 }],
    ["retry.attempts", { retry: { attempts: 0 } }],
    ["redirectUri", { redirectUri: "nowhere" }],
    ["transport.connections", { transport: { connections: 0 } }],
    ["transport.connectTimeout", { transport: { connectTimeout: "2 minutes" } }],
    // As from plain JavaScript, where a wrong name is no error of the compiler.
    ["transport.conections", { transport: { conections: 8 } as never }],
    ["timout", { timout: "1 second" }]
  ] as const) {
    it.scopedLive(`refuses a wrong ${field} once, before the store creates its directory`, () =>
      Effect.gen(function* () {
        const directory = yield* storeDirectory
        const layer = NodeAdobePass.layer({
          ...options,
          ...wrong,
          store: NodeAdobePass.fileStore(directory)
        })
        assert.deepStrictEqual(yield* refusedFields(layer), [field])
        assert.isFalse(yield* exists(directory))
      })
    )
  }

  it.scopedLive("reads the connection pool from ADOBE_PASS_TRANSPORT_* variables", () =>
    Effect.gen(function* () {
      const directory = yield* storeDirectory
      const provider = ConfigProvider.fromMap(
        new Map([
          ["ADOBE_PASS_ENVIRONMENT", "release-staging"],
          ["ADOBE_PASS_SOFTWARE_STATEMENT", statement],
          ["ADOBE_PASS_STORE_DIRECTORY", ` ${directory} `],
          ["ADOBE_PASS_TRANSPORT_CONNECTIONS", "8"],
          ["ADOBE_PASS_TRANSPORT_DNS_TTL", "1 minute"]
        ])
      )
      const { transport } = yield* Effect.withConfigProvider(NodeAdobePass.config, provider)
      assert.strictEqual(transport?.connections, 8)
      const layer = Layer.provide(NodeAdobePass.layerConfig(), Layer.setConfigProvider(provider))
      assert.deepStrictEqual(yield* refusedFields(layer), ["ADOBE_PASS_TRANSPORT_DNS_TTL"])
    })
  )
})

describe("the software statement from a file", () => {
  /** `layerConfig` with these variables beside the ones that are always there; its failure as text. */
  const failure = (variables: Record<string, string>, content: string | Uint8Array = "") =>
    Effect.gen(function* () {
      const directory = yield* storeDirectory
      const file = `${directory}.statement`
      yield* Effect.promise(() => fs.writeFile(file, content))
      const all = {
        ADOBE_PASS_ENVIRONMENT: "release-staging",
        ADOBE_PASS_STORE_DIRECTORY: directory,
        ADOBE_PASS_SOFTWARE_STATEMENT_FILE: file,
        ...variables
      }
      const provider = ConfigProvider.fromMap(
        new Map(Object.entries(all).filter(([, value]) => value !== "not set"))
      )
      const layer = Layer.provide(NodeAdobePass.layerConfig(), Layer.setConfigProvider(provider))
      const built = yield* Effect.either(Effect.scoped(Layer.build(layer)))
      return Either.match(built, { onLeft: String, onRight: () => "none" })
    })

  it.scopedLive("is that of the variable that names it", () =>
    Effect.gen(function* () {
      assert.strictEqual(yield* failure({}, `${statement}\n`), "none")
      assert.strictEqual(yield* failure({ ADOBE_PASS_SOFTWARE_STATEMENT: "" }, statement), "none")
      const utf16 = Buffer.from(`\ufeff${statement}`, "utf16le")
      assert.strictEqual(yield* failure({}, utf16), "none")
      assert.strictEqual(yield* failure({}, Buffer.from(utf16).swap16()), "none")
      assert.strictEqual(yield* failure({}, `\ufeff${statement}`), "none")
    })
  )

  it.scopedLive("is used with a store of one's own, which needs no directory", () =>
    Effect.gen(function* () {
      const file = `${yield* storeDirectory}.statement`
      yield* Effect.promise(() => fs.writeFile(file, statement))
      const provider = ConfigProvider.fromMap(
        new Map([
          ["ADOBE_PASS_ENVIRONMENT", "release-staging"],
          ["ADOBE_PASS_SOFTWARE_STATEMENT_FILE", file]
        ])
      )
      const layer = NodeAdobePass.layerConfig({ store: CredentialStore.layerMemory })
      const services = yield* Layer.build(Layer.provide(layer, Layer.setConfigProvider(provider)))
      const { softwareStatement } = Context.get(services, RegisteredApplication.RegisteredApplication)
      assert.strictEqual(Redacted.value(softwareStatement.value), statement)
    })
  )

  it.scopedLive("is named by its variable when it cannot be used", () =>
    Effect.gen(function* () {
      const variable = "ADOBE_PASS_SOFTWARE_STATEMENT_FILE"
      assert.include(yield* failure({}), `${variable} is empty`)
      assert.include(yield* failure({}, "a letter"), `${variable} is not a JWT`)
      const missing = yield* failure({ [variable]: "/nowhere/at/all" })
      assert.include(missing, `(Invalid data at ${variable}: "names a file that cannot be read (ENOENT)`)
      const both = yield* failure({ ADOBE_PASS_SOFTWARE_STATEMENT: statement }, statement)
      assert.include(both, `(Invalid data at ${variable}: "and ADOBE_PASS_SOFTWARE_STATEMENT are both set`)
      const neither = yield* failure({ [variable]: "not set" })
      assert.include(neither, "(Missing data at ADOBE_PASS_SOFTWARE_STATEMENT: ")
      assert.include(neither, `or (Missing data at ${variable}: `)
      for (const text of [missing, both, neither]) assert.notInclude(text, statement)
    })
  )

  it.scopedLive("leaves options that were given as values their names", () =>
    Effect.gen(function* () {
      const layer = NodeAdobePass.layerConfig({ transport: { connections: 0 } })
      const provider = ConfigProvider.fromMap(
        new Map([
          ["ADOBE_PASS_ENVIRONMENT", "release-staging"],
          ["ADOBE_PASS_SOFTWARE_STATEMENT", statement],
          ["ADOBE_PASS_STORE_DIRECTORY", yield* storeDirectory]
        ])
      )
      assert.deepStrictEqual(yield* refusedFields(Layer.provide(layer, Layer.setConfigProvider(provider))), [
        "transport.connections"
      ])
    })
  )

  it.scopedLive("is missing beside a directory that is missing, and both are named in one way", () =>
    Effect.gen(function* () {
      const text = yield* failure({
        ADOBE_PASS_SOFTWARE_STATEMENT_FILE: " ",
        ADOBE_PASS_STORE_DIRECTORY: ""
      })
      assert.include(text, '"Expected ADOBE_PASS_SOFTWARE_STATEMENT_FILE to be set"')
      assert.include(text, '"Expected ADOBE_PASS_STORE_DIRECTORY to be set"')
    })
  )

  it.scopedLive("does not hide that the proxy is not a proxy's address", () =>
    Effect.gen(function* () {
      const refused = yield* failure({ ADOBE_PASS_TRANSPORT_PROXY: "http://proxy:8080" }, statement)
      assert.include(refused, "must be environment or none; the proxy itself is set in HTTPS_PROXY")
    })
  )

  it.scopedLive("does not hide that the directory of the store is refused, by its variable", () =>
    Effect.gen(function* () {
      const directory = yield* storeDirectory
      yield* Effect.promise(() => fs.mkdir(directory, { recursive: true, mode: 0o755 }))
      yield* Effect.promise(() => fs.chmod(directory, 0o755))
      yield* Effect.promise(() => fs.writeFile(path.join(directory, "letters.txt"), ""))
      const refused = yield* failure({ ADOBE_PASS_STORE_DIRECTORY: directory }, statement)
      assert.include(refused, "ADOBE_PASS_STORE_DIRECTORY is open to other users")
    })
  )
})

describe("the groups of options", () => {
  it("have defaults that pass their own checks", () => {
    for (const group of [
      Options.adobePass,
      Options.sharedThrottle,
      FileStore.options,
      NodeTransport.options
    ]) {
      assert.deepStrictEqual<unknown>(group.check({}), Either.right(group.fallback))
    }
  })

  it("are the rows of a table", () => {
    assert.deepStrictEqual(NodeTransport.options.rows("transport", "ADOBE_PASS_TRANSPORT"), [
      { option: "transport.connections", variable: "ADOBE_PASS_TRANSPORT_CONNECTIONS", default: "64" },
      {
        option: "transport.connectTimeout",
        variable: "ADOBE_PASS_TRANSPORT_CONNECT_TIMEOUT",
        default: "5 seconds"
      },
      { option: "transport.keepAlive", variable: "ADOBE_PASS_TRANSPORT_KEEP_ALIVE", default: "4 seconds" },
      { option: "transport.maximumAge", variable: "ADOBE_PASS_TRANSPORT_MAXIMUM_AGE", default: "30 seconds" },
      { option: "transport.dnsTtl", variable: "ADOBE_PASS_TRANSPORT_DNS_TTL", default: "30 seconds" },
      { option: "transport.proxy", variable: "ADOBE_PASS_TRANSPORT_PROXY", default: "environment" }
    ])
    assert.deepStrictEqual(FileStore.options.fallback, { timeout: 5000, lockWait: 60_000 })
  })
})
