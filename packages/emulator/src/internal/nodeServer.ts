/**
 * The transport on a port. It uses `node:http` directly, because breaking a connection needs the raw socket, which
 * `@effect/platform` does not expose.
 */
import * as Http from "node:http"
import { gzipSync } from "node:zlib"
import * as Cause from "effect/Cause"
import * as Data from "effect/Data"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as FiberSet from "effect/FiberSet"
import type * as Scope from "effect/Scope"
import { type Answer, html } from "./answer.js"
import type { Handler, Outcome } from "./outcome.js"

export class NotListening extends Data.TaggedError("NotListening")<{ readonly code: string }> {}

const headersOf = (incoming: Http.IncomingMessage): Readonly<Record<string, string>> =>
  Object.fromEntries(
    Object.entries(incoming.headers).map(([name, value]) => [
      name,
      Array.isArray(value) ? value.join(", ") : (value ?? "")
    ])
  )

/** Large enough for the saved state of an emulator that is full. */
const longestBody = 64 * 1024 * 1024

/** Undefined when the body is too long; the rest of it is read and forgotten, so that the answer arrives. */
const readBody = (incoming: Http.IncomingMessage): Effect.Effect<string | undefined> =>
  Effect.async((resume) => {
    const chunks: Array<Buffer> = []
    let length = 0
    incoming.on("data", (chunk: Buffer) => {
      length += chunk.length
      if (length <= longestBody) chunks.push(chunk)
      else chunks.splice(0)
    })
    incoming.on("end", () =>
      resume(Effect.succeed(length <= longestBody ? Buffer.concat(chunks).toString("utf8") : undefined))
    )
  })

/** A request target may be an absolute URL, and may be invalid. */
const parseTarget = (target: string): Either.Either<URL, unknown> =>
  Either.try(() => (target.startsWith("/") ? new URL(`http://emulator${target}`) : new URL(target)))

/** An answer as it is sent, its body in bytes. */
type Encoded = Omit<Answer, "body" | "gzip"> & { readonly body: Buffer }

const encoded = (incoming: Http.IncomingMessage, { body, gzip, headers, status }: Answer): Encoded => {
  const bytes = Buffer.from(body)
  if (gzip !== true || !/\bgzip\b/.test(incoming.headers["accept-encoding"]?.toString() ?? "")) {
    return { status, headers, body: bytes }
  }
  const compressed = gzipSync(bytes)
  const others = headers.filter(([name]) => name !== "content-length")
  return {
    status,
    headers: [
      ...others,
      ["content-encoding", "gzip"],
      ["vary", "accept-encoding"],
      ["content-length", `${compressed.length}`]
    ],
    body: compressed
  }
}

const writeHead = (outgoing: Http.ServerResponse, answer: Encoded): void => {
  outgoing.statusCode = answer.status
  for (const [name, value] of answer.headers) outgoing.appendHeader(name, value)
}

const deliver = (outgoing: Http.ServerResponse, outcome: Outcome): void => {
  switch (outcome._tag) {
    case "Answered": {
      const answer = encoded(outgoing.req, outcome.answer)
      writeHead(outgoing, answer)
      outgoing.end(answer.body)
      return
    }
    case "Truncated": {
      const answer = encoded(outgoing.req, outcome.answer)
      writeHead(outgoing, answer)
      // Unlike a reset, this delivers what was written; content-length shows that the body is incomplete.
      outgoing.write(answer.body.subarray(0, Math.floor(answer.body.length / 2)), () =>
        outgoing.socket?.destroy()
      )
      return
    }
    case "Reset":
    case "Refused":
      outgoing.socket?.resetAndDestroy()
  }
}

/** Whatever goes wrong in the emulator itself: a client that got no answer would wait for ever. */
const failed = (outgoing: Http.ServerResponse, cause: Cause.Cause<never>): Effect.Effect<void> =>
  Cause.isInterruptedOnly(cause)
    ? Effect.void
    : Effect.zipRight(
        Effect.logError("The emulator has failed to answer a request.", cause),
        Effect.sync(() => {
          for (const name of outgoing.getHeaderNames()) outgoing.removeHeader(name)
          deliver(outgoing, { _tag: "Answered", answer: html(500, "Internal Server Error") })
        })
      )

const respond = (
  handle: Handler,
  incoming: Http.IncomingMessage,
  outgoing: Http.ServerResponse
): Effect.Effect<void> =>
  Effect.gen(function* () {
    const url = parseTarget(incoming.url ?? "/")
    if (Either.isLeft(url)) {
      return deliver(outgoing, { _tag: "Answered", answer: html(400, "Bad Request") })
    }
    const body = yield* readBody(incoming)
    if (body === undefined) {
      return deliver(outgoing, { _tag: "Answered", answer: html(413, "Request Entity Too Large") })
    }
    const outcome = yield* handle({
      method: incoming.method ?? "GET",
      path: url.right.pathname,
      query: url.right.search.slice(1),
      headers: headersOf(incoming),
      body
    })
    deliver(outgoing, outcome)
  }).pipe(Effect.catchAllCause((cause) => failed(outgoing, cause)))

const listen = (server: Http.Server, host: string, port: number): Effect.Effect<Http.Server, NotListening> =>
  Effect.async((resume) => {
    server.once("error", (error: NodeJS.ErrnoException) =>
      resume(Effect.fail(new NotListening({ code: error.code ?? error.message })))
    )
    server.listen(port, host, () => resume(Effect.succeed(server)))
  })

/** Also closes connections with a request in flight, because a script may have made it hang. */
const close = (server: Http.Server): Effect.Effect<void> =>
  Effect.async((resume) => {
    server.close(() => resume(Effect.void))
    server.closeAllConnections()
  })

/** Serves until the scope closes, and returns the port. A client that disconnects interrupts the handling. */
export const serve = (
  handle: Handler,
  host: string,
  port: number
): Effect.Effect<number, NotListening, Scope.Scope> =>
  Effect.gen(function* () {
    const runFork = yield* FiberSet.makeRuntime<never>()
    const server = Http.createServer({ keepAlive: true }, (incoming, outgoing) => {
      const fiber = runFork(respond(handle, incoming, outgoing))
      outgoing.once("close", () => fiber.unsafeInterruptAsFork(fiber.id()))
    })
    yield* Effect.acquireRelease(listen(server, host, port), close)
    const address = server.address()
    return typeof address === "object" && address !== null ? address.port : port
  })
