/** What fails before a request was given to a connection: nothing was sent, and the error says so. */
import { createServer, type IncomingMessage } from "node:http"
import { type AddressInfo, connect, type Socket } from "node:net"
import { setFlagsFromString } from "node:v8"
import { runInNewContext } from "node:vm"
import { HttpBody, HttpClient, HttpClientRequest } from "@effect/platform"
import { assert, describe, it } from "@effect/vitest"
import { Context, Duration, Effect, Exit, Layer, Queue, Scope, TestClock } from "effect"
import { CurrentDevice, ProtectedClient, Transport } from "effect-adobe-pass"
import { NodeTransport } from "effect-adobe-pass-node"
import * as Undici from "undici"
import { device } from "../support/system.js"
import { adobePass, call, over } from "./rawAdobePass.js"
import { record, serve, serveWhole, settled } from "./transportServer.js"

setFlagsFromString("--expose-gc")
const collect: () => void = runInNewContext("gc")

const sending = (client: HttpClient.HttpClient, limit: Duration.DurationInput) =>
  Transport.isTransport(client)
    ? client[Transport.TypeId](Duration.decode(limit))
    : assert.fail("the client has no time limits of its own")

const failing = (dispatcher: Undici.Dispatcher) =>
  Effect.flip(
    NodeTransport.fromDispatcher(dispatcher)[Transport.TypeId](Duration.seconds(10))(
      HttpClientRequest.get("http://localhost/")
    )
  )

const register = call("/api/v2/x").pipe(Effect.flip)
/** How a request leaves the queue before it is sent. */
const endings = [
  ["fails at its time limit", <A, E>(sent: Effect.Effect<A, E>) => sent],
  ["is interrupted", <A, E>(sent: Effect.Effect<A, E>) => Effect.timeout(sent, "50 millis")]
] as const

const once = { retry: { attempts: 1 } }

describe("a request that waits for a connection", () => {
  it.scopedLive("in vain was not sent, and is told from one that gets no answer", () =>
    Effect.gen(function* () {
      const { arrived, url } = yield* serve(() => {})
      const send = sending(yield* HttpClient.HttpClient, "200 millis")
      const [first, second] = yield* Effect.forEach(
        ["/first", "/second"],
        (path) => Effect.flip(send(HttpClientRequest.get(`${url}${path}`))),
        { concurrency: "unbounded" }
      )
      assert.deepInclude(first?.cause, { _tag: "TimeoutException" })
      assert.deepInclude(second?.cause, {
        _tag: "TransportFailure",
        reason: "NotConnected",
        code: "NO_CONNECTION_IN_TIME"
      })
      assert.strictEqual(yield* Queue.size(arrived), 1)
    }).pipe(Effect.provide(NodeTransport.layer({ connections: 1 })))
  )

  it.scopedLive("is repeated by the library, also when it is a POST", () =>
    Effect.gen(function* () {
      const { calls, url } = yield* adobePass(({ target }, response) => {
        if (target === "/api/v2/posted") return void response.end("fine")
        response.write("begun")
        setTimeout(() => response.end("ended"), 700)
      })
      const post = Effect.flatMap(ProtectedClient.ProtectedClient, (adobe) => adobe.post("/api/v2/posted"))
      const response = yield* Effect.gen(function* () {
        const slow = yield* call("/api/v2/slow").pipe(Transport.withBodyTimeout("1 minute"))
        yield* Effect.fork(Transport.withBodyTimeout("1 minute")(slow.text))
        return yield* Effect.provideService(post, CurrentDevice, device())
      }).pipe(Effect.provide(over(url, { timeout: "500 millis", retry: { attempts: 9 } })))
      assert.strictEqual(response.status, 200)
      assert.deepStrictEqual(calls, ["/api/v2/slow", "/api/v2/posted"])
    })
  )

  it.scopedLive("is repeated by the library, also when it is a registration", () =>
    Effect.gen(function* () {
      const { calls, url } = yield* adobePass((_, response) => {
        response.write("begun")
        setTimeout(() => response.end("ended"), 700)
      })
      yield* Effect.gen(function* () {
        const slow = yield* call("/api/v2/slow")
        yield* Effect.fork(slow.text)
        yield* call("/api/v2/other", 2)
      }).pipe(
        Transport.withBodyTimeout("1 minute"),
        Effect.provide(over(url, { timeout: "500 millis", retry: { attempts: 9 } }))
      )
      assert.deepStrictEqual(calls, ["/api/v2/slow", "/api/v2/other"])
    })
  )

  for (const [what, end] of endings) {
    it.scopedLive(`frees its body when it ${what} in the queue, though the connection stays busy`, () =>
      Effect.gen(function* () {
        const { arrived, url } = yield* serve(() => {})
        const client = yield* HttpClient.HttpClient
        yield* Effect.fork(client.get(`${url}/busy`))
        yield* Queue.take(arrived)
        const send = sending(client, "100 millis")
        const bodies: Array<WeakRef<Uint8Array>> = []
        const post = Effect.suspend(() => {
          const body = new Uint8Array(20_000)
          bodies.push(new WeakRef(body))
          return Effect.exit(
            end(send(HttpClientRequest.setBody(HttpClientRequest.post(url), HttpBody.uint8Array(body))))
          )
        })
        yield* Effect.all(
          Array.from({ length: 500 }, () => post),
          { concurrency: "unbounded", discard: true }
        )
        // A busy machine frees late what is free.
        const held = Effect.sync(() => {
          collect()
          return bodies.filter((body) => body.deref() !== undefined).length
        })
        const freed = Effect.delay(held, "10 millis").pipe(
          Effect.repeat({ until: (left) => left <= 5, times: 200 })
        )
        assert.isAtMost(yield* freed, 5)
      }).pipe(Effect.provide(NodeTransport.layer({ connections: 1 })))
    )
  }
})

