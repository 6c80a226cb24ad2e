/** Sessions from a file: an export of ours, or the credentials of another system. */
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Ref from "effect/Ref"
import * as Schema from "effect/Schema"
import * as Stream from "effect/Stream"
import type { CredentialStore } from "effect-adobe-pass/CredentialStore"
import type { Encryption } from "effect-adobe-pass/Encryption"
import type { RegisteredApplication } from "effect-adobe-pass/RegisteredApplication"
import type { ImportOutcome } from "effect-adobe-pass/StoredSessions"
import { type CommandError, type CommandFailed, describe, misconfigured } from "../ExitCode.js"
import type * as Output from "../Output.js"
import * as ExportFile from "./exportFile.js"
import { importRow } from "./foreign.js"
import { type Line, limit, lines } from "./lines.js"
import type { Problems } from "./problems.js"
import { restore } from "./restore.js"

/** What an import needs, depending on what the file is. Each is made when the first line tells that it is needed. */
export interface Sources {
  readonly file: string
  readonly replace: boolean
  readonly encryption: Effect.Effect<Encryption, CommandError>
  readonly application: Effect.Effect<RegisteredApplication, CommandError>
}

/** What became of a line: of a session, or the head and the end of an export. */
type Outcome = ImportOutcome | "Failed" | "Head" | { readonly sessions: number }

type Reader = (text: string) => Effect.Effect<Outcome, CommandError, CredentialStore>

/** How many sessions came to what. */
export interface Summary {
  readonly counts: Readonly<Record<ImportOutcome | "Failed", number>>
  readonly isExport: boolean
  /** How many sessions the export says to have; undefined before its end. */
  readonly promised: number | undefined
}

/** Nothing yet. */
export const empty: Summary = {
  counts: { Imported: 0, Present: 0, Kept: 0, Replaced: 0, Failed: 0 },
  isExport: false,
  promised: undefined
}

const add = (summary: Summary, outcome: Outcome): Summary => {
  if (outcome === "Head") return { ...summary, isExport: true }
  if (typeof outcome !== "string") return { ...summary, promised: outcome.sessions }
  return { ...summary, counts: { ...summary.counts, [outcome]: summary.counts[outcome] + 1 } }
}

const decodeEntry = Schema.decodeOption(ExportFile.Entry)
const decodeEnd = Schema.decodeOption(ExportFile.End)
const decodeHead = Schema.decodeOption(ExportFile.Head)

/** Reads the lines of an export. */
const ofExport = (sources: Sources, head: typeof ExportFile.Head.Type): Effect.Effect<Reader, CommandError> =>
  Effect.gen(function* () {
    const encryption = yield* sources.encryption
    const refusal = yield* ExportFile.refusal(encryption, head)
    if (refusal !== undefined) return yield* misconfigured(`${sources.file} ${refusal}.`)
    return (text) => {
      const end = decodeEnd(text)
      if (Option.isSome(end)) return Effect.succeed(end.value)
      return Option.match(decodeEntry(text), {
        onNone: () => misconfigured("it is not a session of an export."),
        onSome: (entry) =>
          Effect.flatMap(ExportFile.open(encryption, entry), (stored) =>
            restore(entry.session, stored, sources.replace)
          )
      })
    }
  })

/** Reads the lines of another system. */
const ofOthers = (sources: Sources): Effect.Effect<Reader, CommandError> =>
  Effect.map(
    sources.application,
    (application): Reader =>
      (text) =>
        importRow(application, text, sources.replace)
  )

/** A store that fails for all sessions ends the import: it can be run again. */
const endsImport = (error: CommandError): boolean =>
  error._tag === "CredentialStoreError" &&
  (error.retryable || error.reason === "Evicting" || error.reason === "Unsupported")

const tooLong: CommandFailed = misconfigured(`it is longer than ${limit} bytes.`)

/** What a line comes to; what is wrong with it alone is told with its number. */
const outcome = (reader: Reader, problems: Problems, { number, text }: Line) =>
  Effect.catchIf(
    text === undefined ? tooLong : reader(text),
    (error) => !endsImport(error),
    (error) => Effect.as(problems.add(`line ${number}`, describe(error).message), "Failed" as const)
  )

/** The lines as steps that may run beside each other. The first line says what the file is. */
const steps = (sources: Sources, problems: Problems, all: Stream.Stream<Line, CommandError>) =>
  Stream.mapAccumEffect(all, Option.none<Reader>(), (known, line) =>
    Effect.gen(function* () {
      if (Option.isSome(known)) return [known, outcome(known.value, problems, line)] as const
      const head = decodeHead(line.text ?? "")
      if (Option.isSome(head)) {
        return [Option.some(yield* ofExport(sources, head.value)), Effect.succeed("Head" as const)] as const
      }
      const reader = yield* ofOthers(sources)
      return [Option.some(reader), outcome(reader, problems, line)] as const
    })
  )

/**
 * Imports all lines, 16 beside each other, and counts in `summary` what they come to. What is wrong with one line does
 * not stop the others.
 */
export const importAll = (
  sources: Sources,
  bytes: Stream.Stream<Uint8Array, CommandError>,
  problems: Problems,
  summary: Ref.Ref<Summary>
): Effect.Effect<void, CommandError, CredentialStore | Output.Output> =>
  steps(sources, problems, lines(bytes)).pipe(
    Stream.mapEffect((step) => step, { concurrency: 16, unordered: true }),
    Stream.runForEach((done) => Ref.update(summary, (before) => add(before, done)))
  )

/** Whether anything has been done. */
export const hasBegun = ({ counts }: Summary): boolean => Object.values(counts).some((count) => count > 0)
