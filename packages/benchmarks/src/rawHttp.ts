/**
 * HTTP/1.1 as far as a benchmark needs it, on bare sockets: a server of `node:http` costs as much as the clients that are
 * to be measured, and would hide what they cost.
 */
import { createServer, type Server, type Socket } from "node:net"

export interface Received {
  readonly method: string
  /** Path and query. */
  readonly target: string
  /** The head, with its line ends; see `headerOf`. */
  readonly head: string
  readonly body: string
}

/** A header by its name in lower case. */
export const headerOf = ({ head }: Received, name: string): string | undefined => {
  const at = head.toLowerCase().indexOf(`\r\n${name}:`)
  if (at === -1) return undefined
  const from = at + name.length + 3
  return head.slice(from, head.indexOf("\r\n", from)).trim()
}

const reasons: Readonly<Record<number, string>> = {
  200: "OK",
  201: "Created",
  400: "Bad Request",
  401: "Unauthorized",
  404: "Not Found",
  429: "Too Many Requests",
  503: "Service Unavailable"
}

/** An answer with a JSON body, ready to be written. */
export const answerOf = (status: number, json: string): string =>
  [
    `HTTP/1.1 ${status} ${reasons[status] ?? ""}`,
    "content-type: application/json;charset=utf-8",
    `content-length: ${Buffer.byteLength(json)}`,
    "connection: keep-alive",
    "",
    json
  ].join("\r\n")

/** The body of a chunked message that starts here, and where it ends; undefined while it is not complete. */
const chunked = (text: string, from: number): { readonly body: string; readonly end: number } | undefined => {
  let body = ""
  for (let at = from; ; ) {
    const line = text.indexOf("\r\n", at)
    if (line === -1) return undefined
    const size = Number.parseInt(text.slice(at, line), 16)
    const next = line + 2 + size + 2
    if (text.length < next) return undefined
    if (size === 0) return { body, end: next }
    body += text.slice(line + 2, line + 2 + size)
    at = next
  }
}

type Write = (answer: string) => void

/** Answers may come late, but in the order of the requests of a connection: the clients here do not pipeline. */
export const serve = (handle: (request: Received, write: Write) => void): Server =>
  createServer({ noDelay: true }, (socket: Socket) => {
    let pending = ""
    const write: Write = (answer) => void socket.write(answer, "latin1")
    socket.setEncoding("latin1")
    socket.on("error", () => socket.destroy())
    socket.on("data", (piece: string) => {
      pending += piece
      for (;;) {
        const end = pending.indexOf("\r\n\r\n")
        if (end === -1) return
        const head = pending.slice(0, end + 2)
        const start = end + 4
        const [method = "", target = ""] = head.slice(0, head.indexOf("\r\n")).split(" ")
        let body = ""
        let rest = start
        if (method !== "GET") {
          const request = { method, target, head, body }
          if (headerOf(request, "transfer-encoding") === "chunked") {
            const read = chunked(pending, start)
            if (read === undefined) return
            body = read.body
            rest = read.end
          } else {
            rest = start + Number(headerOf(request, "content-length") ?? 0)
            if (pending.length < rest) return
            body = pending.slice(start, rest)
          }
        }
        pending = pending.slice(rest)
        handle({ method, target, head, body }, write)
      }
    })
  })
