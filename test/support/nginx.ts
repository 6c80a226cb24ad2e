import { spawn, spawnSync } from "node:child_process"
import { existsSync } from "node:fs"
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises"
import { Agent, request } from "node:http"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { Data, Effect, Schedule, type Scope } from "effect"
import { describeWith, freePort, isRunning } from "./servers.js"

/** nginx did not start, or did not answer. */
export class NginxError extends Data.TaggedError("NginxError")<{ readonly message: string }> {}

/** The nginx of this machine, wherever it is. */
const binary = ["nginx", "/usr/sbin/nginx", "/usr/local/sbin/nginx", "/opt/homebrew/bin/nginx"].find(
  (candidate) =>
    candidate.startsWith("/") ? existsSync(candidate) : spawnSync(candidate, ["-v"]).status === 0
)

/** Tests that need nginx. */
export const describeNginx = describeWith(binary === undefined ? "there is no nginx" : undefined)

const server = (port: number, burst: number) => `
  server {
    listen 127.0.0.1:${port};
    location / {
      limit_req zone=z${burst} burst=${burst} nodelay;
      limit_req_status 429;
      empty_gif;
    }
    location = /ready {
      return 204;
    }
  }`

const configuration = (ports: ReadonlyArray<readonly [burst: number, port: number]>) => `
daemon off;
master_process off;
worker_processes 1;
error_log stderr crit;
pid nginx.pid;
events {
  worker_connections 256;
}
http {
  access_log off;
  client_body_temp_path temp/body;
  proxy_temp_path temp/proxy;
  fastcgi_temp_path temp/fastcgi;
  uwsgi_temp_path temp/uwsgi;
  scgi_temp_path temp/scgi;
${ports.map(([burst]) => `  limit_req_zone $http_x_forwarded_for zone=z${burst}:1m rate=1r/s;`).join("\n")}
${ports.map(([burst, port]) => server(port, burst)).join("\n")}
}
`

/** The status that nginx answers to one request of an address. */
const statusOf = (
  agent: Agent,
  port: number,
  path: string,
  address: string
): Effect.Effect<number, NginxError> =>
  Effect.async<number, NginxError>((resume) => {
    const sent = request(
      { agent, host: "127.0.0.1", port, path, headers: { "x-forwarded-for": address } },
      (response) => {
        response.resume()
        response.once("end", () => resume(Effect.succeed(response.statusCode ?? 0)))
      }
    )
    sent.once("error", (error) => resume(Effect.fail(new NginxError({ message: error.message }))))
    sent.end()
    return Effect.sync(() => sent.destroy())
  })

/** An nginx of this test's own: one server per burst, in a directory of its own, gone when the scope ends. */
export const nginx = (
  bursts: ReadonlyArray<number>
): Effect.Effect<
  { readonly status: (burst: number, address: string) => Effect.Effect<number, NginxError> },
  NginxError,
  Scope.Scope
> =>
  Effect.gen(function* () {
    if (binary === undefined) return yield* new NginxError({ message: "there is no nginx" })
    const prefix = yield* Effect.acquireRelease(
      Effect.promise(() => mkdtemp(join(tmpdir(), "adobe-pass-nginx-"))),
      (path) => Effect.promise(() => rm(path, { recursive: true, force: true }))
    )
    yield* Effect.promise(() => mkdir(join(prefix, "temp")))
    const ports = yield* Effect.forEach(bursts, (burst) =>
      Effect.map(freePort, (port) => [burst, port] as const)
    )
    yield* Effect.promise(() => writeFile(join(prefix, "nginx.conf"), configuration(ports)))
    const stderr: Array<string> = []
    const child = yield* Effect.acquireRelease(
      Effect.sync(() => {
        const child = spawn(binary, ["-p", prefix, "-c", "nginx.conf", "-e", "stderr"], {
          stdio: ["ignore", "ignore", "pipe"]
        })
        child.stderr.on("data", (chunk: Buffer) => stderr.push(chunk.toString()))
        child.on("error", (error) => stderr.push(error.message))
        child.once("exit", (code) => stderr.push(`ended with ${code}`))
        return child
      }),
      (child) =>
        Effect.async<void>((resume) => {
          if (!isRunning(child)) return resume(Effect.void)
          child.once("exit", () => resume(Effect.void))
          child.kill("SIGTERM")
        })
    )
    const agent = yield* Effect.acquireRelease(
      Effect.sync(() => new Agent({ keepAlive: true, maxSockets: 64 })),
      (agent) => Effect.sync(() => agent.destroy())
    )
    for (const [, port] of ports) {
      yield* statusOf(agent, port, "/ready", "").pipe(
        Effect.filterOrFail(
          (status) => status === 204,
          (status) => new NginxError({ message: `answers ${status}` })
        ),
        Effect.retry({ schedule: Schedule.spaced("20 millis"), while: () => isRunning(child) }),
        Effect.mapError(
          (error) => new NginxError({ message: `nginx did not start: ${error.message}\n${stderr.join("")}` })
        )
      )
    }
    return {
      status: (burst, address) => {
        const found = ports.find(([of]) => of === burst)
        return found === undefined
          ? Effect.fail(new NginxError({ message: `no server with burst ${burst}` }))
          : statusOf(agent, found[1], "/", address)
      }
    }
  })
