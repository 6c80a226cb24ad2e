import { HttpClient, HttpClientError, HttpClientResponse } from "@effect/platform"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer, Logger, LogLevel, Metric, TestClock } from "effect"
import { CredentialStore, Metrics } from "effect-adobe-pass"
import { Emulator, Fault } from "effect-adobe-pass-emulator"
import * as Backend from "../../packages/examples/src/telemetry/backend.js"
import * as Collector from "../../packages/examples/src/telemetry/Collector.js"
import * as Exporter from "../../packages/examples/src/telemetry/exporter.js"
import * as Otlp from "../../packages/examples/src/telemetry/otlp.js"
import * as Report from "../../packages/examples/src/telemetry/report.js"
import { everyMetric } from "../support/everyMetric.js"
import { type Secret, searcher, withoutJwtHeader } from "../support/secrets.js"
import { adobePass } from "../support/system.js"
import { runToEnd } from "../support/time.js"

const signals: ReadonlyArray<Collector.Signal> = ["traces", "metrics", "logs"]

/** A client of the stand-in, without a socket. */
const standIn = Effect.map(Collector.Collector, ({ receive }) =>
  HttpClient.make((request, url) => {
    const signal = signals.find((signal) => url.pathname === `/v1/${signal}`)
    if (signal === undefined || request.body._tag !== "Uint8Array") return Effect.die(url.pathname)
    const received = receive({ signal, body: new TextDecoder().decode(request.body.body) })
    return Effect.as(received, HttpClientResponse.fromWeb(request, new Response("{}")))
  })
)

/** The backend on the emulator of the test, with exporters that use this client. They have sent all when it ends. */
const exporting = <A, E, R>(
  effect: Effect.Effect<A, E, R>,
  client: Layer.Layer<HttpClient.HttpClient, never, Collector.Collector> = Layer.effect(
    HttpClient.HttpClient,
    standIn
  )
) =>
  runToEnd(
    Effect.provide(
      effect,
      Layer.provideMerge(
        adobePass(),
        Layer.provide(Exporter.layer("http://collector.example:4318", "node-1"), client)
      )
    )
  )

const here = Effect.provide(
  Layer.mergeAll(Emulator.layer({ throttle: "off" }), CredentialStore.layerMemory, Collector.layer)
)

const received = Effect.flatMap(Collector.Collector, ({ received }) => received)
const decoded = Effect.flatMap(received, Otlp.decode)

