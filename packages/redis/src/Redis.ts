/**
 * The connection to Redis that the store and the throttle share.
 *
 * @since 0.1.0
 */
import { createHash } from "node:crypto"
import * as Context from "effect/Context"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Predicate from "effect/Predicate"
import * as Redacted from "effect/Redacted"
import type * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import { InvalidInput } from "effect-adobe-pass/AdobePassError"
import type { BackendFailure } from "effect-adobe-pass/CredentialStore"
import { Cluster, Redis as IoRedis } from "ioredis"
import { positive } from "./internal/positive.js"

/**
 * A Lua script that touches one key, `KEYS[1]`, and so runs on Redis Cluster too.
 *
 * @since 0.1.0
 * @category models
 */
export interface Script {
  readonly lua: string
  readonly sha1: string
}

/**
 * A script, with the digest by which Redis knows it.
 *
 * @since 0.1.0
 * @category constructors
 */
export const script = (lua: string): Script => ({ lua, sha1: createHash("sha1").update(lua).digest("hex") })

/**
 * What is asked of Redis. A failure carries a code at most, such as `READONLY` or `ECONNREFUSED`, and no text.
 *
 * @since 0.1.0
 * @category tags
 */
export class Redis extends Context.Tag("effect-adobe-pass-redis/Redis")<
  Redis,
  {
    /** Runs a script on a key; its text is sent only where Redis does not know it (any more). */
    readonly run: (
      script: Script,
      key: string,
      args: ReadonlyArray<string>
    ) => Effect.Effect<unknown, BackendFailure>
    /** One field of a hash. */
    readonly field: (key: string, field: string) => Effect.Effect<Option.Option<string>, BackendFailure>
    /**
     * The keys that start with a text, page by page; in a Cluster those of all masters. A key may come twice while Redis
     * resizes its table.
     */
    readonly pages: (prefix: string) => Stream.Stream<ReadonlyArray<string>, BackendFailure>
  }
>() {}

/**
 * What is needed of a client. `Redis` and `Cluster` of ioredis have it.
 *
 * @since 0.1.0
 * @category models
 */
export interface Client {
  call(command: string, args: Array<string>): Promise<unknown>
  /** The nodes, where the client is one of a Cluster. */
  nodes?(role: "master"): ReadonlyArray<Client>
}

/** The code of an error: the first word of an answer of Redis, or that of the socket. */
const codeOf = (error: unknown): string | undefined => {
  if (!(error instanceof Error)) return undefined
  if (error.name === "ReplyError") return /^[A-Z]+(?= |$)/.exec(error.message)?.[0]
  if (Predicate.hasProperty(error, "lastNodeError")) return codeOf(error.lastNodeError)
  return Predicate.hasProperty(error, "code") &&
    typeof error.code === "string" &&
    /^[A-Z0-9_]+$/.test(error.code)
    ? error.code
    : undefined
}

const failure =
  (otherwise: () => string | undefined) =>
  (error: unknown): BackendFailure => {
    if (error instanceof Error && error.message === "Command timed out") return { reason: "Timeout" }
    const code = codeOf(error) ?? otherwise()
    return code === undefined ? { reason: "Unavailable" } : { reason: "Unavailable", code }
  }

const unexpected = (): BackendFailure => ({ reason: "Unavailable", code: "UNEXPECTED_REPLY" })

const pageSize = "500"

/** A page of SCAN: where to go on, and keys. */
const isPage = (reply: unknown): reply is readonly [cursor: string, keys: ReadonlyArray<string>] =>
  Array.isArray(reply) &&
  typeof reply[0] === "string" &&
  Array.isArray(reply[1]) &&
  reply[1].every(Predicate.isString)

const literally = (text: string) => text.replace(/[\\*?[\]^-]/g, "\\$&")

