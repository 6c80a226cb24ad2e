/** Lines of a stream of bytes, of a bounded length. */
import * as Stream from "effect/Stream"

/** A line that is not blank; `text` is undefined when it is longer than the limit. */
export interface Line {
  readonly number: number
  readonly text: string | undefined
}

/** More than a record with the longest credentials and token has. */
export const limit = 262_144

const newline = 10

/** Takes a byte order mark away. */
const decoder = new TextDecoder()

/** Collects the bytes of one line, and forgets them beyond the limit. */
const collector = () => {
  let parts: Array<Uint8Array> = []
  let length = 0
  return {
    add: (bytes: Uint8Array) => {
      length += bytes.length
      if (length <= limit) parts.push(bytes)
      else parts = []
    },
    take: (): string | undefined => {
      const text = length > limit ? undefined : decoder.decode(Buffer.concat(parts))
      parts = []
      length = 0
      return text
    }
  }
}

const splitter = () => {
  const line = collector()
  let number = 0
  return (bytes: Uint8Array): ReadonlyArray<Line> => {
    const found: Array<Line> = []
    let start = 0
    for (let end = bytes.indexOf(newline); end !== -1; end = bytes.indexOf(newline, start)) {
      line.add(bytes.subarray(start, end))
      start = end + 1
      number += 1
      found.push({ number, text: line.take() })
    }
    // The chunk may be a view of a buffer that is used again.
    if (start < bytes.length) line.add(bytes.slice(start))
    return found.filter(({ text }) => text === undefined || text.trim() !== "")
  }
}

/** The lines, numbered from 1. The last one need not end. */
export const lines = <E, R>(bytes: Stream.Stream<Uint8Array, E, R>): Stream.Stream<Line, E, R> =>
  Stream.suspend(() =>
    Stream.mapConcat(Stream.concat(bytes, Stream.make(Uint8Array.of(newline))), splitter())
  )
