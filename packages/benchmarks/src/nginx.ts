/** An nginx in front of the stand-in, which throttles each device as Adobe's front does: `limit_req`. */
import { spawn, spawnSync } from "node:child_process"
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises"
import * as os from "node:os"
import * as path from "node:path"
import { Effect, Option, type Scope } from "effect"
import { answers, freePort } from "./servers.js"

const binary = ["nginx", "/usr/sbin/nginx"].find((name) => spawnSync(name, ["-v"]).status === 0)

const configuration = (port: number, upstream: string) => `
daemon off;
master_process off;
error_log stderr crit;
pid nginx.pid;
events { worker_connections 1024; }
http {
  log_format throttle '$http_x_forwarded_for $status';
  access_log access.log throttle;
  client_body_temp_path temp/body;
  proxy_temp_path temp/proxy;
  fastcgi_temp_path temp/fastcgi;
  uwsgi_temp_path temp/uwsgi;
  scgi_temp_path temp/scgi;
  limit_req_zone $http_x_forwarded_for zone=devices:1m rate=1r/s;
  server {
    listen 127.0.0.1:${port};
    location = /ready { access_log off; return 204; }
    location / {
      limit_req zone=devices burst=10 nodelay;
      limit_req_status 429;
      proxy_http_version 1.1;
      proxy_pass ${upstream};
    }
  }
}
`

export interface Nginx {
  readonly baseUrl: string
  /** How many answers of 429 an address got. */
  readonly refused: (ip: string) => Effect.Effect<number>
}

/** None where there is no nginx. */
export const nginx = (upstream: string): Effect.Effect<Option.Option<Nginx>, string, Scope.Scope> =>
  Effect.gen(function* () {
    if (binary === undefined) return Option.none()
    const directory = yield* Effect.acquireRelease(
      Effect.promise(() => mkdtemp(path.join(os.tmpdir(), "effect-adobe-pass-benchmark-"))),
      (made) => Effect.promise(() => rm(made, { recursive: true, force: true }))
    )
    const port = yield* freePort
    yield* Effect.promise(async () => {
      await mkdir(path.join(directory, "temp"))
      await writeFile(path.join(directory, "nginx.conf"), configuration(port, upstream))
    })
    yield* Effect.acquireRelease(
      Effect.sync(() =>
        spawn(binary, ["-p", directory, "-c", path.join(directory, "nginx.conf")], {
          stdio: ["ignore", "ignore", "inherit"]
        })
      ),
      (child) => Effect.sync(() => void child.kill("SIGKILL"))
    )
    yield* answers(port)
    return Option.some({
      baseUrl: `http://127.0.0.1:${port}`,
      refused: (ip) =>
        Effect.map(
          Effect.promise(() => readFile(path.join(directory, "access.log"), "utf8")),
          (log) => log.split("\n").filter((line) => line === `${ip} 429`).length
        )
    })
  })
