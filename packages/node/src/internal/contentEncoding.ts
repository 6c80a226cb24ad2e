/** The encodings of bodies. */
import { type Duplex, Transform, type TransformCallback } from "node:stream"
import * as zlib from "node:zlib"
import * as Chunk from "effect/Chunk"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
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

const write = (decoder: Duplex, bytes: Uint8Array): Effect.Effect<void> =>
  Effect.async((resume) => {
    decoder.write(bytes, () => resume(Effect.void))
  })

/** What a decoder makes of a body, no faster than it is read. */
const decodedBy = <E>(
  makeDecoder: () => Duplex,
  encoded: Stream.Stream<Uint8Array, E>,
  encoding: string
): Stream.Stream<Uint8Array, E | Failure> => {
  const open = Effect.gen(function* () {
    const changed = yield* Effect.makeLatch()
    const onChange = () => changed.unsafeOpen()
    const decoder = yield* Effect.acquireRelease(
      Effect.sync(() => makeDecoder().on("readable", onChange).on("end", onChange).on("error", onChange)),
      (decoder) => Effect.sync(() => decoder.destroy())
    )
    let broken = Option.none<E>()
    yield* Stream.runForEach(encoded, (bytes) => write(decoder, bytes)).pipe(
      Effect.matchEffect({
        onSuccess: () => Effect.sync(() => decoder.end()),
        onFailure: (error) =>
          Effect.sync(() => {
            broken = Option.some(error)
            onChange()
          })
      }),
      Effect.forkScoped
    )
    const next: Effect.Effect<Chunk.Chunk<Uint8Array>, Option.Option<E | Failure>> = Effect.suspend(() => {
      const bytes: Buffer | null = decoder.read()
      if (bytes !== null) return Effect.succeed(Chunk.of(bytes))
      if (Option.isSome(broken)) return Effect.fail(broken)
      if (decoder.errored !== null) return Effect.fail(Option.some(failure(encoding, decoder.errored)))
      if (decoder.readableEnded) return Effect.fail(Option.none())
      changed.unsafeClose()
      return Effect.zipRight(changed.await, next)
    })
    return Stream.repeatEffectChunkOption(next)
  })
  return Stream.unwrapScoped(open)
}

/** Undoes the encodings of a body; its own failures stay as they are. @internal */
export const decoded = <E>(
  body: Stream.Stream<Uint8Array, E>,
  encodings: ReadonlyArray<string>
): Stream.Stream<Uint8Array, E | Failure> => {
  const [last = ""] = encodings
  if (encodings.length > maximumEncodings) return Stream.fail(failure(last, undefined))
  return encodings.reduce<Stream.Stream<Uint8Array, E | Failure>>((encoded, encoding) => {
    const makeDecoder = decoders.get(encoding)
    return makeDecoder === undefined
      ? Stream.fail(failure(encoding, undefined))
      : decodedBy(makeDecoder, encoded, encoding)
  }, body)
}
