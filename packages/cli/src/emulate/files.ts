/** What an emulator is given in files, and what it keeps in them. */
import * as FileSystem from "@effect/platform/FileSystem"
import * as Path from "@effect/platform/Path"
import * as Effect from "effect/Effect"
import * as ParseResult from "effect/ParseResult"
import * as Schema from "effect/Schema"
import * as Stream from "effect/Stream"
import { type CommandError, misconfigured } from "../ExitCode.js"
import { textOfFile } from "../StandardInput.js"
import * as PrivateFile from "../sessions/privateFile.js"

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
  textOfFile(file, flag === "import" ? 64 : 1).pipe(
    Effect.flatMap(Schema.decode(Schema.parseJson(schema), { onExcessProperty: "error" })),
    Effect.catchTag("ParseError", (error) =>
      misconfigured(`--${flag} ${file} cannot be used: ${firstProblem(error)}.`)
    )
  )

/** What an emulator keeps. A file that is there already must start as one that an emulator has written. */
export interface Kind {
  readonly flag: string
  readonly what: string
  readonly start: string
}

/** A real statement looks the same but for the first claim. */
export const statement: Kind = {
  flag: "statement-file",
  what: "a software statement of an emulator",
  start: [`{"alg":"RS256"}`, `{"emulated":true,"`]
    .map((part) => Buffer.from(part).toString("base64url"))
    .join(".")
}

/** The state, as `SavedState` is encoded. */
export const state: Kind = {
  flag: "export-on-exit",
  what: "the state of an emulator",
  start: '{"version":1,"issued":'
}

/** Refuses to replace what no emulator has written. An empty file may be replaced. */
const checkReplaceable = ({ flag, start, what }: Kind, file: string) =>
  Effect.gen(function* () {
    if (!(yield* PrivateFile.isThere(file))) return
    const fs = yield* FileSystem.FileSystem
    const head = yield* fs.stream(file, { bytesToRead: start.length }).pipe(
      Stream.runFold("", (text, bytes) => text + Buffer.from(bytes).toString("latin1")),
      Effect.mapError(() => misconfigured(`--${flag} ${file} cannot be read: name another file.`))
    )
    if (head === "" || head === start) return
    return yield* misconfigured(
      `--${flag} ${file} holds something other than ${what}, and is not replaced: name another file, or remove it.`
    )
  })

/** Fails now where `keep` would fail in the end. */
export const checkKept = (
  kind: Kind,
  file: string
): Effect.Effect<void, CommandError, FileSystem.FileSystem | Path.Path> =>
  Effect.gen(function* () {
    const fs = yield* FileSystem.FileSystem
    const path = yield* Path.Path
    const directory = path.dirname(path.resolve(file))
    yield* Effect.mapError(fs.access(directory, { writable: true }), () =>
      misconfigured(
        `--${kind.flag} ${file} cannot be written: create ${directory} first, and make it writable.`
      )
    )
    yield* checkReplaceable(kind, file)
  })

/** Writes a secret for this user alone, whole or not at all. */
export const keep = (
  kind: Kind,
  file: string,
  content: string
): Effect.Effect<void, CommandError, FileSystem.FileSystem> =>
  Effect.gen(function* () {
    const fs = yield* FileSystem.FileSystem
    const temporary = `${file}.${process.pid}.tmp`
    yield* fs.remove(temporary, { force: true })
    yield* fs.writeFileString(temporary, content, { flag: "wx", mode: 0o600 }).pipe(
      Effect.zipRight(checkReplaceable(kind, file)),
      Effect.zipRight(fs.rename(temporary, file)),
      Effect.onError(() => Effect.ignore(fs.remove(temporary, { force: true })))
    )
  })
