/**
 * A service that speaks to Adobe Pass for many devices: an HTTP server, credentials in PostgreSQL, health checks and a
 * graceful shutdown. The README of this package tells how to run it.
 */
import { createServer } from "node:http"
import { HttpMiddleware, HttpServer } from "@effect/platform"
import { NodeHttpServer, NodeRuntime } from "@effect/platform-node"
import { PgClient } from "@effect/sql-pg"
import { Config, Effect, Layer, Logger } from "effect"
import { NodeAdobePass } from "effect-adobe-pass-node"
import { SqlStore } from "effect-adobe-pass-sql"
import * as Events from "./service/events.js"
import * as Readiness from "./service/readiness.js"
import { routes } from "./service/routes.js"
import * as Shutdown from "./service/shutdown.js"

const database = PgClient.layerConfig({
  url: Config.redacted("DATABASE_URL"),
  connectTimeout: Config.succeed("2 seconds")
})

const adobePass = NodeAdobePass.layerConfig({ store: SqlStore.layer() })

const server = Layer.suspend(() => {
  // A load balancer must be the first to give up an idle connection; most do so after a minute.
  const node = createServer({ keepAliveTimeout: 65_000 })
  return Shutdown.of(node).pipe(
    Layer.provide(HttpServer.withLogAddress(HttpServer.serve(routes, Shutdown.sayGoodbye))),
    Layer.provide(
      NodeHttpServer.layerConfig(() => node, { port: Config.withDefault(Config.integer("PORT"), 8080) })
    ),
    // Its spans hold what `observed` leaves out.
    HttpMiddleware.withTracerDisabledWhen(() => true)
  )
})

// What stands here closes from top to bottom: the server with its requests, then the sessions with the tokens that are
// being saved, then the connections to the database.
const service = server.pipe(
  Layer.provide([Readiness.layer, Events.layer]),
  Layer.provide(adobePass),
  Layer.provide(database),
  Layer.tapErrorCause(Effect.logFatal),
  Layer.provide(Logger.json)
)

NodeRuntime.runMain(Layer.launch(service), { disableErrorReporting: true, disablePrettyLogger: true })
