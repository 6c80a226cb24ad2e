/** An answer of the server: its head, and effects that read its body. */
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
import type { Incoming } from "./incoming.js"

type Head = Parameters<NonNullable<Undici.Dispatcher.DispatchHandler["onResponseStart"]>>[2]

/** Whoever drops an answer without reading it must not keep its connection. */
const dropped = new FinalizationRegistry((incoming: Incoming) => incoming.abandon())

const decoder = new TextDecoder()

/** What a `TextDecoder` gives, which alone knows of byte order marks, in less time. */
const textOf = (bytes: Buffer): string => (bytes[0] === 0xef ? decoder.decode(bytes) : bytes.toString())

/** @internal */
export class Answer extends Inspectable.Class implements HttpClientResponse.HttpClientResponse {
  readonly [HttpClientResponse.TypeId]: HttpClientResponse.TypeId = HttpClientResponse.TypeId
  readonly [IncomingMessage.TypeId]: IncomingMessage.TypeId = IncomingMessage.TypeId
  readonly request: HttpClientRequest.HttpClientRequest
  readonly status: number
  readonly #head: Head
  readonly #incoming: Incoming
  #headers: Headers.Headers | undefined
  #cookies: Cookies.Cookies | undefined

  constructor(request: HttpClientRequest.HttpClientRequest, status: number, head: Head, incoming: Incoming) {
    super()
    this.request = request
    this.status = status
    this.#head = head
    this.#incoming = incoming
  }

  /** To be called when it is handed on before its body is whole. */
  watch(): void {
    dropped.register(this, this.#incoming)
  }

  get headers(): Headers.Headers {
    this.#headers ??= Headers.fromInput(this.#head)
    return this.#headers
  }

  get cookies(): Cookies.Cookies {
    const header = this.#head["set-cookie"]
    this.#cookies ??= header === undefined ? Cookies.empty : Cookies.fromSetCookie(header)
    return this.#cookies
  }

  get remoteAddress(): Option.Option<string> {
    return Option.none()
  }

  get #bytes(): Effect.Effect<Buffer, HttpClientError.ResponseError> {
    const incoming = this.#incoming
    return Effect.suspend(() => {
      if (incoming.isWhole) return Effect.succeed(incoming.bytes)
      const settled = (): Effect.Effect<Buffer, HttpClientError.ResponseError> | undefined => {
        if (incoming.isWhole) return Effect.succeed(incoming.bytes)
        const { failure } = incoming
        return failure === undefined ? undefined : Effect.fail(this.#error(failure.error))
      }
      const now = settled()
      if (now !== undefined) return now
      return Effect.async<Buffer, HttpClientError.ResponseError>((resume) => {
        const look = () => {
          const then = settled()
          if (then === undefined) incoming.wait(look)
          else resume(then)
        }
        incoming.collect()
        look()
        return Effect.sync(() => incoming.abandon())
      })
    })
  }

  get arrayBuffer(): Effect.Effect<ArrayBuffer, HttpClientError.ResponseError> {
    return Effect.map(this.#bytes, (bytes) => new Uint8Array(bytes).buffer)
  }

  get text(): Effect.Effect<string, HttpClientError.ResponseError> {
    return Effect.map(this.#bytes, textOf)
  }

  get json(): Effect.Effect<unknown, HttpClientError.ResponseError> {
    return Effect.flatMap(this.#bytes, (bytes) =>
      bytes.byteLength === 0 ? Effect.succeed(null) : this.#decoded(() => JSON.parse(textOf(bytes)))
    )
  }

  get urlParamsBody(): Effect.Effect<UrlParams.UrlParams, HttpClientError.ResponseError> {
    return Effect.map(this.text, (text) => UrlParams.fromInput(new URLSearchParams(text)))
  }

  get formData(): Effect.Effect<FormData, HttpClientError.ResponseError> {
    return Effect.flatMap(this.#bytes, (bytes) =>
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
    const incoming = this.#incoming
    return Stream.suspend(() => {
      if (incoming.isWhole)
        return incoming.bytes.byteLength === 0 ? Stream.empty : Stream.make(incoming.bytes)
      return Stream.repeatEffectChunkOption(this.#pull).pipe(
        Stream.ensuring(Effect.sync(() => incoming.abandon()))
      )
    })
  }

  get #pull(): Effect.Effect<Chunk.Chunk<Uint8Array>, Option.Option<HttpClientError.ResponseError>> {
    const incoming = this.#incoming
    return Effect.async((resume) => {
      const look = () => {
        const chunks = incoming.take()
        if (chunks === undefined) resume(Effect.fail(Option.none()))
        else if (chunks.length > 0) resume(Effect.succeed(Chunk.unsafeFromArray(chunks)))
        else {
          const broken = incoming.broken
          if (broken === undefined) incoming.wait(look)
          else resume(Effect.fail(Option.some(this.#error(broken.error))))
        }
      }
      look()
    })
  }

  #decoded<A>(decode: () => A): Effect.Effect<A, HttpClientError.ResponseError> {
    return Effect.try({ try: decode, catch: (cause) => this.#error(cause) })
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
