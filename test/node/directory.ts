import * as fs from "node:fs/promises"
import * as os from "node:os"
import * as path from "node:path"
import { Effect, type Scope } from "effect"
import { type AdobePassError, CredentialStore } from "effect-adobe-pass"
import { FileStore } from "effect-adobe-pass-node"

/** A directory that is removed with the scope. */
export const temporaryDirectory: Effect.Effect<string, never, Scope.Scope> = Effect.acquireRelease(
  Effect.promise(() => fs.mkdtemp(path.join(os.tmpdir(), "effect-adobe-pass-"))),
  // A disk operation whose caller went away ends by itself, and may write a file meanwhile.
  (directory) =>
    Effect.promise(() => fs.rm(directory, { recursive: true, force: true, maxRetries: 20, retryDelay: 50 }))
)

/** Where a store can be made; it does not exist yet. */
export const storeDirectory: Effect.Effect<string, never, Scope.Scope> = Effect.map(
  temporaryDirectory,
  (parent) => path.join(parent, "store")
)

/** The names in the directory of a store, but for the file that identifies it. */
export const namesIn = (directory: string): Effect.Effect<ReadonlyArray<string>> =>
  Effect.map(
    Effect.promise(() => fs.readdir(directory)),
    (names) => names.filter((name) => name !== "store.id").toSorted()
  )

/** Uses a store of its own on the directory, as a process that has just started would. */
export const onStore = <A, E, R>(
  directory: string,
  use: (store: CredentialStore.CredentialStore) => Effect.Effect<A, E, R>,
  options: Partial<FileStore.FileStoreOptions> = {}
): Effect.Effect<
  A,
  E | AdobePassError.CredentialStoreError | AdobePassError.InvalidInput,
  Exclude<R, CredentialStore.CredentialStore>
> =>
  Effect.provide(
    Effect.flatMap(CredentialStore.CredentialStore, use),
    FileStore.layer({ directory, ...options })
  )
