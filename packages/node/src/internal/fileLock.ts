/**
 * Exclusive locks made of files, for the fibers and processes of one host.
 *
 * A lock file appears complete under its name, by `link(2)`. Its holder updates its modification time every two
 * seconds. A waiter removes the file when the holder's process is dead, or when the file has not changed for ten
 * seconds on the waiter's own monotonic clock; setting the system clock therefore breaks no lock.
 *
 * Two gaps remain. A process that is stopped for more than ten seconds loses its locks without noticing. And a waiter
 * that removes a stale lock may move away the lock of a process that took it in between. The waiter notices that and
 * puts the file back, but a third process may take the name first; two processes then hold the lock.
 */
import { randomUUID } from "node:crypto"
import * as fs from "node:fs/promises"
import * as os from "node:os"
import * as path from "node:path"
import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Predicate from "effect/Predicate"
import * as Random from "effect/Random"
import * as Schema from "effect/Schema"
import type * as Scope from "effect/Scope"
import type { SessionKey } from "effect-adobe-pass/SessionKey"
import { type BackendFailure, lockInProcess } from "effect-adobe-pass/StoreBackend"
import { discard, ifPresent, link, onCode, readText, step, temporaryName, withTemporary } from "./files.js"

const heartbeat = Duration.seconds(2)

/** In nanoseconds: ten seconds, which is five heartbeats. */
const staleAfter = 10_000_000_000n

/** The content of a lock file. A process id is valid on its `host` only. */
const Holder = Schema.parseJson(
  Schema.Struct({
    pid: Schema.Int.pipe(Schema.positive()),
    host: Schema.String,
    owner: Schema.UUID
  })
)
const decodeHolder = Schema.decodeOption(Holder)
const encodeHolder = Schema.encodeSync(Holder)

/** The host name and the PID namespace, because containers may share a host name. Only Linux has the file. */
const currentHost: Effect.Effect<string> = step(() => fs.readlink("/proc/self/ns/pid")).pipe(
  Effect.orElseSucceed(() => ""),
  Effect.map((namespace) => `${os.hostname()} ${namespace}`)
)

interface LockFile {
  readonly text: string
  readonly modified: number
}

/** Content and modification time of the same file, also when the name is given to another file meanwhile. */
const readLockFile = (file: string): Effect.Effect<Option.Option<LockFile>, BackendFailure> =>
  ifPresent(
    file,
    step(async () => {
      const handle = await fs.open(file, "r")
      try {
        const { mtimeMs } = await handle.stat()
        return { text: await handle.readFile("utf8"), modified: mtimeMs }
      } finally {
        await handle.close()
      }
    })
  )

/** Removes the lock file if it holds this text. */
const removeLockFile = (file: string, text: string): Effect.Effect<void, BackendFailure> =>
  Effect.uninterruptible(
    Effect.gen(function* () {
      if (!Option.contains(yield* readText(file), text)) return
      const aside = temporaryName(path.dirname(file))
      const moved = yield* step(() => fs.rename(file, aside)).pipe(Effect.as(true), onCode("ENOENT", false))
      if (!moved) return
      // The lock may have been taken by another process between the read and the move.
      if (Option.exists(yield* readText(aside), (found) => found !== text)) yield* link(aside, file)
      yield* discard(aside)
    })
  )

/** Whether the holder is certainly dead, which can be known of a process on the same host only. */
const isHolderDead = (text: string, host: string): Effect.Effect<boolean> => {
  const holder = Option.getOrUndefined(decodeHolder(text))
  if (holder?.host !== host) return Effect.succeed(false)
  return Effect.try(() => process.kill(holder.pid, 0)).pipe(
    Effect.as(false),
    Effect.catchAll(({ error }) =>
      Effect.succeed(Predicate.hasProperty(error, "code") && error.code === "ESRCH")
    )
  )
}

/** The file beside the lock that tells the next holder, if it is still there, what this one had begun. */
const begunFile = (file: string): string => `${file}.begun`

/** Notes that this owner of the lock file has begun. @internal */
export const begin = (file: string, owner: string): Effect.Effect<void, BackendFailure> =>
  withTemporary(path.dirname(file), { text: owner, durable: true }, (temporary) =>
    step(() => fs.rename(temporary, begunFile(file)))
  )

