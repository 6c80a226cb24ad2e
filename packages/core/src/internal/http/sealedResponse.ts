import * as Headers from "@effect/platform/Headers"
import * as HttpClientError from "@effect/platform/HttpClientError"
import * as HttpClientRequest from "@effect/platform/HttpClientRequest"
import * as HttpClientResponse from "@effect/platform/HttpClientResponse"
import * as IncomingMessage from "@effect/platform/HttpIncomingMessage"
import * as Effect from "effect/Effect"
import * as Inspectable from "effect/Inspectable"
import * as Stream from "effect/Stream"

const secretHeaders = [
  "authorization",
  "ap-device-identifier",
  "x-device-info",
  "x-forwarded-for",
  "user-agent"
]

/**
 * An answer whose request no longer shows the bearer token and the device: neither the answer itself nor an error of
 * its body can print them.
 */
export class SealedResponse implements HttpClientResponse.HttpClientResponse {
  readonly [HttpClientResponse.TypeId]: HttpClientResponse.TypeId = HttpClientResponse.TypeId
  readonly [IncomingMessage.TypeId]: IncomingMessage.TypeId = IncomingMessage.TypeId
  readonly #original: HttpClientResponse.HttpClientResponse

  constructor(original: HttpClientResponse.HttpClientResponse) {
    this.#original = original
  }

  get request(): HttpClientRequest.HttpClientRequest {
    const { request } = this.#original
    return HttpClientRequest.make(request.method)(request.url, {
      urlParams: request.urlParams,
      headers: Headers.remove(request.headers, secretHeaders)
    })
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
  get text() {
    return this.#seal(this.#original.text)
  }
  get json() {
    return this.#seal(this.#original.json)
  }
  get urlParamsBody() {
    return this.#seal(this.#original.urlParamsBody)
  }
  get formData() {
    return this.#seal(this.#original.formData)
  }
  get arrayBuffer() {
    return this.#seal(this.#original.arrayBuffer)
  }
  get stream() {
    return Stream.mapError(this.#original.stream, (error) => this.#sealed(error))
  }

  #sealed(error: HttpClientError.ResponseError): HttpClientError.ResponseError {
    return new HttpClientError.ResponseError({
      request: this.request,
      response: this,
      reason: error.reason
    })
  }

  #seal<A>(
    effect: Effect.Effect<A, HttpClientError.ResponseError>
  ): Effect.Effect<A, HttpClientError.ResponseError> {
    return Effect.mapError(effect, (error) => this.#sealed(error))
  }

  toJSON(): unknown {
    return { _id: "@effect/platform/HttpClientResponse", status: this.status }
  }
  toString(): string {
    return Inspectable.format(this.toJSON())
  }
  [Inspectable.NodeInspectSymbol](): unknown {
    return this.toJSON()
  }
}
