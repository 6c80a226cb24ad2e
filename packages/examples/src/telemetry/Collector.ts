import { createServer } from "node:http"
import {
  HttpIncomingMessage,
  HttpRouter,
  HttpServer,
  HttpServerRequest,
  HttpServerResponse
} from "@effect/platform"
import { NodeHttpServer } from "@effect/platform-node"
import { Context, Effect, Layer, Option, Ref } from "effect"

/** What OTLP has a path for. */
export type Signal = "traces" | "metrics" | "logs"

/** The body of one export. */
export interface Export {
  readonly signal: Signal
  readonly body: string
}

/** A stand-in for an OpenTelemetry collector: it keeps the last exports that it received. */
export interface Collector {
  readonly receive: (received: Export) => Effect.Effect<void>
  readonly received: Effect.Effect<ReadonlyArray<Export>>
}

export const Collector = Context.GenericTag<Collector>("effect-adobe-pass-examples/Collector")

const kept = 1_000

const make: Effect.Effect<Collector> = Effect.map(Ref.make<ReadonlyArray<Export>>([]), (exports) => ({
  receive: (received) => Ref.update(exports, (before) => [...before, received].slice(-kept)),
  received: Ref.get(exports)
}))

/** The stand-in without a server, for tests. */
export const layer: Layer.Layer<Collector> = Layer.effect(Collector, make)

const receiver = (signal: Signal) =>
  HttpRouter.post(
    `/v1/${signal}`,
    Effect.gen(function* () {
      const { receive } = yield* Collector
      const request = yield* HttpServerRequest.HttpServerRequest
      yield* receive({ signal, body: yield* request.text })
      return HttpServerResponse.unsafeJson({})
    }).pipe(HttpIncomingMessage.withMaxBodySize(Option.some(10_000_000)))
  )

const routes = HttpRouter.empty.pipe(receiver("traces"), receiver("metrics"), receiver("logs"))

/** The stand-in on a free port of this machine, whose server is in the context as well. */
export const layerServer = HttpServer.serve(routes).pipe(
  Layer.provideMerge(layer),
  Layer.provideMerge(NodeHttpServer.layer(createServer, { host: "127.0.0.1", port: 0 }))
)
