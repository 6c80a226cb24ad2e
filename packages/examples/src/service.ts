/**
 * A service that speaks to Adobe Pass for many devices: an HTTP server, credentials in PostgreSQL, health checks and a
 * graceful shutdown. The README of this package tells how to run it.
 */
import { createServer } from "node:http"
import { HttpMiddleware, HttpServer } from "@effect/platform"
import { NodeHttpServer, NodeRuntime } from "@effect/platform-node"
import { PgClient } from "@effect/sql-pg"
import { Config, Effect, Layer, Logger } from "effect"
import { AdobePass } from "effect-adobe-pass"
import { NodeTransport } from "effect-adobe-pass-node"
import { SqlStore } from "effect-adobe-pass-sql"
import * as Events from "./service/events.js"
import * as Readiness from "./service/readiness.js"
import { routes } from "./service/routes.js"

const database = PgClient.layerConfig({ url: Config.redacted("DATABASE_URL") })

const adobePass = AdobePass.layerConfig().pipe(Layer.provide([NodeTransport.layer(), SqlStore.layer()]))

const server = HttpServer.serve(routes, HttpMiddleware.logger).pipe(
  HttpServer.withLogAddress,
  Layer.provide(
    NodeHttpServer.layerConfig(createServer, { port: Config.withDefault(Config.integer("PORT"), 8080) })
  )
)

// Layers close in the order in which they stand here: the node stops being ready, the server waits for its requests,
// tokens that are being saved are saved, and the connections to the database go.
const service = Readiness.drain.pipe(
  Layer.provide(server),
  Layer.provide([Readiness.layer, Events.layer]),
  Layer.provide(adobePass),
  Layer.provide(database)
)

NodeRuntime.runMain(Effect.provide(Layer.launch(service), Logger.json), { disablePrettyLogger: true })
