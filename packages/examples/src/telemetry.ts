/**
 * A backend whose spans, metrics and logs go to an OpenTelemetry collector: the one of `OTEL_EXPORTER_OTLP_ENDPOINT`, or
 * without that variable a stand-in in this process, whose exports are printed. Adobe Pass is emulated.
 */
import { randomUUID } from "node:crypto"
import { FetchHttpClient, HttpServer } from "@effect/platform"
import { NodeRuntime } from "@effect/platform-node"
import { Config, Console, Effect, Layer, Option } from "effect"
import { Emulator } from "effect-adobe-pass-emulator"
import * as Backend from "./telemetry/backend.js"
import * as Collector from "./telemetry/Collector.js"
import * as Exporter from "./telemetry/exporter.js"
import * as Otlp from "./telemetry/otlp.js"
import * as Report from "./telemetry/report.js"

/** Makes the requests. When it is done, the exporters have sent what they had, or given up. */
const exported = (endpoint: string) =>
  Effect.gen(function* () {
    const adobePass = yield* Backend.adobePass(yield* Emulator.Emulator)
    // The exporters are built first and close last, so that the library's own work is seen as well.
    const services = Layer.provideMerge(adobePass, Exporter.layer(endpoint, randomUUID()))
    yield* Effect.provide(Backend.requests, services)
  }).pipe(Effect.provide([Emulator.layerServer(), FetchHttpClient.layer]))

const withStandIn = Effect.gen(function* () {
  yield* HttpServer.addressFormattedWith(exported)
  const { received } = yield* Collector.Collector
  const { logs, metrics, spans } = yield* Effect.flatMap(received, Otlp.decode)
  yield* Console.log(
    ["", "Spans", ...Report.spanTree(spans), "", "Metrics", ...Report.metricTable(metrics)].join("\n")
  )
  yield* Console.log(["", "Logs", ...Report.logLines(logs)].join("\n"))
}).pipe(Effect.provide(Collector.layerServer))

const program = Effect.gen(function* () {
  const endpoint = yield* Config.option(Config.nonEmptyString("OTEL_EXPORTER_OTLP_ENDPOINT"))
  if (Option.isNone(endpoint)) return yield* withStandIn
  yield* Console.log(`Spans, metrics and logs go to ${endpoint.value}.`)
  yield* exported(endpoint.value)
})

NodeRuntime.runMain(program)
