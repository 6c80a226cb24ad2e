import type * as HttpClient from "@effect/platform/HttpClient"
import * as HttpClientRequest from "@effect/platform/HttpClientRequest"
import * as Clock from "effect/Clock"
import type * as Context from "effect/Context"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Option from "effect/Option"
import * as ParseResult from "effect/ParseResult"
import * as Schema from "effect/Schema"
import { type ExchangeError, type Operation, Throttled, UnexpectedResponse } from "../AdobePassError.js"
import type { Device } from "../Device.js"
import type { RegisteredApplication } from "../RegisteredApplication.js"
import type { Throttle } from "../Throttle.js"
import { bodyKind, commonFailure, exchange } from "./exchange.js"
import { throttleKey } from "./throttleKey.js"

const parse = Option.liftThrowable((text: string): unknown => JSON.parse(text))
const oauthError = Schema.decodeUnknownOption(Schema.Struct({ error: Schema.String }))

/** OAuth codes are words; anything else might be data, and is not copied. */
const safeCode = (code: string): string | undefined =>
  /^[a-z]+(?:_[a-z]+){0,6}$/.test(code) ? code : undefined

/**
 * One POST to `/o/client/*`: paced, sent, and its answer decoded or turned into a typed error.
 *
 * @internal
 */
export const oauthRequest = <A, I, E>(
  context: {
    readonly client: HttpClient.HttpClient
    readonly throttle: Context.Tag.Service<Throttle>
    readonly application: RegisteredApplication
    readonly timeout: Duration.Duration
  },
  options: {
    readonly operation: Operation
    readonly path: string
    readonly device: Device
    readonly request: (request: HttpClientRequest.HttpClientRequest) => HttpClientRequest.HttpClientRequest
    readonly response: Schema.Schema<A, I>
    readonly refused: (code: string, status: number) => E | undefined
    readonly urgent: boolean
    readonly attempts: number
  }
): Effect.Effect<
  { readonly body: A; readonly startedAt: number; readonly endedAt: number },
  E | ExchangeError
> => {
  const { operation, attempts } = options
  const key = throttleKey(context.application, options.device)
  const request = HttpClientRequest.post(`${context.application.environment.sp}${options.path}`, {
    headers: {
      accept: "application/json;charset=utf-8",
      "user-agent": context.application.userAgent,
      ...options.device.clientHeaders
    }
  }).pipe(options.request)

  const decode = (
    status: number,
    contentType: string | undefined,
    text: string
  ): Either.Either<A, E | ExchangeError> => {
    const unexpected = (
      reason: UnexpectedResponse["reason"],
      issues: ReadonlyArray<string> = [],
      code?: string
    ) =>
      Either.left(
        new UnexpectedResponse({ operation, status, reason, issues, ...(code === undefined ? {} : { code }) })
      )
    const json = Option.getOrUndefined(parse(text))
    if (json === undefined) return unexpected(bodyKind(text, contentType))
    if (status >= 200 && status < 300) {
      return Either.orElse(Schema.decodeUnknownEither(options.response, { errors: "all" })(json), (error) =>
        unexpected(
          "UnexpectedJson",
          ParseResult.ArrayFormatter.formatErrorSync(error).map((issue) => issue.path.map(String).join("."))
        )
      )
    }
    const code = Option.map(oauthError(json), ({ error }) => error)
    if (Option.isNone(code)) return unexpected("UnexpectedJson")
    const refused = options.refused(code.value, status)
    return refused === undefined ? unexpected("UnknownCode", [], safeCode(code.value)) : Either.left(refused)
  }

  return Effect.gen(function* () {
    yield* Effect.mapError(
      context.throttle.take(key, { urgent: options.urgent }),
      ({ waitMillis }) => new Throttled({ operation, retryAfterMillis: waitMillis, attempts })
    )
    const startedAt = yield* Clock.currentTimeMillis
    const { headers, status, text } = yield* exchange(
      context.client,
      operation,
      request,
      context.timeout,
      attempts
    )
    const endedAt = yield* Clock.currentTimeMillis
    const failure = commonFailure(operation, { status, headers }, endedAt, attempts)
    if (failure?._tag === "Throttled") yield* context.throttle.hold(key, failure.retryAfterMillis)
    if (failure !== undefined) return yield* failure
    const body = yield* decode(status, headers["content-type"], text)
    return { body, startedAt, endedAt }
  })
}
