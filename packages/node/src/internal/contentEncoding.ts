/** The encodings of bodies. */
import { type Duplex, Transform, type TransformCallback } from "node:stream"
import * as zlib from "node:zlib"
import * as NodeStream from "@effect/platform-node/NodeStream"
import * as Stream from "effect/Stream"
import { Failure } from "effect-adobe-pass/Transport"

/** `deflate` as it is defined, with the header of zlib, or bare, as some servers send it. */
class Inflate extends Transform {
  #inner: zlib.Inflate | zlib.InflateRaw | undefined

  override _transform(chunk: Buffer, encoding: BufferEncoding, callback: TransformCallback): void {
    this.#inner ??= this.#innerFor(chunk)
    this.#inner.write(chunk, encoding, callback)
  }

  override _flush(callback: TransformCallback): void {
    if (this.#inner === undefined) callback()
    else this.#inner.once("end", callback).end()
  }

  #innerFor(chunk: Buffer): zlib.Inflate | zlib.InflateRaw {
    const hasHeader = ((chunk[0] ?? 0) & 0x0f) === 0x08
    return (hasHeader ? zlib.createInflate() : zlib.createInflateRaw())
      .on("data", (piece: Buffer) => this.push(piece))
      .on("error", (error) => this.destroy(error))
  }
}

const decoders: ReadonlyMap<string, () => Duplex> = new Map<string, () => Duplex>([
  ["gzip", () => zlib.createGunzip()],
  ["x-gzip", () => zlib.createGunzip()],
  ["deflate", () => new Inflate()],
  ["br", () => zlib.createBrotliDecompress()]
])

const failure = (encoding: string, cause: unknown): Failure =>
  new Failure({ reason: "Encoding", code: encoding, cause })

/** The encodings in a header, in the order in which they have to be undone. @internal */
export const encodingsOf = (header: string | ReadonlyArray<string> | undefined): ReadonlyArray<string> =>
  header === undefined
    ? []
    : String(header)
        .toLowerCase()
        .split(",")
        .map((encoding) => encoding.trim())
        .filter((encoding) => encoding !== "" && encoding !== "identity")
        .reverse()

/** Each takes a decoder with memory of its own, and a header may name thousands. */
const maximumEncodings = 5

/** Undoes the encodings of a body; its own failures stay as they are. @internal */
export const decoded = <E>(
  body: Stream.Stream<Uint8Array, E>,
  encodings: ReadonlyArray<string>
): Stream.Stream<Uint8Array, E | Failure> => {
  const [last = ""] = encodings
  if (encodings.length > maximumEncodings) return Stream.fail(failure(last, undefined))
  return encodings.reduce<Stream.Stream<Uint8Array, E | Failure>>((encoded, encoding) => {
    const decoder = decoders.get(encoding)
    return decoder === undefined
      ? Stream.fail(failure(encoding, undefined))
      : NodeStream.pipeThroughDuplex(encoded, decoder, (cause) => failure(encoding, cause))
  }, body)
}
