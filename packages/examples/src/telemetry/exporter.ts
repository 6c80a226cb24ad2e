import * as Otlp from "@effect/opentelemetry/Otlp"
import { HttpClient, HttpClientError } from "@effect/platform"
import { Effect, Layer } from "effect"

/** Without it, a collector that never answers would hold one more request for every thousand spans. */
const timeLimit = "10 seconds"

const layerWithTimeLimit = Layer.effect(
  HttpClient.HttpClient,
  Effect.map(
    HttpClient.HttpClient,
    HttpClient.transform((send, request) =>
      Effect.timeoutFail(send, {
        duration: timeLimit,
        onTimeout: () =>
          new HttpClientError.RequestError({
            request,
            reason: "Transport",
            description: `The collector did not answer within ${timeLimit}`
          })
      })
    )
  )
)

/**
 * Exports spans, metrics and logs to a collector. One that is away costs calls nothing: the exporters give up for a
 * minute, drop what they would have sent, and hold the end of the process up for `shutdownTimeout` at most.
 */
export const layer = (endpoint: string, instance: string): Layer.Layer<never, never, HttpClient.HttpClient> =>
  Otlp.layerJson({
    baseUrl: endpoint,
    resource: {
      serviceName: "adobe-pass-example",
      // Prometheus makes `job` of the name and `instance` of this: without it, nodes overwrite each other's numbers.
      attributes: { "service.instance.id": instance }
    },
    shutdownTimeout: "3 seconds"
  }).pipe(Layer.provide(layerWithTimeLimit))
