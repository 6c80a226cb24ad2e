import * as FetchHttpClient from "@effect/platform/FetchHttpClient"
import * as HttpClient from "@effect/platform/HttpClient"
import * as HttpClientError from "@effect/platform/HttpClientError"
import type * as HttpClientRequest from "@effect/platform/HttpClientRequest"
import type * as HttpClientResponse from "@effect/platform/HttpClientResponse"
import * as Cause from "effect/Cause"
import type * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import { constTrue } from "effect/Function"
import * as Metric from "effect/Metric"
import * as Option from "effect/Option"
import * as Predicate from "effect/Predicate"
import * as Schedule from "effect/Schedule"
import {
  type ExchangeError,
  type Operation,
  ServiceUnavailable,
  Throttled,
  TransportError,
  UnexpectedResponse
} from "../AdobePassError.js"
import * as Metrics from "../Metrics.js"
import { longestHold, type Repeatable } from "../Throttle.js"
import * as Transport from "../Transport.js"
import type { RetryQuota } from "./retryQuota.js"
import { withClock } from "./withClock.js"
import { within } from "./within.js"

/**
 * The client as credentials may be sent through it: without span and trace header, which would carry what the library
 * keeps to itself, and without following redirects, which fetch would do, token and all.
 *
 * @internal
 */
export const hardened = (client: HttpClient.HttpClient): HttpClient.HttpClient =>
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

/** Requests within a time limit, through a hardened client. @internal */
export const bare = (client: HttpClient.HttpClient, timeout: Duration.Duration): Transport.Send => {
  if (Transport.isTransport(client)) return client[Transport.TypeId](timeout)
  const { execute } = hardened(client)
  return (request) =>
    within(
      timeout,
      () =>
        new HttpClientError.RequestError({
          request,
          reason: "Transport",
          cause: new Cause.TimeoutException()
        })
    )(execute(request))
}

const notConnected = new Set([
  "ECONNREFUSED",
  "ENOTFOUND",
  "EAI_AGAIN",
  "EHOSTUNREACH",
  "ENETUNREACH",
  "ENETDOWN",
  "EADDRNOTAVAIL",
  "UND_ERR_CONNECT_TIMEOUT",
  "DEPTH_ZERO_SELF_SIGNED_CERT",
  "SELF_SIGNED_CERT_IN_CHAIN",
  "UNABLE_TO_VERIFY_LEAF_SIGNATURE",
  "UNABLE_TO_GET_ISSUER_CERT_LOCALLY",
  "CERT_HAS_EXPIRED",
  "ERR_TLS_CERT_ALTNAME_INVALID"
])

/** The first system code in a chain of causes; only its own alphabet, so that no data can travel in it. */
const systemCode = (error: unknown, depth = 0): string | undefined => {
  if (depth > 5 || !Predicate.isObject(error)) return undefined
  if (
    Predicate.hasProperty(error, "code") &&
    typeof error.code === "string" &&
    /^[A-Z][A-Z0-9_]{2,40}$/.test(error.code)
  ) {
    return error.code
  }
  const inner =
    Predicate.hasProperty(error, "errors") && Array.isArray(error.errors)
      ? error.errors[0]
      : Predicate.hasProperty(error, "cause")
        ? error.cause
        : undefined
  return systemCode(inner, depth + 1)
}

/** @internal */
export const transportError = (
  operation: Operation,
  error: HttpClientError.HttpClientError,
  attempts: number
): TransportError => {
  if (Cause.isTimeoutException(error.cause)) return timeoutError(operation, attempts)
  const code = systemCode(error.cause)
  return new TransportError({
    operation,
    reason: code !== undefined && notConnected.has(code) ? "NotConnected" : "ConnectionLost",
    attempts,
    ...(code === undefined ? {} : { code })
  })
}

/** @internal */
export const timeoutError = (operation: Operation, attempts: number): TransportError =>
  new TransportError({ operation, reason: "Timeout", attempts })

const httpDate = (text: string | undefined): number | undefined => {
  const millis = text === undefined ? Number.NaN : Date.parse(text)
  return Number.isNaN(millis) ? undefined : millis
}

/**
 * How long the server asks to wait, in milliseconds: `Retry-After` in seconds or as a date, or else `Expires`; dates
 * are compared with the server's own `Date`, so a wrong local clock does not matter.
 *
 * @internal
 */
export const retryAfterMillis = (
  headers: Readonly<Record<string, string | undefined>>,
  now: number
): number | undefined => {
  const retryAfter = headers["retry-after"]?.trim()
  if (retryAfter !== undefined && /^\d{1,9}$/.test(retryAfter)) return Number(retryAfter) * 1000
  const from = httpDate(headers["date"]) ?? now
  const until = httpDate(retryAfter)
  if (until !== undefined) return Math.max(0, until - from)
  const expires = httpDate(headers["expires"])
  // A far expiry is about caches, not about throttling.
  return expires === undefined || expires - from > longestHold ? undefined : Math.max(0, expires - from)
}

