import { createHook } from "node:async_hooks"
import { createServer, type RequestListener } from "node:http"
import type { AddressInfo } from "node:net"
import { inspect } from "node:util"
import { HttpClient } from "@effect/platform"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Exit, Fiber, Layer, Queue, Scope, TestClock } from "effect"
import { NodeTransport } from "effect-adobe-pass-node"

/** A server that notes which socket, by number, served each request. */
const serve = (answer: RequestListener) =>
  Effect.map(
    Effect.acquireRelease(
      Effect.async<{ readonly server: ReturnType<typeof createServer>; readonly sockets: Array<number> }>(
        (resume) => {
          const numbers = new WeakMap<object, number>()
          const sockets: Array<number> = []
          let connections = 0
          const server = createServer({ keepAliveTimeout: 60_000 }, (request, response) => {
            sockets.push(numbers.get(request.socket) ?? -1)
            answer(request, response)
          })
          server.on("connection", (socket) => {
            connections += 1
            numbers.set(socket, connections)
          })
          server.listen(0, "127.0.0.1", () => resume(Effect.succeed({ server, sockets })))
        }
      ),
      ({ server }) =>
        Effect.async<void>((resume) => {
          server.close(() => resume(Effect.void))
          server.closeAllConnections()
        })
    ),
    ({ server, sockets }) => {
      const address = server.address() as AddressInfo
      return { url: `http://localhost:${address.port}/`, port: address.port, sockets }
    }
  )

const ok: RequestListener = (_, response) => response.end("ok")

const get = (url: string) =>
  Effect.scoped(
    Effect.gen(function* () {
      const response = yield* HttpClient.get(url)
      return { status: response.status, text: yield* response.text }
    })
  )

describe("a connection", () => {
  it.scopedLive("is used again", () =>
    Effect.gen(function* () {
      const { sockets, url } = yield* serve(ok)
      yield* Effect.repeatN(get(url), 19).pipe(Effect.provide(NodeTransport.layer()))
      assert.strictEqual(sockets.length, 20)
      assert.isAtMost(new Set(sockets).size, 2)
    })
  )

  for (const connections of [1, 2, 64]) {
    it.scopedLive(`is not used beyond its age, in a pool of ${connections}`, () =>
      Effect.gen(function* () {
        const { sockets, url } = yield* serve(ok)
        yield* Effect.gen(function* () {
          for (let round = 0; round < 3; round++) {
            yield* Effect.all(
              Array.from({ length: 10 }, () => get(url)),
              { concurrency: "unbounded" }
            )
            sockets.push(0)
            yield* Effect.sleep("400 millis")
          }
        }).pipe(Effect.provide(NodeTransport.layer({ connections, maximumAge: "300 millis" })))
        const rounds = sockets
          .join(" ")
          .split(" 0")
          .map((round) => new Set(round.trim().split(" ")))
          .slice(0, 3)
        assert.strictEqual(
          new Set(rounds.flatMap((round) => [...round])).size,
          rounds.reduce((sum, round) => sum + round.size, 0)
        )
      })
    )
  }

  it.scopedLive("finishes the call it is at when it comes of age", () =>
    Effect.gen(function* () {
      const { url } = yield* serve((_, response) => {
        response.write("first ")
        setTimeout(() => response.end("last"), 300)
      })
      const answers = yield* Effect.all(
        Array.from({ length: 6 }, () => get(url)),
        { concurrency: "unbounded" }
      ).pipe(Effect.provide(NodeTransport.layer({ connections: 2, maximumAge: "100 millis" })))
      assert.deepStrictEqual(
        answers,
        Array.from({ length: 6 }, () => ({ status: 200, text: "first last" }))
      )
    })
  )

  it.scopedLive("is closed when the caller is interrupted, and with the layer", () =>
    Effect.gen(function* () {
      const closed = yield* Queue.unbounded<string>()
      const arrived = yield* Queue.unbounded<string>()
      const { url } = yield* serve((request) => {
        Queue.unsafeOffer(arrived, request.url ?? "")
        request.socket.once("close", () => Queue.unsafeOffer(closed, request.url ?? ""))
      })
      const scope = yield* Scope.make()
      const transport = yield* Scope.extend(Layer.build(NodeTransport.layer()), scope)
      const interrupted = yield* Effect.fork(Effect.provide(get(`${url}interrupted`), transport))
      const open = yield* Effect.fork(Effect.provide(get(`${url}open`), transport))
      yield* Queue.takeN(arrived, 2)
      yield* Fiber.interrupt(interrupted)
      assert.strictEqual(yield* Queue.take(closed), "/interrupted")
      yield* Scope.close(scope, Exit.void)
      assert.strictEqual(yield* Queue.take(closed), "/open")
      assert.deepInclude(yield* Effect.flip(Fiber.join(open)), { _tag: "RequestError", reason: "Transport" })
    })
  )
})