describe("a connection that is not made", () => {
  const codes = ["ETIMEDOUT", "ECONNRESET", "EPIPE", "EPROTO", "CERT_NOT_YET_VALID", "UND_ERR_ABORTED", ""]
  for (const code of codes) {
    it.live(`proves that nothing was sent, whatever its code: "${code}"`, () =>
      Effect.gen(function* () {
        const error = new AggregateError([Object.assign(new Error("one address"), { code })])
        const { cause } = yield* failing(
          new Undici.Agent({ connect: (_, callback) => callback(Object.assign(error, { code }), null) })
        )
        assert.deepInclude(cause, { _tag: "TransportFailure", reason: "NotConnected", cause: error })
      })
    )
  }

  it.scopedLive("because the server speaks no TLS is NotConnected", () =>
    Effect.gen(function* () {
      const { url } = yield* record
      const error = yield* Effect.provide(register, over(url.replace("http:", "https:"), once))
      assert.deepInclude(error, { _tag: "TransportError", reason: "NotConnected" })
    })
  )
})

describe("a dispatcher", () => {
  it.live("that throws fails the request", () =>
    Effect.gen(function* () {
      class Throwing extends Undici.Dispatcher {
        override dispatch(): boolean {
          throw new Undici.errors.InvalidArgumentError("invalid onConnect method")
        }
      }
      const { cause } = yield* failing(new Throwing())
      assert.deepInclude(cause, { _tag: "TransportFailure", reason: "NotConnected" })
    })
  )

  it.live("of another version of undici fails the request in its own way", () =>
    Effect.gen(function* () {
      class Older extends Undici.Dispatcher {
        override dispatch(_: unknown, handler: Undici.Dispatcher.DispatchHandler): boolean {
          handler.onError?.(new Undici.errors.InvalidArgumentError("invalid onConnect method"))
          return false
        }
      }
      const { cause } = yield* failing(new Older())
      assert.deepInclude(cause, { _tag: "TransportFailure", reason: "NotConnected" })
    })
  )

  it.scoped(
    "refuses requests after its scope was closed, also when it is older than its connections may be",
    () =>
      Effect.gen(function* () {
        const { sockets, url } = yield* record
        const scope = yield* Scope.make()
        const services = yield* Scope.extend(Layer.build(NodeTransport.layer()), scope)
        const client = Context.get(services, HttpClient.HttpClient)
        yield* client.get(url)
        yield* Scope.close(scope, Exit.void)
        yield* TestClock.adjust("31 seconds")
        const { cause } = yield* Effect.flip(client.get(url))
        assert.deepInclude(cause, { _tag: "TransportFailure", reason: "NotConnected" })
        assert.strictEqual(sockets.length, 1)
      })
  )

  it.scopedLive("refuses CONNECT", () =>
    Effect.gen(function* () {
      const { sockets, url } = yield* record
      const request = HttpClientRequest.make("CONNECT" as "GET")(url)
      const { cause } = yield* Effect.flip(HttpClient.execute(request))
      assert.deepInclude(cause, { _tag: "TransportFailure", reason: "NotConnected" })
      assert.strictEqual(sockets.length, 0)
    }).pipe(Effect.provide(NodeTransport.layer()))
  )
})

/** Sets variables of the process for a scope. */
const environment = (variables: Readonly<Record<string, string>>) =>
  Effect.acquireRelease(
    Effect.sync(() => {
      const before = Object.keys(variables).map((name) => [name, process.env[name]] as const)
      Object.assign(process.env, variables)
      return before
    }),
    (before) =>
      Effect.sync(() => {
        for (const [name, value] of before) {
          if (value === undefined) delete process.env[name]
          else process.env[name] = value
        }
      })
  )

