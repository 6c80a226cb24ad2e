import { type HttpBody, type HttpClientError, HttpServerResponse } from "@effect/platform"
import { Effect, type ParseResult } from "effect"
import type { AdobePassError } from "effect-adobe-pass"

/** What the player is told: the kind of failure and whether to try again, never an identifier or a secret. */
const telling = (status: number, { _tag, retryable }: AdobePassError.AdobePassError, retryAfter?: number) =>
  HttpServerResponse.unsafeJson(
    { error: _tag, retryable },
    { status, ...(retryAfter === undefined ? {} : { headers: { "retry-after": `${retryAfter}` } }) }
  )

const failed = (error: AdobePassError.AdobePassError): HttpServerResponse.HttpServerResponse => {
  switch (error._tag) {
    case "InvalidInput":
      return HttpServerResponse.unsafeJson({ error: error._tag, message: error.message }, { status: 400 })
    case "Throttled":
    case "ServiceUnavailable":
      return telling(503, error, Math.ceil((error.retryAfterMillis ?? 1000) / 1000))
    case "CredentialStoreError":
    case "TransportError":
    case "TemporaryFailure":
      return error.retryable ? telling(503, error, 1) : telling(500, error)
    case "AuthenticationRequired":
      return telling(401, error)
    case "AuthorizationRequired":
      return telling(403, error)
    default:
      return telling(502, error)
  }
}

type Failure =
  | AdobePassError.AdobePassError
  | HttpBody.HttpBodyError
  | HttpClientError.ResponseError
  | ParseResult.ParseError

const status = (code: number) => () => Effect.succeed(HttpServerResponse.empty({ status: code }))

/** A handler whose failures are answers: a path that cannot be read, an answer of Adobe that is no JSON, and the rest. */
export const answered = <R>(
  handler: Effect.Effect<HttpServerResponse.HttpServerResponse, Failure, R>
): Effect.Effect<HttpServerResponse.HttpServerResponse, never, R> =>
  handler.pipe(
    Effect.catchTags({ ParseError: status(400), ResponseError: status(502), HttpBodyError: status(502) }),
    Effect.catchAll((error) => Effect.succeed(failed(error)))
  )
