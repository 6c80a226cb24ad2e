/**
 * A credential store in Redis, for a fleet of processes.
 *
 * @since 0.1.0
 */
import type * as Context from "effect/Context"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import * as Stream from "effect/Stream"
import type { InvalidInput } from "effect-adobe-pass/AdobePassError"
import * as CredentialStore from "effect-adobe-pass/CredentialStore"
import * as Lease from "effect-adobe-pass/Lease"
import { SessionKey } from "effect-adobe-pass/SessionKey"
import { positive } from "./internal/positive.js"
import * as Records from "./internal/records.js"
import { Redis, type Script } from "./Redis.js"

/**
 * Where the records are, and how long leases live.
 *
 * @since 0.1.0
 * @category models
 */
export interface Options extends CredentialStore.Options {
  /** What the names of all keys start with. Stores with different prefixes do not see each other. @default "adobe-pass:" */
  readonly prefix?: string | undefined
  /** The lease that the lock of a session is. */
  readonly lease?: Lease.Options | undefined
}

const decodeKey = Schema.decodeOption(SessionKey)

/** Commands that are under way at once where many are asked for. */
const concurrency = 256

const backend = (
  redis: Context.Tag.Service<Redis>,
  prefix: string,
  lease: Lease.Options | undefined
): CredentialStore.Encoded => {
  const start = `${prefix}session:`
  const name = (key: SessionKey) => `${start}${key}`
  const read = (key: SessionKey) => redis.field(name(key), "record")

  const run = (script: Script, key: SessionKey, ...args: ReadonlyArray<string>) =>
    redis.run(script, name(key), args)

  const leases: Lease.Leases = {
    acquire: (key, owner, ttl) =>
      Effect.map(run(Records.acquire, key, owner, `${Math.ceil(ttl)}`), (reply) => {
        if (!Array.isArray(reply)) return Option.none()
        const [fence, takenOver] = reply.map(Number)
        return Option.some({ fence, takenOver: takenOver === 1 })
      }),
    renew: (key, owner, ttl) =>
      Effect.map(run(Records.renew, key, owner, `${Math.ceil(ttl)}`), (reply) => reply === 1),
    release: (key, owner) => run(Records.release, key, owner)
  }

  const found = (keys: ReadonlyArray<SessionKey>) =>
    Effect.map(
      Effect.forEach(
        keys,
        (key) =>
          Effect.map(
            read(key),
            Option.map((text) => [key, text] as const)
          ),
        {
          concurrency
        }
      ),
      (records) => new Map(records.flatMap(Option.toArray))
    )

  return {
    read,
    readMany: found,
    compareAndSet: (key, expected, next, lease) =>
      Effect.flatMap(
        run(
          Records.compareAndSet,
          key,
          next,
          Option.isSome(expected) ? "1" : "0",
          Option.getOrElse(expected, () => ""),
          lease?.owner ?? ""
        ),
        (reply) =>
          reply === -1
            ? Effect.fail({ reason: "Locked", code: CredentialStore.leaseLost } as const)
            : Effect.succeed(reply === 1)
      ),
    remove: (key) => run(Records.remove, key),
    lock: Lease.lock(leases, lease),
    keys: Stream.flatMap(redis.pages(start), (names) =>
      Stream.fromIterableEffect(
        Effect.map(
          found(names.flatMap((each) => Option.toArray(decodeKey(each.slice(start.length))))),
          (records) => records.keys()
        )
      )
    )
  }
}

/**
 * A store with one hash per session.
 *
 * A save is one script: it compares the record, looks whether the lease was lost, and writes. Leases are measured by the
 * clock of Redis. How durable a save is when it returns is a matter of how Redis is set up; see the README.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = (
  options: Options = {}
): Effect.Effect<Context.Tag.Service<CredentialStore.CredentialStore>, InvalidInput, Redis> =>
  Effect.gen(function* () {
    const { encryption, lease, prefix = "adobe-pass:" } = options
    const timeout = yield* positive("timeout", options.timeout ?? Duration.seconds(5))
    yield* positive("lease.ttl", lease?.ttl ?? Duration.seconds(15))
    yield* positive("lease.wait", lease?.wait ?? Duration.seconds(60))
    return CredentialStore.makeEncoded(backend(yield* Redis, prefix, lease), { timeout, encryption })
  })

/**
 * `make` as a layer.
 *
 * @since 0.1.0
 * @category layers
 */
export const layer = (
  options: Options = {}
): Layer.Layer<CredentialStore.CredentialStore, InvalidInput, Redis> =>
  Layer.effect(CredentialStore.CredentialStore, make(options))
