/** The body of a request: short ones in memory, so that the library may send them twice; longer ones as a stream. */
import type { IncomingMessage } from "node:http"
import * as HttpBody from "@effect/platform/HttpBody"
import * as Chunk from "effect/Chunk"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import { type Refused, refuse } from "./answer.js"
import type { Exchange } from "./exchange.js"

/** The longest body that is kept in memory. */
const longestKept = 65_536

/** How long a client may send nothing of a body. */
const longestPause = "30 seconds"

/** A body, and what ends the call when the body goes wrong on the way. */
export interface RequestBody {
  readonly body: HttpBody.HttpBody
  readonly failed: Deferred.Deferred<never, Refused>
}

const tooLarge = (maximum: number): Refused =>
  refuse(413, "BodyTooLarge", `The body is longer than ${maximum} bytes: raise --max-body, or send less.`)

const tooSlow = refuse(408, "BodyTooSlow", "The body did not go on for 30 s: send the request again.")

const broken = refuse(400, "BodyBroken", "The body ended before its announced length.")

const strangeEncoding = refuse(
  400,
  "TransferEncoding",
  "Only the transfer encoding chunked is understood: send the body with Content-Length, or chunked."
)

/**
 * The pieces of a message that is not destroyed when they are no longer wanted. The end does not wait for a piece that was
 * asked for: it may never come.
 */
const readable = (incoming: IncomingMessage): AsyncIterable<Buffer> => ({
  [Symbol.asyncIterator]: () => {
    const iterator: AsyncIterator<Buffer> = incoming.iterator({ destroyOnReturn: false })
    return {
      next: () => iterator.next(),
      return: () => {
        void Promise.allSettled([iterator.return?.()])
        return Promise.resolve({ done: true, value: undefined })
      }
    }
  }
})

/** The pieces of a body as they come. The message is not destroyed when they are no longer wanted: it still has an answer. */
const pieces = (incoming: IncomingMessage, maximum: number): Stream.Stream<Uint8Array, Refused> => {
  let length = 0
  return Stream.fromAsyncIterable<Buffer, Refused>(readable(incoming), () => broken).pipe(
    Stream.timeoutFail(() => tooSlow, longestPause),
    Stream.mapEffect((piece) => {
      length += piece.byteLength
      return length > maximum ? Effect.fail(tooLarge(maximum)) : Effect.succeed(piece)
    })
  )
}

const kept = (
  stream: Stream.Stream<Uint8Array, Refused>,
  contentType: string
): Effect.Effect<HttpBody.HttpBody, Refused> =>
  Effect.map(Stream.runCollect(stream), (all) =>
    HttpBody.uint8Array(Buffer.concat(Chunk.toReadonlyArray(all)), contentType)
  )

/** Checks the length that is announced, and tells a waiting client to go on. */
export const bodyOf = (
  { expectsContinue, incoming, outgoing }: Exchange,
  maximum: number
): Effect.Effect<RequestBody, Refused> =>
  Effect.gen(function* () {
    const failed = yield* Deferred.make<never, Refused>()
    const { "content-length": announced, "transfer-encoding": encoding } = incoming.headers
    const length = announced === undefined ? undefined : Number(announced)
    if (encoding !== undefined && encoding.trim().toLowerCase() !== "chunked") return yield* strangeEncoding
    if (encoding === undefined && (length ?? 0) === 0) return { body: HttpBody.empty, failed }
    if (length !== undefined && length > maximum) return yield* tooLarge(maximum)
    if (expectsContinue) outgoing.writeContinue()
    const stream = pieces(incoming, maximum)
    const contentType = incoming.headers["content-type"] ?? ""
    if (length !== undefined && length <= longestKept) {
      return { body: yield* kept(stream, contentType), failed }
    }
    const watched = Stream.tapError(stream, (error) => Deferred.fail(failed, error))
    return { body: HttpBody.stream(watched, contentType, length), failed }
  })
