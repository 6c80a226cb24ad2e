import * as Http from "node:http"
import { Socket } from "node:net"
import { assert, describe, it } from "@effect/vitest"
import { Deferred, Effect, Fiber, Stream } from "effect"
import { type Exchange, end, write } from "effect-adobe-pass-cli/gateway/exchange"
import { bodyOf } from "effect-adobe-pass-cli/gateway/requestBody"
import { advance } from "../support/time.js"

/** A request on a connection that nobody has opened. */
const stalled = (): Exchange => {
  const incoming = new Http.IncomingMessage(new Socket())
  incoming.method = "POST"
  return { incoming, outgoing: new Http.ServerResponse(incoming), expectsContinue: false, sent: 0 }
}

describe("a client of the gateway that stops in the middle", () => {
  it.effect.each([
    ["writes", (exchange: Exchange) => write(exchange, Buffer.alloc(100_000))],
    ["ends", (exchange: Exchange) => end(exchange)]
  ] as const)("of an answer loses its connection after 60 s when the gateway %s", ([, act]) =>
    Effect.gen(function* () {
      const exchange = stalled()
      const { socket } = exchange.incoming
      const acting = yield* Effect.fork(act(exchange))
      yield* advance(59_000)
      assert.isFalse(socket.destroyed)
      yield* advance(1000)
      assert.isTrue(socket.destroyed)
      yield* Fiber.join(acting)
    })
  )
})

describe("a client of the gateway that stops in the middle of its body", () => {
  it.effect.each([
    ["kept in memory", "1000"],
    ["passed on as it comes", "1000000"]
  ] as const)("is told so after 30 s, when the body is %s", ([, length]) =>
    Effect.gen(function* () {
      const exchange = stalled()
      const { incoming } = exchange
      incoming.headers = { "content-length": length }
      incoming.push("a part of the body")
      const reading = yield* Effect.fork(
        Effect.gen(function* () {
          const { body, failed } = yield* bodyOf(exchange, 2_000_000)
          if (body._tag !== "Stream") return yield* Effect.never
          yield* Effect.fork(Stream.runDrain(body.stream))
          return yield* Deferred.await(failed)
        })
      )
      yield* advance(29_999)
      assert.isNull(reading.unsafePoll())
      yield* advance(1)
      assert.strictEqual((yield* Effect.flip(Fiber.join(reading))).status, 408)
    })
  )
})
