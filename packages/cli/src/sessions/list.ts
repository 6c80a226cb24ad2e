/** The list of sessions: a table that is written page by page, or a line of JSON for each. */
import * as Chunk from "effect/Chunk"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import type { CredentialStoreError } from "effect-adobe-pass/AdobePassError"
import type { CredentialStore } from "effect-adobe-pass/CredentialStore"
import * as StoredSessions from "effect-adobe-pass/StoredSessions"
import { CommandFailed, ExitCode } from "../ExitCode.js"
import * as Output from "../Output.js"
import { age, json, short, token, unreadable } from "./show.js"

type Entry = StoredSessions.Summary | StoredSessions.Unreadable

const columns = [
  ["SESSION", 12],
  ["AGE", 11],
  ["TOKEN", 24],
  ["ENVIRONMENT", 18],
  ["STATEMENT", 12],
  ["KEY", 0]
] as const

/** The columns are as wide for every page: those of a page that comes later are not known. */
const row = (cells: ReadonlyArray<string>): string =>
  cells
    .map((cell, column) => Output.printable(cell).padEnd(columns[column]?.[1] ?? 0))
    .join("  ")
    .trimEnd()

const cells = (entry: Entry, now: number): ReadonlyArray<string> =>
  entry._tag === "Unreadable"
    ? [short(entry.session), unreadable(entry.error)]
    : [
        short(entry.session),
        age(entry, now),
        token(entry, now),
        entry.environment,
        entry.statement.slice(0, 12),
        entry.encryptedWith ?? "none"
      ]

/** What is wrong with records that cannot be read: once for each reason. */
const report = (errors: ReadonlyMap<string, readonly [count: number, message: string]>) =>
  Effect.gen(function* () {
    const total = Array.from(errors.values()).reduce((sum, [count]) => sum + count, 0)
    if (total === 0) return
    for (const [reason, [count, message]] of errors) {
      yield* Output.note(`${count} ${count === 1 ? "record" : "records"} (${reason}): ${message}`)
    }
    return yield* new CommandFailed({
      exitCode: ExitCode.store,
      message: `${total} ${total === 1 ? "session" : "sessions"} of the store cannot be read.`
    })
  })

/** Writes all sessions, or those of one environment. Records that cannot be read belong to none, and are always shown. */
export const list = (options: {
  readonly environment: string | undefined
  readonly json: boolean
}): Effect.Effect<void, CommandFailed | CredentialStoreError, CredentialStore | Output.Output> =>
  Effect.gen(function* () {
    const { stdout } = yield* Output.Output
    const now = yield* Clock.currentTimeMillis
    const errors = new Map<string, readonly [number, string]>()
    let shown = 0
    const write = (entries: ReadonlyArray<Entry>) => {
      const lines = entries.map((entry) =>
        options.json ? Output.jsonLine(json(entry)) : row(cells(entry, now))
      )
      const head =
        shown === 0 && !options.json ? [stdout.style("bold", row(columns.map(([name]) => name)))] : []
      shown += entries.length
      return stdout.write([...head, ...lines].map((line) => `${line}\n`).join(""))
    }
    yield* StoredSessions.list.pipe(
      Stream.tap((entry) =>
        Effect.sync(() => {
          if (entry._tag !== "Unreadable") return
          const [count] = errors.get(entry.error.reason) ?? [0]
          errors.set(entry.error.reason, [count + 1, entry.error.message])
        })
      ),
      Stream.filter(
        (entry) =>
          options.environment === undefined ||
          entry._tag === "Unreadable" ||
          entry.environment === options.environment
      ),
      Stream.chunks,
      Stream.filter(Chunk.isNonEmpty),
      Stream.runForEach((page) => write(Chunk.toReadonlyArray(page)))
    )
    if (shown === 0) yield* Output.note("There are no sessions.")
    yield* report(errors)
  })
