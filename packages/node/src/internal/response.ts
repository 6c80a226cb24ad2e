/** A response: its status and headers, and effects that read its body. */
import * as Cookies from "@effect/platform/Cookies"
import * as Headers from "@effect/platform/Headers"
import * as HttpClientError from "@effect/platform/HttpClientError"
import type * as HttpClientRequest from "@effect/platform/HttpClientRequest"
import * as HttpClientResponse from "@effect/platform/HttpClientResponse"
import * as IncomingMessage from "@effect/platform/HttpIncomingMessage"
import * as UrlParams from "@effect/platform/UrlParams"
import * as Chunk from "effect/Chunk"
import * as Effect from "effect/Effect"
import * as Inspectable from "effect/Inspectable"
import * as Option from "effect/Option"
import * as Stream from "effect/Stream"
import type * as Undici from "undici"
import { decoded, encodingsOf } from "./contentEncoding.js"
import { idleLimitOf, type ResponseBody } from "./responseBody.js"
import type { TimeoutList } from "./timeoutList.js"

/** @internal */
export type RawHeaders = Parameters<NonNullable<Undici.Dispatcher.DispatchHandler["onResponseStart"]>>[2]

const decoder = new TextDecoder()

/** The same as `TextDecoder` gives, but faster: only a byte order mark needs the decoder. */
const textOf = (bytes: Buffer): string => (bytes[0] === 0xef ? decoder.decode(bytes) : bytes.toString())

const succeedWithText = (bytes: Buffer): Effect.Effect<string> => Effect.succeed(textOf(bytes))

/** @internal */
export class UndiciResponse extends Inspectable.Class implements HttpClientResponse.HttpClientResponse {
  readonly [HttpClientResponse.TypeId]: HttpClientResponse.TypeId = HttpClientResponse.TypeId
  readonly [IncomingMessage.TypeId]: IncomingMessage.TypeId = IncomingMessage.TypeId
  readonly request: HttpClientRequest.HttpClientRequest
  readonly status: number
  readonly #rawHeaders: RawHeaders
  readonly #body: ResponseBody
  #headers: Headers.Headers | undefined
  #cookies: Cookies.Cookies | undefined
  #decoded: Buffer | undefined

  constructor(
    request: HttpClientRequest.HttpClientRequest,
    status: number,
    rawHeaders: RawHeaders,
    body: ResponseBody
  ) {
    super()
    this.request = request
    this.status = status
    this.#rawHeaders = rawHeaders
    this.#body = body
  }

  get headers(): Headers.Headers {
    this.#headers ??= Headers.fromInput(this.#rawHeaders)
    return this.#headers
  }

  get cookies(): Cookies.Cookies {
    const header = this.#rawHeaders["set-cookie"]
    this.#cookies ??= header === undefined ? Cookies.empty : Cookies.fromSetCookie(header)
    return this.#cookies
  }

  get remoteAddress(): Option.Option<string> {
    return Option.none()
  }

  get #encodings(): ReadonlyArray<string> {
    return encodingsOf(this.#rawHeaders["content-encoding"])
  }

