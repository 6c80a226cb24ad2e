import type * as HttpBody from "@effect/platform/HttpBody"
import * as HttpClient from "@effect/platform/HttpClient"
import * as HttpClientRequest from "@effect/platform/HttpClientRequest"
import * as Clock from "effect/Clock"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import { identity } from "effect/Function"
import * as Option from "effect/Option"
import * as ParseResult from "effect/ParseResult"
import * as Schema from "effect/Schema"
import {
  type AdobePassError,
  type ExchangeError,
  type InvalidInput,
  type Operation,
  Throttled,
  UnexpectedResponse
} from "../AdobePassError.js"
import type { Device } from "../Device.js"
import type { RegisteredApplication } from "../RegisteredApplication.js"
import * as Throttle from "../Throttle.js"
import { deviceSecrets } from "./deviceSecrets.js"
import { bodyKind, commonFailure, exchange, hardened, repeating } from "./exchange.js"
import { attemptLimits } from "./limits.js"
import * as RetryQuota from "./retryQuota.js"
import { throttleKey } from "./throttleKey.js"

const parse = Option.liftThrowable((text: string): unknown => JSON.parse(text))
const oauthError = Schema.decodeUnknownOption(Schema.Struct({ error: Schema.String }))

/** OAuth codes are words; anything else might be data, and what we sent might be echoed: neither is copied. */
const safeCode = (code: string, device: Device, body: HttpBody.HttpBody): string | undefined => {
  if (!/^[a-z]+(?:_[a-z]+){0,6}$/.test(code) || deviceSecrets(device).includes(code)) return undefined
  const sent = body._tag === "Uint8Array" ? new TextDecoder().decode(body.body) : ""
  return sent.includes(code) ? undefined : code
}

/** A request that was not sent because too many wait for a permit: the caller learns it at once. */
const wasNotSent = (error: AdobePassError): boolean =>
  error._tag === "Throttled" && error.status === undefined

/** How requests to `/o/client/*` are made. */
interface Limits {
  readonly timeout?: Duration.DurationInput | undefined
  readonly retry?: Throttle.ScheduleOptions | undefined
}

/** What an exchange has given, and when it was started and ended, in milliseconds. */
interface Exchanged<A> {
  readonly body: A
  readonly startedAt: number
  readonly endedAt: number
}

/**
 * One of the two endpoints under `/o/client/`: its POST is paced, sent, repeated where that is allowed, and its answer
 * decoded or turned into a typed error.
 *
 * @internal
 */
export const make = <A, I, E extends AdobePassError>(
  application: RegisteredApplication,
  limits: Limits,
  endpoint: {
    readonly operation: Operation
    readonly path: string
    readonly response: Schema.Schema<A, I>
    /** The documented OAuth codes as errors. */
    readonly refused: (code: string, status: number) => E | undefined
    /** Which of the errors that may pass by themselves may be answered with a repetition. */
    readonly mayRepeat: (error: E | ExchangeError) => boolean
  }
): Effect.Effect<
  (device: Device, body: HttpBody.HttpBody) => Effect.Effect<Exchanged<A>, E | ExchangeError>,
  InvalidInput,
  HttpClient.HttpClient | Throttle.Throttle
> =>
  Effect.gen(function* () {
    const client = hardened(yield* HttpClient.HttpClient)
    const throttle = yield* Throttle.Throttle
    const { budget, timeout } = yield* attemptLimits(limits)
    const schedule = Throttle.schedule<E | ExchangeError>(limits.retry)
    const quota = RetryQuota.make(500)
    const { operation } = endpoint
    const decodeBody = Schema.decodeUnknownEither(endpoint.response, { errors: "all" })

    const decode = (
      status: number,
      contentType: string | undefined,
      text: string,
      safe: (code: string) => string | undefined
    ): Either.Either<A, E | ExchangeError> => {
      const unexpected = (
        reason: UnexpectedResponse["reason"],
        issues: ReadonlyArray<string> = [],
        code?: string
      ) =>
        Either.left(
          new UnexpectedResponse({
            operation,
            status,
            reason,
            issues,
            ...(code === undefined ? {} : { code })
          })
        )
      const json = Option.getOrUndefined(parse(text))
      if (json === undefined) return unexpected(bodyKind(text, contentType))
      if (status >= 200 && status < 300) {
        return Either.orElse(decodeBody(json), (error) =>
          unexpected("UnexpectedJson", [
            ...new Set(
              ParseResult.ArrayFormatter.formatErrorSync(error).map((issue) =>
                issue.path.map(String).join(".")
              )
            )
          ])
        )
      }
      const code = Option.map(oauthError(json), ({ error }) => error)
      if (Option.isNone(code)) return unexpected("UnexpectedJson")
      const refused = endpoint.refused(code.value, status)
      return refused === undefined ? unexpected("UnknownCode", [], safe(code.value)) : Either.left(refused)
    }

    const attempt = (device: Device, request: HttpClientRequest.HttpClientRequest, attempts: number) =>
      Effect.gen(function* () {
        const key = throttleKey(application, device)
        yield* Effect.mapError(
          throttle.take(key, { urgent: true }),
          ({ waitMillis }) => new Throttled({ operation, retryAfterMillis: waitMillis, attempts })
        )
        const startedAt = yield* Clock.currentTimeMillis
        const { headers, status, text } = yield* exchange(client, operation, request, timeout, attempts)
        const endedAt = yield* Clock.currentTimeMillis
        const failure = commonFailure(operation, { status, headers }, endedAt, attempts)
        if (failure?._tag === "Throttled") yield* throttle.hold(key, failure.retryAfterMillis)
        if (failure !== undefined) return yield* failure
        const body = yield* decode(status, headers["content-type"], text, (code) =>
          safeCode(code, device, request.body)
        )
        return { body, startedAt, endedAt }
      })

    const repetition = {
      schedule,
      quota,
      budget,
      errorOf: identity<E | ExchangeError>,
      mayRepeat: (error: E | ExchangeError) => !wasNotSent(error) && endpoint.mayRepeat(error)
    }

    return (device, body) => {
      const request = HttpClientRequest.post(`${application.environment.sp}${endpoint.path}`, {
        body,
        headers: {
          accept: "application/json;charset=utf-8",
          "user-agent": application.userAgent,
          ...device.clientHeaders
        }
      })
      return repeating((attempts) => attempt(device, request, attempts), repetition, {
        onSuccess: Effect.succeed,
        onFailure: Effect.fail
      })
    }
  })
