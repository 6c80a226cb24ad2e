/** What a call is made of, each piece alone in a loop of one fiber. Why a warm call avoids some of them. */
import { HttpClient, HttpClientRequest, HttpClientResponse } from "@effect/platform"
import { Context, Effect, Either, Fiber, Layer, Metric, Redacted, Schedule } from "effect"
import {
  AdobePass,
  CredentialStore,
  CurrentDevice,
  Environment,
  ProtectedClient,
  Sessions,
  Throttle,
  Transport
} from "effect-adobe-pass"
import { decisions } from "../contender.js"
import type { Scenario } from "../scenario.js"
import { figure, median, spread, table } from "../statistics.js"
import { deviceOf, softwareStatement, targetOf } from "../target.js"

const origin = "http://127.0.0.1:9"
const target = targetOf(origin)
const device = deviceOf(target)

/** A transport that answers at once. */
const answers = (request: HttpClientRequest.HttpClientRequest) => {
  const body = request.url.endsWith("/o/client/register")
    ? {
        client_id: "identifier",
        client_secret: "secret",
        client_id_issued_at: 1_700_000_000,
        redirect_uris: ["app://callback"],
        grant_types: ["client_credentials"]
      }
    : { access_token: "t".repeat(900), token_type: "bearer", expires_in: 21_600, created_at: Date.now() }
  return Effect.succeed(HttpClientResponse.fromWeb(request, Response.json(body, { status: 201 })))
}
const ready = HttpClientResponse.fromWeb(HttpClientRequest.get(origin), new Response("{}"))
const transport = Layer.sync(HttpClient.HttpClient, () =>
  Transport.make(
    HttpClient.make((request) => answers(request)),
    () => (request) => (request.url.includes("/api/") ? Effect.succeed(ready) : answers(request))
  )
)

const library = AdobePass.layer({
  environment: Either.getOrThrow(Environment.custom({ name: "benchmark", sp: origin })),
  softwareStatement: Redacted.make(softwareStatement),
  throttle: { burst: 1_000_000_000 }
}).pipe(Layer.provide([transport, CredentialStore.layerMemory]))

const repetitions = 20_000
const rounds = 5

const nanos = <A, E, R>(piece: Effect.Effect<A, E, R>) =>
  Effect.gen(function* () {
    const taken: Array<number> = []
    for (let round = -2; round < rounds; round++) {
      let left = repetitions
      const start = performance.now()
      yield* Effect.whileLoop({ while: () => left-- > 0, body: () => piece, step: () => {} })
      if (round >= 0) taken.push(((performance.now() - start) * 1e6) / repetitions)
    }
    return taken
  })

const Other = Context.GenericTag<number>("effect-adobe-pass-benchmarks/Other")
const nothing = Effect.sync(() => {})
const statuses = Metric.frequency("benchmark_statuses")
const request = HttpClientRequest.get(decisions)

export const pieces: Scenario = {
  name: "pieces",
  title: "What a call is made of",
  run: Effect.gen(function* () {
    const adobe = yield* ProtectedClient.ProtectedClient
    const sessions = yield* Sessions.Sessions
    const throttle = yield* Throttle.Throttle
    const measured: ReadonlyArray<readonly [string, Effect.Effect<unknown, unknown, CurrentDevice>]> = [
      ["one step: `Effect.sync`", nothing],
      ["`Effect.clockWith`", Effect.clockWith((clock) => Effect.succeed(clock.unsafeCurrentTimeMillis()))],
      ["`Metric.update`", Metric.update(statuses, "200")],
      [
        "three headers by `HttpClientRequest.setHeaders`",
        Effect.sync(() => HttpClientRequest.setHeaders(request, target.deviceHeaders))
      ],
      ["`Effect.locally`", Effect.locally(nothing, HttpClient.currentTracerPropagation, false)],
      ["`Effect.provideService`", Effect.provideService(nothing, Other, 1)],
      [
        "a fiber: `Effect.forkDaemon` and `Fiber.join`",
        Effect.flatMap(Effect.forkDaemon(nothing), Fiber.join)
      ],
      ["`Effect.retry` of what succeeds", Effect.retry(nothing, Schedule.recurs(2))],
      [
        "a span that nobody looks at: `Effect.withSpan`",
        Effect.withSpan(nothing, "span", { kind: "client" })
      ],
      ["`Effect.timeout` of what is there", Effect.timeout(nothing, "10 seconds")],
      ["`Sessions.accessToken`, in memory", Effect.suspend(() => sessions.accessToken(device))],
      ["`Throttle.take`, not waited for", Effect.suspend(() => throttle.take("address", { urgent: false }))],
      ["a whole call on a transport that answers at once", Effect.suspend(() => adobe.get(decisions))]
    ]
    const rows = yield* Effect.forEach(measured, ([title, piece]) =>
      Effect.map(nanos(piece), (taken) => [
        title,
        figure(median(taken)),
        `± ${Math.round(spread(taken) * 100)} %`
      ])
    )
    return table(["", "ns", ""], rows)
  }).pipe(Effect.provideService(CurrentDevice, device), Effect.provide(library))
}
