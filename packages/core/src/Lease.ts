/**
 * Locks that end by themselves: a lease is renewed while its holder works, and is free again when the holder has died
 * or stopped.
 *
 * @since 0.1.0
 */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import type * as Option from "effect/Option"
import type * as Scope from "effect/Scope"
import type { InvalidInput } from "./AdobePassError.js"
import { hardTimeout } from "./internal/hardTimeout.js"
import * as KeyedMutex from "./internal/keyedMutex.js"
import { poll } from "./internal/poll.js"
import * as Options from "./Options.js"
import type { SessionKey } from "./SessionKey.js"
import type * as Setting from "./Setting.js"
import type { BackendFailure, Hold, LeaseBackend, StoreBackend } from "./StoreBackend.js"

/**
 * How long leases live, and how long a caller waits for one.
 *
 * @since 0.1.0
 * @category models
 */
export interface LeaseOptions extends Setting.Input<typeof Options.lease> {}

const newOwner = Effect.sync(() => crypto.randomUUID())

/** A limit that waits for the end of what it interrupts: a lease that was granted late must be given back. */
const within = (duration: number) => ({ duration, onTimeout: (): BackendFailure => ({ reason: "Locked" }) })

const bounded = (ttl: number) => hardTimeout(ttl, (): BackendFailure => ({ reason: "Timeout" }))

interface Leases {
  readonly backend: LeaseBackend
  readonly limits: Setting.Checked<typeof Options.lease>
  readonly inProcess: KeyedMutex.KeyedMutex<SessionKey>
  /** The owners that have a lease, or may have one, to give back. */
  readonly owners: Set<string>
}

const hold = (
  { backend, inProcess, limits: { ttl, wait }, owners }: Leases,
  key: SessionKey,
  expected: Option.Option<string>
): Effect.Effect<Hold, BackendFailure, Scope.Scope> => {
  const answered = bounded(ttl)
  const release = (owner: string) =>
    owners.delete(owner)
      ? Effect.catchAll(answered(backend.release(key, owner)), ({ code }) =>
          Effect.logDebug("A lease of the credential store was not released and will expire", code)
        )
      : Effect.void
  const renew = (owner: string) =>
    Effect.catchAll(answered(backend.renew(key, owner, ttl)), ({ code }) =>
      Effect.as(Effect.logDebug("A lease of the credential store was not renewed", code), true)
    )

  return Effect.uninterruptibleMask((restore) =>
    Effect.gen(function* () {
      const owner = yield* newOwner
      const since = yield* Clock.currentTimeMillis
      yield* restore(Effect.timeoutFail(inProcess(key), within(wait)))
      const left = Math.max(0, wait - ((yield* Clock.currentTimeMillis) - since))
      // Added first, because the lease may be granted although the answer is lost.
      owners.add(owner)
      yield* Effect.addFinalizer(() => Effect.suspend(() => release(owner)))
      const { record, ...granted } = yield* restore(
        Effect.timeoutFail(poll(answered(backend.acquire(key, owner, ttl, expected))), within(left))
      )
      yield* renew(owner).pipe(
        Effect.delay(ttl / 3),
        Effect.repeat({ while: (held) => held }),
        Effect.interruptible,
        Effect.forkScoped
      )
      return { lease: { owner, ...granted }, record }
    })
  )
}

/**
 * The `lock` of a store backend, made of leases, and its `compareAndSet`.
 *
 * Fibers of one process get the lock in the order in which they ask; between processes there is no order. A lease is
 * renewed until the scope closes and released then, also when the answer to the request for it was lost, unless a write
 * freed it. Fails with `InvalidInput` when an option cannot be used.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = (
  backend: LeaseBackend,
  options?: LeaseOptions
): Effect.Effect<Pick<StoreBackend, "compareAndSet" | "lock">, InvalidInput> =>
  Effect.map(Options.lease.checkNames(options, "lease"), (limits) => {
    const leases: Leases = { backend, limits, inProcess: KeyedMutex.make(), owners: new Set() }
    return {
      lock: (key, expected) => hold(leases, key, expected),
      compareAndSet: (key, expected, next, lease) =>
        Effect.tap(backend.compareAndSet(key, expected, next, lease), (written) => {
          if (written && lease !== undefined) leases.owners.delete(lease.owner)
        })
    }
  })
