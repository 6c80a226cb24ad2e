import * as fs from "node:fs/promises"
import * as path from "node:path"
import { KeyValueStore } from "@effect/platform"
import * as NodeKeyValueStore from "@effect/platform-node/NodeKeyValueStore"
import { Effect, Layer, Logger, LogLevel } from "effect"
import { CredentialStore, StoreBackend } from "effect-adobe-pass"
import { FileStore } from "effect-adobe-pass-node"
import { Platform, windows } from "../../packages/node/src/internal/platform.js"
import { contract } from "../support/contract.js"
import { temporaryDirectory } from "./directory.js"

/** `layerMemory` takes no options. With encryption, its backend is built with them. */
const inMemory = (options: CredentialStore.StoreOptions) =>
  options.encryption === undefined
    ? CredentialStore.layerMemory
    : Layer.scoped(
        CredentialStore.CredentialStore,
        Effect.flatMap(StoreBackend.memory, (backend) => CredentialStore.make(backend, options))
      )

const overKeyValueStore = (store: KeyValueStore.KeyValueStore) => ({
  layer: (options: CredentialStore.StoreOptions) =>
    Layer.provide(
      CredentialStore.layerKeyValueStore(options),
      Layer.succeed(KeyValueStore.KeyValueStore, store)
    ),
  record: (key: string) => Effect.orDie(store.get(`adobe-pass/${key}`)),
  damage: (key: string) => Effect.orDie(store.set(`adobe-pass/${key}`, '{"version":1,"cred'))
})

contract("memory", { storage: Effect.succeed({ layer: inMemory }), damages: false })

contract("key-value store in memory", {
  storage: Effect.map(
    Effect.provide(KeyValueStore.KeyValueStore, KeyValueStore.layerMemory),
    overKeyValueStore
  ),
  lists: false
})

contract("key-value store in files", {
  storage: Effect.gen(function* () {
    const layer = NodeKeyValueStore.layerFileSystem(yield* temporaryDirectory)
    return overKeyValueStore(yield* Effect.orDie(Effect.provide(KeyValueStore.KeyValueStore, layer)))
  }),
  lists: false
})

const files = Effect.map(temporaryDirectory, (parent) => {
  const directory = path.join(parent, "store")
  const file = (key: string) => path.join(directory, `${key}.json`)
  return {
    layer: (options: CredentialStore.StoreOptions) => FileStore.layer({ ...options, directory }),
    record: (key: string) => Effect.asSome(Effect.promise(() => fs.readFile(file(key), "utf8"))),
    damage: (key: string) => Effect.promise(() => fs.truncate(file(key), 40))
  }
})

contract("file store", { storage: files })

contract("file store on Windows", { storage: files }, (check) =>
  check.pipe(Effect.provideService(Platform, windows), Logger.withMinimumLogLevel(LogLevel.Fatal))
)
