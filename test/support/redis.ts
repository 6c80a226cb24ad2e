import { spawn, spawnSync } from "node:child_process"
import { randomUUID } from "node:crypto"
import { existsSync } from "node:fs"
import { mkdtemp, rm, writeFile } from "node:fs/promises"
import { connect } from "node:net"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, beforeAll } from "@effect/vitest"
import { Data, Effect, Exit, Redacted, Schedule, Scope } from "effect"
import { describeWith, freePort, isRunning } from "./servers.js"

/** Redis did not start, or did not answer as it should. */
export class RedisError extends Data.TaggedError("RedisError")<{ readonly message: string }> {}

const binary = ["redis-server", "/usr/bin/redis-server", "/usr/local/bin/redis-server", "valkey-server"].find(
  (name) => (name.startsWith("/") ? existsSync(name) : spawnSync(name, ["--version"]).status === 0)
)

const given = process.env["REDIS_URL"]

/** Tests that need a Redis, of their own or the one of `REDIS_URL`. Under CI they fail where there is none. */
export const describeRedis = describeWith(
  binary === undefined && given === undefined
    ? "there is neither a redis-server on this machine nor a REDIS_URL"
    : undefined
)

/** Tests that stop their Redis, or start it in a way of their own. */
export const describeOwnRedis = describeWith(
  binary === undefined ? "there is no redis-server on this machine" : undefined
)

/** An answer of Redis. */
export type Reply = string | number | null | ReadonlyArray<Reply>

class Incomplete extends Error {}

/** Reads one answer in the protocol RESP2, or throws `Incomplete`. */
const parse = (data: Buffer): Reply => {
  let at = 0
  const line = () => {
    const end = data.indexOf("\r\n", at)
    if (end === -1) throw new Incomplete()
    const text = data.toString("utf8", at, end)
    at = end + 2
    return text
  }
  const next = (): Reply => {
    const head = line()
    const rest = head.slice(1)
    if (head.startsWith("+")) return rest
    if (head.startsWith(":")) return Number(rest)
    if (head.startsWith("-")) throw new Error(rest)
    if (rest === "-1") return null
    if (head.startsWith("*")) return Array.from({ length: Number(rest) }, next)
    const text = data.toString("utf8", at, at + Number(rest))
    at += Number(rest) + 2
    if (at > data.length) throw new Incomplete()
    return text
  }
  return next()
}

const encode = (args: ReadonlyArray<string>) =>
  `*${args.length}\r\n${args.map((arg) => `$${Buffer.byteLength(arg)}\r\n${arg}\r\n`).join("")}`

const executeOn =
  (url: string) =>
  (...args: ReadonlyArray<string>): Effect.Effect<Reply, RedisError> =>
    Effect.async<Reply, RedisError>((resume) => {
      const { hostname, password, pathname, port, username } = new URL(url)
      const before = [
        ...(password === "" ? [] : [["AUTH", username || "default", decodeURIComponent(password)]]),
        // A Sentinel has no databases.
        ...(pathname.length > 1 ? [["SELECT", pathname.slice(1)]] : [])
      ]
      const socket = connect({ host: hostname, port: Number(port || 6379) })
      let left = before.length
      let data = Buffer.alloc(0)
      const fail = (error: unknown) =>
        resume(Effect.fail(new RedisError({ message: error instanceof Error ? error.message : `${error}` })))
      socket.on("error", fail)
      socket.on("close", () => fail("closed"))
      socket.on("data", (chunk) => {
        data = Buffer.concat([data, chunk])
        // Both are answered with one line.
        for (; left > 0 && data.includes("\r\n"); left--) data = data.subarray(data.indexOf("\r\n") + 2)
        if (left > 0) return
        try {
          resume(Effect.succeed(parse(data)))
          socket.destroy()
        } catch (error) {
          if (!(error instanceof Incomplete)) fail(error)
        }
      })
      socket.write([...before, args].map(encode).join(""))
      return Effect.sync(() => socket.destroy())
    })

/** A Redis that answers. */
export interface RedisServer {
  readonly url: Redacted.Redacted<string>
  /** Runs one command. */
  readonly execute: (...args: ReadonlyArray<string>) => Effect.Effect<Reply, RedisError>
  /** A start for the names of keys that nobody else uses. */
  readonly prefix: string
}

