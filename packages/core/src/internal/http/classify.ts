import {
  AccessTokenRejected,
  ApplicationRegistrationRequired,
  AuthenticationRequired,
  AuthorizationRequired,
  ConfigurationRequired,
  InsufficientScope,
  RequestRejected,
  ServiceUnavailable,
  TemporaryFailure
} from "../../AdobePassError.js"
import type { EnhancedError } from "../../EnhancedError.js"

/** The scope without which every call to REST API v2 is answered with 401. */
export const scopeOfRestV2 = "api:client:v2"

/** The error for an answer with status 400 or above, by the `action` of its enhanced error and then by its status. */
export const classify = (
  enhanced: EnhancedError,
  context: {
    readonly status: number
    readonly attempts: number
    readonly replayable: boolean
    readonly restV2: boolean
    readonly scopes: ReadonlyArray<string>
    readonly retryAfterMillis: number | undefined
  }
) => {
  const { attempts, status } = context
  const { action, code, details, helpUrl, message, trace } = enhanced
  const fields = {
    status,
    attempts,
    ...(action === undefined ? {} : { action }),
    ...(code === undefined ? {} : { code }),
    ...(details === undefined ? {} : { details }),
    ...(message === undefined ? {} : { serverMessage: message }),
    ...(helpUrl === undefined ? {} : { helpUrl }),
    ...(trace === undefined ? {} : { trace })
  }
  const asked = context.retryAfterMillis === undefined ? {} : { retryAfterMillis: context.retryAfterMillis }
  const lacksScope = context.restV2 && context.scopes.length > 0 && !context.scopes.includes(scopeOfRestV2)
  if (status === 401 && lacksScope) {
    return new InsufficientScope({ ...fields, required: scopeOfRestV2, granted: context.scopes })
  }
  // The body cannot be sent again, so it is unknown whether a fresh token would be accepted.
  if (status === 401 && !context.replayable) return new AccessTokenRejected({ ...fields, replayable: false })
  switch (action) {
    case "configuration":
      return new ConfigurationRequired(fields)
    case "application-registration":
      return new ApplicationRegistrationRequired(fields)
    case "authentication":
      return new AuthenticationRequired(fields)
    case "authorization":
      return new AuthorizationRequired(fields)
    case "retry":
    case "retry-after":
      return new TemporaryFailure({ ...fields, ...asked })
    default:
      if (status === 401) return new AccessTokenRejected({ ...fields, replayable: true })
      return status >= 500
        ? new ServiceUnavailable({
            operation: "call",
            status,
            attempts,
            ...(code === undefined ? {} : { code }),
            ...(trace === undefined ? {} : { trace }),
            ...asked
          })
        : new RequestRejected(fields)
  }
}