  /** What `use` makes of the whole body, in one step of the fiber when all of it is here and is not encoded. */
  #read<A>(
    use: (bytes: Buffer) => Effect.Effect<A, HttpClientError.ResponseError>
  ): Effect.Effect<A, HttpClientError.ResponseError> {
    return Effect.suspend(() =>
      this.#body.isComplete && this.#rawHeaders["content-encoding"] === undefined
        ? use(this.#body.bytes)
        : Effect.flatMap(this.#bytes, use)
    )
  }

  /** The whole body, decoded. */
  get #bytes(): Effect.Effect<Buffer, HttpClientError.ResponseError> {
    return Effect.suspend(() => {
      const encodings = this.#encodings
      if (encodings.length === 0) return this.#received
      if (this.#decoded !== undefined) return Effect.succeed(this.#decoded)
      return Effect.flatMap(this.#received, (encoded) => this.#decode(encoded, encodings))
    })
  }

  #decode(encoded: Buffer, encodings: ReadonlyArray<string>) {
    if (encoded.byteLength === 0) return Effect.succeed(encoded)
    return decoded(Stream.make(encoded), encodings).pipe(
      Stream.runCollect,
      Effect.mapBoth({
        onSuccess: (pieces) => {
          this.#decoded = Buffer.concat(Chunk.toReadonlyArray(pieces))
          return this.#decoded
        },
        onFailure: (failure) => this.#error(failure)
      })
    )
  }

  /** The whole body as it was sent. */
  get #received(): Effect.Effect<Buffer, HttpClientError.ResponseError> {
    return Effect.suspend(
      () =>
        this.#receivedNow() ??
        Effect.withFiberRuntime((fiber) => {
          const idle = idleLimitOf(fiber)
          return Effect.async((resume) => this.#collect(resume, idle))
        })
    )
  }

  #receivedNow(): Effect.Effect<Buffer, HttpClientError.ResponseError> | undefined {
    if (this.#body.isComplete) return Effect.succeed(this.#body.bytes)
    const { unreadable } = this.#body
    return unreadable === undefined ? undefined : Effect.fail(this.#error(unreadable.error))
  }

  #collect(
    resume: (bytes: Effect.Effect<Buffer, HttpClientError.ResponseError>) => void,
    idle: TimeoutList | undefined
  ) {
    const check = () => {
      const bytes = this.#receivedNow()
      if (bytes === undefined) this.#body.onChange(check, idle)
      else resume(bytes)
    }
    this.#body.collect()
    check()
    return Effect.sync(() => this.#body.abort())
  }

  #parse(bytes: Buffer): Effect.Effect<unknown, HttpClientError.ResponseError> {
    if (bytes.byteLength === 0) return Effect.succeed(null)
    try {
      return Effect.succeed(JSON.parse(textOf(bytes)))
    } catch (cause) {
      return Effect.fail(this.#error(cause))
    }
  }

  get arrayBuffer(): Effect.Effect<ArrayBuffer, HttpClientError.ResponseError> {
    return this.#read((bytes) => Effect.succeed(new Uint8Array(bytes).buffer))
  }

  get text(): Effect.Effect<string, HttpClientError.ResponseError> {
    return this.#read(succeedWithText)
  }

  get json(): Effect.Effect<unknown, HttpClientError.ResponseError> {
    return this.#read((bytes) => this.#parse(bytes))
  }

  get urlParamsBody(): Effect.Effect<UrlParams.UrlParams, HttpClientError.ResponseError> {
    return Effect.map(this.text, (text) => UrlParams.fromInput(new URLSearchParams(text)))
  }

  get formData(): Effect.Effect<FormData, HttpClientError.ResponseError> {
    return this.#read((bytes) =>
      Effect.tryPromise({
        try: () =>
          new Response(new Uint8Array(bytes), {
            headers: { "content-type": this.headers["content-type"] ?? "" }
          }).formData(),
        catch: (cause) => this.#error(cause)
      })
    )
  }

  get stream(): Stream.Stream<Uint8Array, HttpClientError.ResponseError> {
    return Stream.suspend(() => {
      const encodings = this.#encodings
      // Nothing, which the answer to HEAD has, is not encoded.
      const isEmpty = this.#body.isComplete && this.#body.bytes.byteLength === 0
      const pieces = isEmpty || encodings.length === 0 ? this.#pieces : decoded(this.#pieces, encodings)
      // A decoder fails, too, when the body breaks.
      return Stream.mapError(pieces, (error) => this.#error(this.#body.failure?.error ?? error))
    })
  }

  /** The body as it was sent, piece by piece; it fails with the cause, which has no request that a fiber may log. */
  get #pieces(): Stream.Stream<Uint8Array, unknown> {
    return Stream.suspend(() => {
      const body = this.#body
      if (body.isComplete) return body.bytes.byteLength === 0 ? Stream.empty : Stream.make(body.bytes)
      return Stream.unwrap(
        Effect.withFiberRuntime((fiber) =>
          Effect.succeed(
            Stream.ensuring(
              Stream.repeatEffectChunkOption(this.#nextPieces(idleLimitOf(fiber))),
              Effect.sync(() => body.abort())
            )
          )
        )
      )
    })
  }

  #nextPieces(idle: TimeoutList | undefined): Effect.Effect<Chunk.Chunk<Uint8Array>, Option.Option<unknown>> {
    return Effect.async((resume) => {
      const check = () => {
        const chunks = this.#body.take()
        if (chunks === undefined) return resume(Effect.fail(Option.none()))
        if (chunks.length > 0) return resume(Effect.succeed(Chunk.unsafeFromArray(chunks)))
        const { failure } = this.#body
        if (failure === undefined) this.#body.onChange(check, idle)
        else resume(Effect.fail(Option.some(failure.error)))
      }
      check()
    })
  }

  #error(cause: unknown): HttpClientError.ResponseError {
    return new HttpClientError.ResponseError({
      request: this.request,
      response: this,
      reason: "Decode",
      cause
    })
  }

  toJSON(): unknown {
    return IncomingMessage.inspect(this, {
      _id: "@effect/platform/HttpClientResponse",
      request: this.request.toJSON(),
      status: this.status
    })
  }
}
