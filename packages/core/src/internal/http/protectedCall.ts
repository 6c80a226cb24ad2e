/** A protected call under way, what it needs, and how it can fail. */
import type * as HttpClientRequest from "@effect/platform/HttpClientRequest"
import type * as HttpClientResponse from "@effect/platform/HttpClientResponse"
import * as Either from "effect/Either"
import type { AccessToken } from "../../AccessToken.js"
import { type ProtectedCallError, type RawCallError, Throttled } from "../../AdobePassError.js"
import type { Device } from "../../Device.js"
import type { RegisteredApplication } from "../../RegisteredApplication.js"
import type { Sessions } from "../../Sessions.js"
import type { Throttle } from "../../Throttle.js"
import type { Send } from "../../Transport.js"
import type { RememberedRefusals } from "./rememberedRefusals.js"
import type { Api } from "./target.js"

/** What calls need. */
export interface CallServices {
  readonly application: RegisteredApplication
  readonly sessions: Sessions
  readonly send: Send
  /** What was refused although the token was fresh. */
  readonly refusals: RememberedRefusals
  /** Milliseconds after the start of a call after which nothing is repeated. */
  readonly budget: number
  /** Whether a call is sent although its token is known to lack the scope that the API demands. */
  readonly sendsWithoutScope: boolean
  /** Limit, in milliseconds, of the body of an answer that is not handed on as it is. */
  readonly timeout: number
}

/** Where the permits of a call come from. */
export interface Pace {
  readonly throttle: Throttle
  readonly key: string
  /** The shortest wait after a 429, in milliseconds. */
  readonly shortestHold: number
}

/** A call under way. */
export interface Call {
  readonly request: HttpClientRequest.HttpClientRequest
  readonly api: Api
  /** Whose token the call carries. */
  readonly device: Device
  /** The headers that say for which device the call is made; none for a call that is not made for one. */
  readonly deviceHeaders: Readonly<Record<string, string>>
  /** Undefined for an API whose limits are not known. */
  readonly pace: Pace | undefined
  /** When the call was started, in milliseconds since the epoch. */
  readonly startedAt: number
  /** How often a refused token was replaced by another. */
  renewals: number
  /** How often the call waited for its token to be known. */
  pauses: number
}

/** A response with what is needed to turn it into an error. */
export interface Answer {
  readonly response: HttpClientResponse.HttpClientResponse
  readonly token: AccessToken
  readonly attempts: number
}

/** How an attempt failed: its error, and for raw calls the response, if there was one. */
export interface FailedAttempt {
  readonly error: ProtectedCallError
  /** Whether an earlier answer was told again, and nothing was sent. */
  readonly isRemembered?: true
  readonly raw: Either.Either<HttpClientResponse.HttpClientResponse, RawCallError>
}

export const withoutResponse = (error: RawCallError): FailedAttempt => ({ error, raw: Either.left(error) })

/** Management APIs count the calls of their caller's address, not those of a device. */
export const limitOf = ({ api, pace }: Call, error: Throttled): Throttled =>
  api === "management"
    ? new Throttled({
        ...error,
        countedBy: "caller",
        retryAfterMillis: Math.max(error.retryAfterMillis, pace?.shortestHold ?? 0)
      })
    : error
