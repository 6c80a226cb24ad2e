import * as HttpClientError from "@effect/platform/HttpClientError"
import type * as HttpClientResponse from "@effect/platform/HttpClientResponse"
import * as Cause from "effect/Cause"
import type * as Chunk from "effect/Chunk"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Stream from "effect/Stream"
import { hardTimeout } from "../hardTimeout.js"
import { joinBytes } from "./joinBytes.js"

/** Many times the longest error and the longest OAuth answer that Adobe Pass documents. */
const shortBody = 1_048_576

/** Whether the answer says that its body is short: then the connection ends it, and it may be had at once. */
const isShort = ({ headers }: HttpClientResponse.HttpClientResponse, maximumSize: number): boolean =>
  Number(headers["content-length"] ?? Infinity) <= maximumSize && headers["content-encoding"] === undefined

/** The body as far as it is read. */
const pulledBody = (
  response: HttpClientResponse.HttpClientResponse,
  maximumSize: number
): Effect.Effect<Option.Option<Uint8Array<ArrayBuffer>>, HttpClientError.ResponseError> =>
  Effect.suspend(() => {
    const chunks: Array<Uint8Array> = []
    let size = 0
    const keep = (pulled: Chunk.Chunk<Uint8Array>) => {
      for (const chunk of pulled) {
        chunks.push(chunk)
        size += chunk.byteLength
      }
    }
    // Pulled here, because a stream runs in a fiber of its own, whose failure the runtime logs with the request.
    return Effect.flatMap(Stream.toPull(response.stream), (pull) =>
      Effect.repeat(Effect.map(pull, keep), { while: () => size <= maximumSize })
    ).pipe(
      Effect.catchAll((end) =>
        Option.isSome(end) && end.value.reason !== "EmptyBody" ? Effect.fail(end.value) : Effect.void
      ),
      Effect.scoped,
      Effect.map(() => (size > maximumSize ? Option.none() : Option.some(joinBytes(chunks))))
    )
  })

/** The whole body of an answer. `None` when it is longer than this: the rest is not read, and the connection ends. */
export const bodyUpTo = (
  response: HttpClientResponse.HttpClientResponse,
  maximumSize: number
): Effect.Effect<Option.Option<Uint8Array<ArrayBuffer>>, HttpClientError.ResponseError> =>
  isShort(response, maximumSize)
    ? Effect.map(response.arrayBuffer, (bytes) => Option.some(new Uint8Array(bytes)))
    : pulledBody(response, maximumSize)

/**
 * The whole body of an answer that is not handed on as it is, which has `timeout` milliseconds to arrive. `None` when it is
 * longer than 1 MiB.
 */
export const boundedBody = (
  response: HttpClientResponse.HttpClientResponse,
  timeout: number
): Effect.Effect<Option.Option<Uint8Array<ArrayBuffer>>, HttpClientError.ResponseError> =>
  hardTimeout(
    timeout,
    () =>
      new HttpClientError.ResponseError({
        request: response.request,
        response,
        reason: "Decode",
        cause: new Cause.TimeoutException()
      })
  )(bodyUpTo(response, shortBody))
