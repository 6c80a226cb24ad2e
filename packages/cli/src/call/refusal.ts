/** What an answer of 4xx or 5xx means for the person who made the call. */
import type * as HttpClientResponse from "@effect/platform/HttpClientResponse"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import {
  AccessTokenRejected,
  type CallRefused,
  ServiceUnavailable,
  Throttled
} from "effect-adobe-pass/AdobePassError"
import * as EnhancedError from "effect-adobe-pass/EnhancedError"
import type { Calls } from "effect-adobe-pass/ProtectedClient"
import { CommandFailed, ExitCode } from "../ExitCode.js"

type Refusal = CallRefused | AccessTokenRejected | ServiceUnavailable | Throttled

const exitCodeOf = (status: number): ExitCode => {
  if (status === 429) return ExitCode.throttled
  return status >= 500 || status === 408 || status === 425 ? ExitCode.unavailable : ExitCode.refused
}

/** By the action of the enhanced error where it asks for something, and by the status otherwise. */
const byStatus = (response: HttpClientResponse.HttpClientResponse, error: CallRefused): Refusal => {
  const { status } = response
  const wait = Number(response.headers["retry-after"])
  if (status === 429) {
    const retryAfterMillis = wait > 0 ? wait * 1000 : 1000
    return new Throttled({ operation: "call", status, retryAfterMillis, attempts: 1 })
  }
  if (error._tag !== "RequestRejected") return error
  if (status === 401) {
    const replayable = response.request.body._tag !== "Stream"
    return new AccessTokenRejected({ ...error, replayable })
  }
  return exitCodeOf(status) === ExitCode.unavailable
    ? new ServiceUnavailable({ ...error, operation: "call", status, attempts: 1 })
    : error
}

/** The code with which Adobe Pass asks for the headers of a device. */
const deviceIsMissing = "invalid_header_device_identifier"

/** The sentence for standard error, without secrets that the server may have echoed, and the exit code. */
export const refusal = <R>(
  calls: Calls<R>,
  response: HttpClientResponse.HttpClientResponse,
  body: string,
  isForDevice: boolean
): Effect.Effect<CommandFailed, never, R> =>
  Effect.gen(function* () {
    const { status } = response
    const enhanced = Option.getOrElse(EnhancedError.decode(body), (): EnhancedError.EnhancedError => ({}))
    const error = yield* calls.itemError({ ...enhanced, status }, response.request)
    const { message } = byStatus(response, error)
    return new CommandFailed({
      exitCode: exitCodeOf(status),
      message:
        !isForDevice && error.code === deviceIsMissing
          ? `Adobe Pass wants this call to be made for a streaming device (${status} ${error.code}${error.trace === undefined ? "" : `, trace ${error.trace}`}): name it with --device.`
          : message
    })
  })
