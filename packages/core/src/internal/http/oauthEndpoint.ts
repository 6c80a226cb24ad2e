/** The two endpoints under `/o/client/`: a paced POST, repeated where that is allowed, and its decoded answer. */
import type * as HttpBody from "@effect/platform/HttpBody"
import * as HttpClient from "@effect/platform/HttpClient"
import * as HttpClientRequest from "@effect/platform/HttpClientRequest"
import type * as HttpClientResponse from "@effect/platform/HttpClientResponse"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import {
  type AdobePassError,
  type ExchangeError,
  type InvalidInput,
  type Operation,
  type RegistrationRefused,
  ServiceUnavailable,
  Throttled,
  type TokenRefused,
  type TransportError,
  UnexpectedResponse
} from "../../AdobePassError.js"
import type { Device } from "../../Device.js"
import * as Options from "../../Options.js"
import { RegisteredApplication } from "../../RegisteredApplication.js"
import { RetryQuota } from "../../RetryQuota.js"
import * as RetrySchedule from "../../RetrySchedule.js"
import { Throttle } from "../../Throttle.js"
import { BodyTimeout, type Send } from "../../Transport.js"
import type { EndpointFailure, Outcomes } from "../health/healthRecord.js"
import * as HealthRecord from "../health/healthRecord.js"
import { issuePaths } from "../issuePaths.js"
import { parseJson } from "../json.js"
import { withClock } from "../withClock.js"
import { bodyKind } from "./bodyKind.js"
import { boundedBody } from "./boundedBody.js"
import { deviceSecrets } from "./deviceSecrets.js"
import { repeating } from "./repetition.js"
import { sendWithin } from "./sendWithin.js"
import { statusFailure } from "./statusFailure.js"
import { throttleKey } from "./throttleKey.js"
import { transportError } from "./transportError.js"

/** The errors that only one of the endpoints has. */
type Refused = RegistrationRefused | TokenRefused

/** What tells one endpoint from the other. */
export interface Endpoint<A, I, E extends Refused> {
  readonly operation: Operation
  readonly path: string
  readonly response: Schema.Schema<A, I>
  /** The documented OAuth codes as errors. */
  readonly refused: (code: string, status: number) => E | undefined
  /** Which of the retryable errors may be answered with a repetition. */
  readonly mayRepeat: (error: E | ExchangeError) => boolean
}

/** A decoded answer, and when its request was started and ended, in milliseconds. */
interface Answer<A> {
  readonly body: A
  readonly startedAt: number
  readonly endedAt: number
}

interface Services {
  readonly application: RegisteredApplication
  readonly outcomes: Outcomes<EndpointFailure>
  readonly send: Send
  readonly throttle: Throttle
  /** Limit, in milliseconds, of the body of an answer. */
  readonly timeout: number
}

const oauthError = Schema.decodeUnknownOption(Schema.Struct({ error: Schema.String }))

/** Codes of OAuth that are undocumented here, and mean that the server could not answer. */
const temporary = new Set(["server_error", "temporarily_unavailable"])

/** OAuth codes are short words. Anything else may be data, and what was sent may be echoed, so neither is copied. */
const safeCode = (code: string, device: Device, body: HttpBody.HttpBody): string | undefined => {
  if (code.length > 64 || !/^[a-z]+(?:_[a-z]+){0,6}$/.test(code)) return undefined
  if (deviceSecrets(device).includes(code)) return undefined
  const sent = body._tag === "Uint8Array" ? new TextDecoder().decode(body.body) : ""
  return sent.includes(code) ? undefined : code
}

type Decode<A> = (json: unknown) => Either.Either<A, ReadonlyArray<string>>

/** Decodes the body of a success. Whatever decoding throws, such as for a value nested too deeply, is no body either. */
const decoderOf = <A, I>(schema: Schema.Schema<A, I>): Decode<A> => {
  const decodeBody = Schema.decodeUnknownEither(schema, { errors: "all" })
  return (json) =>
    Either.try({
      try: () => decodeBody(json),
      catch: (): ReadonlyArray<string> => []
    }).pipe(Either.flatMap(Either.mapLeft(issuePaths)))
}

const decode = <A, I, E extends Refused>(
  endpoint: Endpoint<A, I, E>,
  decodeSuccess: Decode<A>,
  { headers, status }: HttpClientResponse.HttpClientResponse,
  body: Option.Option<Uint8Array>,
  attempts: number,
  safe: (code: string) => string | undefined
): Either.Either<A, E | ExchangeError> => {
  const unexpected = (fields: Pick<UnexpectedResponse, "reason"> & Partial<UnexpectedResponse>) =>
    Either.left(new UnexpectedResponse({ operation: endpoint.operation, status, issues: [], ...fields }))
  if (Option.isNone(body)) return unexpected({ reason: "TooLarge" })
  const text = new TextDecoder().decode(body.value)
  const json = Option.getOrUndefined(parseJson(text))
  if (json === undefined) return unexpected({ reason: bodyKind(text, headers["content-type"]) })
  if (status >= 200 && status < 300) {
    return Either.orElse(decodeSuccess(json), (issues) => unexpected({ reason: "UnexpectedJson", issues }))
  }
  const code = Option.map(oauthError(json), ({ error }) => error)
  if (Option.isNone(code)) return unexpected({ reason: "UnexpectedJson" })
  const refused = endpoint.refused(code.value, status)
  if (refused !== undefined) return Either.left(refused)
  if (temporary.has(code.value)) {
    return Either.left(
      new ServiceUnavailable({ operation: endpoint.operation, status, code: code.value, attempts })
    )
  }
  const known = safe(code.value)
  return unexpected({ reason: "UnknownCode", ...(known === undefined ? {} : { code: known }) })
}

