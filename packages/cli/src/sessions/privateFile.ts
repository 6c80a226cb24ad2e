/** A file that only its owner can read, and that is there whole or not at all. */
import { randomUUID } from "node:crypto"
import { lstat } from "node:fs/promises"
import * as FileSystem from "@effect/platform/FileSystem"
import * as Path from "@effect/platform/Path"
import * as Effect from "effect/Effect"
import * as Predicate from "effect/Predicate"
import * as Stream from "effect/Stream"
import { type CommandError, type CommandFailed, misconfigured } from "../ExitCode.js"

const exists = (file: string) =>
  misconfigured(`${file} is there already: name another file, or replace it with --force.`)

/** Whether a regular file has this name. A device, a directory or a link is refused: a new file would take its place. */
export const isThere = (file: string): Effect.Effect<boolean, CommandFailed> =>
  Effect.tryPromise({
    try: () => lstat(file),
    catch: (error) => (Predicate.hasProperty(error, "code") ? String(error.code) : "")
  }).pipe(
    Effect.matchEffect({
      onFailure: (code) =>
        code === "ENOENT"
          ? Effect.succeed(false)
          : misconfigured(`${file} cannot be looked at: name another file.`),
      onSuccess: (found) =>
        found.isFile()
          ? Effect.succeed(true)
          : misconfigured(`${file} is not a regular file, and is not replaced: name another file.`)
    })
  )

/** Refuses a file that is there, before any work is done for it. */
export const checkAbsent = (
  file: string,
  options: { readonly force: boolean }
): Effect.Effect<void, CommandFailed> =>
  Effect.flatMap(isThere(file), (found) => (found && !options.force ? exists(file) : Effect.void))

/**
 * Writes lines to a file beside it, and gives that its name when the last one is on the disk. Without `force` a file
 * that came up meanwhile stays.
 */
export const write = <E extends CommandError, R>(
  file: string,
  lines: Stream.Stream<string, E, R>,
  options: { readonly force: boolean }
): Effect.Effect<void, CommandError, R | FileSystem.FileSystem | Path.Path> =>
  Effect.gen(function* () {
    const fs = yield* FileSystem.FileSystem
    const path = yield* Path.Path
    const temporary = path.join(path.dirname(file), `.${path.basename(file)}.${randomUUID()}`)
    yield* Effect.addFinalizer(() => Effect.ignore(fs.remove(temporary, { force: true })))
    const opened = yield* fs.open(temporary, { flag: "wx", mode: 0o600 })
    yield* Stream.runForEach(lines, (line) => opened.writeAll(Buffer.from(`${line}\n`)))
    yield* opened.sync
    if (options.force) return yield* Effect.zipRight(isThere(file), fs.rename(temporary, file))
    yield* Effect.catchIf(
      fs.link(temporary, file),
      (error) => error._tag === "SystemError" && error.reason === "AlreadyExists",
      () => exists(file)
    )
  }).pipe(Effect.scoped)