/** A Redis that can be stopped, and started again: it is empty then. */
export interface OwnRedisServer extends RedisServer {
  readonly stop: Effect.Effect<void>
  readonly start: Effect.Effect<void, RedisError>
}

const launch = (
  directory: string,
  port: number,
  options: ReadonlyArray<string>,
  sentinel = false
): Effect.Effect<Effect.Effect<void>, RedisError> =>
  Effect.gen(function* () {
    if (binary === undefined) return yield* new RedisError({ message: "there is no redis-server" })
    const configuration = join(directory, "sentinel.conf")
    // A Sentinel keeps what it knows in its configuration.
    if (sentinel) yield* Effect.promise(() => writeFile(configuration, ""))
    const child = spawn(
      binary,
      [
        sentinel ? [configuration, "--sentinel"] : [],
        ["--bind", "127.0.0.1"],
        ["--port", `${port}`],
        ["--dir", directory],
        sentinel ? [] : ["--save", "", "--appendonly", "no"],
        options
      ].flat(),
      { stdio: ["ignore", "pipe", "pipe"] }
    )
    const output: Array<string> = []
    child.stdout.on("data", (chunk: Buffer) => output.push(chunk.toString()))
    child.stderr.on("data", (chunk: Buffer) => output.push(chunk.toString()))
    child.on("error", (error) => output.push(error.message))
    const kill = () => child.kill("SIGKILL")
    process.once("exit", kill)
    yield* executeOn(`redis://127.0.0.1:${port}`)("PING").pipe(
      // A server with a password has started too.
      Effect.catchIf(
        ({ message }) => message.startsWith("NOAUTH"),
        () => Effect.void
      ),
      Effect.retry({ schedule: Schedule.spaced("20 millis"), while: () => isRunning(child) }),
      Effect.mapError(
        ({ message }) => new RedisError({ message: `Redis did not start: ${message}\n${output.join("")}` })
      )
    )
    return { child, kill }
  }).pipe(
    Effect.map(({ child, kill }) =>
      Effect.async<void>((resume) => {
        process.off("exit", kill)
        if (!isRunning(child)) return resume(Effect.void)
        child.once("exit", () => resume(Effect.void))
        kill()
      })
    )
  )

/** A Redis of this test's own, in a directory of its own, gone when the scope ends. */
export const ownRedisServer = (
  options: {
    readonly password?: string
    readonly arguments?: ReadonlyArray<string>
    /** A Sentinel, which watches nothing yet. */
    readonly sentinel?: boolean
  } = {}
): Effect.Effect<OwnRedisServer, RedisError, Scope.Scope> =>
  Effect.gen(function* () {
    const directory = yield* Effect.acquireRelease(
      Effect.promise(() => mkdtemp(join(tmpdir(), "adobe-pass-redis-"))),
      (path) => Effect.promise(() => rm(path, { recursive: true, force: true }))
    )
    const port = yield* freePort
    const { password } = options
    const access = password === undefined ? [] : ["--requirepass", password]
    let halt = Effect.void
    const start = Effect.map(
      launch(directory, port, [...access, ...(options.arguments ?? [])], options.sentinel),
      (stopping) => {
        halt = stopping
      }
    )
    const stop = Effect.suspend(() => halt)
    yield* Effect.addFinalizer(() => stop)
    yield* start
    const url = `redis://${password === undefined ? "" : `:${encodeURIComponent(password)}@`}127.0.0.1:${port}`
    return { url: Redacted.make(url), execute: executeOn(url), prefix: "adobe-pass:", stop, start }
  })

/** A Redis Cluster of one node that has all slots. */
export const ownRedisCluster: Effect.Effect<OwnRedisServer, RedisError, Scope.Scope> = Effect.gen(
  function* () {
    const server = yield* ownRedisServer({
      arguments: [
        ["--cluster-enabled", "yes"],
        ["--cluster-port", `${yield* freePort}`],
        ["--cluster-announce-ip", "127.0.0.1"]
      ].flat()
    })
    yield* server.execute("CLUSTER", "ADDSLOTSRANGE", "0", "16383")
    yield* server.execute("CLUSTER", "INFO").pipe(
      Effect.filterOrFail(
        (info) => typeof info === "string" && info.includes("cluster_state:ok"),
        () => new RedisError({ message: "the cluster is not ready" })
      ),
      Effect.retry(Schedule.spaced("20 millis"))
    )
    return server
  }
)

