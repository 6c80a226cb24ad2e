/** A request and its answer on one connection, and how an answer is written. */
import type { IncomingMessage, ServerResponse } from "node:http"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import { bodyOf, headersOf, type Refused } from "./answer.js"

/** A request under way. */
export interface Exchange {
  readonly incoming: IncomingMessage
  readonly outgoing: ServerResponse
  /** Whether the client waits for `100 Continue` before it sends the body. */
  readonly expectsContinue: boolean
  /** Bytes of the body of the answer that were written. */
  sent: number
}

/** How long a client may take nothing of its answer. */
const longestStall = "60 seconds"

/** A body of this length is read to its end, so that the connection can be used again. */
const shortBody = 65_536

/** How much of a longer one is read, and for how long, so that its sender gets to see the answer. */
const lingerBytes = 64 * 1_048_576
const lingerTime = "2 seconds"

const isGone = ({ incoming, outgoing }: Exchange): boolean => outgoing.destroyed || incoming.socket.destroyed

/** Ends the connection in the middle of an answer, so that its client sees that it is not complete. */
export const cut = ({ incoming }: Exchange): Effect.Effect<void> =>
  Effect.sync(() => incoming.socket.destroy())

/** Waits for an event of the answer, or for the end of its connection, which takes too long to be of use otherwise. */
const until = (exchange: Exchange, event: "drain" | "finish", start: () => void): Effect.Effect<void> => {
  const {
    incoming: { socket },
    outgoing
  } = exchange
  const waiting = Effect.async<void>((resume) => {
    const off = () => {
      outgoing.off(event, go)
      socket.off("close", go)
    }
    const go = () => {
      off()
      resume(Effect.void)
    }
    outgoing.once(event, go)
    socket.once("close", go)
    start()
    return Effect.sync(off)
  })
  return Effect.flatMap(
    Effect.timeoutOption(waiting, longestStall),
    Option.match({ onNone: () => cut(exchange), onSome: () => Effect.void })
  )
}

/** Writes a piece of the body, no faster than the client reads. */
export const write = (exchange: Exchange, bytes: Uint8Array): Effect.Effect<void> =>
  Effect.suspend(() => {
    if (isGone(exchange)) return Effect.void
    if (exchange.incoming.method !== "HEAD") exchange.sent += bytes.byteLength
    return exchange.outgoing.write(bytes) ? Effect.void : until(exchange, "drain", () => {})
  })

/** Ends the answer, and waits until all of it has been handed to the system. */
export const end = (exchange: Exchange): Effect.Effect<void> =>
  Effect.suspend(() =>
    isGone(exchange) || exchange.outgoing.writableFinished
      ? Effect.void
      : until(exchange, "finish", () => exchange.outgoing.end())
  )

/** Reads and forgets what the client still sends. */
const linger = ({ incoming }: Exchange): Effect.Effect<void> =>
  Effect.async<void>((resume) => {
    if (incoming.complete || incoming.destroyed) return resume(Effect.void)
    let left = lingerBytes
    const go = () => resume(Effect.void)
    incoming.once("end", go).once("close", go).once("error", go)
    incoming.on("data", (chunk: Buffer) => {
      left -= chunk.byteLength
      if (left < 0) go()
    })
    incoming.resume()
  }).pipe(Effect.timeoutOption(lingerTime), Effect.asVoid)

/** Whether so much of the body may follow that the connection is better closed. */
const leavesBody = ({ expectsContinue, incoming: { complete, headers } }: Exchange): boolean =>
  !complete &&
  (expectsContinue ||
    headers["transfer-encoding"] !== undefined ||
    Number(headers["content-length"] ?? 0) > shortBody)

/** Answers in the place of Adobe Pass; an answer that has begun is cut. */
export const answer = (exchange: Exchange, refused: Refused, close: boolean): Effect.Effect<void> =>
  Effect.suspend(() => {
    const { outgoing } = exchange
    if (isGone(exchange)) return Effect.void
    if (outgoing.headersSent) return cut(exchange)
    for (const name of outgoing.getHeaderNames()) outgoing.removeHeader(name)
    const body = bodyOf(refused)
    const leaves = leavesBody(exchange)
    outgoing.writeHead(refused.status, {
      ...headersOf(refused),
      ...(close || leaves ? { connection: "close" } : {})
    })
    const writing = write(exchange, Buffer.from(body))
    return Effect.zipRight(leaves ? Effect.zipRight(writing, linger(exchange)) : writing, end(exchange))
  })
