/** The transport in process: an `HttpClient` that handles a request in the fiber of its caller. */
import * as HttpClient from "@effect/platform/HttpClient"
import * as HttpClientError from "@effect/platform/HttpClientError"
import type * as HttpClientRequest from "@effect/platform/HttpClientRequest"
import * as HttpClientResponse from "@effect/platform/HttpClientResponse"
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import type { Answer } from "./answer.js"
import type { Handler, Outcome } from "./outcome.js"

const systemError = (syscall: string, code: string): Error =>
  Object.assign(new Error(`${syscall} ${code}`), { code, syscall })

const transportError = (request: HttpClientRequest.HttpClientRequest, cause: Error) =>
  new HttpClientError.RequestError({ request, reason: "Transport", cause })

const readBody = (
  request: HttpClientRequest.HttpClientRequest
): Effect.Effect<string, HttpClientError.RequestError> => {
  const unreadable = (cause: unknown) =>
    new HttpClientError.RequestError({ request, reason: "Encode", cause })
  switch (request.body._tag) {
    case "Empty":
      return Effect.succeed("")
    case "Uint8Array":
      return Effect.succeed(new TextDecoder().decode(request.body.body))
    case "Stream":
      return Effect.mapError(Stream.mkString(Stream.decodeText(request.body.stream)), unreadable)
    case "FormData": {
      const { formData } = request.body
      return Effect.tryPromise({ try: () => new Response(formData).text(), catch: unreadable })
    }
    case "Raw":
      return typeof request.body.body === "string"
        ? Effect.succeed(request.body.body)
        : Effect.fail(
            unreadable(new Error("The in-process emulator supports raw bodies of type string only"))
          )
  }
}

const webResponse = (answer: Answer, body: ReadableStream<Uint8Array> | string | null): Response => {
  const headers = new Headers()
  for (const [name, value] of answer.headers) headers.append(name, value)
  return new Response(body, { status: answer.status, headers })
}

const halfOf = (text: string): ReadableStream<Uint8Array> => {
  const bytes = new TextEncoder().encode(text)
  const half = bytes.subarray(0, Math.floor(bytes.length / 2))
  let sent = false
  return new ReadableStream({
    pull(controller) {
      if (sent || half.length === 0) return controller.error(systemError("read", "ECONNRESET"))
      sent = true
      controller.enqueue(half)
    }
  })
}

const mayHaveBody = (method: string, status: number): boolean =>
  method !== "HEAD" && status !== 204 && status !== 205 && status !== 304

const deliver = (
  request: HttpClientRequest.HttpClientRequest,
  outcome: Outcome
): Effect.Effect<HttpClientResponse.HttpClientResponse, HttpClientError.RequestError> => {
  switch (outcome._tag) {
    case "Answered":
    case "Truncated": {
      const { body, status } = outcome.answer
      const sent = outcome._tag === "Truncated" ? halfOf(body) : body
      return Effect.succeed(
        HttpClientResponse.fromWeb(
          request,
          webResponse(outcome.answer, mayHaveBody(request.method, status) ? sent : null)
        )
      )
    }
    case "Reset":
      return transportError(request, systemError("read", "ECONNRESET"))
    case "Refused":
      return transportError(request, systemError("connect", "ECONNREFUSED"))
  }
}

export const make = (handle: Handler, baseUrls: ReadonlyArray<string>): HttpClient.HttpClient => {
  const own = baseUrls.map((baseUrl) => new URL(baseUrl))
  return HttpClient.make((request, url) => {
    if (!own.some(({ origin }) => origin === url.origin)) {
      return transportError(
        request,
        own.some(({ hostname }) => hostname === url.hostname)
          ? systemError("connect", "ECONNREFUSED")
          : systemError("getaddrinfo", "ENOTFOUND")
      )
    }
    return readBody(request).pipe(
      Effect.flatMap((body) =>
        handle({
          method: request.method,
          path: url.pathname,
          query: url.search.slice(1),
          headers: { host: url.host, ...request.headers },
          body
        })
      ),
      Effect.flatMap((outcome) => deliver(request, outcome))
    )
  })
}