const service = (
  client: Client,
  lastCode: () => string | undefined = () => undefined
): Context.Tag.Service<Redis> => {
  const ask = (to: Client, command: string, args: ReadonlyArray<string>) =>
    Effect.tryPromise({ try: () => to.call(command, [...args]), catch: failure(lastCode) })

  const scan = (node: Client, prefix: string) =>
    Stream.paginateEffect("0", (cursor) =>
      Effect.map(
        Effect.filterOrFail(
          ask(node, "SCAN", [cursor, "MATCH", `${literally(prefix)}*`, "COUNT", pageSize]),
          isPage,
          unexpected
        ),
        ([next, keys]) => [[...new Set(keys)], next === "0" ? Option.none() : Option.some(next)]
      )
    )

  return {
    run: ({ lua, sha1 }, key, args) =>
      Effect.catchIf(
        ask(client, "EVALSHA", [sha1, "1", key, ...args]),
        ({ code }) => code === "NOSCRIPT",
        () => ask(client, "EVAL", [lua, "1", key, ...args])
      ),
    field: (key, field) =>
      Effect.flatMap(ask(client, "HGET", [key, field]), (reply) =>
        typeof reply === "string"
          ? Effect.succeedSome(reply)
          : reply === null
            ? Effect.succeedNone
            : Effect.fail(unexpected())
      ),
    pages: (prefix) =>
      client.nodes === undefined
        ? scan(client, prefix)
        : Stream.flatMap(
            Stream.fromIterableEffect(
              Effect.filterOrFail(
                Effect.sync(() => client.nodes?.("master") ?? []),
                (nodes) => nodes.length > 0,
                (): BackendFailure => ({ reason: "Unavailable" })
              )
            ),
            (node) => scan(node, prefix)
          )
  }
}

/**
 * The service over a client that is there already. Its settings and its end are its owner's matter.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = (client: Client): Context.Tag.Service<Redis> => service(client)

/**
 * `make` as a layer.
 *
 * @since 0.1.0
 * @category layers
 */
export const layerClient = (client: Client): Layer.Layer<Redis> => Layer.succeed(Redis, make(client))

/**
 * Tunables of a connection.
 *
 * @since 0.1.0
 * @category models
 */
export interface Tunables {
  /** The longest time that one command may take. A connection that is silent for twice as long is replaced. @default 3 seconds */
  readonly timeout?: Duration.DurationInput | undefined
  /** The longest time that one attempt to connect may take; also the longest wait for the first one. @default 2 seconds */
  readonly connectTimeout?: Duration.DurationInput | undefined
  /** The longest pause between two attempts to connect. The first is 50 milliseconds long, and they double. @default 2 seconds */
  readonly reconnect?: Duration.DurationInput | undefined
}

/**
 * Where Redis is.
 *
 * @since 0.1.0
 * @category models
 */
export interface Options extends Tunables {
  /** `redis://[[user]:password@]host[:port][/db]`, or `rediss://` for TLS. */
  readonly url: Redacted.Redacted<string>
}

/**
 * Where the nodes of a Cluster are.
 *
 * @since 0.1.0
 * @category models
 */
export interface ClusterOptions extends Tunables {
  /** Some of the nodes: the others are found from there. User, password and TLS of the first are those of all. */
  readonly urls: readonly [Redacted.Redacted<string>, ...ReadonlyArray<Redacted.Redacted<string>>]
}

const address = (field: string, input: Redacted.Redacted<string>) =>
  Either.gen(function* () {
    const refused = (problem: string) => Either.left(new InvalidInput({ field, problem }))
    const text = Redacted.value(input)
    const url = URL.canParse(text) ? new URL(text) : undefined
    if (url === undefined || !["redis:", "rediss:"].includes(url.protocol) || url.hostname === "") {
      return yield* refused("must be a URL like redis://host:6379 or rediss://user:password@host:6379")
    }
    const db = /^\/?(\d{0,5})$/.exec(url.pathname)?.[1]
    if (db === undefined) return yield* refused("must have the number of a database as its path, or none")
    const decoded = (part: string) =>
      Either.try({
        try: () => (part === "" ? {} : { value: decodeURIComponent(part) }),
        catch: () => new InvalidInput({ field, problem: "has a % that encodes nothing" })
      })
    const username = yield* decoded(url.username)
    const password = yield* decoded(url.password)
    return {
      host: url.hostname.replace(/^\[(.*)\]$/, "$1"),
      port: url.port === "" ? 6379 : Number(url.port),
      db: Number(db),
      ...("value" in username ? { username: username.value } : {}),
      ...("value" in password ? { password: password.value } : {}),
      ...(url.protocol === "rediss:" ? { tls: {} } : {})
    }
  })

