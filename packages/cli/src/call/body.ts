/** The body that `adobe-pass call` sends: a text, a file or standard input. */
import * as FileSystem from "@effect/platform/FileSystem"
import * as HttpBody from "@effect/platform/HttpBody"
import type * as Chunk from "effect/Chunk"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import type * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import type { CommandError } from "../ExitCode.js"
import * as FileContent from "../FileContent.js"
import * as StandardInput from "../StandardInput.js"

/** Up to so many bytes are kept, so that the call can be repeated; longer bodies are streamed, and sent once. */
const longestKept = 1_048_576

/** What programs send to Adobe Pass: JSON or a form. */
const typeOf = (bytes: Uint8Array): string =>
  /^\s*[{[]/.test(new TextDecoder().decode(bytes.subarray(0, 64)))
    ? "application/json"
    : "application/x-www-form-urlencoded"

type Bytes = Stream.Stream<Uint8Array, CommandError, FileSystem.FileSystem | StandardInput.StandardInput>

interface Source {
  readonly bytes: Bytes
  readonly length: number | undefined
}

const source = (data: string): Effect.Effect<Source, CommandError, FileSystem.FileSystem> =>
  Effect.gen(function* () {
    if (!data.startsWith("@")) return { bytes: Stream.make(Buffer.from(data)), length: undefined }
    if (data === "@-") return { bytes: StandardInput.bytes("--data"), length: undefined }
    const fs = yield* FileSystem.FileSystem
    const file = data.slice(1)
    const { size, type } = yield* fs.stat(file)
    // A pipe has no length.
    return { bytes: FileContent.bytes(file), length: type === "File" ? Number(size) : undefined }
  })

/** What is read before it is decided whether the body is kept, and whether that was all. */
const begin = <R>(pull: Effect.Effect<Chunk.Chunk<Uint8Array>, Option.Option<CommandError>, R>) =>
  Effect.gen(function* () {
    const next = Effect.catchAll(
      Effect.asSome(pull),
      Option.match({ onNone: () => Effect.succeedNone, onSome: (error) => Effect.fail(error) })
    )
    const pieces: Array<Uint8Array> = []
    let length = 0
    while (length <= longestKept) {
      const chunk = yield* next
      if (Option.isNone(chunk)) return { pieces, isWhole: true }
      for (const piece of chunk.value) {
        pieces.push(piece)
        length += piece.byteLength
      }
    }
    return { pieces, isWhole: false }
  })

/** The body of `--data`; its content type is guessed from its first character where none is given. */
export const bodyOf = (
  data: string,
  contentType: string | undefined
): Effect.Effect<
  HttpBody.HttpBody,
  CommandError,
  FileSystem.FileSystem | StandardInput.StandardInput | Scope.Scope
> =>
  Effect.gen(function* () {
    const { bytes, length } = yield* source(data)
    const context = yield* Effect.context<FileSystem.FileSystem | StandardInput.StandardInput>()
    const pull = Effect.provide(yield* Stream.toPull(bytes), context)
    const { isWhole, pieces } = yield* begin(pull)
    const head = Buffer.concat(isWhole ? pieces : pieces.slice(0, 1))
    const type = contentType ?? typeOf(head)
    return isWhole
      ? HttpBody.uint8Array(head, type)
      : HttpBody.stream(
          Stream.concat(Stream.fromIterable(pieces), Stream.fromPull(Effect.succeed(pull))),
          type,
          length
        )
  })
