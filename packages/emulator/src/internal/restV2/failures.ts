/** The answers to calls that the contract could not read, in the words of Adobe Pass. */
import { HttpApiDecodeError } from "@effect/platform/HttpApiError"
import { RequestError, RouteNotFound } from "@effect/platform/HttpServerError"
import * as HttpServerResponse from "@effect/platform/HttpServerResponse"
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import type { EnhancedErrorCode } from "../../EnhancedErrorCode.js"
import { type Answer, enhancedError, html } from "../answer.js"
import { toAnswer } from "./answering.js"

const codes: ReadonlyMap<PropertyKey | undefined, EnhancedErrorCode> = new Map<
  PropertyKey,
  EnhancedErrorCode
>([
  ["serviceProvider", "invalid_parameter_service_provider"],
  ["mvpd", "invalid_parameter_mvpd"],
  ["code", "invalid_parameter_code"],
  ["partner", "invalid_parameter_partner"],
  ["redirectUrl", "invalid_parameter_redirect_url"],
  ["SAMLResponse", "invalid_parameter_saml_response"],
  ["resources", "invalid_parameter_resources"]
])

/** Only the lists of resources have a body that may not be JSON, or not an object. */
const unreadable = enhancedErrorOf(undefined)

function enhancedErrorOf(member: PropertyKey | undefined): Effect.Effect<Answer> {
  return Effect.sync(() => enhancedError(codes.get(member) ?? "invalid_parameter_resources"))
}

export const answerOf = (cause: Cause.Cause<unknown>): Effect.Effect<Answer> => {
  const failure = Cause.squash(cause)
  if (HttpServerResponse.isServerResponse(failure)) return Effect.succeed(toAnswer(failure))
  if (failure instanceof HttpApiDecodeError) return enhancedErrorOf(failure.issues[0]?.path[0])
  if (failure instanceof RequestError) return unreadable
  // A path that is not percent-encoded as it should be.
  if (failure instanceof RouteNotFound) return Effect.succeed(html(400, "Bad Request"))
  return Effect.failCause(Cause.die(failure))
}