/** What a body is, judged before anybody tries to decode it. @internal */
export const bodyKind = (
  text: string,
  contentType: string | undefined
): "EmptyBody" | "Html" | "Text" | "BrokenJson" => {
  const trimmed = text.trimStart()
  if (trimmed === "") return "EmptyBody"
  if (contentType?.includes("html") === true || /^<(?:!doctype|html)/i.test(trimmed)) return "Html"
  return trimmed.startsWith("{") || trimmed.startsWith("[") || contentType?.includes("json") === true
    ? "BrokenJson"
    : "Text"
}

/** The statuses that mean the same for every endpoint; undefined for the others. @internal */
export const commonFailure = (
  operation: Operation,
  response: Pick<HttpClientResponse.HttpClientResponse, "status" | "headers">,
  now: number,
  attempts: number
): ExchangeError | undefined => {
  const { status } = response
  const wait = retryAfterMillis(response.headers, now)
  if (status === 429) {
    return new Throttled({ operation, status, retryAfterMillis: Math.max(1000, wait ?? 0), attempts })
  }
  if (status >= 500) {
    const asked = response.headers["retry-after"] === undefined ? undefined : wait
    return new ServiceUnavailable({
      operation,
      status,
      attempts,
      ...(asked === undefined ? {} : { retryAfterMillis: asked })
    })
  }
  // A browser's fetch hides a redirect that it does not follow behind status 0.
  if (status < 200 || (status >= 300 && status < 400)) {
    return new UnexpectedResponse({ operation, status, reason: "Redirect", issues: [] })
  }
  return undefined
}

/** One request, its status, headers and whole body, within the time limit. @internal */
export const exchange = (
  client: HttpClient.HttpClient,
  operation: Operation,
  request: HttpClientRequest.HttpClientRequest,
  timeout: Duration.Duration,
  attempts: number
): Effect.Effect<
  {
    readonly status: number
    readonly headers: HttpClientResponse.HttpClientResponse["headers"]
    readonly text: string
  },
  TransportError
> =>
  client.execute(request).pipe(
    Effect.flatMap((response) =>
      Effect.map(response.text, (text) => ({ status: response.status, headers: response.headers, text }))
    ),
    Effect.mapError((error) => transportError(operation, error, attempts)),
    within(timeout, () => timeoutError(operation, attempts))
  )

/**
 * How attempts are repeated. What fails is an `F`, which is cheap to have, and becomes an `E` when somebody looks at it.
 *
 * @internal
 */
export interface Repetition<F, E extends Repeatable> {
  readonly schedule: Schedule.Schedule<E, E>
  readonly quota: RetryQuota
  readonly errorOf: (failure: F, attempts: number) => E
  readonly mayRepeat: (error: E) => boolean
  /** Milliseconds since the start of the first attempt, after which no repetition begins. */
  readonly budget: number
}

/**
 * Repeats what may be repeated, while the quota has credit, and goes on with how it ended. A first attempt that succeeds
 * pays for nothing else. @internal
 */
export const repeating = <A, F, E extends Repeatable, R, B, E2>(
  attempt: (attempts: number) => Effect.Effect<A, F, R>,
  repetition: Repetition<F, E>,
  end: {
    readonly onSuccess: (answer: A) => Effect.Effect<B, E2>
    readonly onFailure: (error: E) => Effect.Effect<B, E2>
  }
): Effect.Effect<B, E2, R> =>
  withClock((clock) => {
    const until = clock.unsafeCurrentTimeMillis() + repetition.budget
    return Effect.matchEffect(attempt(1), {
      onSuccess: (answer) => {
        repetition.quota.refund(0)
        return end.onSuccess(answer)
      },
      onFailure: (failure) =>
        Effect.matchEffect(
          repetitions(attempt, repetition, repetition.errorOf(failure, 1), until, clock),
          end
        )
    })
  })

const repetitions = <A, F, E extends Repeatable, R>(
  attempt: (attempts: number) => Effect.Effect<A, F, R>,
  { errorOf, mayRepeat, quota, schedule }: Repetition<F, E>,
  first: E,
  until: number,
  clock: Clock.Clock
): Effect.Effect<A, E, R> => {
  let attempts = 0
  let charged = 0
  return Effect.suspend(() => {
    attempts += 1
    return attempts === 1
      ? Effect.fail(first)
      : Effect.mapError(attempt(attempts), (failure) => errorOf(failure, attempts))
  }).pipe(
    Effect.retry({
      schedule: Schedule.whileOutput(
        Schedule.delays(schedule),
        (delay) => clock.unsafeCurrentTimeMillis() + Duration.toMillis(delay) <= until
      ),
      while: (error: E) => {
        if (!error.retryable || !mayRepeat(error)) return false
        // A throttled request is no sign of an outage: pacing answers it, not the quota.
        if (error._tag === "Throttled") return Effect.as(Metric.update(Metrics.retries, error._tag), true)
        const cost = quota.charge(error)
        if (cost === undefined) return Effect.as(Metric.increment(Metrics.retriesRefused), false)
        charged += cost
        return Effect.as(Metric.update(Metrics.retries, error._tag), true)
      }
    }),
    // Also an error that is final is an answer, and a sign that the outage is over.
    Effect.tapBoth({
      onSuccess: () => Effect.sync(() => quota.refund(charged)),
      onFailure: (error) => (error.retryable ? Effect.void : Effect.sync(() => quota.refund(charged)))
    })
  )
}
