import * as Http from "node:http"
import { Socket } from "node:net"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Fiber } from "effect"
import { type Exchange, end, write } from "effect-adobe-pass-cli/gateway/exchange"
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