describe("the example of telemetry", () => {
  it.effect(
    "exports the spans of registration, token request and call under the request that caused them",
    () =>
      Effect.gen(function* () {
        yield* exporting(Backend.requests)
        const { spans } = yield* decoded
        assert.deepStrictEqual(
          Report.spanTree(spans).map((line) => line.replace(/ +-?\d+ ms/, "")),
          [
            "  GET /configuration",
            "    ProtectedClient.execute",
            "      ClientRegistration.register",
            "      TokenEndpoint.request",
            "  GET /configuration",
            "    ProtectedClient.execute",
            "  GET /configuration",
            "    ProtectedClient.execute",
            "      ClientRegistration.register",
            "      TokenEndpoint.request",
            "  GET /configuration  failed",
            "    ProtectedClient.execute  failed"
          ]
        )
        const traces = new Set(spans.map(({ traceId }) => traceId))
        assert.strictEqual(traces.size, 4)
      }).pipe(here)
  )

  it.effect("exports each line of the log in the span of its request", () =>
    Effect.gen(function* () {
      yield* exporting(Backend.requests)
      const { logs, spans } = yield* decoded
      assert.deepStrictEqual(
        logs.map(({ body, severityText, spanId }) => [
          severityText,
          body.stringValue,
          spans.find((span) => span.spanId === spanId)?.name
        ]),
        [
          ["INFO", "Answered", "GET /configuration"],
          ["INFO", "Answered", "GET /configuration"],
          ["INFO", "Answered", "GET /configuration"],
          ["WARN", "Failed", "GET /configuration"]
        ]
      )
    }).pipe(here)
  )

  it.effect("exports every metric of the library, and prints it with its value", () =>
    Effect.gen(function* () {
      yield* everyMetric
      yield* exporting(Backend.requests)
      for (const metric of Object.values(Metrics)) metric.unsafeValue([])
      const { metrics } = yield* decoded
      const names = (all: ReadonlyArray<string>) =>
        [...new Set(all)].filter((name) => /^adobe_pass_(?!gateway_)/.test(name)).toSorted()
      const snapshot = yield* Metric.snapshot
      assert.deepStrictEqual(
        names(metrics.map(({ name }) => name)),
        names(snapshot.map(({ metricKey }) => metricKey.name))
      )
      const printed = Report.metricTable(metrics).map((line) => line.trim().split(/ {2,}/))
      const { occurrences } = yield* Metric.value(Metrics.calls)
      assert.deepInclude(printed, ["adobe_pass_calls", "key=200", String(occurrences.get("200"))])
      const { value } = yield* Metric.value(Metrics.sessions)
      assert.deepInclude(printed, ["adobe_pass_sessions", String(value)])
    }).pipe(here)
  )

  it.effect("shows no secret and no identifier to the collector", () =>
    Effect.gen(function* () {
      const emulator = yield* Emulator.Emulator
      const troubled = Effect.gen(function* () {
        yield* Backend.requests
        yield* emulator.revokeTokens
        yield* Backend.requests
        yield* emulator.revokeTokens
        yield* emulator.fail({ route: "token", fault: Fault.oauthError("unauthorized_client") })
        yield* emulator.fail({ route: "api", fault: Fault.truncate })
        yield* Backend.requests
        yield* emulator.revokeAllClients
        yield* emulator.fail({ route: "register", fault: Fault.answer(500), times: 5 })
        yield* Backend.requests
        yield* emulator.revokeStatement()
        yield* Backend.requests
      })
      yield* exporting(Logger.withMinimumLogLevel(troubled, LogLevel.All))

      const log = yield* emulator.log
      const learned = log.flatMap(({ body, headers, route }, at): ReadonlyArray<Secret> => {
        const form = new URLSearchParams(route === "token" ? body : "")
        const bearer = headers["authorization"]
        return [
          { name: `client id ${at}`, value: form.get("client_id") ?? "" },
          { name: `client secret ${at}`, value: form.get("client_secret") ?? "" },
          { name: `token ${at}`, value: bearer === undefined ? "" : withoutJwtHeader(bearer) },
          { name: `device information ${at}`, value: headers["x-device-info"] ?? "" }
        ].filter(({ value }) => value !== "")
      })
      const find = searcher([
        { name: "statement", value: withoutJwtHeader(emulator.softwareStatement) },
        ...[1, 2].flatMap((n) => [
          { name: `device ${n}`, value: `television-${n}` },
          { name: `address ${n}`, value: `203.0.113.${n}` }
        ]),
        ...learned
      ])
      const kinds = (names: ReadonlyArray<string>) =>
        [...new Set(names.map((name) => name.replace(/ \d.*/, "")))].toSorted()
      // They are all in play, and would be found.
      assert.deepStrictEqual(
        kinds(find(log.map(({ body, headers }) => JSON.stringify([body, headers])).join("\n"))),
        ["address", "client id", "client secret", "device", "device information", "statement", "token"]
      )
      const exports = yield* received
      assert.sameMembers([...new Set(exports.map(({ signal }) => signal))], [...signals])
      assert.isAbove((yield* decoded).spans.length, 30)
      for (const { body, signal } of exports) assert.deepStrictEqual([signal, find(body)], [signal, []])
    }).pipe(here)
  )

  const away: Readonly<Record<string, Parameters<typeof HttpClient.make>[0]>> = {
    "refuses connections": (request) =>
      Effect.fail(new HttpClientError.RequestError({ request, reason: "Transport" })),
    "does not answer": () => Effect.never,
    "answers 503": (request) =>
      Effect.succeed(HttpClientResponse.fromWeb(request, new Response(null, { status: 503 })))
  }

  for (const [name, answer] of Object.entries(away)) {
    it.effect(`makes the same calls with a collector that ${name}, and leaves nothing waiting for it`, () =>
      Effect.gen(function* () {
        const emulator = yield* Emulator.Emulator
        let open = 0
        let asked = 0
        const client = HttpClient.make((request, ...rest) =>
          Effect.acquireUseRelease(
            Effect.sync(() => {
              open++
              asked++
            }),
            () => answer(request, ...rest),
            () =>
              Effect.sync(() => {
                open--
              })
          )
        )
        const minutes = Effect.repeatN(Effect.zipRight(Backend.requests, TestClock.adjust("1 minute")), 3)
        yield* exporting(minutes, Layer.succeed(HttpClient.HttpClient, client))
        const { api, register, token } = yield* emulator.counts
        assert.deepStrictEqual({ api, register, token }, { api: 20, register: 2, token: 2 })
        assert.isAbove(asked, 3)
        assert.strictEqual(open, 0)
      }).pipe(here)
    )
  }
})
