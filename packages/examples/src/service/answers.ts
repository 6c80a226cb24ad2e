import { type HttpApp, type HttpClientError, HttpServerResponse } from "@effect/platform"
import { Effect, type ParseResult } from "effect"
import type { AdobePassError } from "effect-adobe-pass"

/** What the player is told: the kind of failure and whether to try again, never an identifier or a secret. */
const telling = (status: number, { _tag, retryable }: AdobePassError.AdobePassError, headers = {}) =>
  HttpServerResponse.unsafeJson({ error: _tag, retryable }, { status, headers })

const later = (error: AdobePassError.AdobePassError, millis = 1000) =>
  telling(503, error, { "retry-after": `${Math.ceil(millis / 1000)}` })

const answerTo = (error: AdobePassError.AdobePassError): HttpServerResponse.HttpServerResponse => {
  switch (error._tag) {
    case "InvalidInput":
      return HttpServerResponse.unsafeJson({ error: error._tag, message: error.message }, { status: 400 })
    case "Throttled":
    case "ServiceUnavailable":
    case "TemporaryFailure":
      return later(error, error.retryAfterMillis)
    case "TransportError":
      return later(error)
    case "CredentialStoreError":
      return error.retryable ? later(error) : telling(500, error)
    default:
      return telling(502, error)
  }
}

const empty = (status: number) => () => Effect.succeed(HttpServerResponse.empty({ status }))

type Failure = AdobePassError.AdobePassError | HttpClientError.ResponseError | ParseResult.ParseError

/** A handler whose failures are answers: those of the library, a path that says nothing, a body that is not JSON. */
export const answered = <R>(handler: HttpApp.Default<Failure, R>): HttpApp.Default<never, R> =>
  handler.pipe(
    Effect.catchTags({ ParseError: empty(400), ResponseError: empty(502) }),
    Effect.catchAll((error) => Effect.succeed(answerTo(error)))
  )
