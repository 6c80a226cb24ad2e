import * as Predicate from "effect/Predicate"
import type { BackendFailure } from "effect-adobe-pass/StoreBackend"

/** The code of an error: the first word of an error reply of Redis, or the code of a socket error. @internal */
export const codeOf = (error: unknown): string | undefined => {
  if (!(error instanceof Error)) return undefined
  if (error.name === "ReplyError") return /^[A-Z]+(?= |$)/.exec(error.message)?.[0]
  if (Predicate.hasProperty(error, "lastNodeError")) return codeOf(error.lastNodeError)
  return Predicate.hasProperty(error, "code") &&
    typeof error.code === "string" &&
    /^[A-Z0-9_]+$/.test(error.code)
    ? error.code
    : undefined
}

/** The failure of a command. `lastCode`: the code to report when the error has none. @internal */
export const failure = (error: unknown, lastCode: string | undefined): BackendFailure =>
  error instanceof Error && error.message === "Command timed out"
    ? { reason: "Timeout" }
    : { reason: "Unavailable", code: codeOf(error) ?? lastCode }

/** @internal */
export const unexpectedReply = (): BackendFailure => ({ reason: "Unavailable", code: "UNEXPECTED_REPLY" })
