/**
 * The commands that the store and the throttle send to Redis, and the connection that they share.
 *
 * @since 0.1.0
 */
import { createHash } from "node:crypto"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Predicate from "effect/Predicate"
import type * as Redacted from "effect/Redacted"
import * as Stream from "effect/Stream"
import type { InvalidInput } from "effect-adobe-pass/AdobePassError"
import type * as Setting from "effect-adobe-pass/Setting"
import type { BackendFailure } from "effect-adobe-pass/StoreBackend"
import * as Address from "./internal/address.js"
import * as Connect from "./internal/connect.js"
import { failure, unexpectedReply } from "./internal/failures.js"
import * as RedisOptions from "./RedisOptions.js"

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
 * The commands. A failure has at most a code, such as `READONLY` or `ECONNREFUSED`, and no text.
 *
 * @since 0.1.0
 * @category models
 */
export interface Redis {
  /** Runs a script on a key. The text of the script is sent only when Redis does not have it. */
  readonly run: (
    script: Script,
    key: string,
    args: ReadonlyArray<string>
  ) => Effect.Effect<unknown, BackendFailure>
  /** One field of a hash. */
  readonly field: (key: string, field: string) => Effect.Effect<Option.Option<string>, BackendFailure>
  /**
   * The keys that start with a prefix, page by page; on a Cluster those of all masters. A key may appear twice while
   * Redis resizes its table.
   */
  readonly pages: (prefix: string) => Stream.Stream<ReadonlyArray<string>, BackendFailure>
  /**
   * What each master does when its memory is full, such as `noeviction` or `allkeys-lru`. It is read anew after each
   * connect. A server that does not tell is left out.
   */
  readonly evictionPolicies: Effect.Effect<ReadonlyArray<string>, BackendFailure>
}

/**
 * @since 0.1.0
 * @category tags
 */
export const Redis: Context.Tag<Redis, Redis> = Context.GenericTag<Redis>("effect-adobe-pass-redis/Redis")

/**
 * What a client has to have. `Redis` and `Cluster` of ioredis have it.
 *
 * @since 0.1.0
 * @category models
 */
export interface Client {
  call(command: string, args: Array<string>): Promise<unknown>
  /** The nodes of a Cluster. */
  nodes?(role: "master"): ReadonlyArray<Client>
  /** Without it, what was learned of the server once is taken to hold after a reconnect. */
  on?(event: "ready" | "+node", listener: () => void): unknown
}

type Connection = Connect.Connection<Client>

const send = (
  { client, lastCode }: Connection,
  command: string,
  args: ReadonlyArray<string>
): Effect.Effect<unknown, BackendFailure> =>
  Effect.tryPromise({
    try: () => client.call(command, [...args]),
    catch: (error) => failure(error, lastCode())
  })

const run =
  (connection: Connection): Redis["run"] =>
  ({ lua, sha1 }, key, args) =>
    Effect.catchIf(
      send(connection, "EVALSHA", [sha1, "1", key, ...args]),
      ({ code }) => code === "NOSCRIPT",
      () => send(connection, "EVAL", [lua, "1", key, ...args])
    )

const field =
  (connection: Connection): Redis["field"] =>
  (key, name) =>
    Effect.flatMap(send(connection, "HGET", [key, name]), (reply) =>
      reply === null || typeof reply === "string"
        ? Effect.succeed(Option.fromNullable(reply))
        : Effect.fail(unexpectedReply())
    )

/** A reply to SCAN: the next cursor, and keys. */
const isPage = (reply: unknown): reply is readonly [cursor: string, keys: ReadonlyArray<string>] =>
  Array.isArray(reply) &&
  typeof reply[0] === "string" &&
  Array.isArray(reply[1]) &&
  reply[1].every(Predicate.isString)

const escapePattern = (text: string) => text.replace(/[\\*?[\]^-]/g, "\\$&")

const keysPerPage = "500"

const scan = (node: Connection, prefix: string): Stream.Stream<ReadonlyArray<string>, BackendFailure> =>
  Stream.paginateEffect("0", (cursor) =>
    send(node, "SCAN", [cursor, "MATCH", `${escapePattern(prefix)}*`, "COUNT", keysPerPage]).pipe(
      Effect.filterOrFail(isPage, unexpectedReply),
      Effect.map(([next, keys]) => [[...new Set(keys)], next === "0" ? Option.none() : Option.some(next)])
    )
  )

const masters = ({ client, lastCode }: Connection): Effect.Effect<ReadonlyArray<Client>, BackendFailure> =>
  Effect.filterOrFail(
    Effect.sync(() => client.nodes?.("master") ?? [client]),
    (nodes) => nodes.length > 0,
    (): BackendFailure => ({ reason: "Unavailable", code: lastCode() })
  )

const pages =
  (connection: Connection): Redis["pages"] =>
  (prefix) =>
    Stream.flatMap(Stream.fromIterableEffect(masters(connection)), (client) =>
      scan({ ...connection, client }, prefix)
    )

const policyIn = (info: string): Option.Option<string> =>
  Option.fromNullable(/^maxmemory_policy:(\S+)/m.exec(info)?.[1])

