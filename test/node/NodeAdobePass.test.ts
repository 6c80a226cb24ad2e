import * as fs from "node:fs/promises"
import * as path from "node:path"
import { assert, describe, it } from "@effect/vitest"
import { ConfigProvider, Effect, Either, Layer, Redacted, type Scope } from "effect"
import { CurrentDevice, Environment, ProtectedClient } from "effect-adobe-pass"
import { Emulator } from "effect-adobe-pass-emulator"
import { NodeAdobePass } from "effect-adobe-pass-node"
import { device } from "../support/system.js"
import { namesIn, temporaryDirectory } from "./directory.js"

const call = Effect.gen(function* () {
  const adobe = yield* ProtectedClient.ProtectedClient
  const response = yield* adobe.get("/api/v2/ACME/configuration")
  return response.status
}).pipe(Effect.provideService(CurrentDevice, device()))

/** Runs a call as a process of its own would, with everything new but the directory. */
const run = (directory: string, transport: NodeAdobePass.NodeAdobePassOptions["transport"] = {}) =>
  Effect.gen(function* () {
    const { baseUrl, softwareStatement } = yield* Emulator.Emulator
    return yield* Effect.provide(
      call,
      NodeAdobePass.layer({
        environment: Either.getOrThrow(Environment.custom({ name: "emulator", sp: baseUrl })),
        softwareStatement: Redacted.make(softwareStatement),
        store: NodeAdobePass.fileStore(directory),
        transport
      })
    )
  })

const variables = (baseUrl: string, statement: string, more: ReadonlyArray<readonly [string, string]>) =>
  Layer.setConfigProvider(
    ConfigProvider.fromMap(
      new Map([
        ["ADOBE_PASS_ENVIRONMENT", "emulator"],
        ["ADOBE_PASS_SP_URL", baseUrl],
        ["ADOBE_PASS_SOFTWARE_STATEMENT", statement],
        ...more
      ]),
      { pathDelim: "_" }
    )
  )

const counts = Effect.gen(function* () {
  const { counts } = yield* Emulator.Emulator
  const { api, register, token } = yield* counts
  return { api, register, token }
})

const onEmulator = <A, E>(test: Effect.Effect<A, E, Emulator.Emulator | Scope.Scope>) =>
  Effect.provide(test, Emulator.layerServer({ throttle: "off" }))

describe("Adobe Pass on Node.js", () => {
  it.scopedLive("registers a device once and keeps its pair and its token for the next process", () =>
    onEmulator(
      Effect.gen(function* () {
        const directory = path.join(yield* temporaryDirectory, "store")
        assert.strictEqual(yield* run(directory), 200)
        assert.strictEqual(yield* run(directory), 200)
        assert.deepStrictEqual(yield* counts, { api: 2, register: 1, token: 1 })
      })
    )
  )

  it.scopedLive("registers a device once when four systems on one directory meet it at the same time", () =>
    onEmulator(
      Effect.gen(function* () {
        const directory = path.join(yield* temporaryDirectory, "store")
        const statuses = yield* Effect.all(
          Array.from({ length: 4 }, () => run(directory)),
          { concurrency: "unbounded" }
        )
        assert.deepStrictEqual(statuses, [200, 200, 200, 200])
        assert.strictEqual((yield* counts).register, 1)
      })
    )
  )

  it.scopedLive("does not register when the record of the device is damaged", () =>
    onEmulator(
      Effect.gen(function* () {
        const directory = yield* temporaryDirectory
        yield* run(directory)
        for (const name of yield* namesIn(directory)) {
          yield* Effect.promise(() => fs.truncate(path.join(directory, name), 50))
        }
        const error = yield* Effect.flip(run(directory))
        assert.deepInclude(error, { _tag: "CredentialStoreError", reason: "Corrupt" })
        assert.deepStrictEqual(yield* counts, { api: 1, register: 1, token: 1 })
      })
    )
  )

  it.scopedLive("is made from ADOBE_PASS_* variables", () =>
    onEmulator(
      Effect.gen(function* () {
        const { baseUrl, softwareStatement } = yield* Emulator.Emulator
        const directory = path.join(yield* temporaryDirectory, "store")
        const configured = variables(baseUrl, softwareStatement, [["ADOBE_PASS_STORE_DIRECTORY", directory]])
        const status = yield* Effect.provide(
          call,
          Layer.provide(NodeAdobePass.layerConfig({ transport: { connections: 8 } }), configured)
        )
        assert.strictEqual(status, 200)
        assert.strictEqual((yield* namesIn(directory)).length, 1)
      })
    )
  )

  it.scopedLive("names the variable that is missing", () =>
    onEmulator(
      Effect.gen(function* () {
        const { baseUrl, softwareStatement } = yield* Emulator.Emulator
        const configured = variables(baseUrl, softwareStatement, [])
        const error = yield* Effect.flip(
          Effect.provide(call, Layer.provide(NodeAdobePass.layerConfig(), configured))
        )
        assert.include(`${error}`, "ADOBE_PASS_STORE_DIRECTORY")
      })
    )
  )

  it.scopedLive("refuses a transport that would hold on to addresses for longer than 30 seconds (J2)", () =>
    onEmulator(
      Effect.gen(function* () {
        const directory = yield* temporaryDirectory
        assert.deepInclude(yield* Effect.flip(run(directory, { dnsTtl: "1 minute" })), {
          _tag: "InvalidInput",
          field: "transport.dnsTtl"
        })
        assert.deepStrictEqual(yield* counts, { api: 0, register: 0, token: 0 })
      })
    )
  )
})