const settings = (options: Tunables) =>
  Either.gen(function* () {
    const timeout = yield* positive("redis.timeout", options.timeout ?? Duration.seconds(3))
    const connectTimeout = yield* positive(
      "redis.connectTimeout",
      options.connectTimeout ?? Duration.seconds(2)
    )
    const reconnect = yield* positive("redis.reconnect", options.reconnect ?? Duration.seconds(2))
    return {
      /** Of a connection to one server. */
      connection: {
        commandTimeout: timeout,
        socketTimeout: 2 * timeout,
        connectTimeout,
        // 0: IPv4 or IPv6, whichever the name resolves to.
        family: 0,
        // A command is sent once or not at all: whoever asked knows what it can ask again.
        maxRetriesPerRequest: 0,
        autoResendUnfulfilledCommands: false,
        // A replica that was a master until now: the name leads to the new one.
        reconnectOnError: (error: Error) => error.message.startsWith("READONLY")
      },
      retry: (attempt: number) => Math.min(reconnect, 50 * 2 ** Math.min(attempt - 1, 20))
    }
  })

interface Owned extends Client {
  connect(): Promise<void>
  disconnect(): void
  on(event: "error", listener: (error: unknown) => void): unknown
  on(event: "ready", listener: () => void): unknown
}

/** Waits for the outcome of the first attempt to connect, whatever it is: the client goes on by itself. */
const open = (
  create: () => Owned,
  patience: number
): Effect.Effect<Context.Tag.Service<Redis>, never, Scope.Scope> =>
  Effect.gen(function* () {
    let lastCode: string | undefined
    const client = yield* Effect.acquireRelease(
      Effect.sync(() => {
        const client = create()
        client.on("error", (error) => {
          lastCode = codeOf(error)
        })
        client.on("ready", () => {
          lastCode = undefined
        })
        return client
      }),
      (client) => Effect.sync(() => client.disconnect())
    )
    yield* Effect.timeoutOption(
      Effect.promise(() => client.connect().catch(() => undefined)),
      patience
    )
    return service(client, () => lastCode)
  })

/**
 * A connection to one Redis, closed with the scope.
 *
 * A Redis that is away fails nothing here: commands fail at once while it is, and the connection comes back by itself.
 *
 * @example
 * ```ts
 * import { Redacted } from "effect"
 * import { Redis } from "effect-adobe-pass-redis"
 *
 * const redis = Redis.layer({ url: Redacted.make("rediss://adobe-pass:secret@redis.example.com:6379/0") })
 * ```
 *
 * @since 0.1.0
 * @category layers
 */
export const layer = (options: Options): Layer.Layer<Redis, InvalidInput> =>
  Layer.scoped(
    Redis,
    Effect.gen(function* () {
      const where = yield* address("redis.url", options.url)
      const { connection, retry } = yield* settings(options)
      return yield* open(
        () =>
          new IoRedis({
            ...where,
            ...connection,
            retryStrategy: retry,
            lazyConnect: true,
            enableOfflineQueue: false
          }),
        connection.connectTimeout
      )
    })
  )

/**
 * `layer` for a Redis Cluster.
 *
 * @since 0.1.0
 * @category layers
 */
export const layerCluster = (options: ClusterOptions): Layer.Layer<Redis, InvalidInput> =>
  Layer.scoped(
    Redis,
    Effect.gen(function* () {
      const nodes = yield* Effect.forEach(options.urls, (url) => address("redis.urls", url))
      const { connection, retry } = yield* settings(options)
      const { db: _, host: __, port: ___, ...access } = yield* address("redis.urls", options.urls[0])
      return yield* open(
        () =>
          new Cluster(
            nodes.map(({ host, port }) => ({ host, port })),
            {
              redisOptions: { ...connection, ...access },
              clusterRetryStrategy: retry,
              lazyConnect: true,
              enableOfflineQueue: false,
              // A command waits this often for a slot that is moving or without a master.
              maxRedirections: 5,
              // Certificates are for names.
              ...("tls" in access ? { dnsLookup: (name, found) => found(null, name) } : {})
            }
          ),
        connection.connectTimeout
      )
    })
  )
