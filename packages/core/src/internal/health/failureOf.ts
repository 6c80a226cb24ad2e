import type { FailedAttempt } from "../http/protectedCall.js"
import type { EndpointError } from "./healthRecord.js"

/** `Answered`: the service works, and has said no; `NotAsked`: the error says nothing about it. */
export type Verdict = EndpointError | "Answered" | "NotAsked"

/** What a failed call says about the service that was called. */
export const failureOf = ({ error, isRemembered }: FailedAttempt): Verdict => {
  switch (error._tag) {
    case "RequestRejected":
    case "ConfigurationRequired":
    case "AuthenticationRequired":
    case "AuthorizationRequired":
      return "Answered"
    case "Throttled":
      return error.operation === "call" && error.status !== undefined ? error._tag : "NotAsked"
    case "ServiceUnavailable":
    case "TransportError":
    case "UnexpectedResponse":
      return error.operation === "call" ? error._tag : "NotAsked"
    case "AccessTokenRejected":
    case "ApplicationRegistrationRequired":
      return isRemembered === true ? "NotAsked" : error._tag
    // It is told without asking, and no call of the application can succeed.
    case "InsufficientScope":
    case "TemporaryFailure":
      return error._tag
    default:
      return "NotAsked"
  }
}
