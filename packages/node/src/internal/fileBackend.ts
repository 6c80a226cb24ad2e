/** The operations of a store backend on one file per session. */
import * as fs from "node:fs/promises"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import { SessionKey } from "effect-adobe-pass/SessionKey"
import {
  type BackendFailure,
  type Hold,
  type Lease,
  leaseLost,
  type StoreBackend
} from "effect-adobe-pass/StoreBackend"
import * as FileLock from "./fileLock.js"
import { link, readText, step, syncDirectory, withTemporary } from "./files.js"
import { ensureUnchanged, fileOf, keys, type StoreDirectory } from "./storeDirectory.js"

interface Files {
  readonly directory: StoreDirectory
  /** The lock of a session, which callers hold while they register. */
  readonly sessionLock: FileLock.Hold
  /** The lock of a record, held for one write. */
  readonly writeLock: FileLock.Hold
  /** The longest wait for the lock of a session, in milliseconds. */
  readonly lockWait: number
}

const locked = (code?: string) => Effect.fail<BackendFailure>({ reason: "Locked", code })

const read = ({ directory }: Files, key: SessionKey) =>
  Effect.tap(readText(fileOf(directory, key, "json")), (found) =>
    Option.isNone(found) ? ensureUnchanged(directory) : Effect.void
  )

const ensureHeld = ({ directory }: Files, key: SessionKey, { owner }: Lease) =>
  Effect.flatMap(FileLock.isHeldBy(fileOf(directory, key, "lock"), owner), (held) =>
    held ? Effect.void : locked(leaseLost)
  )

/** Needs no lock, because `link` fails when there is a record. */
const create = ({ directory }: Files, key: SessionKey, text: string) =>
  Effect.zipRight(
    ensureUnchanged(directory),
    withTemporary(directory.path, { text, durable: true }, (temporary) =>
      Effect.tap(link(temporary, fileOf(directory, key, "json")), (created) =>
        created ? syncDirectory(directory.path) : Effect.void
      )
    )
  )

/** Changes a record under its write lock, because `rename` and `unlink` do not check what they replace. */
const change = ({ directory }: Files, lock: FileLock.Lock, run: () => Promise<void>) =>
  Effect.gen(function* () {
    if (!(yield* lock.isHeld)) return yield* locked()
    yield* step(run)
    yield* syncDirectory(directory.path)
  })

const replace = (files: Files, key: SessionKey, expected: string, text: string) =>
  Effect.gen(function* () {
    const record = fileOf(files.directory, key, "json")
    const lock = yield* files.writeLock(key)
    if (!Option.contains(yield* readText(record), expected)) return false
    yield* withTemporary(files.directory.path, { text, durable: true }, (temporary) =>
      change(files, lock, () => fs.rename(temporary, record))
    )
    return true
  }).pipe(Effect.scoped)

const compareAndSet = (
  files: Files,
  ...[key, expected, next, lease]: Parameters<StoreBackend["compareAndSet"]>
) =>
  Effect.zipRight(
    lease === undefined ? Effect.void : ensureHeld(files, key, lease),
    Option.match(expected, {
      onNone: () => create(files, key, next),
      onSome: (text) => replace(files, key, text, next)
    })
  )

const remove = (files: Files, key: SessionKey) =>
  Effect.gen(function* () {
    yield* ensureUnchanged(files.directory)
    const lock = yield* files.writeLock(key)
    yield* change(files, lock, () => fs.rm(fileOf(files.directory, key, "json"), { force: true }))
  }).pipe(Effect.scoped)

const begin = ({ directory }: Files, key: SessionKey, owner: string) =>
  Effect.zipRight(FileLock.begin(fileOf(directory, key, "lock"), owner), syncDirectory(directory.path))

const hold = (files: Files, key: SessionKey, expected: Option.Option<string>) =>
  Effect.gen(function* () {
    const { owner, unfinished } = yield* files.sessionLock(key)
    const record = yield* read(files, key)
    if (Option.getOrUndefined(record) === Option.getOrUndefined(expected)) yield* begin(files, key, owner)
    return { lease: { owner, unfinished }, record } satisfies Hold
  })

const lock = (files: Files, key: SessionKey, expected: Option.Option<string>) =>
  Effect.timeoutFail(Effect.disconnect(hold(files, key, expected)), {
    duration: files.lockWait,
    onTimeout: (): BackendFailure => ({ reason: "Locked" })
  })

const isSessionKey = Schema.is(SessionKey)

/** Keys become names of files, and the type of one that came from a command line proves nothing. */
const checked = <A, R>(
  key: SessionKey,
  operation: Effect.Effect<A, BackendFailure, R>
): Effect.Effect<A, BackendFailure, R> =>
  isSessionKey(key) ? operation : Effect.fail<BackendFailure>({ reason: "Unavailable", code: "INVALID_KEY" })

/** The backend on a directory. Its locks end with the scope. @internal */
export const make = (directory: StoreDirectory, lockWait: number): Effect.Effect<StoreBackend> =>
  Effect.gen(function* () {
    const files: Files = {
      directory,
      sessionLock: yield* FileLock.make((key) => fileOf(directory, key, "lock")),
      writeLock: yield* FileLock.make((key) => fileOf(directory, key, "write.lock")),
      lockWait
    }
    return {
      read: (key) => checked(key, read(files, key)),
      // Disconnected, so that a disk that hangs does not hold the caller. The write keeps its lock until it ends.
      compareAndSet: (key, ...write) => checked(key, Effect.disconnect(compareAndSet(files, key, ...write))),
      remove: (key) => checked(key, Effect.disconnect(remove(files, key))),
      lock: (key, expected) => checked(key, lock(files, key, expected)),
      keys: keys(directory)
    }
  })
