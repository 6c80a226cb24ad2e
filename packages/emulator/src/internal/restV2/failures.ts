/** The answers to calls that the contract could not read, in the words of Adobe Pass. */
import { HttpApiDecodeError } from "@effect/platform/HttpApiError"
import { RequestError, RouteNotFound } from "@effect/platform/HttpServerError"
import * as HttpServerResponse from "@effect/platform/HttpServerResponse"
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import type { EnhancedErrorCode } from "../../EnhancedErrorCode.js"
import { type Answer, empty, enhancedError, html } from "../answer.js"
import { toAnswer } from "./answering.js"

const codes: ReadonlyMap<PropertyKey, EnhancedErrorCode> = new Map<PropertyKey, EnhancedErrorCode>([
  ["serviceProvider", "invalid_parameter_service_provider"],
  ["mvpd", "invalid_parameter_mvpd"],
  ["code", "invalid_parameter_code"],
  ["partner", "invalid_parameter_partner"],
  ["redirectUrl", "invalid_parameter_redirect_url"],
  ["SAMLResponse", "invalid_parameter_saml_response"],
  ["resources", "invalid_parameter_resources"]
])

/** Adobe has no error for the rest, such as a `domainName` that is sent twice. */
const unreadable = (member: PropertyKey): Answer => {
  const code = codes.get(member)
  return code === undefined ? empty(400) : enhancedError(code)
}

export const answerOf = (cause: Cause.Cause<unknown>): Effect.Effect<Answer> => {
  if (Cause.isInterruptedOnly(cause)) return Effect.interrupt
  const failure = Cause.squash(cause)
  if (HttpServerResponse.isServerResponse(failure)) return Effect.succeed(toAnswer(failure))
  // Only lists of resources have a body that may not be JSON, or not an object.
  if (failure instanceof HttpApiDecodeError) {
    return Effect.sync(() => unreadable(failure.issues[0]?.path[0] ?? "resources"))
  }
  if (failure instanceof RequestError) return Effect.sync(() => unreadable("resources"))
  // A path that is not percent-encoded as it should be.
  if (failure instanceof RouteNotFound) return Effect.succeed(html(400, "Bad Request"))
  return Effect.die(failure)
}
