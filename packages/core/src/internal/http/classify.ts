import {
  AccessTokenRejected,
  ApplicationRegistrationRequired,
  AuthenticationRequired,
  AuthorizationRequired,
  type CallRefused,
  ConfigurationRequired,
  InsufficientScope,
  RequestRejected,
  ServiceUnavailable,
  TemporaryFailure
} from "../../AdobePassError.js"
import type { EnhancedError } from "../../EnhancedError.js"
import { isUnavailable } from "./statusFailure.js"

/** The scope without which every call to REST API v2 is answered with 401. */
export const scopeOfRestV2 = "api:client:v2"

/** Whether a token says which scopes it has, and has not that of REST API v2. */
export const lacksScope = (scopes: ReadonlyArray<string>): boolean =>
  scopes.length > 0 && !scopes.includes(scopeOfRestV2)

const fieldsOf = (
  { action, code, details, helpUrl, message, trace }: EnhancedError,
  status: number,
  attempts: number
) => ({
  status,
  attempts,
  ...(action === undefined ? {} : { action }),
  ...(code === undefined ? {} : { code }),
  ...(details === undefined ? {} : { details }),
  ...(message === undefined ? {} : { serverMessage: message }),
  ...(helpUrl === undefined ? {} : { helpUrl }),
  ...(trace === undefined ? {} : { trace })
})

/** What the action asks for; undefined when it asks for nothing, or for something that is not known yet. */
const byAction = (
  fields: ReturnType<typeof fieldsOf>,
  asked: { readonly retryAfterMillis?: number } = {}
): CallRefused | undefined => {
  switch (fields.action) {
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
      return undefined
  }
}

/** The error of one item of a successful answer, by its action alone: an item that may be repeated can have any status. */
export const classifyItem = (enhanced: EnhancedError): CallRefused => {
  const fields = fieldsOf(enhanced, enhanced.status ?? 200, 1)
  return byAction(fields) ?? new RequestRejected(fields)
}

/** The error for an answer with status 400 or above, by the `action` of its enhanced error and then by its status. */
export const classify = (
  enhanced: EnhancedError,
  context: {
    readonly status: number
    readonly attempts: number
    readonly replayable: boolean
    readonly restV2: boolean
    readonly scopes: ReadonlyArray<string>
    /** Whether the answer says that the token is not valid. */
    readonly refusesToken: boolean
    readonly retryAfterMillis: number | undefined
  }
) => {
  const { attempts, status } = context
  const { code, trace } = enhanced
  const fields = fieldsOf(enhanced, status, attempts)
  const asked = context.retryAfterMillis === undefined ? {} : { retryAfterMillis: context.retryAfterMillis }
  if (status === 401 && context.restV2 && lacksScope(context.scopes)) {
    return new InsufficientScope({ ...fields, required: scopeOfRestV2, granted: context.scopes })
  }
  // The body cannot be sent again, so it is unknown whether a fresh token would be accepted.
  if (status === 401 && !context.replayable) return new AccessTokenRejected({ ...fields, replayable: false })
  const asksFor = byAction(fields, asked)
  if (asksFor !== undefined) return asksFor
  if (status === 401) return new AccessTokenRejected({ ...fields, replayable: true })
  // Reset TempPass says with 403 that the client credentials are void.
  if (context.refusesToken) return new ApplicationRegistrationRequired(fields)
  return isUnavailable(status)
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
