import * as HttpClientResponse from "@effect/platform/HttpClientResponse"
import * as IncomingMessage from "@effect/platform/HttpIncomingMessage"
import * as Effect from "effect/Effect"
import * as Inspectable from "effect/Inspectable"

/** An answer whose body is in memory, and can be read in any form and more than once. */
export class BufferedResponse extends Inspectable.Class implements HttpClientResponse.HttpClientResponse {
  readonly [HttpClientResponse.TypeId]: HttpClientResponse.TypeId = HttpClientResponse.TypeId
  readonly [IncomingMessage.TypeId]: IncomingMessage.TypeId = IncomingMessage.TypeId
  readonly #original: HttpClientResponse.HttpClientResponse
  readonly #bytes: Uint8Array<ArrayBuffer>

  constructor(original: HttpClientResponse.HttpClientResponse, bytes: Uint8Array<ArrayBuffer>) {
    super()
    this.#original = original
    this.#bytes = bytes
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
  get arrayBuffer() {
    return Effect.sync(() => this.#bytes.slice().buffer)
  }
  get text() {
    return Effect.sync(() => new TextDecoder().decode(this.#bytes))
  }
  get json() {
    return this.#web.json
  }
  get urlParamsBody() {
    return this.#web.urlParamsBody
  }
  get formData() {
    return this.#web.formData
  }
  get stream() {
    return this.#web.stream
  }

  /** Each is read once. */
  get #web() {
    const headers = { "content-type": this.headers["content-type"] ?? "" }
    return HttpClientResponse.fromWeb(this.request, new Response(this.#bytes, { headers }))
  }

  toJSON(): unknown {
    return { _id: "@effect/platform/HttpClientResponse", status: this.status }
  }
}