/** Removes the note; false when there was none. */
const clearBegun = (file: string): Effect.Effect<boolean, BackendFailure> =>
  step(() => fs.unlink(begunFile(file))).pipe(Effect.as(true), onCode("ENOENT", false))

/** Waits until the lock file is gone, or removes it when it is stale. */
const waitUntilFree = (file: string, host: string): Effect.Effect<void, BackendFailure> =>
  Effect.gen(function* () {
    let seen: (LockFile & { readonly since: bigint }) | undefined
    while (true) {
      const found = Option.getOrUndefined(yield* readLockFile(file))
      if (found === undefined) return
      const now = yield* Clock.currentTimeNanos
      if (seen?.text !== found.text || seen.modified !== found.modified) seen = { ...found, since: now }
      if (now - seen.since >= staleAfter || (yield* isHolderDead(found.text, host))) {
        return yield* removeLockFile(file, found.text)
      }
      yield* Effect.sleep(Duration.millis(yield* Random.nextIntBetween(50, 101)))
    }
  })

const create = (file: string, text: string) =>
  withTemporary(path.dirname(file), { text, durable: false }, (temporary) => link(temporary, file))

/** The note of this owner goes first: without a lock it would count as that of a holder that died. */
const giveBack = (file: string, text: string, owner: string) =>
  Effect.gen(function* () {
    if (Option.contains(yield* readText(begunFile(file)), owner)) yield* clearBegun(file)
    yield* removeLockFile(file, text)
  })

const release = (file: string, text: string, owner: string) =>
  Effect.catchAll(giveBack(file, text, owner), ({ code }) =>
    Effect.logDebug("A lock file of the credential store was not removed", code)
  )

const touch = (file: string, text: string) =>
  Effect.gen(function* () {
    if (!Option.contains(yield* readText(file), text)) return
    const seconds = (yield* Clock.currentTimeMillis) / 1000
    yield* step(() => fs.utimes(file, seconds, seconds))
  })

/** Touches the lock file at every heartbeat until the scope closes. */
const keepFresh = (file: string, text: string) =>
  touch(file, text).pipe(
    Effect.catchAll(({ code }) =>
      Effect.logDebug("A lock file of the credential store was not touched", code)
    ),
    Effect.delay(heartbeat),
    Effect.forever,
    Effect.interruptible,
    Effect.forkScoped
  )

/** Whether this owner holds the lock file. @internal */
export const isHeldBy = (file: string, owner: string): Effect.Effect<boolean, BackendFailure> =>
  Effect.map(readText(file), (text) =>
    Option.exists(Option.flatMap(text, decodeHolder), (holder) => holder.owner === owner)
  )

/** @internal */
export interface Lock {
  /** Random, and different for each hold. */
  readonly owner: string
  /** Whether the holder before had begun, and did not give the lock back. */
  readonly unfinished: boolean
  /** False when another process took the lock over because this one was stopped for too long. */
  readonly isHeld: Effect.Effect<boolean, BackendFailure>
}

/**
 * Holds the lock of a session until the scope closes. Waiting can be interrupted. Fibers of one process get the lock in
 * the order in which they ask. @internal
 */
export type Hold = (key: SessionKey) => Effect.Effect<Lock, BackendFailure, Scope.Scope>

const hold = (turn: Effect.Effect<unknown, BackendFailure, Scope.Scope>, file: string, host: string) =>
  Effect.uninterruptibleMask((restore) =>
    Effect.gen(function* () {
      yield* restore(turn)
      const owner = randomUUID()
      const text = encodeHolder({ pid: process.pid, host, owner })
      while (!(yield* create(file, text))) yield* restore(waitUntilFree(file, host))
      yield* Effect.addFinalizer(() => release(file, text, owner))
      yield* keepFresh(file, text)
      return {
        owner,
        unfinished: yield* clearBegun(file),
        isHeld: Effect.map(readText(file), Option.contains(text))
      }
    })
  )

/** Locks with one file per session. @internal */
export const make = (fileOf: (key: SessionKey) => string): Effect.Effect<Hold> =>
  Effect.map(currentHost, (host) => {
    const inProcess = lockInProcess(() => Effect.succeedNone)
    return (key) => hold(inProcess(key, Option.none()), fileOf(key), host)
  })
