import type { Server } from "node:http"
import { HttpApp, HttpServerResponse } from "@effect/platform"
import { Config, Effect, Layer } from "effect"
import { Readiness } from "./readiness.js"

/** Resolves when the last request is answered and the last connection gone. */
const closed = (node: Server) =>
  Effect.async<void>((resume) => {
    node.close(() => resume(Effect.void))
  })

/**
 * How the server ends when its layer closes. It is not ready for a while but serves (`DRAIN`), so that the load balancer
 * looks elsewhere; then it refuses connections and answers the requests it has; what is not done in time (`GRACE`) is
 * cut off. The server of the platform would take its handler away first, and wait without end.
 */
export const of = (node: Server) =>
  Layer.scopedDiscard(
    Effect.gen(function* () {
      const { stop } = yield* Readiness
      const drain = yield* Config.withDefault(Config.duration("DRAIN"), "5 seconds")
      const grace = yield* Config.withDefault(Config.duration("GRACE"), "10 seconds")
      yield* Effect.addFinalizer(() =>
        Effect.gen(function* () {
          yield* stop
          yield* Effect.logInfo("Stopping: not ready any more, still serving")
          yield* Effect.sleep(drain)
          yield* Effect.timeoutOption(Effect.interruptible(closed(node)), grace)
          node.closeAllConnections()
        })
      )
    })
  )

/** While it stops, every answer is the last on its connection: a kept-alive one would bring the next request here. */
export const sayGoodbye = <E, R>(app: HttpApp.Default<E, R>): HttpApp.Default<E, R | Readiness> =>
  Effect.flatMap(Readiness, ({ isStopping }) =>
    HttpApp.withPreResponseHandler(app, (_, response) =>
      Effect.map(isStopping, (stopping) =>
        stopping ? HttpServerResponse.setHeader(response, "connection", "close") : response
      )
    )
  )
