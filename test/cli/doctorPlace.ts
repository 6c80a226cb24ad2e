/** Where the doctor is called: a home, an emulator, and a store on the disk. */
import * as fs from "node:fs/promises"
import { createServer as createProxy, type IncomingMessage } from "node:http"
import { createServer } from "node:https"
import { type AddressInfo, connect, type Server, type Socket } from "node:net"
import * as path from "node:path"
import { fileURLToPath } from "node:url"
import { Effect, type Scope } from "effect"
import type { Emulator } from "effect-adobe-pass-emulator"
import type { Cli, Finished } from "../support/cli.js"
import { key } from "./doctorCertificates.js"
import { emulator, environmentOf } from "./support.js"

export interface Place {
  readonly adobe: Emulator.Emulator
  readonly home: string
  readonly statement: string
  readonly store: string
  readonly env: Readonly<Record<string, string>>
  /** A run of the doctor, with variables besides those of the place; an empty one counts as not set. */
  readonly doctor: (
    args?: ReadonlyArray<string>,
    env?: Readonly<Record<string, string>>
  ) => Effect.Effect<Finished>
}

/** On the disk of this repository: the directory for temporary files may be in memory, which is a finding. */
const cache = fileURLToPath(new URL("../../node_modules/.cache/", import.meta.url))

const onDisk = Effect.acquireRelease(
  Effect.promise(async () => {
    await fs.mkdir(cache, { recursive: true })
    return fs.mkdtemp(path.join(cache, "doctor-"))
  }),
  (directory) => Effect.promise(() => fs.rm(directory, { recursive: true, force: true }))
)

/** Nothing is wrong here. */
export const place = (
  cli: Cli,
  options: Parameters<typeof emulator>[0] = {}
): Effect.Effect<Place, Emulator.ListenError, Scope.Scope> =>
  Effect.gen(function* () {
    const home = yield* cli.home
    const adobe = yield* emulator(options)
    const store = path.join(yield* onDisk, "store")
    const given = yield* environmentOf(adobe, home)
    const statement = path.join(home, "statement.txt")
    yield* Effect.promise(() => fs.chmod(statement, 0o600))
    const env = { ...given, ADOBE_PASS_STORE_DIRECTORY: store }
    return {
      adobe,
      home,
      statement,
      store,
      env,
      doctor: (args = [], more = {}) => cli.run(home, ["doctor", ...args], { env: { ...env, ...more } })
    }
  })

/** Listens, and ends with its connections; the port. */
const listen = (server: Server): Effect.Effect<number, never, Scope.Scope> =>
  Effect.gen(function* () {
    const sockets = new Set<Socket>()
    server.on("connection", (socket: Socket) => sockets.add(socket.on("error", () => {})))
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
    return (server.address() as AddressInfo).port
  })

/** A server that speaks TLS with a certificate, and answers nothing. */
export const secureServer = (certificate: string): Effect.Effect<string, never, Scope.Scope> =>
  Effect.map(
    listen(createServer({ key, cert: certificate }, (_, response) => response.end())),
    (port) => `https://127.0.0.1:${port}`
  )

/** A proxy that opens tunnels for who knows its password, and counts them. */
export const proxy = Effect.gen(function* () {
  const known = `Basic ${Buffer.from("someone:password-of-the-proxy").toString("base64")}`
  let tunnels = 0
  const server = createProxy()
  server.on("connect", ({ headers, url = "" }: IncomingMessage, socket: Socket) => {
    if (headers["proxy-authorization"] !== known) {
      return void socket.end("HTTP/1.1 407 Proxy Authentication Required\r\n\r\n")
    }
    tunnels += 1
    const target = new URL(`http://${url}`)
    const upstream = connect(Number(target.port), target.hostname, () => {
      socket.write("HTTP/1.1 200 Connection Established\r\n\r\n")
      socket.pipe(upstream)
      upstream.pipe(socket)
    })
    upstream.on("error", () => socket.destroy())
  })
  const port = yield* listen(server)
  return {
    address: `http://someone:password-of-the-proxy@127.0.0.1:${port}`,
    addressForOthers: `http://someone:wrong@127.0.0.1:${port}`,
    tunnels: () => tunnels
  }
})
