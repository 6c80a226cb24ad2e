/** How `adobe-pass call` writes an answer. */
import { randomUUID } from "node:crypto"
import { STATUS_CODES } from "node:http"
import { dirname, join } from "node:path"
import * as FileSystem from "@effect/platform/FileSystem"
import type * as HttpClientResponse from "@effect/platform/HttpClientResponse"
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import * as ProtectedClient from "effect-adobe-pass/ProtectedClient"
import * as Output from "../Output.js"

type Response = HttpClientResponse.HttpClientResponse

/** The status line and the headers, as `curl --include` writes them. */
export const head = ({ headers, status }: Response): string =>
  [
    `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ""}`.trimEnd(),
    ...Object.entries(headers).map(([name, value]) => `${name}: ${value}`),
    "",
    ""
  ].join("\n")

/** The body as it comes; the server waits while the reader is slow. In a terminal the prompt gets a line of its own. */
const toOutput = (response: Response) =>
  Effect.gen(function* () {
    const { stdout } = yield* Output.Output
    let last: number | undefined
    const copy = ProtectedClient.readBody(({ stream }) =>
      Stream.runForEach(stream, (bytes) => {
        last = bytes.at(-1) ?? last
        return stdout.write(bytes)
      })
    )
    yield* copy(response)
    if (stdout.isTerminal && last !== undefined && last !== 0x0a) yield* stdout.write("\n")
  })

/** An empty chunk is left out: a write of no bytes counts as an error. */
const copyTo = (response: Response, file: FileSystem.File) =>
  ProtectedClient.readBody(({ stream }: Response) =>
    Stream.runForEach(stream, (bytes) => (bytes.byteLength === 0 ? Effect.void : file.writeAll(bytes)))
  )(response)

/** What stands at the end of the links, if there is something. */
const target = (file: string) =>
  Effect.gen(function* () {
    const fs = yield* FileSystem.FileSystem
    const real = yield* fs.realPath(file)
    const { mode, type } = yield* fs.stat(real)
    return { file: real, isRegular: type === "File", mode: mode & 0o777 }
  }).pipe(
    Effect.catchIf(
      (error) => error._tag === "SystemError" && error.reason === "NotFound",
      () => Effect.succeed({ file, isRegular: true, mode: undefined })
    )
  )

/** A file that was there stays as it was until the whole body has come; a device or a pipe is written directly. */
const toFile = (response: Response, name: string) =>
  Effect.gen(function* () {
    const fs = yield* FileSystem.FileSystem
    const { file, isRegular, mode } = yield* target(name)
    if (!isRegular) return yield* copyTo(response, yield* fs.open(file, { flag: "w" }))
    const temporary = join(dirname(file), `.${randomUUID()}.part`)
    yield* Effect.addFinalizer(() => Effect.ignore(fs.remove(temporary, { force: true })))
    const opened = yield* fs.open(temporary, { flag: "wx", mode: mode ?? 0o666 })
    yield* copyTo(response, opened)
    if (mode !== undefined) yield* fs.chmod(temporary, mode)
    yield* fs.rename(temporary, file)
  }).pipe(Effect.scoped)

/** Writes the body of a success, to a file where one is given. */
export const writeBody = (response: Response, file: string | undefined) =>
  Effect.gen(function* () {
    if (file === undefined) yield* toOutput(response)
    else yield* toFile(response, file)
  })

/** Writes the body of a refusal, which is in memory, and returns it. */
export const writeRefusal = (response: Response) =>
  Effect.gen(function* () {
    const { stdout } = yield* Output.Output
    const bytes = Buffer.from(
      yield* ProtectedClient.readBody((answer: Response) => answer.arrayBuffer)(response)
    )
    if (bytes.byteLength > 0) yield* stdout.write(bytes)
    if (stdout.isTerminal && bytes.byteLength > 0 && bytes.at(-1) !== 0x0a) yield* stdout.write("\n")
    return bytes.toString()
  })
