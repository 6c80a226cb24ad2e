import * as fs from "node:fs/promises"
import * as Http from "node:http"
import * as Net from "node:net"
import * as path from "node:path"
import { Effect, type Scope } from "effect"
import type { Cli, Running } from "../support/cli.js"

/** The value of `AP-Device-Identifier` for a device. */
export const identifierOf = (id: string): string => `fingerprint ${Buffer.from(id).toString("base64")}`

export const deviceInfo = {
  model: "AFTM",
  version: "montoya",
  osName: "Android",
  osVersion: "5.1.1",
  connectionType: "WiFi"
}

/** The headers of a device, as a client of Adobe Pass sends them. */
export const deviceHeaders = (id: string, ip = "203.0.113.7"): Record<string, string> => ({
  "ap-device-identifier": identifierOf(id),
  "x-device-info": Buffer.from(JSON.stringify(deviceInfo)).toString("base64"),
  "x-forwarded-for": ip
})

/** A gateway that listens. */
export interface Gateway {
  readonly running: Running
  readonly url: string
  readonly port: number
}

/** Starts a gateway on a free port, and waits for it. */
export const startGateway = (
  cli: Cli,
  home: string,
  env: Readonly<Record<string, string>>,
  args: ReadonlyArray<string> = []
): Effect.Effect<Gateway, never, Scope.Scope> =>
  Effect.gen(function* () {
    const running = yield* cli.start(home, ["gateway", "--listen", "127.0.0.1:0", ...args], { env })
    const [, url = "", port = ""] = yield* Effect.orDie(running.says(/listens on (http:\/\/\S+:(\d+))/))
    return { running, url, port: Number(port) }
  })

/** A request as a server received it, with its body. */
export interface Received {
  readonly method: string
  readonly target: string
  readonly rawHeaders: ReadonlyArray<string>
  readonly headers: Http.IncomingHttpHeaders
  readonly body: Buffer
}

/** An answer to a caller. */
export interface Answered {
  readonly status: number
  readonly headers: Http.IncomingHttpHeaders
  readonly rawHeaders: ReadonlyArray<string>
  readonly body: string
}

const bytesOf = async (message: Http.IncomingMessage): Promise<Buffer> => {
  const chunks: Array<Buffer> = []
  for await (const chunk of message) chunks.push(chunk)
  return Buffer.concat(chunks)
}

/** Sends a request whose target and headers are passed on as they are written here. */
export const request = (
  port: number,
  target: string,
  options: {
    readonly method?: string
    readonly headers?: Http.OutgoingHttpHeaders | ReadonlyArray<string>
    readonly body?: string | Buffer
    readonly agent?: Http.Agent
  } = {}
): Effect.Effect<Answered> =>
  Effect.promise(
    () =>
      new Promise<Answered>((resolve, reject) => {
        const { agent, body, headers = {}, method = "GET" } = options
        const sending = Http.request(
          { port, host: "127.0.0.1", path: target, method, headers, agent },
          (answer) =>
            bytesOf(answer).then(
              (bytes) =>
                resolve({
                  status: answer.statusCode ?? 0,
                  headers: answer.headers,
                  rawHeaders: answer.rawHeaders,
                  body: bytes.toString()
                }),
              reject
            )
        )
        sending.on("error", reject)
        sending.end(body)
      })
  )

/** Writes bytes to a port, and gives what comes back until the other side closes. */
export const raw = (port: number, text: string): Effect.Effect<string> =>
  Effect.promise(
    () =>
      new Promise<string>((resolve) => {
        const socket = Net.connect(port, "127.0.0.1", () => socket.write(text))
        let received = ""
        socket.on("data", (chunk) => {
          received += chunk.toString("latin1")
        })
        socket.on("error", () => {})
        socket.on("close", () => resolve(received))
      })
  )

/** A stand-in for Adobe Pass whose protected calls are in the hands of a test. */
export interface RawAdobe {
  readonly url: string
  readonly counts: { register: number; token: number }
  /** The token of the last answer of `/o/client/token`. */
  readonly token: () => string
}

const json = (outgoing: Http.ServerResponse, status: number, value: unknown): void => {
  outgoing.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(value))
}

/** Starts one, with a token lifetime in seconds. It closes with the scope. */
export const rawAdobe = (
  call: (incoming: Http.IncomingMessage, outgoing: Http.ServerResponse) => void,
  lifetime = 21_600
): Effect.Effect<RawAdobe, never, Scope.Scope> =>
  Effect.gen(function* () {
    const counts = { register: 0, token: 0 }
    let token = ""
    const server = Http.createServer((incoming, outgoing) => {
      if (incoming.url?.startsWith("/o/client/register") === true) {
        counts.register++
        incoming.resume()
        return json(outgoing, 201, {
          client_id: `client-${counts.register}`,
          client_secret: `client-secret-${counts.register}`,
          client_id_issued_at: Math.floor(Date.now() / 1000),
          redirect_uris: [],
          grant_types: ["client_credentials"]
        })
      }
      if (incoming.url?.startsWith("/o/client/token") === true) {
        counts.token++
        token = `the-access-token-${counts.token}`
        incoming.resume()
        return json(outgoing, 201, {
          id: "1",
          access_token: token,
          token_type: "bearer",
          expires_in: lifetime,
          created_at: Date.now()
        })
      }
      call(incoming, outgoing)
    })
    yield* Effect.acquireRelease(
      Effect.promise(() => new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))),
      () =>
        Effect.sync(() => {
          server.close()
          server.closeAllConnections()
        })
    )
    const address = server.address()
    const port = typeof address === "object" && address !== null ? address.port : 0
    return { url: `http://127.0.0.1:${port}`, counts, token: () => token }
  })

/** Keeps what arrives, and answers with what `answer` says. */
export const recording = (answer: (received: Received, outgoing: Http.ServerResponse) => void) => {
  const received: Array<Received> = []
  const call = (incoming: Http.IncomingMessage, outgoing: Http.ServerResponse) => {
    bytesOf(incoming).then(
      (body) => {
        const one = {
          method: incoming.method ?? "",
          target: incoming.url ?? "",
          rawHeaders: incoming.rawHeaders,
          headers: incoming.headers,
          body
        }
        received.push(one)
        answer(one, outgoing)
      },
      // Its sender has left in the middle of the body.
      () => outgoing.destroy()
    )
  }
  return { received, call }
}

const part = (value: unknown) => Buffer.from(JSON.stringify(value)).toString("base64url")

/** A software statement that nobody checks. */
const statement = `${part({ alg: "RS256" })}.${part({ sub: "app" })}.${"s".repeat(342)}`

/** Variables that point a gateway at a stand-in, which is not paced. */
export const rawEnvironment = (
  { url }: Pick<RawAdobe, "url">,
  home: string
): Effect.Effect<Readonly<Record<string, string>>> =>
  Effect.promise(async () => {
    const file = path.join(home, "statement.txt")
    await fs.writeFile(file, statement)
    return {
      ADOBE_PASS_ENVIRONMENT: "emulated",
      ADOBE_PASS_SP_URL: url,
      ADOBE_PASS_SOFTWARE_STATEMENT_FILE: file,
      ADOBE_PASS_STORE_DIRECTORY: path.join(home, "store"),
      ADOBE_PASS_THROTTLE_RATE: "1000",
      ADOBE_PASS_THROTTLE_BURST: "1000"
    }
  })
