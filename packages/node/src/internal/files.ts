/** The file operations of the store, as effects with typed failures that carry an errno code and no path. */
import { randomUUID } from "node:crypto"
import { fsync } from "node:fs"
import * as fs from "node:fs/promises"
import * as path from "node:path"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Predicate from "effect/Predicate"
import * as Schedule from "effect/Schedule"
import * as Stream from "effect/Stream"
import type { BackendFailure } from "effect-adobe-pass/StoreBackend"
import { Platform } from "./platform.js"

const failure = (error: unknown): BackendFailure => ({
  reason: "Unavailable",
  code: Predicate.hasProperty(error, "code") && typeof error.code === "string" ? error.code : undefined
})

const isBusy = ({ code }: BackendFailure): Effect.Effect<boolean> =>
  Effect.map(Platform, ({ busyCodes }) => code !== undefined && busyCodes.includes(code))

/** One second in all: virus scanners and other processes of the store keep a file open for less. */
const pauses = Schedule.intersect(Schedule.spaced("20 millis"), Schedule.recurs(50))

const untilFree = <A>(operation: Effect.Effect<A, BackendFailure>): Effect.Effect<A, BackendFailure> =>
  Effect.retry(operation, { schedule: pauses, while: isBusy })

/** An operation on the disk. It runs to its end: an interruption takes effect after it. @internal */
export const step = <A>(run: () => Promise<A>): Effect.Effect<A, BackendFailure> =>
  untilFree(Effect.uninterruptible(Effect.tryPromise({ try: run, catch: failure })))

/** Recovers from the failure with this errno code. @internal */
export const onCode =
  <B>(code: string, value: B) =>
  <A>(effect: Effect.Effect<A, BackendFailure>): Effect.Effect<A | B, BackendFailure> =>
    Effect.catchIf(
      effect,
      (error) => error.code === code,
      () => Effect.succeed(value)
    )

/**
 * What `read` finds in a file; `None` when nothing has this name. A symbolic link whose target is missing is a failure:
 * the name is taken, so it is not the file of a new session. @internal
 */
export const ifPresent = <A>(
  file: string,
  read: Effect.Effect<A, BackendFailure>
): Effect.Effect<Option.Option<A>, BackendFailure> =>
  Effect.gen(function* () {
    while (true) {
      const found = yield* read.pipe(Effect.asSome, onCode("ENOENT", Option.none()))
      if (Option.isSome(found)) return found
      const entry = yield* step(() => fs.lstat(file)).pipe(onCode("ENOENT", undefined))
      if (entry === undefined) return Option.none()
      if (entry.isSymbolicLink()) {
        return yield* Effect.fail<BackendFailure>({ reason: "Unavailable", code: "DANGLING_LINK" })
      }
      // The file was created in between.
    }
  })

/** The text of a file; `None` when there is no such file. @internal */
export const readText = (file: string): Effect.Effect<Option.Option<string>, BackendFailure> =>
  ifPresent(
    file,
    untilFree(
      Effect.tryPromise({ try: (signal) => fs.readFile(file, { encoding: "utf8", signal }), catch: failure })
    )
  )

/** The names in a directory. @internal */
export const namesIn = (directory: string): Stream.Stream<string, BackendFailure> =>
  Stream.unwrap(
    Effect.map(
      step(() => fs.opendir(directory)),
      (entries) => Stream.map(Stream.fromAsyncIterable(entries, failure), ({ name }) => name)
    )
  )

/** Gives a file a second name; false when that name is taken. @internal */
export const link = (file: string, name: string): Effect.Effect<boolean, BackendFailure> =>
  step(() => fs.link(file, name)).pipe(Effect.as(true), onCode("EEXIST", false))

/** By its descriptor, because a `FileHandle` cannot do it under Yarn's Plug'n'Play. */
const sync = ({ fd }: fs.FileHandle): Promise<void> =>
  new Promise((resolve, reject) => {
    fsync(fd, (error) => (error === null ? resolve() : reject(error)))
  })

/** Makes the names in a directory durable, where the platform can. @internal */
export const syncDirectory = (directory: string): Effect.Effect<void, BackendFailure> => {
  const syncing = step(async () => {
    const handle = await fs.open(directory, "r")
    try {
      await sync(handle)
    } finally {
      await handle.close()
    }
  })
  return Effect.flatMap(Platform, ({ syncsDirectories }) => (syncsDirectories ? syncing : Effect.void))
}

/** The suffix of temporary files. @internal */
export const temporarySuffix = ".tmp"

/** A unique name in the directory. @internal */
export const temporaryName = (directory: string): string =>
  path.join(directory, `${randomUUID()}${temporarySuffix}`)

/** Removes a temporary file. If that fails, a store that opens later removes it. @internal */
export const discard = (file: string): Effect.Effect<void> =>
  step(() => fs.rm(file, { force: true })).pipe(
    Effect.catchAll(({ code }) =>
      Effect.logDebug("A temporary file of the credential store was not removed", code)
    )
  )

/**
 * Writes a temporary file that only its owner can read, uses it, and removes it. With `durable` it is synced to the
 * disk before it is used. @internal
 */
export const withTemporary = <A>(
  directory: string,
  content: { readonly text: string; readonly durable: boolean },
  use: (file: string) => Effect.Effect<A, BackendFailure>
): Effect.Effect<A, BackendFailure> =>
  Effect.suspend(() => {
    const file = temporaryName(directory)
    const write = step(async () => {
      const handle = await fs.open(file, "wx", 0o600)
      try {
        await handle.writeFile(content.text)
        if (content.durable) await sync(handle)
      } finally {
        await handle.close()
      }
    })
    return Effect.ensuring(Effect.zipRight(write, use(file)), discard(file))
  })
