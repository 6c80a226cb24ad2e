/** The server: its limits, a fiber for each request, and how it ends. */
import * as Http from "node:http"
import * as Net from "node:net"
import type { Duplex } from "node:stream"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type * as Fiber from "effect/Fiber"
import * as FiberSet from "effect/FiberSet"
import type * as Scope from "effect/Scope"
import { type CommandFailed, misconfigured } from "../ExitCode.js"
import { bodyOf, headersOf, type Refused, refuse } from "./answer.js"
import type { Exchange } from "./exchange.js"

/** Where to listen, and how much to take on. */
export interface ServerOptions {
  readonly host: string
  readonly port: number
  readonly maxConnections: number
}

/** A server that runs. */
export interface Server {
  readonly port: number
  /**
   * Accepts no more connections and closes idle ones, waits for the requests under way, and interrupts those that take
   * longer. `begun` runs when no more are accepted.
   */
  readonly drain: (grace: Duration.Duration, begun: Effect.Effect<void>) => Effect.Effect<void>
}

const headerBytes = 16 * 1024
const headTime = 10_000
const requestTime = 300_000
const keepAlive = 30_000

/** The requests of a connection. */
type Requests = Map<Http.ServerResponse, Fiber.RuntimeFiber<void>>

const headersTooLarge = refuse(
  431,
  "HeadersTooLarge",
  "The headers are longer than 16 KiB: send fewer, or shorter ones."
)
const requestTooSlow = refuse(408, "RequestTooSlow", "The request did not arrive in time: send it again.")
const notHttp = refuse(400, "InvalidRequest", "The request is not valid HTTP/1.1.")
const noExpectation = refuse(417, "ExpectationFailed", "The gateway knows no expectation but 100-continue.")
const noTunnel = refuse(400, "InvalidTarget", "The gateway is not a forward proxy: CONNECT is refused.")

const refusalOf = (code: string | undefined): Refused => {
  switch (code) {
    case "HPE_HEADER_OVERFLOW":
      return headersTooLarge
    case "ERR_HTTP_REQUEST_TIMEOUT":
      return requestTooSlow
    default:
      return notHttp
  }
}

/** Writes an answer where there is no request to answer. */
const refuseOn = (socket: Duplex, refused: Refused): void => {
  const headers = Object.entries({ ...headersOf(refused), connection: "close" })
    .map(([name, value]) => `${name}: ${value}\r\n`)
    .join("")
  const head = `HTTP/1.1 ${refused.status} ${Http.STATUS_CODES[refused.status] ?? ""}\r\n${headers}\r\n`
  socket.end(head + bodyOf(refused), () => socket.destroy())
}

