/**
 * Standard input, which one flag of a command may be read from.
 *
 * @since 0.1.0
 */
import type { PlatformError } from "@effect/platform/Error"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Ref from "effect/Ref"
import * as Stream from "effect/Stream"
import { type CommandFailed, misconfigured, usage } from "./ExitCode.js"
import * as FileContent from "./FileContent.js"

/**
 * @since 0.1.0
 * @category models
 */
export interface StandardInput {
  readonly isTerminal: boolean
  /** Claims it for a flag; fails when another one has it already. */
  readonly claim: (flag: string) => Effect.Effect<NodeJS.ReadableStream, CommandFailed>
}

/**
 * @since 0.1.0
 * @category tags
 */
export const StandardInput: Context.Tag<StandardInput, StandardInput> = Context.GenericTag<StandardInput>(
  "effect-adobe-pass-cli/StandardInput"
)

/**
 * That of this process.
 *
 * @since 0.1.0
 * @category layers
 */
export const layer: Layer.Layer<StandardInput> = Layer.effect(
  StandardInput,
  Effect.map(Ref.make<string | undefined>(undefined), (owner) => ({
    isTerminal: process.stdin.isTTY === true,
    claim: (flag) =>
      Effect.flatMap(
        Ref.getAndUpdate(owner, (before) => before ?? flag),
        (before) =>
          before === undefined
            ? Effect.sync(() => process.stdin)
            : usage(`${flag} and ${before} cannot both be read from standard input.`)
      )
  }))
)

/** More text than anything has that a flag reads whole. */
const longestText = 1_048_576

/**
 * The text of a stream, if it is not longer than 1 MiB, or than so many.
 *
 * @since 0.1.0
 * @category conversions
 */
export const textOf = <E, R>(
  name: string,
  stream: Stream.Stream<Uint8Array, E, R>,
  mebibytes = 1
): Effect.Effect<string, E | CommandFailed, R> =>
  Effect.suspend(() => {
    const chunks: Array<Uint8Array> = []
    let length = 0
    return Stream.runForEach(stream, (chunk) => {
      chunks.push(chunk)
      length += chunk.length
      return length > mebibytes * longestText
        ? misconfigured(`${name} is longer than ${mebibytes} MiB.`)
        : Effect.void
    }).pipe(Effect.map(() => new TextDecoder().decode(Buffer.concat(chunks))))
  })

/**
 * The text of a file, if it is not longer than 1 MiB, or than so many.
 *
 * @since 0.1.0
 * @category accessors
 */
export const textOfFile = (
  file: string,
  mebibytes = 1
): Effect.Effect<string, CommandFailed | PlatformError> => textOf(file, FileContent.bytes(file), mebibytes)

/**
 * Its bytes as they come, for a flag.
 *
 * @since 0.1.0
 * @category accessors
 */
export const bytes = (flag: string): Stream.Stream<Uint8Array, CommandFailed, StandardInput> =>
  Stream.unwrap(
    Effect.map(
      Effect.flatMap(StandardInput, ({ claim }) => claim(flag)),
      (stream) =>
        Stream.map(
          Stream.fromAsyncIterable(stream, () =>
            misconfigured(`Standard input, from which ${flag} is read, broke.`)
          ),
          (chunk) => (typeof chunk === "string" ? Buffer.from(chunk) : chunk)
        )
    )
  )

/**
 * All of it as text, for a flag.
 *
 * @since 0.1.0
 * @category accessors
 */
export const text = (flag: string): Effect.Effect<string, CommandFailed, StandardInput> =>
  textOf("Standard input", bytes(flag))