/** The body of an answer. A refusal whose body breaks stays one: nothing was created. */
const bodyOf = (
  { timeout }: Services,
  operation: Operation,
  response: HttpClientResponse.HttpClientResponse,
  attempts: number
): Effect.Effect<Option.Option<Uint8Array>, TransportError | UnexpectedResponse> => {
  const { status } = response
  return Effect.mapError(boundedBody(response, timeout), (error) => {
    const failure = transportError(operation, error, attempts)
    return failure._tag === "TransportError" && status >= 400
      ? new UnexpectedResponse({ operation, status, reason: "BrokenJson", issues: [] })
      : failure
  })
}

const attempt = <A, I, E extends Refused>(
  services: Services,
  endpoint: Endpoint<A, I, E>,
  decodeSuccess: Decode<A>,
  device: Device,
  request: HttpClientRequest.HttpClientRequest,
  attempts: number
): Effect.Effect<Answer<A>, E | ExchangeError> =>
  Effect.gen(function* () {
    const { application, send, throttle } = services
    const { operation } = endpoint
    const key = throttleKey(application, device.ip)
    yield* Effect.mapError(
      throttle.take(key, { urgent: true }),
      ({ waitMillis }) => new Throttled({ operation, retryAfterMillis: waitMillis, attempts })
    )
    const startedAt = yield* Clock.currentTimeMillis
    const response = yield* Effect.mapError(send(request), (error) =>
      transportError(operation, error, attempts)
    )
    const answeredAt = yield* Clock.currentTimeMillis
    const failure = statusFailure(operation, response, answeredAt, attempts)
    if (failure?._tag === "Throttled") yield* throttle.hold(key, failure.retryAfterMillis)
    const reading = bodyOf(services, operation, response, attempts)
    if (failure !== undefined) {
      // The status decides. The body is read so that it does not keep its connection.
      yield* Effect.ignore(reading)
      return yield* failure
    }
    const body = yield* reading
    const endedAt = yield* Clock.currentTimeMillis
    const decoded = yield* decode(endpoint, decodeSuccess, response, body, attempts, (code) =>
      safeCode(code, device, request.body)
    )
    services.outcomes.succeeded(endedAt)
    return { body: decoded, startedAt, endedAt }
  })

/** What the body of a call may do is not for this one, which other callers may wait for, too. */
const withOwnBodyTimeout = <A, E>(request: Effect.Effect<A, E>): Effect.Effect<A, E> =>
  Effect.flatMap(BodyTimeout, (raised) =>
    raised === undefined ? request : Effect.provideService(request, BodyTimeout, undefined)
  )

/** Notes what a failed request says about its endpoint. `InvalidClient` is the answer to one device. */
const noteFailure = (outcomes: Services["outcomes"], error: Refused | ExchangeError, at: number): void => {
  if (isOverloaded(error)) return
  if (error._tag === "InvalidClient") outcomes.succeeded(at)
  else outcomes.failed({ error: error._tag }, at)
}

const failing = <E extends Refused>(
  outcomes: Services["outcomes"],
  error: E | ExchangeError
): Effect.Effect<never, E | ExchangeError> =>
  withClock((clock) => {
    noteFailure(outcomes, error, clock.unsafeCurrentTimeMillis())
    return Effect.fail(error)
  })

/** A request that was not sent because too many wait for a permit. The caller learns it at once. */
const isOverloaded = (error: AdobePassError): boolean =>
  error._tag === "Throttled" && error.status === undefined

export const make = <A, I, E extends Refused>(
  options: Options.RequestOptions,
  endpoint: Endpoint<A, I, E>
): Effect.Effect<
  (device: Device, body: HttpBody.HttpBody) => Effect.Effect<Answer<A>, E | ExchangeError>,
  InvalidInput,
  HttpClient.HttpClient | RegisteredApplication | RetryQuota | Throttle
> =>
  Effect.gen(function* () {
    const { retry, timeout } = yield* Options.requests.check(options)
    const application = yield* RegisteredApplication
    const decodeSuccess = decoderOf(endpoint.response)
    const send = sendWithin(yield* HttpClient.HttpClient, timeout)
    const health = yield* HealthRecord.current
    const outcomes = endpoint.operation === "register" ? health.registration : health.token
    const services: Services = { application, outcomes, send, throttle: yield* Throttle, timeout }
    const repetition = {
      schedule: RetrySchedule.fromChecked<E | ExchangeError>(retry),
      quota: yield* RetryQuota,
      budget: retry.budget,
      mayRepeat: (error: E | ExchangeError) => !isOverloaded(error) && endpoint.mayRepeat(error)
    }
    return (device, body) => {
      const request = HttpClientRequest.post(`${application.environment.sp}${endpoint.path}`, {
        body,
        headers: {
          accept: "application/json;charset=utf-8",
          "user-agent": application.userAgent,
          ...Redacted.value(device.clientHeaders)
        }
      })
      return withOwnBodyTimeout(
        repeating(
          (attempts) =>
            Effect.mapError(
              attempt(services, endpoint, decodeSuccess, device, request, attempts),
              (error) => ({ error })
            ),
          repetition
        ).pipe(Effect.catchAll(({ error }) => failing(outcomes, error)))
      )
    }
  })