/** RFC 9110, 5.6.2. */
const token = /^[-!#$%&'*+.^_`|~\dA-Za-z]+$/

/** The parser of Node.js 20.19.0 takes a space before a colon for a part of the name. */
const hasValidNames = ({ rawHeaders }: Http.IncomingMessage): boolean =>
  rawHeaders.every((name, index) => index % 2 === 1 || token.test(name))

/** The connections and what happens on each. */
class Connections {
  readonly #requests = new Map<Duplex, Requests>()
  #isDraining = false

  /** A connection that closes interrupts its requests. */
  open(socket: Net.Socket): void {
    const requests: Requests = new Map()
    // One for each request that the client sends without waiting for answers.
    socket.setMaxListeners(0)
    this.#requests.set(socket, requests)
    socket.once("close", () => {
      this.#requests.delete(socket)
      for (const fiber of requests.values()) fiber.unsafeInterruptAsFork(fiber.id())
    })
  }

  begin(socket: Duplex, outgoing: Http.ServerResponse, fiber: Fiber.RuntimeFiber<void>): void {
    this.#requests.get(socket)?.set(outgoing, fiber)
    fiber.addObserver(() => this.#end(socket, outgoing))
  }

  /** A connection on which nothing more is to come, once what was written has left. */
  #end(socket: Duplex, outgoing: Http.ServerResponse): void {
    this.#requests.get(socket)?.delete(outgoing)
    if (this.#isDraining) this.#closeIdle(socket)
  }

  #closeIdle(socket: Duplex): void {
    if (this.#requests.get(socket)?.size === 0) socket.end(() => socket.destroy())
  }

  drain(): void {
    this.#isDraining = true
    for (const socket of this.#requests.keys()) this.#closeIdle(socket)
  }

  /** What is not a request ends its connection. An answer would be taken for that of a request before it. */
  refuse(socket: Duplex, refused: Refused): void {
    const others = Array.from(this.#requests.get(socket)?.keys() ?? [])
    // What has been written of another answer is in the buffers of the connection, and leaves.
    if (others.some(({ headersSent, req }) => headersSent || req.complete)) socket.end(() => socket.destroy())
    else refuseOn(socket, refused)
  }

  /** What cannot be parsed. */
  broken(error: NodeJS.ErrnoException, socket: Duplex): void {
    if (!socket.writable || error.code === "ECONNRESET") socket.destroy()
    else this.refuse(socket, refusalOf(error.code))
  }
}

const limited = (maxConnections: number): Http.Server => {
  const server = Http.createServer({
    connectionsCheckingInterval: 1000,
    headersTimeout: headTime,
    insecureHTTPParser: false,
    keepAliveTimeout: keepAlive,
    maxHeaderSize: headerBytes,
    requestTimeout: requestTime,
    requireHostHeader: true
  })
  // It would drop the headers beyond a number without a word; their size is limited.
  server.maxHeadersCount = 0
  server.maxConnections = maxConnections
  return server
}

const listen = (server: Http.Server, { host, port }: ServerOptions): Effect.Effect<number, CommandFailed> =>
  Effect.async((resume) => {
    const failed = (error: NodeJS.ErrnoException) =>
      resume(
        misconfigured(
          `The gateway cannot listen on ${host}:${port} [${error.code ?? error.message}]: choose another address with --listen.`
        )
      )
    server.once("error", failed)
    server.listen(port, host, () => {
      server.off("error", failed)
      const address = server.address()
      resume(Effect.succeed(typeof address === "object" && address !== null ? address.port : port))
    })
  })

/** `close` of `http` also closes connections whose answer has not left yet; that of `net` leaves them alone. */
const stopAccepting = (server: Http.Server): void => {
  Net.Server.prototype.close.call(server)
}

/** Lets requests that are in the buffers of the system already be read. */
const nextTurn = Effect.async<void>((resume) => {
  setImmediate(() => setImmediate(() => resume(Effect.void)))
})

/**
 * Serves until the scope closes. A client that disconnects interrupts the handling of its requests; so does the end of the
 * grace period.
 */
export const serve = <R>(
  options: ServerOptions,
  handle: (exchange: Exchange) => Effect.Effect<void, never, R>,
  onDrain: () => void
): Effect.Effect<Server, CommandFailed, R | Scope.Scope> =>
  Effect.gen(function* () {
    const fibers = yield* FiberSet.make<void>()
    const fork = yield* FiberSet.runtime(fibers)<R>()
    const connections = new Connections()
    const server = limited(options.maxConnections)
    const onRequest =
      (expectsContinue: boolean) => (incoming: Http.IncomingMessage, outgoing: Http.ServerResponse) => {
        const { socket } = incoming
        // What the parser has found behind a request that ended the connection.
        if (!socket.writable) return
        if (!hasValidNames(incoming)) return connections.refuse(socket, notHttp)
        connections.begin(socket, outgoing, fork(handle({ incoming, outgoing, expectsContinue, sent: 0 })))
      }
    server
      .on("connection", (socket) => connections.open(socket))
      .on("request", onRequest(false))
      .on("checkContinue", onRequest(true))
      .on("checkExpectation", ({ socket }) => connections.refuse(socket, noExpectation))
      .on("clientError", (error, socket) => connections.broken(error, socket))
      .on("connect", (_incoming, socket) => connections.refuse(socket, noTunnel))
    const port = yield* Effect.acquireRelease(listen(server, options), () =>
      Effect.sync(() => {
        stopAccepting(server)
        server.closeAllConnections()
      })
    )
    return {
      port,
      drain: (grace, begun) =>
        Effect.gen(function* () {
          yield* nextTurn
          onDrain()
          stopAccepting(server)
          connections.drain()
          yield* begun
          yield* Effect.timeoutOption(FiberSet.awaitEmpty(fibers), grace)
          yield* FiberSet.clear(fibers)
        })
    }
  })
