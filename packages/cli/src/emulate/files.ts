/** What an emulator is given in files, and what it keeps in them. */
import * as FileSystem from "@effect/platform/FileSystem"
import * as Path from "@effect/platform/Path"
import * as Effect from "effect/Effect"
import * as ParseResult from "effect/ParseResult"
import * as Schema from "effect/Schema"
import { type CommandError, misconfigured } from "../ExitCode.js"

/** The first thing that is wrong, and where, without what the file holds. */
const firstProblem = (error: ParseResult.ParseError): string => {
  const [issue] = ParseResult.ArrayFormatter.formatErrorSync(error)
  return issue === undefined || issue.path.length === 0
    ? "it is not JSON of this kind"
    : `${issue.path.join(".")} is missing or not what is expected`
}

/** Reads a file of JSON. A member that is misspelt is an error: it would silently be another world. */
export const read = <A, I>(
  flag: string,
  file: string,
  schema: Schema.Schema<A, I>
): Effect.Effect<A, CommandError, FileSystem.FileSystem> =>
  Effect.flatMap(FileSystem.FileSystem, (fs) => fs.readFileString(file)).pipe(
    Effect.flatMap(Schema.decode(Schema.parseJson(schema), { onExcessProperty: "error" })),
    Effect.catchTag("ParseError", (error) =>
      misconfigured(`--${flag} ${file} cannot be used: ${firstProblem(error)}.`)
    )
  )

/** Fails now where `keep` would fail in the end. */
export const checkKept = (
  flag: string,
  file: string
): Effect.Effect<void, CommandError, FileSystem.FileSystem | Path.Path> =>
  Effect.gen(function* () {
    const fs = yield* FileSystem.FileSystem
    const path = yield* Path.Path
    const directory = path.dirname(path.resolve(file))
    yield* Effect.mapError(fs.access(directory, { writable: true }), () =>
      misconfigured(`--${flag} ${file} cannot be written: create ${directory} first, and make it writable.`)
    )
  })

/** Writes a secret for this user alone, whole or not at all. */
export const keep = (
  file: string,
  content: string
): Effect.Effect<void, CommandError, FileSystem.FileSystem> =>
  Effect.gen(function* () {
    const fs = yield* FileSystem.FileSystem
    const temporary = `${file}.${process.pid}.tmp`
    yield* fs.remove(temporary, { force: true })
    yield* fs.writeFileString(temporary, content, { flag: "wx", mode: 0o600 }).pipe(
      Effect.zipRight(fs.rename(temporary, file)),
      Effect.onError(() => Effect.ignore(fs.remove(temporary, { force: true })))
    )
  })
