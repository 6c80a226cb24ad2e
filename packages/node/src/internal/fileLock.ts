/**
 * Exclusive locks made of files, for the fibers and processes of one host.
 *
 * A lock is a file that appears complete under its name, by `link(2)`. Its holder touches it every two seconds. A
 * waiter takes it away when the process in it is dead, or when it has watched it for ten seconds without a touch; that
 * is measured on the waiter's own monotonic clock, so a clock that is set does not cost anybody a lock.
 *
 * What remains: a process that stands still for more than ten seconds loses its locks without noticing. And a waiter
 * that judged a lock dead can move away the lock of a third process that came in between; it sees so and puts it back,
 * but for these microseconds the name is free, and a fourth process that takes it then holds the lock too.
 */
import { randomUUID } from "node:crypto"
import * as fs from "node:fs/promises"
import * as os from "node:os"
import * as path from "node:path"
import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Random from "effect/Random"
import * as RcMap from "effect/RcMap"
import * as Schema from "effect/Schema"
import type * as Scope from "effect/Scope"
import type { BackendFailure } from "effect-adobe-pass/CredentialStore"
import { discard, link, onCode, readText, step, temporaryName, withTemporary } from "./files.js"

const heartbeat = Duration.seconds(2)

/** In nanoseconds: ten seconds, five beats of the holder. */
const patience = 10_000_000_000n

/** The content of a lock file. `place` is where the process id means something. */
const Holder = Schema.parseJson(
  Schema.Struct({
    pid: Schema.Int.pipe(Schema.positive()),
    place: Schema.String,
    owner: Schema.UUID
  })
)
const decodeHolder = Schema.decodeOption(Holder)
const encodeHolder = Schema.encodeSync(Holder)

/** Containers may share a host name, but not a PID namespace; other systems than Linux have no such file. */
const currentPlace: Effect.Effect<string> = step(() => fs.readlink("/proc/self/ns/pid")).pipe(
  Effect.orElseSucceed(() => ""),
  Effect.map((namespace) => `${os.hostname()} ${namespace}`)
)

interface Sighting {
  readonly text: string
  readonly touched: number
}

/** The lock file as it is now, content and time from the same file. */
const sight = (file: string): Effect.Effect<Option.Option<Sighting>, BackendFailure> =>
  step(async () => {
    const handle = await fs.open(file, "r")
    try {
      const { mtimeMs } = await handle.stat()
      return Option.some({ text: await handle.readFile("utf8"), touched: mtimeMs })
    } finally {
      await handle.close()
    }
  }).pipe(onCode("ENOENT", Option.none()))

/** Removes the lock file if this text is in it. */
const takeAway = (file: string, text: string): Effect.Effect<void, BackendFailure> =>
  Effect.uninterruptible(
    Effect.gen(function* () {
      if (!Option.contains(yield* readText(file), text)) return
      const aside = temporaryName(path.dirname(file))
      const moved = yield* step(() => fs.rename(file, aside)).pipe(Effect.as(true), onCode("ENOENT", false))
      if (!moved) return
      // The lock may have changed hands between the look at it and the move.
      if (Option.exists(yield* readText(aside), (found) => found !== text)) yield* link(aside, file)
      yield* discard(aside)
    })
  )

const isDead = (pid: number): Effect.Effect<boolean> =>
  step(async () => process.kill(pid, 0)).pipe(
    Effect.as(false),
    Effect.catchAll(({ code }) => Effect.succeed(code === "ESRCH"))
  )

/** What a waiter leaves for the next holder, whoever that will be, when it takes a lock away. */
const abandoned = (file: string): string => `${file}.abandoned`

const noteAbandoned = (file: string): Effect.Effect<void, BackendFailure> =>
  step(() => fs.writeFile(abandoned(file), "", { mode: 0o600 }))

const wasAbandoned = (file: string): Effect.Effect<boolean, BackendFailure> =>
  step(() => fs.unlink(abandoned(file))).pipe(Effect.as(true), onCode("ENOENT", false))

/** Waits until the lock file is gone, or takes it away when its holder is dead or stands still. */
const vacancy = (file: string, place: string): Effect.Effect<void, BackendFailure> =>
  Effect.gen(function* () {
    let watched: (Sighting & { readonly since: bigint }) | undefined
    while (true) {
      const found = Option.getOrUndefined(yield* sight(file))
      if (found === undefined) return
      const now = yield* Clock.currentTimeNanos
      if (watched?.text !== found.text || watched.touched !== found.touched) {
        watched = { ...found, since: now }
      }
      const holder = Option.getOrUndefined(decodeHolder(found.text))
      const dead = holder !== undefined && holder.place === place && (yield* isDead(holder.pid))
      if (dead || now - watched.since >= patience) {
        yield* noteAbandoned(file)
        return yield* takeAway(file, found.text)
      }
      yield* Effect.sleep(Duration.millis(yield* Random.nextIntBetween(50, 101)))
    }
  })

const touch = (file: string, text: string): Effect.Effect<void, BackendFailure> =>
  Effect.gen(function* () {
    if (!Option.contains(yield* readText(file), text)) return
    const seconds = (yield* Clock.currentTimeMillis) / 1000
    yield* step(() => fs.utimes(file, seconds, seconds))
  })

/** Whether this owner holds the lock of a file. @internal */
export const isHeldBy = (file: string, owner: string): Effect.Effect<boolean, BackendFailure> =>
  Effect.map(readText(file), (text) =>
    Option.exists(Option.flatMap(text, decodeHolder), (holder) => holder.owner === owner)
  )

/** @internal */
export interface Lock {
  /** Random, and of this hold alone. */
  readonly owner: string
  /** Whether the lock was taken away from the holder before. */
  readonly takenOver: boolean
  /** Whether the lock is still held, which it is not after the process stood still for too long. */
  readonly isHeld: Effect.Effect<boolean, BackendFailure>
}

/**
 * Holds the lock of a file until the scope closes.
 *
 * Fibers of one process get the lock in the order in which they asked. Waiting can be interrupted. @internal
 */
export type Hold = (file: string) => Effect.Effect<Lock, BackendFailure, Scope.Scope>

/** @internal */
export const make: Effect.Effect<Hold, never, Scope.Scope> = Effect.gen(function* () {
  const queues = yield* RcMap.make({ lookup: (_file: string) => Effect.makeSemaphore(1) })
  const place = yield* currentPlace

  return (file) =>
    Effect.uninterruptibleMask((restore) =>
      Effect.gen(function* () {
        const queue = yield* RcMap.get(queues, file)
        yield* restore(queue.take(1))
        yield* Effect.addFinalizer(() => queue.release(1))

        const owner = randomUUID()
        const text = encodeHolder({ pid: process.pid, place, owner })
        const create = withTemporary(path.dirname(file), { text, durable: false }, (temporary) =>
          link(temporary, file)
        )
        while (!(yield* create)) yield* restore(vacancy(file, place))
        yield* Effect.addFinalizer(() =>
          Effect.catchAll(takeAway(file, text), ({ code }) =>
            Effect.logDebug("A lock file of the credential store stays until it is taken away", code)
          )
        )
        yield* touch(file, text).pipe(
          Effect.catchAll(({ code }) =>
            Effect.logDebug("A lock of the credential store was not touched", code)
          ),
          Effect.delay(heartbeat),
          Effect.forever,
          Effect.interruptible,
          Effect.forkScoped
        )
        return {
          owner,
          takenOver: yield* wasAbandoned(file),
          isHeld: Effect.map(readText(file), Option.contains(text))
        }
      })
    )
})