/** A Redis Cluster of three masters that share the slots. */
export const ownRedisMasters: Effect.Effect<
  ReadonlyArray<OwnRedisServer>,
  RedisError,
  Scope.Scope
> = Effect.gen(function* () {
  const servers = yield* Effect.forEach([0, 1, 2], () =>
    Effect.flatMap(freePort, (busPort) =>
      ownRedisServer({
        arguments: [
          ["--cluster-enabled", "yes"],
          ["--cluster-port", `${busPort}`],
          ["--cluster-announce-ip", "127.0.0.1"]
        ].flat()
      }).pipe(Effect.map((server) => ({ server, busPort })))
    )
  )
  const slots = [
    ["0", "5460"],
    ["5461", "10922"],
    ["10923", "16383"]
  ]
  for (const [n, { server }] of servers.entries()) {
    yield* server.execute("CLUSTER", "ADDSLOTSRANGE", ...(slots[n] ?? []))
    for (const other of servers.slice(0, n)) {
      const { port } = new URL(Redacted.value(other.server.url))
      yield* server.execute("CLUSTER", "MEET", "127.0.0.1", port, `${other.busPort}`)
    }
  }
  for (const { server } of servers) {
    yield* Effect.repeat(server.execute("CLUSTER", "INFO"), {
      until: (info) => `${info}`.includes("cluster_state:ok") && `${info}`.includes("cluster_known_nodes:3"),
      schedule: Schedule.spaced("50 millis")
    })
  }
  return servers.map(({ server }) => server)
})

/** A master with one replica, and a Sentinel that watches them: `replicates` waits until the replica has everything. */
export const ownRedisSentinel = (options: { readonly arguments?: ReadonlyArray<string> } = {}) =>
  Effect.gen(function* () {
    const master = yield* ownRedisServer(options)
    const portOf = ({ url }: RedisServer) => new URL(Redacted.value(url)).port
    const replica = yield* ownRedisServer({
      arguments: ["--replicaof", `127.0.0.1 ${portOf(master)}`, ...(options.arguments ?? [])]
    })
    const sentinel = yield* ownRedisServer({ sentinel: true })
    yield* sentinel.execute("SENTINEL", "MONITOR", "adobe", "127.0.0.1", portOf(master), "1")
    yield* sentinel.execute("SENTINEL", "SET", "adobe", "down-after-milliseconds", "500")
    // A failover that finds no good replica yet is tried again after twice this time, which is 3 minutes by default.
    yield* sentinel.execute("SENTINEL", "SET", "adobe", "failover-timeout", "1000")
    const until = (effect: Effect.Effect<Reply, RedisError>, isDone: (reply: Reply) => boolean) =>
      Effect.repeat(effect, { until: isDone, schedule: Schedule.spaced("50 millis") })
    yield* until(replica.execute("INFO", "replication"), (info) =>
      `${info}`.includes("master_link_status:up")
    )
    yield* until(
      sentinel.execute("SENTINEL", "REPLICAS", "adobe"),
      (found) => Array.isArray(found) && found.length === 1
    )
    return { master, replica, sentinel }
  })

/** One for all tests of a `describe`, for what takes long to start. Each use of it has a prefix of its own. */
export const shared = <A extends RedisServer>(
  server: Effect.Effect<A, RedisError, Scope.Scope>
): Effect.Effect<A> => {
  let running: { readonly scope: Scope.CloseableScope; readonly server: A } | undefined
  beforeAll(async () => {
    const scope = await Effect.runPromise(Scope.make())
    running = { scope, server: await Effect.runPromise(Scope.extend(server, scope)) }
  })
  afterAll(async () => {
    if (running !== undefined) await Effect.runPromise(Scope.close(running.scope, Exit.void))
  })
  return Effect.suspend(() =>
    running === undefined
      ? Effect.dieMessage("the server is not started yet")
      : Effect.succeed({ ...running.server, prefix: `adobe-pass-test-${randomUUID()}:` })
  )
}

/** The Redis of `REDIS_URL`, or one of this test's own. */
export const redisServer: Effect.Effect<RedisServer, RedisError, Scope.Scope> =
  given === undefined
    ? ownRedisServer()
    : Effect.sync(() => ({
        url: Redacted.make(given),
        execute: executeOn(given),
        prefix: `adobe-pass-test-${randomUUID()}:`
      }))
