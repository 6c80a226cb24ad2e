/** Requests as bytes: what a client may write, and what a server behind the gateway gets to read. */
import * as Net from "node:net"
import { Effect, type Scope } from "effect"
import type { Cli } from "../../support/cli.js"
import { type Gateway, rawEnvironment, startGateway } from "../gatewaySupport.js"

/** A request that follows the standard to the letter. */
export interface WireRequest {
  readonly method: string
  readonly target: string
  /** Names in lower case. */
  readonly headers: ReadonlyArray<readonly [name: string, value: string]>
  readonly body: string
}

/** The whole requests at the beginning of some bytes, and what comes behind them. */
export interface Reading {
  readonly requests: ReadonlyArray<WireRequest>
  readonly length: number
  readonly rest: "nothing" | "incomplete" | "broken"
}

type Step<A> = { readonly value: A; readonly next: number } | "incomplete" | "broken"

/** A line without its end. Neither a CR nor an LF stands alone in it. */
const line = (text: string, at: number): Step<string> => {
  const end = text.indexOf("\r\n", at)
  if (end < 0) return /\r[^\n]|[^\r]\n|^\n/.test(text.slice(at)) ? "broken" : "incomplete"
  const value = text.slice(at, end)
  return /[\r\n\0]/.test(value) ? "broken" : { value, next: end + 2 }
}

