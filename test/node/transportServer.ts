/** Servers that do what a test says, on real sockets; they end with their scope, and their connections with them. */
import { createServer, type IncomingHttpHeaders, type RequestListener, type ServerResponse } from "node:http"
import { type AddressInfo, createServer as createSocketServer, type Server, type Socket } from "node:net"
import { Effect, Queue, type Scope } from "effect"

export interface Listening {
  /** Without a slash at its end. */
  readonly url: string
  readonly port: number
  /** The connections of all time, each at the place of its number. */
  readonly sockets: ReadonlyArray<Socket>
  /** The numbers of the connections that have ended. */
  readonly closed: Queue.Dequeue<number>
}

/** A request that came whole. */
export interface Received {
  readonly method: string
  /** As it stood in the request: path and query. */
  readonly target: string
  readonly headers: IncomingHttpHeaders
  readonly body: Buffer
  /** The port it came from: another one for each connection. */
  readonly connection: number
}

const listen = <S extends Server>(server: S): Effect.Effect<Listening, never, Scope.Scope> =>
  Effect.gen(function* () {
    const sockets: Array<Socket> = []
    const closed = yield* Queue.unbounded<number>()
    server.on("connection", (socket: Socket) => {
      const number = sockets.push(socket) - 1
      // A client that resets a connection is no failure of the server.
      socket.on("error", () => {})
      socket.on("close", () => Queue.unsafeOffer(closed, number))
    })
    yield* Effect.acquireRelease(
      Effect.async<void>((resume) => {
        server.listen(0, "127.0.0.1", () => resume(Effect.void))
      }),
      () =>
        Effect.async<void>((resume) => {
          server.close(() => resume(Effect.void))
          for (const socket of sockets) socket.destroy()
        })
    )
    const { port } = server.address() as AddressInfo
    return { url: `http://127.0.0.1:${port}`, port, sockets, closed }
  })

export interface HttpServer extends Listening {
  /** The targets of the requests whose heads came, in their order. */
  readonly arrived: Queue.Dequeue<string>
}

/** The listener is called when the head of a request is here. */
export const serve = (listener: RequestListener): Effect.Effect<HttpServer, never, Scope.Scope> =>
  Effect.gen(function* () {
    const arrived = yield* Queue.unbounded<string>()
    const server = createServer({ keepAliveTimeout: 60_000 }, (request, response) => {
      Queue.unsafeOffer(arrived, request.url ?? "")
      listener(request, response)
    })
    return { ...(yield* listen(server)), arrived }
  })

/** The answer is called when a request came whole. */
export const serveWhole = (answer: (received: Received, response: ServerResponse) => void) =>
  serve((request, response) => {
    const pieces: Array<Buffer> = []
    request.on("data", (piece: Buffer) => pieces.push(piece))
    request.on("end", () =>
      answer(
        {
          method: request.method ?? "",
          target: request.url ?? "",
          headers: request.headers,
          body: Buffer.concat(pieces),
          connection: request.socket.remotePort ?? 0
        },
        response
      )
    )
  })

/** Answers every request with an empty page, and keeps what came. */
export const record = Effect.gen(function* () {
  const received = yield* Queue.unbounded<Received>()
  const server = yield* serveWhole((request, response) => {
    Queue.unsafeOffer(received, request)
    response.end()
  })
  return { ...server, received }
})

/**
 * Speaks no HTTP of its own: the script is called with the path whenever a head without a body came, and writes what it
 * likes.
 */
export const serveBytes = (script: (socket: Socket, path: string) => void) => {
  const server = createSocketServer((socket) => {
    let text = ""
    socket.on("data", (piece) => {
      text += piece.toString("latin1")
      for (let end = text.indexOf("\r\n\r\n"); end >= 0; end = text.indexOf("\r\n\r\n")) {
        const path = text.split(" ", 2)[1] ?? ""
        text = text.slice(end + 4)
        script(socket, path)
      }
    })
  })
  return listen(server)
}

/** The head of an answer, as HTTP has it. */
export const head = (...lines: ReadonlyArray<string>) => `${lines.join("\r\n")}\r\n\r\n`

/** An address at which nobody listens. */
export const nobody = Effect.map(Effect.scoped(serveBytes(() => {})), ({ url }) => url)

/** Waits until a number has stopped changing, and says where it stands. */
export const settled = (read: () => number): Effect.Effect<number> =>
  Effect.gen(function* () {
    let last = read()
    for (let same = 0; same < 15; ) {
      yield* Effect.sleep("20 millis")
      const now = read()
      same = now === last ? same + 1 : 0
      last = now
    }
    return last
  })
