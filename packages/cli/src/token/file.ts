/** The file of `token --watch`: it is whole at any time, and holds no token that has expired. */
import { randomUUID } from "node:crypto"
import type * as PlatformError from "@effect/platform/Error"
import * as FileSystem from "@effect/platform/FileSystem"
import * as Path from "@effect/platform/Path"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import { describe, misconfigured } from "../ExitCode.js"
import * as Output from "../Output.js"
import { isFormatted } from "./format.js"

type Files = FileSystem.FileSystem | Path.Path

/** A token in the file, as text, until when it may stay there. */
interface Content {
  readonly text: string
  readonly until: number
}

export interface TokenFile {
  /** Puts a token in place of what is there. */
  readonly write: (content: Content) => Effect.Effect<void, PlatformError.PlatformError>
  /** Waits until the file holds nothing: it is removed when its token expires. */
  readonly gone: Effect.Effect<void>
}

/** What a file that is found at the start holds is not known, and it may stay for so long. */
const unknownStays = 1000

/** The clock may jump, as after a suspension: it is looked at so often, in milliseconds. */
const longestSleep = 1000

/** More than this, in bytes, is not the file of a token. */
const longestFile = 65_536

/** Files beside the real one, of which only their process knows. */
const temporaryOf = (path: Path.Path, file: string, name: string): string =>
  path.join(path.dirname(file), `.${path.basename(file)}.adobe-pass-${name}`)

const newTemporary = (path: Path.Path, file: string): string =>
  temporaryOf(path, file, `${process.pid}-${randomUUID()}`)

/** Whether another process has this id. The first process of a container has the same id after each start. */
const isAlive = (pid: number): boolean => {
  if (pid === process.pid) return false
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return error instanceof Error && "code" in error && error.code === "EPERM"
  }
}

/** A temporary file lives for a moment; at this age, in milliseconds, it is left over whoever has the id now. */
const oldAge = 10_000

const isOld = (file: string): Effect.Effect<boolean, PlatformError.PlatformError, FileSystem.FileSystem> =>
  Effect.gen(function* () {
    const fs = yield* FileSystem.FileSystem
    const { mtime } = yield* fs.stat(file)
    const now = yield* Clock.currentTimeMillis
    return Option.exists(mtime, (date) => date.getTime() < now - oldAge)
  })

/** Removes what watchers that were killed have left. What cannot be read or removed belongs to others, and stays. */
const removeLeftovers = (file: string): Effect.Effect<void, never, Files> =>
  Effect.gen(function* () {
    const fs = yield* FileSystem.FileSystem
    const path = yield* Path.Path
    const prefix = path.basename(temporaryOf(path, file, ""))
    const directory = path.dirname(file)
    for (const name of yield* Effect.orElseSucceed(fs.readDirectory(directory), () => [])) {
      const pid = name.startsWith(prefix) ? /^(\d+)-/.exec(name.slice(prefix.length))?.[1] : undefined
      if (pid === undefined) continue
      const temporary = path.join(directory, name)
      // Its process may remove it meanwhile.
      const isLeft = !isAlive(Number(pid)) || (yield* Effect.orElseSucceed(isOld(temporary), () => false))
      if (isLeft) yield* Effect.ignore(fs.remove(temporary, { force: true }))
    }
  })

/** The content of a file that is there. It is refused when it cannot be that of a token. */
const found = (file: string) =>
  Effect.gen(function* () {
    const fs = yield* FileSystem.FileSystem
    if (!(yield* fs.exists(file))) return undefined
    const { size, type } = yield* fs.stat(file)
    const text = type === "File" && size <= longestFile ? yield* fs.readFileString(file) : undefined
    if (text === undefined || !isFormatted(text)) {
      return yield* misconfigured(`${file} is not the file of a token: give --watch another name.`)
    }
    return { text, until: (yield* Clock.currentTimeMillis) + unknownStays }
  })

/** Writes a temporary file, syncs it and gives it the name: a reader finds the old file or the new one. */
const replace = (file: string, text: string): Effect.Effect<void, PlatformError.PlatformError, Files> =>
  Effect.gen(function* () {
    const fs = yield* FileSystem.FileSystem
    const temporary = newTemporary(yield* Path.Path, file)
    const written = Effect.scoped(
      Effect.flatMap(fs.open(temporary, { flag: "wx", mode: 0o600 }), (opened) =>
        Effect.zipRight(opened.writeAll(new TextEncoder().encode(text)), opened.sync)
      )
    )
    yield* Effect.onError(Effect.zipRight(written, fs.rename(temporary, file)), () =>
      Effect.ignoreLogged(fs.remove(temporary, { force: true }))
    )
  })

/** Removes the file if it still holds this text: another watcher may have written a newer one at the same moment. */
const remove = (file: string, text: string): Effect.Effect<boolean, PlatformError.PlatformError, Files> =>
  Effect.gen(function* () {
    const fs = yield* FileSystem.FileSystem
    const aside = newTemporary(yield* Path.Path, file)
    if (!(yield* fs.exists(file))) return false
    yield* fs.rename(file, aside)
    const isSame = (yield* fs.readFileString(aside)) === text
    // It fails where there is a still newer one.
    if (!isSame) yield* Effect.option(fs.link(aside, file))
    yield* fs.remove(aside, { force: true })
    return isSame
  })

/**
 * Opens the file for a watcher, and guards it until the scope closes. A file that is found is replaced within a second,
 * or removed.
 */
export const open = (file: string) =>
  Effect.gen(function* () {
    yield* removeLeftovers(file)
    const context = yield* Effect.context<Files | Output.Output>()
    const mutex = yield* Effect.makeSemaphore(1)
    const empty = yield* Effect.makeLatch(false)
    let content: Content | undefined = yield* found(file)
    let isOurs = false
    let problem: string | undefined
    if (content === undefined) yield* empty.open

    const expire = Effect.gen(function* () {
      if (content === undefined || (yield* Clock.currentTimeMillis) < content.until) return
      const removed = yield* remove(file, content.text)
      content = undefined
      yield* empty.open
      if (removed) yield* Output.note(`adobe-pass: ${file} is removed: it holds no token that is still good.`)
    }).pipe(
      Effect.catchAll((error) => {
        const { message } = describe(error)
        if (message === problem) return Effect.void
        problem = message
        return Output.note(`adobe-pass: ${file} cannot be removed: ${message}`)
      }),
      mutex.withPermits(1),
      Effect.provide(context),
      Effect.uninterruptible
    )

    const pause = Effect.flatMap(Clock.currentTimeMillis, (now) => {
      const left = (content?.until ?? now) - now
      return Effect.sleep(left <= 0 ? longestSleep : Math.min(left, longestSleep))
    })
    yield* Effect.forkScoped(Effect.forever(Effect.zipRight(expire, pause)))
    yield* Effect.addFinalizer(() =>
      Effect.suspend(() => {
        if (content !== undefined && !isOurs) content = { ...content, until: 0 }
        return expire
      })
    )

    return {
      write: (next) =>
        Effect.gen(function* () {
          yield* replace(file, next.text)
          content = next
          isOurs = true
          problem = undefined
          yield* empty.close
        }).pipe(mutex.withPermits(1), Effect.provide(context), Effect.uninterruptible),
      gone: empty.await
    } satisfies TokenFile
  })