const fields = (text: string, at: number): Step<WireRequest["headers"]> => {
  const value: Array<readonly [string, string]> = []
  for (let next = at; ; ) {
    const step = line(text, next)
    if (typeof step === "string") return step
    next = step.next
    if (step.value === "") return { value, next }
    const [, name, content] =
      /^([\w!#$%&'*+\-.^`|~]+):[ \t]*([^\0-\x08\x0a-\x1f\x7f]*)$/.exec(step.value) ?? []
    if (name === undefined || content === undefined) return "broken"
    value.push([name.toLowerCase(), content.replace(/[ \t]+$/, "")])
  }
}

const chunks = (text: string, at: number): Step<string> => {
  let value = ""
  for (let next = at; ; ) {
    const size = line(text, next)
    if (typeof size === "string") return size
    const digits = /^([\da-f]{1,8})(?:;[\t -~]*)?$/i.exec(size.value)?.[1]
    if (digits === undefined) return "broken"
    const length = Number.parseInt(digits, 16)
    if (length === 0) {
      const trailer = fields(text, size.next)
      return typeof trailer === "string" ? trailer : { value, next: trailer.next }
    }
    const end = size.next + length
    if (text.length < end + 2) return "incomplete"
    if (text.slice(end, end + 2) !== "\r\n") return "broken"
    value += text.slice(size.next, end)
    next = end + 2
  }
}

const valuesOf = (headers: WireRequest["headers"], name: string): ReadonlyArray<string> =>
  headers.flatMap(([found, value]) => (found === name ? [value] : []))

/** The one value of a header; the empty text when there is none, or more than one. */
export const valueOf = ({ headers }: WireRequest, name: string): string => {
  const values = valuesOf(headers, name)
  return values.length === 1 ? (values[0] ?? "") : ""
}

const bodyOf = (headers: WireRequest["headers"], text: string, at: number): Step<string> => {
  const [lengths, encodings] = [valuesOf(headers, "content-length"), valuesOf(headers, "transfer-encoding")]
  if (lengths.length + encodings.length === 0) return { value: "", next: at }
  if (lengths.length + encodings.length > 1) return "broken"
  if (encodings.length === 1) return encodings[0]?.toLowerCase() === "chunked" ? chunks(text, at) : "broken"
  const [length = ""] = lengths
  if (!/^\d{1,12}$/.test(length)) return "broken"
  const next = at + Number(length)
  return text.length < next ? "incomplete" : { value: text.slice(at, next), next }
}

const one = (text: string, at: number): Step<WireRequest> => {
  const first = line(text, at)
  // RFC 9112, 2.2: an empty line before a request is ignored.
  const start = typeof first !== "string" && first.value === "" ? line(text, first.next) : first
  if (typeof start === "string") return start
  const [, method, target] = /^([A-Z]+) ([!-~]+) HTTP\/1\.1$/.exec(start.value) ?? []
  if (method === undefined || target === undefined) return "broken"
  const headers = fields(text, start.next)
  if (typeof headers === "string") return headers
  const body = bodyOf(headers.value, text, headers.next)
  if (typeof body === "string") return body
  return { value: { method, target, headers: headers.value, body: body.value }, next: body.next }
}

/** Reads requests, one character for each byte. */
export const read = (text: string): Reading => {
  const requests: Array<WireRequest> = []
  for (let at = 0; ; ) {
    if (at === text.length) return { requests, length: at, rest: "nothing" }
    const step = one(text, at)
    if (typeof step === "string") return { requests, length: at, rest: step }
    requests.push(step.value)
    at = step.next
  }
}

/** The statuses of the answers on a connection, but for those that tell a client to go on. */
export const statusesOf = (answers: string): ReadonlyArray<number> =>
  Array.from(answers.matchAll(/HTTP\/1\.1 (\d{3}) /g), ([, status]) => Number(status)).filter(
    (status) => status >= 200
  )

/** A connection of a client that writes what it likes. */
export interface Conversation {
  readonly write: (text: string) => void
  readonly received: () => string
  /** Everything that came, once the other side has closed. */
  readonly closed: Effect.Effect<string>
  /** Waits until what came matches, or the other side has closed. */
  readonly says: (wanted: RegExp) => Effect.Effect<string>
  readonly pause: () => void
  readonly destroy: Effect.Effect<void>
}

/** Connects; bytes are written and read as the characters of Latin-1. */
export const connect = (port: number): Effect.Effect<Conversation, never, Scope.Scope> =>
  Effect.map(
    Effect.acquireRelease(
      Effect.async<Net.Socket>((resume) => {
        const socket = Net.connect(port, "127.0.0.1", () => resume(Effect.succeed(socket)))
        socket.on("error", () => {})
      }),
      (socket) => Effect.sync(() => socket.destroy())
    ),
    (socket) => {
      let received = ""
      const isOver = new Promise<string>((resolve) => socket.once("close", () => resolve(received)))
      socket.on("data", (chunk) => {
        received += chunk.toString("latin1")
      })
      return {
        write: (text) => void socket.write(Buffer.from(text, "latin1")),
        received: () => received,
        closed: Effect.promise(() => isOver),
        says: (wanted) =>
          Effect.async((resume) => {
            const look = () => {
              if (wanted.test(received) || socket.destroyed) resume(Effect.succeed(received))
            }
            socket.on("data", look)
            socket.once("close", look)
            look()
            return Effect.sync(() => {
              socket.off("data", look)
              socket.off("close", look)
            })
          }),
        pause: () => void socket.pause(),
        destroy: Effect.sync(() => void socket.destroy())
      }
    }
  )

/** Writes bytes, and gives what comes back until the other side closes. */
export const say = (port: number, text: string): Effect.Effect<string> =>
  Effect.scoped(
    Effect.flatMap(connect(port), ({ closed, write }) => {
      write(text)
      return closed
    })
  )

/** Answers a protected call; the answer is written as it is, and the socket is that of the call. */
export type Answering = (request: WireRequest, socket: Net.Socket) => string

/** A stand-in for Adobe Pass that keeps every byte. */
export interface WireAdobe {
  readonly port: number
  readonly registrations: () => number
  /** The protected calls, in the order in which they came. */
  readonly calls: ReadonlyArray<WireRequest>
  /** What came and is no request. */
  readonly broken: ReadonlyArray<string>
  /** Everything that came, of all connections. */
  readonly bytes: () => string
  readonly connections: () => number
}

const answerOf = (status: string, body: string): string =>
  `HTTP/1.1 ${status}\r\nContent-Type: application/json\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`

/** The answer of a call that went well. */
const ok: string = answerOf("200 OK", '{"ok":true}')

/** The only token that it gives. */
export const token = "the-access-token-of-the-gateway"

const registration = (): string =>
  answerOf(
    "201 Created",
    JSON.stringify({
      client_id: "the-client-id",
      client_secret: "the-client-secret",
      client_id_issued_at: Math.floor(Date.now() / 1000),
      redirect_uris: [],
      grant_types: ["client_credentials"]
    })
  )

const tokenAnswer = (): string =>
  answerOf(
    "201 Created",
    JSON.stringify({
      id: "1",
      access_token: token,
      token_type: "bearer",
      expires_in: 21_600,
      created_at: Date.now()
    })
  )

/** Starts one. It closes with the scope. */
export const wireAdobe = (answering: Answering = () => ok): Effect.Effect<WireAdobe, never, Scope.Scope> =>
  Effect.gen(function* () {
    const calls: Array<WireRequest> = []
    const broken: Array<string> = []
    const sockets = new Set<Net.Socket>()
    let [registrations, connections, bytes] = [0, 0, ""]
    const answer = (request: WireRequest, socket: Net.Socket): string => {
      if (request.target.startsWith("/o/client/register")) {
        registrations++
        return registration()
      }
      if (request.target.startsWith("/o/client/token")) return tokenAnswer()
      calls.push(request)
      return answering(request, socket)
    }
    const server = Net.createServer((socket) => {
      connections++
      sockets.add(socket)
      let unread = ""
      socket.on("close", () => sockets.delete(socket)).on("error", () => {})
      socket.on("data", (chunk) => {
        const text = chunk.toString("latin1")
        bytes += text
        unread += text
        const { length, requests, rest } = read(unread)
        unread = unread.slice(length)
        if (rest === "broken") broken.push(unread)
        for (const request of requests) socket.write(answer(request, socket))
      })
    })
    yield* Effect.acquireRelease(
      Effect.promise(() => new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))),
      () =>
        Effect.sync(() => {
          server.close()
          for (const socket of sockets) socket.destroy()
        })
    )
    const address = server.address()
    return {
      port: typeof address === "object" && address !== null ? address.port : 0,
      registrations: () => registrations,
      calls,
      broken,
      bytes: () => bytes,
      connections: () => connections
    }
  })

/** A gateway over such a stand-in, which is not paced. */
export interface WireSystem extends Gateway {
  readonly adobe: WireAdobe
}

/** Starts both. */
export const wireSystem = (
  cli: Cli,
  answering?: Answering,
  args: ReadonlyArray<string> = []
): Effect.Effect<WireSystem, never, Scope.Scope> =>
  Effect.gen(function* () {
    const home = yield* cli.home
    const adobe = yield* wireAdobe(answering)
    const env = yield* rawEnvironment({ url: `http://127.0.0.1:${adobe.port}` }, home)
    return { adobe, ...(yield* startGateway(cli, home, env, args)) }
  })
