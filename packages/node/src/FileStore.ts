/**
 * A credential store in a directory of its own, for the processes of one host.
 *
 * @since 0.1.0
 */
import * as fs from "node:fs/promises"
import * as path from "node:path"
import * as Chunk from "effect/Chunk"
import * as Clock from "effect/Clock"
import type * as Context from "effect/Context"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import type * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import { type CredentialStoreError, InvalidInput } from "effect-adobe-pass/AdobePassError"
import * as CredentialStore from "effect-adobe-pass/CredentialStore"
import type { Lease } from "effect-adobe-pass/Lease"
import { SessionKey } from "effect-adobe-pass/SessionKey"
import * as FileLock from "./internal/fileLock.js"
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
} from "./internal/files.js"

/**
 * Where the files are, and how long to wait for them.
 *
 * @since 0.1.0
 * @category models
 */
export interface Options extends CredentialStore.Options {
  /** A directory for this store alone, relative to the working directory; it is created when it is missing. */
  readonly directory: string
  /** The longest wait for the lock of a session, after which the operation fails as `Locked`. @default 60 seconds */
  readonly lockWait?: Duration.DurationInput | undefined
}

const ownFile = /^[0-9a-f]{64}\.(?:json|(?:write\.)?lock(?:\.abandoned)?)$/
const recordSuffix = ".json"
const decodeKey = Schema.decodeOption(SessionKey)
const leftoverAge = Duration.toMillis(Duration.minutes(1))

const refused = (problem: string) => new InvalidInput({ field: "directory", problem })

const limit = (
  field: "lockWait" | "timeout",
  input: Duration.DurationInput
): Effect.Effect<Duration.Duration, InvalidInput> =>
  Duration.decodeUnknown(input).pipe(
    Option.filter(Duration.greaterThan(Duration.zero)),
    Effect.mapError(() => new InvalidInput({ field, problem: "must be a duration that is longer than zero" }))
  )

const unavailable = (failure: CredentialStore.BackendFailure) => CredentialStore.fromFailure("load", failure)

const inode = (directory: string) =>
  Effect.map(
    step(() => fs.stat(directory)),
    ({ ino }) => ino
  )

/** The names in the directory that are not records or locks: temporary files, and what somebody else put there. */
const otherNames = (directory: string) =>
  Effect.map(
    Stream.runCollect(Stream.filter(namesIn(directory), (name) => !ownFile.test(name))),
    Chunk.toReadonlyArray
  )

/** Only a directory that holds nothing of others is closed to them: the option may name a home or `/tmp`. */
const closeToOthers = (directory: string, names: ReadonlyArray<string>) =>
  Effect.gen(function* () {
    const { mode, uid } = yield* Effect.mapError(
      step(() => fs.stat(directory)),
      unavailable
    )
    if ((mode & 0o077) === 0) return
    if (uid !== process.geteuid?.()) {
      return yield* refused(
        "is open to other users and belongs to another user; name one that does not exist yet"
      )
    }
    if (!names.every((name) => name.endsWith(temporarySuffix))) {
      return yield* refused("is open to other users and holds other files; name one for the store alone")
    }
    yield* Effect.mapError(
      step(() => fs.chmod(directory, 0o700)),
      unavailable
    )
  })

/** Removes what processes that died in the middle of a write have left. */
const sweep = (directory: string, names: ReadonlyArray<string>) =>
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

/** Makes the directory ready and gives its inode, by which it is known again. */
const prepare = (directory: string): Effect.Effect<number, CredentialStoreError | InvalidInput> =>
  Effect.gen(function* () {
    yield* Effect.mapError(
      step(() => fs.mkdir(directory, { recursive: true, mode: 0o700 })),
      unavailable
    )
    const names = yield* Effect.mapError(otherNames(directory), unavailable)
    yield* closeToOthers(directory, names)
    yield* Effect.mapError(sweep(directory, names), unavailable)
    return yield* Effect.mapError(inode(directory), unavailable)
  })