const evictionPolicies = (connection: Connection): Redis["evictionPolicies"] => {
  let known: { readonly connects: number; readonly policies: ReadonlyArray<string> } | undefined
  return Effect.suspend(() => {
    const connects = connection.connects()
    if (known?.connects === connects) return Effect.succeed(known.policies)
    const infos = Effect.flatMap(masters(connection), (clients) =>
      Effect.forEach(clients, (client) =>
        Effect.filterOrFail(
          send({ ...connection, client }, "INFO", ["memory"]),
          Predicate.isString,
          unexpectedReply
        )
      )
    )
    return Effect.map(infos, (found) => {
      const policies = found.flatMap((info) => Option.toArray(policyIn(info)))
      known = { connects, policies }
      return policies
    })
  })
}

const commands = (connection: Connection): Redis => ({
  run: run(connection),
  field: field(connection),
  pages: pages(connection),
  evictionPolicies: evictionPolicies(connection)
})

const isListenable = (client: Client): client is Client & Connect.Listenable => client.on !== undefined

/**
 * The commands over a client of the caller, who sets it up and closes it.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = (client: Client): Redis =>
  commands({
    client,
    lastCode: () => undefined,
    connects: isListenable(client) ? Connect.connectsOf(client) : () => 0
  })

/**
 * `make` as a layer.
 *
 * @since 0.1.0
 * @category layers
 */
export const layerClient = (client: Client): Layer.Layer<Redis> => Layer.succeed(Redis, make(client))

/**
 * Limits of a connection, see `RedisOptions.connection`.
 *
 * @since 0.1.0
 * @category models
 */
export interface ConnectionOptions extends Setting.Input<typeof RedisOptions.connection> {}

/**
 * The address of Redis.
 *
 * @since 0.1.0
 * @category models
 */
export interface SingleOptions extends ConnectionOptions {
  /** `redis://[[user]:password@]host[:port][/db]`, or `rediss://` for TLS. */
  readonly url: Redacted.Redacted<string>
}

/**
 * The addresses of a Cluster.
 *
 * @since 0.1.0
 * @category models
 */
export interface ClusterOptions extends ConnectionOptions {
  /** Some of the nodes, from which the others are found. User, password and TLS of the first apply to all. */
  readonly urls: readonly [Redacted.Redacted<string>, ...ReadonlyArray<Redacted.Redacted<string>>]
}

/**
 * The addresses of Sentinels, and the group of servers that they watch.
 *
 * @since 0.1.0
 * @category models
 */
export interface SentinelOptions extends ConnectionOptions {
  /**
   * `redis://[[user]:password@]name[/db]` with the name of the group in the place of a host, or `rediss://` for TLS to
   * its servers.
   */
  readonly master: Redacted.Redacted<string>
  /**
   * `redis://[[user]:password@]host[:port]`. User, password and TLS of the first apply to all. The port is 26379 by
   * default.
   */
  readonly sentinels: readonly [Redacted.Redacted<string>, ...ReadonlyArray<Redacted.Redacted<string>>]
}

const addressesOf = (
  field: string,
  [first, ...others]: ClusterOptions["urls"],
  port?: number
): Effect.Effect<readonly [Address.Address, ...ReadonlyArray<Address.Address>], InvalidInput> => {
  const address = (url: Redacted.Redacted<string>) => Address.fromUrl(field, url, port)
  return Effect.gen(function* () {
    return [yield* address(first), ...(yield* Effect.forEach(others, address))] as const
  })
}

/**
 * A connection to one Redis, closed with the scope.
 *
 * The layer is built even when Redis cannot be reached. Commands then fail at once until the client has connected.
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
export const layer = (options: SingleOptions): Layer.Layer<Redis, InvalidInput> =>
  Layer.scoped(
    Redis,
    Effect.gen(function* () {
      const { url, ...given } = options
      const limits = yield* RedisOptions.connection.checkNames(given, "redis")
      const address = yield* Address.fromUrl("redis.url", url)
      return commands(yield* Connect.single(address, limits))
    })
  )

/**
 * `layer` for the master that Sentinels name. After a failover the connection moves to the new master; what the old one
 * had not replicated is lost, see the README.
 *
 * @since 0.1.0
 * @category layers
 */
export const layerSentinel = (options: SentinelOptions): Layer.Layer<Redis, InvalidInput> =>
  Layer.scoped(
    Redis,
    Effect.gen(function* () {
      const { master: group, sentinels: urls, ...given } = options
      const limits = yield* RedisOptions.connection.checkNames(given, "redis")
      const master = yield* Address.fromUrl("redis.master", group)
      const sentinels = yield* addressesOf("redis.sentinels", urls, 26_379)
      return commands(yield* Connect.sentinel(master, sentinels, limits))
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
      const { urls, ...given } = options
      const limits = yield* RedisOptions.connection.checkNames(given, "redis")
      const addresses = yield* addressesOf("redis.urls", urls)
      return commands(yield* Connect.cluster(addresses, limits))
    })
  )