describe("the age of what leads to Adobe's hosts (J2)", () => {
  /** Counts the questions to the system's resolver. */
  const lookups = Effect.acquireRelease(
    Effect.sync(() => {
      const counter = { asked: 0 }
      const hook = createHook({
        init: (_id, type) => {
          if (type === "GETADDRINFOREQWRAP") counter.asked += 1
        }
      }).enable()
      return { counter, hook }
    }),
    ({ hook }) => Effect.sync(() => hook.disable())
  )

  it.scoped("is 30 seconds at most for a resolved address", () =>
    Effect.gen(function* () {
      const { counter } = yield* lookups
      const { sockets, url } = yield* serve((_, response) => {
        response.setHeader("connection", "close").end("ok")
      })
      yield* Effect.gen(function* () {
        yield* get(url)
        yield* TestClock.adjust("29999 millis")
        yield* get(url)
        assert.strictEqual(counter.asked, 1)
        yield* TestClock.adjust("1 millis")
        yield* get(url)
        assert.strictEqual(counter.asked, 2)
        assert.strictEqual(new Set(sockets).size, 3)
      }).pipe(Effect.provide(NodeTransport.layer()))
    })
  )

  it.scoped("is 30 seconds at most for a connection, which is then closed", () =>
    Effect.gen(function* () {
      const closed: Array<string> = []
      const { sockets, url } = yield* serve((request, response) => {
        request.socket.once("close", () => closed.push("closed"))
        response.end("ok")
      })
      yield* Effect.gen(function* () {
        yield* get(url)
        yield* TestClock.adjust("29999 millis")
        yield* get(url)
        assert.deepStrictEqual(sockets, [1, 1])
        yield* TestClock.adjust("1 millis")
        yield* get(url)
        assert.deepStrictEqual(sockets, [1, 1, 2])
        // It is closed while the new connection serves, not when it has been idle for long.
        for (let calls = 0; calls < 1000 && closed.length === 0; calls++) yield* get(url)
        assert.isNotEmpty(closed)
      }).pipe(Effect.provide(NodeTransport.layer({ connections: 1, keepAlive: "30 seconds" })))
    })
  )
})

describe("the transport", () => {
  it.scopedLive("limits the connections to an address", () =>
    Effect.gen(function* () {
      const { sockets, url } = yield* serve((_, response) => {
        setTimeout(() => response.end("ok"), 5)
      })
      yield* Effect.all(
        Array.from({ length: 30 }, () => get(url)),
        { concurrency: "unbounded" }
      ).pipe(Effect.provide(NodeTransport.layer({ connections: 3 })))
      assert.strictEqual(sockets.length, 30)
      assert.isAtMost(new Set(sockets).size, 3)
    })
  )

  it.scopedLive("resolves names, and says the name it was asked for as host", () =>
    Effect.gen(function* () {
      const { port, url } = yield* serve((request, response) => response.end(request.headers.host))
      const { text } = yield* Effect.provide(get(url), NodeTransport.layer())
      assert.strictEqual(text, `localhost:${port}`)
    })
  )

  it.scopedLive("does not follow redirects", () =>
    Effect.gen(function* () {
      const { sockets, url } = yield* serve((_, response) => {
        response.writeHead(302, { location: "/elsewhere" }).end()
      })
      const { status } = yield* Effect.provide(get(url), NodeTransport.layer())
      assert.strictEqual(status, 302)
      assert.strictEqual(sockets.length, 1)
    })
  )

  const refusals: ReadonlyArray<NodeTransport.TransportOptions> = [
    { dnsTtl: "31 seconds" },
    { dnsTtl: Number.POSITIVE_INFINITY },
    { maximumAge: "31 seconds" },
    { maximumAge: 0 },
    { keepAlive: -1 },
    { connectTimeout: Number.NaN },
    { connections: 0 },
    { connections: 1.5 }
  ]
  for (const options of refusals) {
    it.effect(`refuses ${inspect(options)}`, () =>
      Effect.gen(function* () {
        const error = yield* Effect.flip(Effect.scoped(Layer.build(NodeTransport.layer(options))))
        assert.deepInclude(error, { _tag: "InvalidInput", field: `transport.${Object.keys(options)[0]}` })
      })
    )
  }
})
