import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import type * as Setting from "effect-adobe-pass/Setting"
import { Cluster, Redis as IoRedis } from "ioredis"
import type { connection } from "../RedisOptions.js"
import type { Address } from "./address.js"
import { codeOf } from "./failures.js"

type Limits = Setting.Checked<typeof connection>

/** What every connection to one server is set up with. */
const settings = ({ connectTimeout, timeout }: Limits) => ({
  commandTimeout: timeout,
  // No timer of the platform is longer.
  socketTimeout: Math.min(2 * timeout, 2 ** 31 - 1),
  connectTimeout,
  // 0: IPv4 or IPv6, whichever the name resolves to.
  family: 0,
  // A command is sent at most once. The caller decides whether to repeat it.
  maxRetriesPerRequest: 0,
  autoResendUnfulfilledCommands: false,
  // The server has become a replica; the name now resolves to the new master.
  reconnectOnError: (error: Error) => error.message.startsWith("READONLY")
})

/** The delay before an attempt to connect: it doubles from 50 milliseconds. */
const delay =
  ({ reconnect }: Limits) =>
  (attempt: number): number =>
    Math.min(reconnect, 50 * 2 ** Math.min(attempt - 1, 20))

/** A client and what is known of its connection. @internal */
export interface Connection<Client> {
  readonly client: Client
  /** The code of the last error while it is not connected. */
  readonly lastCode: () => string | undefined
  /** How often it has connected, or has found another node of a Cluster. */
  readonly connects: () => number
}

/** What tells that it is connected. `Redis` and `Cluster` of ioredis do. @internal */
export interface Listenable {
  on(event: "ready" | "+node", listener: () => void): unknown
}

/** Of each client, so that it is listened to once however many use it. */
const counts = new WeakMap<Listenable, () => number>()

/** How often a client has connected, or has found another node of a Cluster, since this was asked first. @internal */
export const connectsOf = (client: Listenable): (() => number) => {
  const known = counts.get(client)
  if (known !== undefined) return known
  let connects = 0
  const count = () => connects
  const increment = () => {
    connects += 1
  }
  client.on("ready", increment)
  client.on("+node", increment)
  counts.set(client, count)
  return count
}

/**
 * Opens a client and waits for the outcome of the first attempt to connect. When the attempt fails, the client goes on
 * trying by itself.
 */
const open = <Client extends Cluster | IoRedis>(
  create: () => Client,
  { connectTimeout }: Limits
): Effect.Effect<Connection<Client>, never, Scope.Scope> =>
  Effect.gen(function* () {
    let lastCode: string | undefined
    let closed = false
    const client = yield* Effect.acquireRelease(Effect.sync(create), (created) =>
      Effect.sync(() => {
        closed = true
        created.disconnect()
      })
    )
    const connect = () => client.connect().catch(() => undefined)
    // A client of ioredis 6 ends when a Sentinel tells of a failover while the client looks for the master.
    client.on("end", () => {
      if (!closed) void connect()
    })
    client.on("error", (error: unknown) => {
      lastCode = codeOf(error)
    })
    client.on("ready", () => {
      lastCode = undefined
    })
    const connects = connectsOf(client)
    yield* Effect.timeoutOption(Effect.promise(connect), connectTimeout)
    return { client, lastCode: () => lastCode, connects }
  })

/** @internal */
export const single = (
  { access, ...address }: Address,
  limits: Limits
): Effect.Effect<Connection<IoRedis>, never, Scope.Scope> =>
  open(
    () =>
      new IoRedis({
        ...address,
        ...access,
        ...settings(limits),
        retryStrategy: delay(limits),
        lazyConnect: true,
        enableOfflineQueue: false
      }),
    limits
  )

/**
 * `master`: the name of the group in the place of the host, and the access to its servers. User, password and TLS of the
 * first Sentinel apply to all. @internal
 */
export const sentinel = (
  { access, db, host: name }: Address,
  sentinels: readonly [Address, ...ReadonlyArray<Address>],
  limits: Limits
): Effect.Effect<Connection<IoRedis>, never, Scope.Scope> =>
  open(() => {
    const { password, tls, username } = sentinels[0].access
    return new IoRedis({
      name,
      sentinels: sentinels.map(({ host, port }) => ({ host, port })),
      ...(username === undefined ? {} : { sentinelUsername: username }),
      ...(password === undefined ? {} : { sentinelPassword: password }),
      ...(tls === undefined ? {} : { sentinelTLS: tls }),
      enableTLSForSentinelMode: access.tls !== undefined,
      db,
      ...access,
      ...settings(limits),
      // Leaves a master that was replaced although it still answers.
      failoverDetector: true,
      sentinelCommandTimeout: limits.timeout,
      sentinelRetryStrategy: delay(limits),
      retryStrategy: delay(limits),
      lazyConnect: true,
      enableOfflineQueue: false
    })
  }, limits)

/** User, password and TLS of the first address apply to all nodes. @internal */
export const cluster = (
  addresses: readonly [Address, ...ReadonlyArray<Address>],
  limits: Limits
): Effect.Effect<Connection<Cluster>, never, Scope.Scope> =>
  open(() => {
    const { access } = addresses[0]
    return new Cluster(
      addresses.map(({ host, port }) => ({ host, port })),
      {
        redisOptions: { ...settings(limits), ...access },
        clusterRetryStrategy: delay(limits),
        lazyConnect: true,
        enableOfflineQueue: false,
        // How often a command is tried again while its slot moves or has no master.
        maxRedirections: 5,
        // Certificates are issued for names, so names must not be resolved to addresses.
        ...(access.tls === undefined ? {} : { dnsLookup: (name, found) => found(null, name) })
      }
    )
  }, limits)