/** A proxy that does what a test says with the tunnels that it is asked for. */
const proxy = (answer: (socket: Socket, request: IncomingMessage) => void) =>
  Effect.map(
    Effect.acquireRelease(
      Effect.async<{
        readonly asked: Array<IncomingMessage>
        readonly server: ReturnType<typeof createServer>
      }>((resume) => {
        const asked: Array<IncomingMessage> = []
        const server = createServer().on("connect", (request, socket: Socket) => {
          asked.push(request)
          socket.on("error", () => {})
          answer(socket, request)
        })
        server.listen(0, "127.0.0.1", () => resume(Effect.succeed({ asked, server })))
      }),
      ({ server }) => Effect.sync(() => server.close())
    ),
    ({ asked, server }) => ({ asked, host: `127.0.0.1:${(server.address() as AddressInfo).port}` })
  )

const tunnel = (socket: Socket, request: IncomingMessage) => {
  const [host = "", port] = (request.url ?? "").split(":")
  const upstream = connect(Number(port), host, () => {
    socket.write("HTTP/1.1 200 Connection Established\r\n\r\n")
    upstream.pipe(socket)
    socket.pipe(upstream)
  })
  upstream.on("error", () => socket.destroy())
  socket.on("close", () => upstream.destroy())
}

const getText = (url: string) => Effect.flatMap(HttpClient.get(url), (response) => response.text)

describe("a proxy in the environment", () => {
  for (const name of ["HTTP_PROXY", "http_proxy"]) {
    it.scopedLive(`is used when ${name} names it, with its credentials`, () =>
      Effect.gen(function* () {
        const { asked, host } = yield* proxy(tunnel)
        const { url } = yield* serveWhole((_, response) => response.end("fine"))
        yield* environment({ [name]: `http://user:pass%20word@${host}` })
        assert.strictEqual(yield* Effect.provide(getText(url), NodeTransport.layer()), "fine")
        assert.deepStrictEqual(
          asked.map((request) => [request.url, request.headers["proxy-authorization"]]),
          [[new URL(url).host, `Basic ${Buffer.from("user:pass word").toString("base64")}`]]
        )
      })
    )
  }

  it.scopedLive("is not used for the hosts of NO_PROXY, and not at all when it is switched off", () =>
    Effect.gen(function* () {
      const { asked, host } = yield* proxy(tunnel)
      const { url } = yield* serveWhole((_, response) => response.end("fine"))
      yield* environment({ HTTP_PROXY: `http://${host}` })
      yield* Effect.provide(getText(url), NodeTransport.layer({ proxy: "none" }))
      yield* environment({ NO_PROXY: "127.0.0.1" })
      yield* Effect.provide(getText(url), NodeTransport.layer())
      assert.strictEqual(asked.length, 0)
    })
  )

  it.scopedLive("whose URL cannot be used is refused by name", () =>
    Effect.gen(function* () {
      yield* environment({ HTTPS_PROXY: "no url" })
      const error = yield* Effect.flip(Layer.build(NodeTransport.layer()))
      assert.deepInclude(error, { _tag: "InvalidInput", field: "HTTPS_PROXY" })
      assert.notInclude(error.message, "no url")
    })
  )

  for (const [status, code, advice] of [
    ["407 Proxy Authentication Required", "PROXY_407", "HTTPS_PROXY=http://user:password@host:port"],
    ["502 Bad Gateway", "PROXY_502", "the proxy answered with status 502"]
  ] as const) {
    it.scopedLive(`that answers with ${status} is NotConnected, and the error says what it is`, () =>
      Effect.gen(function* () {
        const { asked, host } = yield* proxy((socket) => socket.end(`HTTP/1.1 ${status}\r\n\r\n`))
        yield* environment({ HTTP_PROXY: `http://${host}` })
        const error = yield* Effect.provide(
          register,
          over("http://127.0.0.1:1", { retry: { attempts: 2, base: "1 millis" } })
        )
        assert.deepInclude(error, { _tag: "TransportError", reason: "NotConnected", code, attempts: 2 })
        assert.include(error.message, advice)
        assert.strictEqual(asked.length, 2)
      })
    )
  }

  it.scopedLive("that breaks the connection is NotConnected, and is not asked again and again", () =>
    Effect.gen(function* () {
      const { asked, host } = yield* proxy((socket) => socket.destroy())
      yield* environment({ HTTP_PROXY: `http://${host}` })
      const error = yield* Effect.provide(register, over("http://127.0.0.1:1", once))
      assert.deepInclude(error, { _tag: "TransportError", reason: "NotConnected" })
      assert.strictEqual(yield* settled(() => asked.length), 1)
    })
  )

  it.scoped("is asked for a new tunnel when the old one is older than 30 seconds (J2)", () =>
    Effect.gen(function* () {
      const { asked, host } = yield* proxy(tunnel)
      const { url } = yield* serveWhole((_, response) => response.end("fine"))
      yield* environment({ HTTP_PROXY: `http://${host}` })
      yield* Effect.gen(function* () {
        yield* getText(url)
        yield* TestClock.adjust("29 seconds")
        yield* getText(url)
        assert.strictEqual(asked.length, 1)
        yield* TestClock.adjust("1 second")
        yield* getText(url)
        assert.strictEqual(asked.length, 2)
      }).pipe(Effect.provide(NodeTransport.layer({ connections: 1 })))
    })
  )
})
