/**
 * Locks that end by themselves: a lease is renewed while its holder works, and is free again when the holder has died
 * or stopped.
 *
 * @since 0.1.0
 */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import type { InvalidInput } from "./AdobePassError.js"
import { hardTimeout } from "./internal/hardTimeout.js"
import * as KeyedMutex from "./internal/keyedMutex.js"
import { poll } from "./internal/poll.js"
import * as Options from "./Options.js"
import type { SessionKey } from "./SessionKey.js"
import type * as Setting from "./Setting.js"
import {
  type BackendFailure,
  type Lease,
  type LeaseBackend,
  leaseLost,
  type StoreBackend
} from "./StoreBackend.js"

/**
 * How long leases live, and how long a caller waits for one.
 *
 * @since 0.1.0
 * @category models
 */
export interface LeaseOptions extends Setting.Input<typeof Options.lease> {}

const newOwner = Effect.sync(() => crypto.randomUUID())

const bounded = (ttl: number) => hardTimeout(ttl, (): BackendFailure => ({ reason: "Timeout" }))

const hold = (
  backend: LeaseBackend,
  { ttl, wait }: Setting.Checked<typeof Options.lease>,
  inProcess: KeyedMutex.KeyedMutex<SessionKey>,
  key: SessionKey
): Effect.Effect<Lease, BackendFailure, Scope.Scope> => {
  const answered = bounded(ttl)
  const within = (duration: number) => ({ duration, onTimeout: (): BackendFailure => ({ reason: "Locked" }) })
  const release = (owner: string) =>
    Effect.catchAll(answered(backend.release(key, owner)), ({ code }) =>
      Effect.logDebug("A lease of the credential store was not released and will expire", code)
    )
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
      yield* Effect.addFinalizer(() => release(owner))
      const granted = yield* restore(
        Effect.timeoutFail(poll(answered(backend.acquire(key, owner, ttl))), within(left))
      )
      yield* renew(owner).pipe(
        Effect.delay(ttl / 3),
        Effect.repeat({ while: (held) => held }),
        Effect.interruptible,
        Effect.forkScoped
      )
      return { owner, ...granted }
    })
  )
}

/**
 * The `lock` of a store backend, made of leases, and its `begin`.
 *
 * Fibers of one process get the lock in the order in which they ask; between processes there is no order. A lease is
 * renewed until the scope closes and released then, also when the answer to the request for it was lost. Fails with
 * `InvalidInput` when an option cannot be used.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = (
  backend: LeaseBackend,
  options?: LeaseOptions
): Effect.Effect<Required<Pick<StoreBackend, "begin" | "lock">>, InvalidInput, Scope.Scope> =>
  Effect.gen(function* () {
    const checked = yield* Options.lease.checkNames(options, "lease")
    const inProcess = yield* KeyedMutex.make<SessionKey>()
    return {
      lock: (key) => hold(backend, checked, inProcess, key),
      begin: (key, { owner }) =>
        Effect.flatMap(bounded(checked.ttl)(backend.begin(key, owner)), (held) =>
          held ? Effect.void : Effect.fail<BackendFailure>({ reason: "Locked", code: leaseLost })
        )
    }
  })
