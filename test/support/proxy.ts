import * as net from "node:net"
import { Effect, type Scope } from "effect"

/** What stands between a node and its database. */
export interface Proxy {
  readonly port: number
  /** Nobody gets through, and who is connected is cut off. */
  readonly down: Effect.Effect<void>
  /** Everything arrives, this many milliseconds late. */
  readonly slow: (millis: number) => Effect.Effect<void>
  readonly up: Effect.Effect<void>
  /** Cuts off who is connected now; new connections get through. */
  readonly cut: Effect.Effect<void>
}

/** A proxy before a port of this machine, until the scope closes. */
export const makeProxy = (target: number): Effect.Effect<Proxy, never, Scope.Scope> =>
  Effect.gen(function* () {
    let delay = 0
    let isDown = false
    const sockets = new Set<net.Socket>()
    const keep = (socket: net.Socket, other: net.Socket) => {
      sockets.add(socket)
      socket.on("data", (chunk) => {
        if (delay === 0) other.write(chunk)
        else setTimeout(() => void other.write(chunk), delay)
      })
      // A connection that is cut is what these tests are about.
      socket.on("error", () => other.destroy())
      socket.on("close", () => {
        sockets.delete(socket)
        other.destroy()
      })
    }
    const server = net.createServer((client) => {
      if (isDown) return void client.resetAndDestroy()
      const upstream = net.connect(target, "127.0.0.1")
      keep(client, upstream)
      keep(upstream, client)
    })
    const cut = Effect.sync(() => {
      for (const socket of sockets) socket.destroy()
    })
    const port = yield* Effect.acquireRelease(
      Effect.async<number>((resume) => {
        server.listen(0, "127.0.0.1", () => {
          const address = server.address()
          resume(Effect.succeed(typeof address === "object" && address !== null ? address.port : 0))
        })
      }),
      () =>
        Effect.zipRight(
          cut,
          Effect.async<void>((resume) => void server.close(() => resume(Effect.void)))
        )
    )
    const set = (down: boolean, millis: number) =>
      Effect.sync(() => {
        isDown = down
        delay = millis
      })
    return {
      port,
      down: Effect.zipRight(set(true, 0), cut),
      slow: (millis) => set(false, millis),
      up: set(false, 0),
      cut
    }
  })
