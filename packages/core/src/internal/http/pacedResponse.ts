import * as HttpClientError from "@effect/platform/HttpClientError"
import * as HttpClientResponse from "@effect/platform/HttpClientResponse"
import * as IncomingMessage from "@effect/platform/HttpIncomingMessage"
import * as UrlParams from "@effect/platform/UrlParams"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Inspectable from "effect/Inspectable"
import * as Option from "effect/Option"
import * as Stream from "effect/Stream"
import { BodyTimeout, Failure } from "../../Transport.js"
import { hardTimeout } from "../hardTimeout.js"
import { joinBytes } from "./joinBytes.js"

type Bytes = Uint8Array<ArrayBuffer>

/** The answer of a client without time limits of its own: its body fails when no piece of it comes in time. */
export class PacedResponse extends Inspectable.Class implements HttpClientResponse.HttpClientResponse {
  readonly [HttpClientResponse.TypeId]: HttpClientResponse.TypeId = HttpClientResponse.TypeId
  readonly [IncomingMessage.TypeId]: IncomingMessage.TypeId = IncomingMessage.TypeId
  readonly #original: HttpClientResponse.HttpClientResponse
  readonly #pause: number
  #isRead = false
  #bytes: Bytes | undefined
  #reading: Effect.Effect<Bytes, HttpClientError.ResponseError> | undefined

  /** `pause` in milliseconds. */
  constructor(original: HttpClientResponse.HttpClientResponse, pause: number) {
    super()
    this.#original = original
    this.#pause = pause
  }

  get request() {
    return this.#original.request
  }
  get status() {
    return this.#original.status
  }
  get headers() {
    return this.#original.headers
  }
  get cookies() {
    return this.#original.cookies
  }
  get remoteAddress() {
    return this.#original.remoteAddress
  }

  /** The next pieces, within the time limit. */
  get #pull() {
    return Effect.map(this.#open, ({ pause, pull }) =>
      hardTimeout(pause, () => Option.some(this.#error(new Failure({ reason: "Stalled" }))))(pull)
    )
  }

  get #open() {
    return Effect.gen(this, function* () {
      // The original's stream dies when it is read twice.
      if (this.#isRead) return yield* this.#error(new Error("The body was already read as a stream."))
      this.#isRead = true
      const raised = yield* BodyTimeout
      return {
        pause: raised === undefined ? this.#pause : Duration.toMillis(raised),
        pull: yield* Stream.toPull(this.#original.stream)
      }
    })
  }

  get stream(): Stream.Stream<Uint8Array, HttpClientError.ResponseError> {
    return Stream.unwrapScoped(
      Effect.suspend(() =>
        this.#bytes === undefined
          ? Effect.map(this.#pull, Stream.repeatEffectChunkOption)
          : Effect.succeed(Stream.make(this.#bytes))
      )
    )
  }

  /** In the reader's fiber: `Stream.run` has one of its own, which logs its failure with the request. */
  get #whole(): Effect.Effect<Bytes, HttpClientError.ResponseError> {
    const reading = Effect.gen(this, function* () {
      const pull = Effect.catchAll(
        Effect.asSome(yield* this.#pull),
        Option.match({ onNone: () => Effect.succeedNone, onSome: (error) => Effect.fail(error) })
      )
      const pieces: Array<Uint8Array> = []
      for (let next = yield* pull; Option.isSome(next); next = yield* pull) pieces.push(...next.value)
      this.#bytes = joinBytes(pieces)
      return this.#bytes
    }).pipe(
      Effect.catchIf(
        ({ reason }) => reason === "EmptyBody",
        () => Effect.succeed(joinBytes([]))
      ),
      Effect.scoped
    )
    this.#reading ??= Effect.runSync(Effect.cached(reading))
    return this.#reading
  }

  get arrayBuffer() {
    return Effect.map(this.#whole, (bytes) => bytes.slice().buffer)
  }
  get text() {
    return Effect.map(this.#whole, (bytes) => new TextDecoder().decode(bytes))
  }
  get json(): Effect.Effect<unknown, HttpClientError.ResponseError> {
    return Effect.flatMap(this.text, (text) =>
      text === ""
        ? Effect.succeed(null)
        : Effect.try({ try: (): unknown => JSON.parse(text), catch: (cause) => this.#error(cause) })
    )
  }
  get urlParamsBody() {
    return Effect.map(this.text, (text) => UrlParams.fromInput(new URLSearchParams(text)))
  }
  get formData() {
    return Effect.flatMap(this.#whole, (bytes) =>
      Effect.tryPromise({
        try: () =>
          new Response(bytes, {
            headers: { "content-type": this.headers["content-type"] ?? "" }
          }).formData(),
        catch: (cause) => this.#error(cause)
      })
    )
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
