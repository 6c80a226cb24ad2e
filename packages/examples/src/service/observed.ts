import { type HttpApp, HttpRouter, HttpServerRequest, HttpTraceContext } from "@effect/platform"
import { Cause, Effect, Option } from "effect"

/**
 * One span and one line in the log for a request, under the route that it took. Its URL, its headers and its address name
 * a device, so they stay out of both; the platform's own span and logger would show them.
 */
export const observed = <E, R>(handler: HttpApp.Default<E, R>) =>
  Effect.gen(function* () {
    const { method, path } = (yield* HttpRouter.RouteContext).route
    const { headers } = yield* HttpServerRequest.HttpServerRequest
    return yield* handler.pipe(
      Effect.tap(({ status }) =>
        Effect.zipRight(
          Effect.annotateCurrentSpan("http.response.status_code", status),
          Effect.annotateLogs(Effect.logInfo("Answered"), "status", status)
        )
      ),
      Effect.tapErrorCause((cause) =>
        Cause.isInterrupted(cause) ? Effect.logInfo("Caller gone") : Effect.logError("Failed", cause)
      ),
      Effect.annotateLogs("route", `${method} ${path}`),
      Effect.withLogSpan("took"),
      Effect.withSpan(`${method} ${path}`, {
        kind: "server",
        parent: Option.getOrUndefined(HttpTraceContext.fromHeaders(headers)),
        attributes: { "http.request.method": method, "http.route": path }
      })
    )
  })
