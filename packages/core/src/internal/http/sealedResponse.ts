import * as Headers from "@effect/platform/Headers"
import * as HttpClientError from "@effect/platform/HttpClientError"
import * as HttpClientRequest from "@effect/platform/HttpClientRequest"
import * as HttpClientResponse from "@effect/platform/HttpClientResponse"
import * as IncomingMessage from "@effect/platform/HttpIncomingMessage"
import * as Effect from "effect/Effect"
import * as Inspectable from "effect/Inspectable"
import * as Stream from "effect/Stream"
import { type BodyError, TransportError, UnexpectedResponse } from "../../AdobePassError.js"
import { bodyKind } from "./bodyKind.js"
import { caught } from "./caught.js"
import { identifyingHeaders } from "./identifyingHeaders.js"
import { transportError } from "./transportError.js"

/** The `BodyError` of an error of a body. */
export const bodyError = (error: HttpClientError.ResponseError): BodyError =>
  error.cause instanceof TransportError || error.cause instanceof UnexpectedResponse
    ? error.cause
    : transportError("call", error, 1)

/**
 * An answer whose request no longer shows the bearer token and the device: neither the answer itself nor an error of
 * its body can print them. The cause of such an error is a `BodyError`.
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
      headers: Headers.remove(request.headers, identifyingHeaders)
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
    return caught(this.#original.text, (error) => Effect.fail(this.#sealed(error)))
  }
  get json() {
    return this.#parsed(this.#original.json)
  }
  get urlParamsBody() {
    return this.#parsed(this.#original.urlParamsBody)
  }
  get formData() {
    return this.#parsed(this.#original.formData)
  }
  get arrayBuffer() {
    return caught(this.#original.arrayBuffer, (error) => Effect.fail(this.#sealed(error)))
  }
  get stream() {
    return Stream.mapError(this.#original.stream, (error) => this.#sealed(error))
  }

  #sealed(
    error: HttpClientError.ResponseError,
    cause: BodyError = transportError("call", error, 1)
  ): HttpClientError.ResponseError {
    return new HttpClientError.ResponseError({
      request: this.request,
      response: this,
      reason: error.reason,
      cause,
      description: cause.message
    })
  }

  /** A body that is here as text, but not in the form that was asked for, is told by what it is. */
  #parsed<A>(
    read: Effect.Effect<A, HttpClientError.ResponseError>
  ): Effect.Effect<A, HttpClientError.ResponseError> {
    return caught(read, (error) =>
      Effect.matchEffect(this.#original.text, {
        onFailure: () => Effect.fail(this.#sealed(error)),
        onSuccess: (text) => Effect.fail(this.#sealed(error, this.#unexpected(text)))
      })
    )
  }

  #unexpected(text: string): UnexpectedResponse {
    const reason = bodyKind(text, this.headers["content-type"])
    return new UnexpectedResponse({ operation: "call", status: this.status, reason, issues: [] })
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