const backend = (
  directory: string,
  home: number,
  hold: FileLock.Hold,
  lockWait: Duration.Duration
): CredentialStore.Encoded => {
  const record = (key: SessionKey) => path.join(directory, `${key}.json`)
  const lockFile = (key: SessionKey) => path.join(directory, `${key}.lock`)

  /** In a directory that was removed, or whose volume is no longer mounted, no record is a sign of nothing. */
  const isHome = Effect.filterOrFail(
    inode(directory),
    (now) => now === home,
    (): CredentialStore.BackendFailure => ({ reason: "Unavailable", code: "ESTALE" })
  )

  const create = (key: SessionKey, next: string) =>
    withTemporary(directory, { text: next, durable: true }, (temporary) =>
      Effect.tap(link(temporary, record(key)), (created) =>
        created ? syncDirectory(directory) : Effect.void
      )
    )

  /** `rename` and `unlink` do not look at what they replace, so whoever does that to a record holds a lock. */
  const exclusively = <A>(
    key: SessionKey,
    use: (lock: FileLock.Lock) => Effect.Effect<A, CredentialStore.BackendFailure>
  ) => Effect.scoped(Effect.flatMap(hold(path.join(directory, `${key}.write.lock`)), use))

  const change = (lock: FileLock.Lock, run: () => Promise<void>) =>
    Effect.gen(function* () {
      if (!(yield* lock.isHeld)) return yield* Effect.fail({ reason: "Locked" } as const)
      yield* step(run)
      yield* syncDirectory(directory)
    })

  const replace = (key: SessionKey, expected: string, next: string) =>
    exclusively(key, (lock) =>
      Effect.gen(function* () {
        if (!Option.contains(yield* readText(record(key)), expected)) return false
        yield* withTemporary(directory, { text: next, durable: true }, (temporary) =>
          change(lock, () => fs.rename(temporary, record(key)))
        )
        return true
      })
    )

  const notLost = (key: SessionKey, lease: Lease | undefined) =>
    lease === undefined
      ? Effect.void
      : Effect.filterOrFail(
          FileLock.isHeldBy(lockFile(key), lease.owner),
          (held) => held,
          (): CredentialStore.BackendFailure => ({ reason: "Locked", code: CredentialStore.leaseLost })
        )

  return {
    read: (key) =>
      Effect.tap(readText(record(key)), (found) => (Option.isNone(found) ? isHome : Effect.void)),
    // A disk that hangs keeps the lock, but not the caller.
    compareAndSet: (key, expected, next, lease) =>
      Effect.disconnect(
        Effect.zipRight(
          notLost(key, lease),
          Option.match(expected, {
            onNone: () => create(key, next),
            onSome: (text) => replace(key, text, next)
          })
        )
      ),
    remove: (key) =>
      Effect.disconnect(exclusively(key, (lock) => change(lock, () => fs.rm(record(key), { force: true })))),
    lock: (key) =>
      Effect.map(
        Effect.timeoutFail(Effect.disconnect(hold(lockFile(key))), {
          duration: lockWait,
          onTimeout: () => ({ reason: "Locked" }) as const
        }),
        ({ owner, takenOver }): Lease => ({ owner, takenOver })
      ),
    keys: Stream.filterMap(namesIn(directory), (name) =>
      name.endsWith(recordSuffix) ? decodeKey(name.slice(0, -recordSuffix.length)) : Option.none()
    )
  }
}

/**
 * A store with one file per session.
 *
 * The directory is readable by its owner alone (0700), and so is every file (0600). A record is complete or absent at
 * every moment, also when the process is killed or the power fails: it is written aside, synced to the disk, and only
 * then given its name. When a save returns, the record is durable.
 *
 * Processes of one host may share the directory: of two that register the same new device one pair wins, and the other
 * process adopts it. The directory must not be replaced while a store is open. Network file systems, which neither
 * lock nor sync reliably, and file systems without hard links are not supported.
 *
 * Fails with `InvalidInput` when the directory is open to other users and is not the store's own, and with
 * `CredentialStoreError` when it cannot be created or read.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = (
  options: Options
): Effect.Effect<
  Context.Tag.Service<CredentialStore.CredentialStore>,
  CredentialStoreError | InvalidInput,
  Scope.Scope
> =>
  Effect.gen(function* () {
    if (options.directory === "") return yield* refused("is empty")
    const lockWait = yield* limit("lockWait", options.lockWait ?? Duration.seconds(60))
    const timeout = yield* limit("timeout", options.timeout ?? Duration.seconds(5))
    const directory = path.resolve(options.directory)
    const home = yield* prepare(directory)
    const hold = yield* FileLock.make
    return CredentialStore.makeEncoded(backend(directory, home, hold, lockWait), { timeout })
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
  options: Options
): Layer.Layer<CredentialStore.CredentialStore, CredentialStoreError | InvalidInput> =>
  Layer.scoped(CredentialStore.CredentialStore, make(options))
