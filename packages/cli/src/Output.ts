/**
 * What a command writes: results on standard output, everything else on standard error.
 *
 * @since 0.1.0
 */
import type { WriteStream } from "node:tty"
import { stripVTControlCharacters, styleText } from "node:util"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"

/**
 * A stream that is written to.
 *
 * @since 0.1.0
 * @category models
 */
export interface Channel {
  readonly isTerminal: boolean
  /** Its width in characters; 80 where it is no terminal. */
  readonly columns: Effect.Effect<number>
  /** Text with styles, if it is for a terminal that shows them and `NO_COLOR` is not set; the plain text otherwise. */
  readonly style: (style: Style, text: string) => string
  /** Writes, and waits while the reader is slow. Styles are taken out where they are not shown. */
  readonly write: (data: string | Uint8Array) => Effect.Effect<void>
  readonly line: (text: string) => Effect.Effect<void>
}

/**
 * @since 0.1.0
 * @category models
 */
export type Style = "bold" | "dim" | "red" | "green" | "yellow" | "cyan"

/**
 * @since 0.1.0
 * @category models
 */
export interface Output {
  readonly stdout: Channel
  readonly stderr: Channel
}

/**
 * @since 0.1.0
 * @category tags
 */
export const Output: Context.Tag<Output, Output> = Context.GenericTag<Output>("effect-adobe-pass-cli/Output")

const channel = (stream: NodeJS.WriteStream): Channel => {
  const coloured = stream.isTTY === true && (stream as WriteStream).hasColors()
  const shown = (data: string | Uint8Array) =>
    coloured || typeof data !== "string" ? data : stripVTControlCharacters(data)
  const write = (data: string | Uint8Array) =>
    Effect.async<void>((resume) => {
      stream.write(shown(data), () => resume(Effect.void))
    })
  return {
    isTerminal: stream.isTTY === true,
    columns: Effect.sync(() => stream.columns ?? 80),
    style: (style, text) => (coloured ? styleText(style, text) : text),
    write,
    line: (text) => write(`${text}\n`)
  }
}

/**
 * The streams of this process.
 *
 * @since 0.1.0
 * @category layers
 */
export const layer: Layer.Layer<Output> = Layer.sync(Output, () => ({
  stdout: channel(process.stdout),
  stderr: channel(process.stderr)
}))

/**
 * A line of a result on standard output.
 *
 * @since 0.1.0
 * @category combinators
 */
export const line = (text: string): Effect.Effect<void, never, Output> =>
  Effect.flatMap(Output, ({ stdout }) => stdout.line(text))

/**
 * A line for the person who looks on, on standard error.
 *
 * @since 0.1.0
 * @category combinators
 */
export const note = (text: string): Effect.Effect<void, never, Output> =>
  Effect.flatMap(Output, ({ stderr }) => stderr.line(text))

/**
 * What went wrong, on standard error. A server may have written a part of it.
 *
 * @since 0.1.0
 * @category combinators
 */
export const failure = (message: string): Effect.Effect<void, never, Output> =>
  note(`adobe-pass: ${message.split("\n").map(printable).join("\n")}`)

/** Control characters, and those that change the direction of a text or cannot be seen. */
const unprintable = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu

const escaped = (text: string): string =>
  Array.from(
    { length: text.length },
    (_, index) => `\\u${text.charCodeAt(index).toString(16).padStart(4, "0")}`
  ).join("")

/**
 * Text of others as it may be shown on a terminal: what would move the cursor or change colours stands escaped in it.
 *
 * @since 0.1.0
 * @category conversions
 */
export const printable = (text: string): string => text.replace(unprintable, escaped)

/**
 * JSON on one line, with the escapes of `printable`.
 *
 * @since 0.1.0
 * @category conversions
 */
export const jsonLine = (value: unknown): string => printable(JSON.stringify(value))

/**
 * A value for a machine, as JSON on standard output.
 *
 * @since 0.1.0
 * @category combinators
 */
export const json = (value: unknown): Effect.Effect<void, never, Output> =>
  line(JSON.stringify(value, undefined, 2).split("\n").map(printable).join("\n"))

/**
 * Columns that are as wide as their widest cell, two blanks apart. The first row is the head.
 *
 * @since 0.1.0
 * @category conversions
 */
export const table = (
  channel: Channel,
  [head, ...rows]: readonly [ReadonlyArray<string>, ...ReadonlyArray<ReadonlyArray<string>>]
): string => {
  const widths = head.map((name, column) =>
    rows.reduce((widest, row) => Math.max(widest, row[column]?.length ?? 0), name.length)
  )
  const aligned = (row: ReadonlyArray<string>) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join("  ")
      .trimEnd()
  return [channel.style("bold", aligned(head)), ...rows.map(aligned)].join("\n")
}
