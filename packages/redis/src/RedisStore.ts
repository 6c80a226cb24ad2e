/**
 * A credential store in Redis, for a fleet of processes.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import type * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import type { InvalidInput } from "effect-adobe-pass/AdobePassError"
import * as CredentialStore from "effect-adobe-pass/CredentialStore"
import * as Lease from "effect-adobe-pass/Lease"
import { SessionKey } from "effect-adobe-pass/SessionKey"
import type * as Setting from "effect-adobe-pass/Setting"
import * as StoreBackend from "effect-adobe-pass/StoreBackend"
import { unexpectedReply } from "./internal/failures.js"
import * as Scripts from "./internal/storeScripts.js"
import { Redis, type Script } from "./Redis.js"
import * as RedisOptions from "./RedisOptions.js"

/**
 * Options of the store, see `RedisOptions.store`.
 *
 * @since 0.1.0
 * @category models
 */
export interface RedisStoreOptions
  extends CredentialStore.StoreOptions,
    Setting.Input<typeof RedisOptions.store> {}

const others: {
  readonly [Option in Exclude<keyof RedisStoreOptions, keyof typeof RedisOptions.store.settings>]-?: true
} = { encryption: true }

/** The hashes of the sessions. The name of each is the prefix and the key of the session. */
interface Hashes {
  readonly redis: Redis
  readonly prefix: string
}

const run = ({ prefix, redis }: Hashes, script: Script, key: SessionKey, ...args: ReadonlyArray<string>) =>
  redis.run(script, `${prefix}${key}`, args)

/** Records do not expire, so `volatile-*` evicts none of them. */
const evicts = (policy: string) => policy !== "noeviction" && !policy.startsWith("volatile-")

/** Fails instead of asking a Redis that evicts, where a record that is missing may have been there. */
const refusingEviction = (redis: Redis): Redis => {
  const checked = Effect.flatMap(
    redis.evictionPolicies,
    (policies): Effect.Effect<void, StoreBackend.BackendFailure> => {
      const evicting = policies.find(evicts)
      return evicting === undefined
        ? Effect.void
        : Effect.fail({ reason: "Evicting", code: evicting.toUpperCase().replaceAll("-", "_") })
    }
  )
  return {
    ...redis,
    run: (...args) => Effect.zipRight(checked, redis.run(...args)),
    field: (...args) => Effect.zipRight(checked, redis.field(...args)),
    pages: (prefix) => Stream.unwrap(Effect.as(checked, redis.pages(prefix)))
  }
}

/** How scripts are told the record that is expected. */
const expecting = (expected: Option.Option<string>) => [
  Option.isSome(expected) ? "1" : "0",
  Option.getOrElse(expected, () => "")
]

const decodeGranted = Schema.decodeUnknown(
  Schema.OptionFromNullOr(Schema.Tuple(Schema.Number, Schema.Number, Schema.OptionFromNullOr(Schema.String)))
)

const acquire =
  (hashes: Hashes): StoreBackend.LeaseBackend["acquire"] =>
  (key, owner, ttl, expected) =>
    run(hashes, Scripts.acquire, key, ...expecting(expected), owner, `${ttl}`).pipe(
      Effect.flatMap((reply) => Effect.mapError(decodeGranted(reply), unexpectedReply)),
      Effect.map(
        Option.map(([fence, unfinished, record]) => ({ fence, unfinished: unfinished === 1, record }))
      )
    )

const compareAndSet =
  (hashes: Hashes): StoreBackend.StoreBackend["compareAndSet"] =>
  (key, expected, next, lease) =>
    Effect.flatMap(
      run(hashes, Scripts.compareAndSet, key, ...expecting(expected), next, lease?.owner ?? ""),
      (reply) =>
        reply === -1
          ? Effect.fail({ reason: "Locked", code: StoreBackend.leaseLost } as const)
          : Effect.succeed(reply === 1)
    )

const leases = (hashes: Hashes): StoreBackend.LeaseBackend => ({
  acquire: acquire(hashes),
  renew: (key, owner, ttl) =>
    Effect.map(run(hashes, Scripts.renew, key, owner, `${ttl}`), (reply) => reply === 1),
  compareAndSet: compareAndSet(hashes),
  release: (key, owner) => run(hashes, Scripts.release, key, owner)
})

const read =
  ({ prefix, redis }: Hashes): StoreBackend.StoreBackend["read"] =>
  (key) =>
    redis.field(`${prefix}${key}`, "record")

const concurrentReads = 256

const readMany =
  (hashes: Hashes): Required<StoreBackend.StoreBackend>["readMany"] =>
  (keys) =>
    Effect.forEach(
      keys,
      (key) =>
        Effect.map(
          read(hashes)(key),
          Option.map((record) => [key, record] as const)
        ),
      { concurrency: concurrentReads }
    ).pipe(Effect.map((found) => new Map(found.flatMap(Option.toArray))))

const decodeKey = Schema.decodeOption(SessionKey)

/** Reads each hash, because some have a lease and no record. */
const keys = (hashes: Hashes): Stream.Stream<SessionKey, StoreBackend.BackendFailure> =>
  Stream.flatMap(hashes.redis.pages(hashes.prefix), (names) =>
    Stream.fromIterableEffect(
      Effect.map(
        readMany(hashes)(
          names.flatMap((name) => Option.toArray(decodeKey(name.slice(hashes.prefix.length))))
        ),
        (records) => records.keys()
      )
    )
  )

const backend = (
  hashes: Hashes,
  locked: Pick<StoreBackend.StoreBackend, "compareAndSet" | "lock">
): StoreBackend.StoreBackend => ({
  read: read(hashes),
  readMany: readMany(hashes),
  remove: (key) => run(hashes, Scripts.remove, key),
  ...locked,
  keys: keys(hashes)
})

/**
 * A store with one hash per session.
 *
 * A save is one script: it compares the record, checks the lease, and writes. Leases use the time of Redis. How durable
 * a save is when it returns depends on how Redis is set up; see the README.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = (
  options: RedisStoreOptions = {}
): Effect.Effect<CredentialStore.CredentialStore, InvalidInput, Redis | Scope.Scope> =>
  Effect.gen(function* () {
    const { eviction, prefix } = yield* RedisOptions.store.checkNames(options, "", Object.keys(others))
    const redis = yield* Redis
    const hashes = {
      redis: eviction === "refuse" ? refusingEviction(redis) : redis,
      prefix: `${prefix}session:`
    }
    const locked = yield* Lease.make(leases(hashes), options.lease)
    return yield* CredentialStore.make(backend(hashes, locked), options)
  })

/**
 * `make` as a layer.
 *
 * @since 0.1.0
 * @category layers
 */
export const layer = (
  options: RedisStoreOptions = {}
): Layer.Layer<CredentialStore.CredentialStore, InvalidInput, Redis> =>
  Layer.scoped(CredentialStore.CredentialStore, make(options))
