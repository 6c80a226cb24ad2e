/**
 * A credential store in a directory of its own, for the processes of one host.
 *
 * @since 0.1.0
 */
import * as path from "node:path"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type * as Scope from "effect/Scope"
import type { CredentialStoreError, InvalidInput } from "effect-adobe-pass/AdobePassError"
import * as CredentialStore from "effect-adobe-pass/CredentialStore"
import * as Options from "effect-adobe-pass/Options"
import * as Setting from "effect-adobe-pass/Setting"
import * as FileBackend from "./internal/fileBackend.js"
import * as StoreDirectory from "./internal/storeDirectory.js"

/**
 * Limits of a file store, in addition to those of every store (`Options.store`).
 *
 * @since 0.1.0
 * @category groups
 */
export const options = Setting.group({
  ...Options.store.settings,
  /** The longest wait for the lock of a session; the operation then fails as `Locked`. @default 60 seconds */
  lockWait: Setting.duration("60 seconds")
})

/**
 * The directory of the store, its limits, and its encryption.
 *
 * @since 0.1.0
 * @category models
 */
export interface FileStoreOptions extends CredentialStore.StoreOptions, Setting.Input<typeof options> {
  /** A directory for this store alone, relative to the working directory; it is created when it is missing. */
  readonly directory: string
}

const others: {
  readonly [Option in Exclude<keyof FileStoreOptions, keyof typeof options.settings>]-?: true
} = {
  directory: true,
  encryption: true
}

/**
 * A store with one file per session.
 *
 * Only the owner can read the directory (0700) and its files (0600). A record is always complete or absent, even when
 * the process is killed or the power fails: it is written to a temporary file, synced to the disk, and only then gets its
 * name. When a save returns, the record is durable.
 *
 * Processes of one host may share the directory. If two of them register the same new device, the store keeps one set of
 * credentials and both use it. Do not replace the directory while a store is open. Network file systems are not supported, because they
 * neither lock nor sync reliably; neither are file systems without hard links.
 *
 * Fails with `InvalidInput` when an option cannot be used, or when the directory belongs to another user or is open to
 * other users and not the store's own; with `CredentialStoreError` when the directory cannot be created or read.
 *
 * On Windows the store logs a warning when it opens: it cannot keep its directory private, nor sync it.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = (
  input: FileStoreOptions
): Effect.Effect<CredentialStore.CredentialStore, CredentialStoreError | InvalidInput, Scope.Scope> =>
  Effect.gen(function* () {
    if (input.directory === "") return yield* StoreDirectory.refused("is empty")
    const { lockWait } = yield* options.checkNames(input, "", Object.keys(others))
    const directory = yield* StoreDirectory.open(path.resolve(input.directory))
    return yield* CredentialStore.make(yield* FileBackend.make(directory, lockWait), input)
  })

/**
 * `make` as a layer.
 *
 * @example
 * ```ts
 * import { FileStore } from "effect-adobe-pass-node"
 *
 * const store = FileStore.layer({ directory: "./.adobe-pass" })
 * ```
 *
 * @since 0.1.0
 * @category layers
 */
export const layer = (
  input: FileStoreOptions
): Layer.Layer<CredentialStore.CredentialStore, CredentialStoreError | InvalidInput> =>
  Layer.scoped(CredentialStore.CredentialStore, make(input))
