import * as FetchHttpClient from "@effect/platform/FetchHttpClient"
import * as HttpClient from "@effect/platform/HttpClient"
import * as HttpClientError from "@effect/platform/HttpClientError"
import * as Cause from "effect/Cause"
import * as Context from "effect/Context"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import { constTrue } from "effect/Function"
import * as Option from "effect/Option"
import * as Transport from "../../Transport.js"
import { hardTimeout } from "../hardTimeout.js"
import { PacedResponse } from "./pacedResponse.js"

/**
 * A client that credentials may be sent through: without spans and trace headers, which would carry them, and without
 * following redirects, which `fetch` would do.
 */
const hardened = (client: HttpClient.HttpClient): HttpClient.HttpClient =>
  client.pipe(
    HttpClient.withTracerDisabledWhen(constTrue),
    HttpClient.transformResponse(
      Effect.mapInputContext((context: Context.Context<never>) =>
        Context.add(context, FetchHttpClient.RequestInit, {
          ...Option.getOrUndefined(Context.getOption(context, FetchHttpClient.RequestInit)),
          redirect: "manual"
        })
      )
    )
  )

/** The longest pause between two pieces of a body, in milliseconds. */
const longestPause = 30_000

/** Sends requests through a hardened client, each within `timeout` milliseconds until the head of its answer. */
export const sendWithin = (client: HttpClient.HttpClient, timeout: number): Transport.Send => {
  if (Transport.isTransport(client)) return client[Transport.TypeId](Duration.millis(timeout))
  const { execute } = hardened(client)
  const pause = Math.min(timeout, longestPause)
  return (request) =>
    Effect.map(
      hardTimeout(
        timeout,
        () =>
          new HttpClientError.RequestError({
            request,
            reason: "Transport",
            cause: new Cause.TimeoutException()
          })
      )(execute(request)),
      (response) => new PacedResponse(response, pause)
    )
}
