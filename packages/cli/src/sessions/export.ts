/** All sessions of the store, encrypted, for another store or for a safe place. */
import type * as FileSystem from "@effect/platform/FileSystem"
import type * as Path from "@effect/platform/Path"
import * as Effect from "effect/Effect"
import * as Ref from "effect/Ref"
import * as Stream from "effect/Stream"
import type { CredentialStore } from "effect-adobe-pass/CredentialStore"
import type { Encryption } from "effect-adobe-pass/Encryption"
import type { Unreadable } from "effect-adobe-pass/StoredSessions"
import { type CommandError, CommandFailed, ExitCode } from "../ExitCode.js"
import * as Output from "../Output.js"
import * as ExportFile from "./exportFile.js"
import { pages, type Readable } from "./pages.js"
import * as PrivateFile from "./privateFile.js"
import { Problems } from "./problems.js"
import { short } from "./show.js"

/** The lines of the export, in the order of the file. */
const lines = (encryption: Encryption, problems: Problems, exported: Ref.Ref<number>) => {
  const line = (record: Readable | Unreadable) =>
    record._tag === "Unreadable"
      ? Effect.as(problems.add(short(record.session), record.error.message), [])
      : Effect.zipLeft(
          Effect.map(ExportFile.entry(encryption, record.session, record.stored), (entry) => [entry]),
          Ref.update(exported, (count) => count + 1)
        )
  const end = Effect.map(Ref.get(exported), ExportFile.end)
  return Stream.fromEffect(ExportFile.head(encryption)).pipe(
    Stream.concat(
      Stream.mapConcatEffect(pages, (page) => Effect.map(Effect.forEach(page, line), (some) => some.flat()))
    ),
    Stream.concat(Stream.fromEffect(end))
  )
}

/** Writes the export to a file, or to standard output. Records that cannot be read are told, and left out. */
export const exportTo = (
  file: string,
  encryption: Encryption,
  options: { readonly force: boolean }
): Effect.Effect<void, CommandError, CredentialStore | FileSystem.FileSystem | Output.Output | Path.Path> =>
  Effect.gen(function* () {
    const problems = yield* Problems.make
    const exported = yield* Ref.make(0)
    const written = lines(encryption, problems, exported)
    if (file === "-") {
      yield* Stream.runForEach(written, Output.line)
    } else {
      yield* PrivateFile.checkAbsent(file, options)
      yield* PrivateFile.write(file, written, options)
    }
    const count = yield* Ref.get(exported)
    yield* Output.note(`Exported ${count} ${count === 1 ? "session" : "sessions"}.`)
    const left = yield* problems.count
    if (left === 0) return
    return yield* new CommandFailed({
      exitCode: ExitCode.store,
      message: `${left} ${left === 1 ? "session" : "sessions"} of the store cannot be read, and ${left === 1 ? "is" : "are"} not in the export.`
    })
  })
