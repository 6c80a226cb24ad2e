/** The directory of a file store: its file names, and the checks and clean-up when the store opens. */
import { randomUUID } from "node:crypto"
import * as fs from "node:fs/promises"
import * as path from "node:path"
import * as Chunk from "effect/Chunk"
import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import * as Stream from "effect/Stream"
import { type CredentialStoreError, InvalidInput } from "effect-adobe-pass/AdobePassError"
import { SessionKey } from "effect-adobe-pass/SessionKey"
import * as StoreBackend from "effect-adobe-pass/StoreBackend"
import {
  discard,
  link,
  namesIn,
  onCode,
  readText,
  step,
  syncDirectory,
  temporarySuffix,
  withTemporary
} from "./files.js"
import { Platform } from "./platform.js"

/** @internal */
export interface StoreDirectory {
  /** With links resolved, so that a link that changes later does not lead the store elsewhere. */
  readonly path: string
  /** Tells this directory from another one that was put or mounted in its place. */
  readonly identity: string
}

/** The file with the random id of the directory. Device and inode are not enough: the roots of file systems share them. */
const marker = "store.id"

const ownFile = /^(?:store\.id|[0-9a-f]{64}\.(?:json|(?:write\.)?lock(?:\.begun)?))$/
const decodeKey = Schema.decodeOption(SessionKey)

/** The file of a session. @internal */
export const fileOf = (
  directory: StoreDirectory,
  key: SessionKey,
  suffix: "json" | "lock" | "write.lock"
): string => path.join(directory.path, `${key}.${suffix}`)

const identify = (directory: string): Effect.Effect<string, StoreBackend.BackendFailure> =>
  Effect.gen(function* () {
    const { dev, ino } = yield* step(() => fs.stat(directory, { bigint: true }))
    const id = yield* readText(path.join(directory, marker))
    return `${dev} ${ino} ${Option.getOrElse(id, () => "")}`
  })

/**
 * Fails when the directory was removed, replaced, unmounted, or mounted over: a record that is missing there may still
 * exist. @internal
 */
export const ensureUnchanged = (
  directory: StoreDirectory
): Effect.Effect<void, StoreBackend.BackendFailure> =>
  Effect.filterOrFail(
    identify(directory.path),
    (identity) => identity === directory.identity,
    (): StoreBackend.BackendFailure => ({ reason: "Unavailable", code: "ESTALE" })
  )

/** The keys of all records. @internal */
export const keys = (directory: StoreDirectory): Stream.Stream<SessionKey, StoreBackend.BackendFailure> =>
  Stream.unwrap(
    Effect.as(
      ensureUnchanged(directory),
      Stream.filterMap(namesIn(directory.path), (name) =>
        name.endsWith(".json") ? decodeKey(name.slice(0, -".json".length)) : Option.none()
      )
    )
  )

/** The names in the directory that are neither records nor locks: temporary files, and files of others. */
const otherNames = (directory: string) =>
  Effect.map(
    Stream.runCollect(Stream.filter(namesIn(directory), (name) => !ownFile.test(name))),
    Chunk.toReadonlyArray
  )

/** @internal */
export const refused = (problem: string): InvalidInput => new InvalidInput({ field: "directory", problem })

/** Makes the directory private. One with other files in it is refused, because it may be a home or `/tmp`. */
const makePrivate = (directory: string, names: ReadonlyArray<string>) =>
  Effect.gen(function* () {
    const user = (yield* Platform).user()
    if (user === undefined) {
      return yield* Effect.logWarning(
        "This platform has no file modes, and does not sync directories: the credential store can be read by whoever may read its directory, and a power failure can undo its last changes"
      )
    }
    const { mode, uid } = yield* step(() => fs.stat(directory))
    if (uid !== user) {
      return yield* refused("belongs to another user; name one of this user, or one that does not exist yet")
    }
    if ((mode & 0o077) === 0) return
    if (!names.every((name) => name.endsWith(temporarySuffix))) {
      return yield* refused("is open to other users and holds other files; name one for the store alone")
    }
    yield* step(() => fs.chmod(directory, 0o700))
  })

/** Gives the directory its id, unless it has one. */
const mark = (directory: string) =>
  Effect.gen(function* () {
    const file = path.join(directory, marker)
    if (Option.isSome(yield* readText(file))) return
    yield* withTemporary(directory, { text: randomUUID(), durable: true }, (temporary) =>
      link(temporary, file)
    )
    yield* syncDirectory(directory)
  })

const leftoverAge = Duration.toMillis(Duration.minutes(1))

/** Removes the temporary files of processes that died during a write. */
const removeLeftovers = (directory: string, names: ReadonlyArray<string>) =>
  Effect.forEach(
    names.filter((name) => name.endsWith(temporarySuffix)),
    (name) =>
      Effect.gen(function* () {
        const file = path.join(directory, name)
        const modified = yield* step(() => fs.stat(file)).pipe(
          Effect.map(({ mtimeMs }) => mtimeMs),
          onCode("ENOENT", Number.POSITIVE_INFINITY)
        )
        if ((yield* Clock.currentTimeMillis) - modified > leftoverAge) yield* discard(file)
      }),
    { discard: true }
  )

/**
 * Creates a directory and its parents, one level at a time: `fs.mkdir` with `recursive` never ends where a parent exists
 * and answers ENOENT, as `/proc` does.
 */
const create = (name: string): Effect.Effect<void, StoreBackend.BackendFailure> => {
  const parent = path.dirname(name)
  const made = step(() => fs.mkdir(name, { mode: 0o700 })).pipe(
    Effect.catchIf(
      ({ code }) => code !== "ENOENT",
      (failure) =>
        step(() => fs.stat(name)).pipe(
          Effect.filterOrFail((entry) => entry.isDirectory()),
          Effect.mapError(() => failure)
        )
    )
  )
  return Effect.asVoid(
    Effect.catchIf(
      made,
      ({ code }) => code === "ENOENT" && parent !== name,
      () => Effect.zipRight(create(parent), made)
    )
  )
}

/** Creates the directory if it is missing, makes it private, and removes leftovers. @internal */
export const open = (name: string): Effect.Effect<StoreDirectory, CredentialStoreError | InvalidInput> =>
  Effect.gen(function* () {
    yield* Effect.mapError(create(name), (failure) =>
      failure.code === "EEXIST" || failure.code === "ENOTDIR"
        ? refused("is not a directory, or is inside of a file: name a directory")
        : failure
    )
    const directory = yield* step(() => fs.realpath(name))
    const names = yield* otherNames(directory)
    yield* makePrivate(directory, names)
    yield* removeLeftovers(directory, names)
    yield* mark(directory)
    return { path: directory, identity: yield* identify(directory) }
  }).pipe(
    Effect.mapError((failure) =>
      failure instanceof InvalidInput ? failure : StoreBackend.toError("load", failure)
    )
  )
