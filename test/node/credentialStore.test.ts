import * as fs from "node:fs/promises"
import * as path from "node:path"
import { KeyValueStore } from "@effect/platform"
import * as NodeKeyValueStore from "@effect/platform-node/NodeKeyValueStore"
import { Effect, Layer } from "effect"
import { CredentialStore } from "effect-adobe-pass"
import { FileStore } from "effect-adobe-pass-node"
import { contract } from "../support/contract.js"
import { temporaryDirectory } from "./directory.js"

const overKeyValueStore = (store: KeyValueStore.KeyValueStore) => ({
  layer: Layer.provide(
    CredentialStore.layerKeyValueStore(),
    Layer.succeed(KeyValueStore.KeyValueStore, store)
  ),
  damage: (key: string) => Effect.orDie(store.set(`adobe-pass/${key}`, '{"version":1,"cred'))
})

contract("memory", { storage: Effect.succeed({ layer: CredentialStore.layerMemory }), damages: false })

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

contract("file store", {
  storage: Effect.map(temporaryDirectory, (parent) => {
    const directory = path.join(parent, "store")
    return {
      layer: FileStore.layer({ directory }),
      damage: (key: string) => Effect.promise(() => fs.truncate(path.join(directory, `${key}.json`), 40))
    }
  })
})
