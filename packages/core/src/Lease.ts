/**
 * Locks that end by themselves: a lease is renewed while its holder works, and is free again when the holder has died
 * or stands still.
 *
 * @since 0.1.0
 */
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type * as Option from "effect/Option"
import type * as Scope from "effect/Scope"
import type { BackendFailure } from "./CredentialStore.js"
import { processLocks } from "./internal/processLocks.js"
import { untilSome } from "./internal/untilSome.js"
import { within } from "./internal/within.js"
import type { SessionKey } from "./SessionKey.js"

/**
 * A hold of the lock of a session.
 *
 * @since 0.1.0
 * @category models
 */
export interface Lease {
  /** Random, and of this hold alone: who is not the owner can neither renew nor release, nor save under the lease. */
  readonly owner: string
  /** Grows with each hold of the session, where the backend counts them: the greater is the newer. */
  readonly fence?: number | undefined
  /** Whether the holder before did not give the lock back: it died, or lost it. */
  readonly takenOver: boolean
}

/**
 * The three operations on leases that a backend implements. Time is the backend's own: the clocks of the nodes do not
 * matter.
 *
 * @since 0.1.0
 * @category models
 */
export interface Leases {
  /**
   * One atomic step: takes the lease for `ttl` milliseconds if it is free, has expired, or is this owner's already;
   * `None` while somebody else holds it.
   */
  readonly acquire: (
    key: SessionKey,
    owner: string,
    ttl: number
  ) => Effect.Effect<Option.Option<Pick<Lease, "fence" | "takenOver">>, BackendFailure>
  /** Extends the lease to `ttl` milliseconds from now if it is still the owner's; false when it is not. */
  readonly renew: (key: SessionKey, owner: string, ttl: number) => Effect.Effect<boolean, BackendFailure>
  /** Frees the lease if it is still the owner's; otherwise does nothing. */
  readonly release: (key: SessionKey, owner: string) => Effect.Effect<void, BackendFailure>
}

/**
 * How long leases live, and how long one waits for them.
 *
 * @since 0.1.0
 * @category models
 */
export interface Options {
  /** After this time without a renewal a lease is free. It is renewed three times as often. @default 15 seconds */
  readonly ttl?: Duration.DurationInput | undefined
  /** The longest wait for a lease, after which the operation fails as `Locked`. @default 60 seconds */
  readonly wait?: Duration.DurationInput | undefined
}

const ownerName = Effect.sync(() => crypto.randomUUID())

/**
 * The `lock` of a backend, made of its leases.
 *
 * Fibers of one process get it in the order in which they ask; of several processes one that asks at the right time.
 * It is renewed until the scope closes, and given back then, also when the answer to the request for it was lost.
 *
 * @since 0.1.0
 * @category constructors
 */
export const lock = (
  leases: Leases,
  options: Options = {}
): ((key: SessionKey) => Effect.Effect<Lease, BackendFailure, Scope.Scope>) => {
  const ttl = Duration.decode(options.ttl ?? Duration.seconds(15))
  const wait = Duration.decode(options.wait ?? Duration.seconds(60))
  const ttlMillis = Duration.toMillis(ttl)
  const queue = processLocks()
  const beat = Duration.times(ttl, 1 / 3)
  const locked = (): BackendFailure => ({ reason: "Locked" })
  const bounded = within(ttl, (): BackendFailure => ({ reason: "Timeout" }))

  return (key) =>
    Effect.uninterruptibleMask((restore) =>
      Effect.gen(function* () {
        const owner = yield* ownerName
        yield* restore(Effect.timeoutFail(queue(key), { duration: wait, onTimeout: locked }))
        // Before the lease is asked for: it may be granted although the answer does not arrive.
        yield* Effect.addFinalizer(() =>
          Effect.catchAll(bounded(leases.release(key, owner)), ({ code }) =>
            Effect.logDebug("A lease of the credential store was not given back and ends by itself", code)
          )
        )
        const granted = yield* restore(
          Effect.timeoutFail(untilSome(bounded(leases.acquire(key, owner, ttlMillis))), {
            duration: wait,
            onTimeout: locked
          })
        )
        yield* bounded(leases.renew(key, owner, ttlMillis)).pipe(
          Effect.catchAll(({ code }) =>
            Effect.as(Effect.logDebug("A lease of the credential store was not renewed", code), true)
          ),
          Effect.delay(beat),
          Effect.repeat({ while: (held) => held }),
          Effect.interruptible,
          Effect.forkScoped
        )
        return { owner, ...granted }
      })
    )
}
