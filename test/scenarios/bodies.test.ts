import { HttpClient, HttpClientResponse } from "@effect/platform"
import { assert, describe, it } from "@effect/vitest"
import { Chunk, type Duration, Effect, Fiber, Layer, Stream, TestClock } from "effect"
import { CredentialStore, CurrentDevice, ProtectedClient, Transport } from "effect-adobe-pass"
import { Emulator } from "effect-adobe-pass-emulator"
import { adobePass, device } from "../support/system.js"

const call = Effect.flatMap(ProtectedClient.ProtectedClient, (adobe) => adobe.get("/api/v2/x"))

/** An `HttpClient` without time limits of its own, whose answers to calls have this body. */
const over = (body: () => string | ReadableStream | null, status = 200) =>
  Layer.unwrapEffect(
    Effect.map(HttpClient.HttpClient, (client) =>
      Layer.provide(
        adobePass({ timeout: "1 minute" }),
        Layer.succeed(
          HttpClient.HttpClient,
          HttpClient.make((request) =>
            request.url.includes("/api/v2/")
              ? Effect.sync(() => HttpClientResponse.fromWeb(request, new Response(body(), { status })))
              : client.execute(request)
          )
        )
      )
    )
  ).pipe(Layer.provideMerge(Layer.merge(Emulator.layer({ throttle: "off" }), CredentialStore.layerMemory)))

const endless = () =>
  new ReadableStream<Uint8Array>({
    start: (controller) => controller.enqueue(new TextEncoder().encode('{"half":'))
  })

describe("a body over any HttpClient", () => {
  for (const [way, read] of [
    ["json", ProtectedClient.readBody(({ json }) => json)],
    ["text", ProtectedClient.readBody(({ text }) => text)],
    ["a stream", ProtectedClient.readBody(({ stream }) => Stream.runDrain(stream))]
  ] as const) {
    it.effect(`that stalls while it is read as ${way} is a typed error after 30 seconds`, () =>
      Effect.gen(function* () {
        const reader = yield* Effect.fork(Effect.flip(Effect.flatMap(call, read)))
        yield* TestClock.adjust("29 seconds")
        assert.isNull(reader.unsafePoll())
        yield* TestClock.adjust("1 second")
        const error = yield* Fiber.join(reader)
        assert.deepInclude(error, { _tag: "TransportError", reason: "Stalled" })
      }).pipe(Effect.provideService(CurrentDevice, device()), Effect.provide(over(endless)))
    )
  }

  it.effect("may pause for as long as its reader allows", () =>
    Effect.gen(function* () {
      const reader = yield* Effect.flatMap(call, ({ text }) => text).pipe(
        Transport.withBodyTimeout("1 hour"),
        Effect.flip,
        Effect.fork
      )
      yield* TestClock.adjust("59 minutes")
      assert.isNull(reader.unsafePoll())
      yield* TestClock.adjust("1 minute")
      assert.strictEqual((yield* Fiber.join(reader))._tag, "ResponseError")
    }).pipe(Effect.provideService(CurrentDevice, device()), Effect.provide(over(endless)))
  )

  it.effect.each([
    ["a text that is no duration", "soon", 30_000],
    ["none", Number.NEGATIVE_INFINITY, 1],
    ["more than a timer can have", "1000 weeks", 2 ** 31 - 1]
  ] as const)(
    "may pause for a length that a timer can have where its reader allows %s",
    ([, limit, millis]) =>
      Effect.gen(function* () {
        const reader = yield* Effect.flatMap(call, ({ text }) => text).pipe(
          // As it may be read from a configuration.
          Transport.withBodyTimeout(limit as Duration.DurationInput),
          Effect.flip,
          Effect.fork
        )
        yield* TestClock.adjust(millis - 1)
        assert.isNull(reader.unsafePoll())
        yield* TestClock.adjust(1)
        const error = yield* Fiber.join(reader)
        assert.strictEqual(error._tag, "ResponseError")
      }).pipe(Effect.provideService(CurrentDevice, device()), Effect.provide(over(endless)))
  )

  it.effect("can be read in each way, and in several, one after the other or at once", () =>
    Effect.gen(function* () {
      const response = yield* call
      const [text, json] = yield* Effect.all([response.text, response.json], { concurrency: "unbounded" })
      assert.strictEqual(text, '{"a":"✓"}')
      assert.deepStrictEqual(json, { a: "✓" })
      assert.strictEqual(Buffer.from(yield* response.arrayBuffer).toString(), text)
      assert.strictEqual((yield* response.urlParamsBody)[0]?.[0], text)
      const pieces = yield* Stream.runCollect(response.stream)
      assert.strictEqual(Buffer.concat(Chunk.toReadonlyArray(pieces)).toString(), text)
    }).pipe(Effect.provideService(CurrentDevice, device()), Effect.provide(over(() => '{"a":"✓"}')))
  )

  it.effect("cannot be read after its stream was", () =>
    Effect.gen(function* () {
      const response = yield* call
      yield* Stream.runDrain(response.stream)
      assert.strictEqual((yield* Effect.flip(response.text))._tag, "ResponseError")
      assert.strictEqual((yield* Effect.flip(Stream.runDrain(response.stream)))._tag, "ResponseError")
    }).pipe(Effect.provideService(CurrentDevice, device()), Effect.provide(over(() => "fine")))
  )

  it.effect("that does not exist is empty", () =>
    Effect.gen(function* () {
      const response = yield* call
      assert.strictEqual(yield* response.text, "")
      assert.isNull(yield* response.json)
    }).pipe(Effect.provideService(CurrentDevice, device()), Effect.provide(over(() => null, 204)))
  )

  it.effect("that is an HTML page, where JSON was asked for, is told as such", () =>
    Effect.gen(function* () {
      const error = yield* Effect.flip(
        Effect.flatMap(
          call,
          ProtectedClient.readBody(({ json }) => json)
        )
      )
      assert.deepInclude(error, { _tag: "UnexpectedResponse", reason: "Html" })
    }).pipe(Effect.provideService(CurrentDevice, device()), Effect.provide(over(() => "<html>log in</html>")))
  )
})
