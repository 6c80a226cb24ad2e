import { HttpServer } from "@effect/platform"
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import * as Collector from "../../packages/examples/src/telemetry/Collector.js"
import * as Otlp from "../../packages/examples/src/telemetry/otlp.js"
import { freePort } from "../support/servers.js"
import { useWorker } from "../support/workers.js"

const startExample = useWorker(new URL("../../packages/examples/src/telemetry.ts", import.meta.url))

const run = (endpoint?: string) =>
  Effect.gen(function* () {
    const { ended, errors, output } = yield* startExample({
      keepErrors: true,
      env: { OTEL_EXPORTER_OTLP_ENDPOINT: endpoint }
    })
    return { code: yield* ended, stderr: errors(), stdout: output() }
  })

describe.concurrent("the example of telemetry as a process", () => {
  it.scopedLive("prints the spans, metrics and logs that its collector has received", () =>
    Effect.gen(function* () {
      const { code, stderr, stdout } = yield* run()
      assert.deepStrictEqual([code, stderr], [0, ""])
      for (const line of [
        /^ {2}GET \/configuration +\d+ ms$/m,
        /^ {4}ProtectedClient\.execute +\d+ ms$/m,
        /^ {6}ClientRegistration\.register +\d+ ms$/m,
        /^ {6}TokenEndpoint\.request +\d+ ms$/m,
        /^ {2}GET \/configuration +\d+ ms {2}failed$/m,
        /^ {2}adobe_pass_calls +key=200 +3$/m,
        /^ {2}adobe_pass_calls +key=RequestRejected +1$/m,
        /^ {2}adobe_pass_registrations +key=success +2$/m,
        /^ {2}adobe_pass_sessions +2$/m,
        /^ {2}INFO +Answered +status=200 +in a span$/m,
        /^ {2}WARN +Failed +error=RequestRejected +in a span$/m
      ]) {
        assert.match(stdout, line)
      }
    })
  )

  it.scopedLive("exports to the collector that OTEL_EXPORTER_OTLP_ENDPOINT names", () =>
    Effect.gen(function* () {
      const { code, stderr, stdout } = yield* HttpServer.addressFormattedWith(run)
      assert.deepStrictEqual([code, stderr], [0, ""])
      assert.notInclude(stdout, "ProtectedClient.execute")
      const { received } = yield* Collector.Collector
      const { logs, metrics, spans } = yield* Effect.flatMap(received, Otlp.decode)
      assert.lengthOf(spans, 12)
      assert.lengthOf(logs, 4)
      assert.include(
        metrics.map(({ name }) => name),
        "adobe_pass_calls"
      )
    }).pipe(Effect.provide(Collector.layerServer))
  )

  it.scopedLive("makes its calls, and ends, without the collector", () =>
    Effect.gen(function* () {
      const { code, stderr, stdout } = yield* run(`http://127.0.0.1:${yield* freePort}`)
      assert.deepStrictEqual([code, stderr], [0, ""])
      assert.lengthOf(stdout.match(/Answered/g) ?? [], 3)
    })
  )
})
