/** From the answers of the emulator to the responses of the contract's server, and back. */
import * as HttpServerResponse from "@effect/platform/HttpServerResponse"
import * as Effect from "effect/Effect"
import type { Answer } from "../answer.js"
import type { Refused } from "./emulated.js"

const textOf = ({ body }: HttpServerResponse.HttpServerResponse): string =>
  body._tag === "Uint8Array" ? new TextDecoder().decode(body.body) : ""

export const toResponse = ({ body, headers, status }: Answer): HttpServerResponse.HttpServerResponse => {
  const own = Object.fromEntries(headers)
  return body === ""
    ? HttpServerResponse.empty({ status, headers: own })
    : HttpServerResponse.text(body, { status, headers: own, contentType: own["content-type"] ?? "text/html" })
}

/** Adobe names the charset of its JSON. */
export const toAnswer = (response: HttpServerResponse.HttpServerResponse): Answer => {
  const body = textOf(response)
  const headers = Object.entries(response.headers).filter(
    ([name]) => name !== "content-length" && name !== "content-type"
  )
  const type = response.headers["content-type"] ?? response.body.contentType
  return {
    status: response.status,
    headers:
      body === "" || type === undefined
        ? headers
        : [
            ["content-type", type === "application/json" ? "application/json;charset=UTF-8" : type],
            ...headers
          ],
    body
  }
}

/** A handler whose refusals are answers: the contract has one status for all bodies of errors. */
export const answering = <A, R>(
  handler: Effect.Effect<A, Refused, R>
): Effect.Effect<A | HttpServerResponse.HttpServerResponse, never, R> =>
  Effect.catchTag(handler, "Refused", ({ answer }) => Effect.succeed(toResponse(answer)))
