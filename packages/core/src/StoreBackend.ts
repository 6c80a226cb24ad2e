/**
 * The interface of a store backend: records as text, compare-and-set, locks, and failures.
 *
 * `CredentialStore.make` builds the typed store over it.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import type * as Option from "effect/Option"
import type * as Scope from "effect/Scope"
import type * as Stream from "effect/Stream"
import { CredentialStoreError } from "./AdobePassError.js"
import * as KeyedMutex from "./internal/keyedMutex.js"
import { operationsOn } from "./internal/store/recordMap.js"
import type { SessionKey } from "./SessionKey.js"

/**
 * Why a backend failed. `Unavailable`: it cannot be reached; `Timeout`: it was too slow; `Locked`: its lock was not
 * free in time, or was lost; `Evicting`: it removes records by itself. `code` is a short code without data in it, such as
 * `EACCES`.
 *
 * @since 0.1.0
 * @category models
 */
export interface BackendFailure {
  readonly reason: "Unavailable" | "Timeout" | "Locked" | "Evicting"
  readonly code?: string | undefined
}

/**
 * The code of a save whose lease has another holder by now.
 *
 * @since 0.1.0
 * @category constants
 */
export const leaseLost = "LEASE_LOST"

/**
 * The error for a failure of a backend. A code that is not short and plain is left out, because it may hold data.
 *
 * @since 0.1.0
 * @category constructors
 */
export const toError = (
  operation: CredentialStoreError["operation"],
  { code, reason }: BackendFailure
): CredentialStoreError =>
  new CredentialStoreError({
    operation,
    reason,
    ...(code !== undefined && /^[A-Z0-9_]{1,40}$/.test(code) ? { code } : {})
  })

/**
 * A hold of the lock of a session.
 *
 * @since 0.1.0
 * @category models
 */
export interface Lease {
  /** Random, and different for each hold. Only the owner can renew, release, or save under the lease. */
  readonly owner: string
  /** The fencing number: it grows with each hold of the session. Absent where the backend does not count holds. */
  readonly fence?: number | undefined
  /**
   * Whether the holder before had begun (see `StoreBackend.lock`) and did not give the lock back, because it died or
   * lost it: what it had begun may be done or not.
   */
  readonly unfinished: boolean
}

/**
 * What the lock of a session gives to its holder.
 *
 * @since 0.1.0
 * @category models
 */
export interface Hold {
  readonly lease: Lease
  /** The record as it was read under the lock. */
  readonly record: Option.Option<string>
}

/**
 * The operations of a backend on text records. The text holds secrets.
 *
 * @since 0.1.0
 * @category models
 */
export interface StoreBackend {
  /** The record, or `None` when there is none. */
  readonly read: (key: SessionKey) => Effect.Effect<Option.Option<string>, BackendFailure>
  /** The records there are among these. @default `read`, one by one */
  readonly readMany?: (
    keys: ReadonlyArray<SessionKey>
  ) => Effect.Effect<ReadonlyMap<SessionKey, string>, BackendFailure>
  /**
   * Writes `next` if the record is still `expected` (`None`: if there is no record), in one atomic and durable step;
   * false when the record is another one.
   *
   * With a `lease` the same step checks that no other holder took the lock over, and fails as `Locked` with the code
   * `leaseLost` when one did. It may also give the lock back, so a lease is good for one write. When that write is
   * repeated because its answer was lost, the result is false, as the record is another one by then.
   */
  readonly compareAndSet: (
    key: SessionKey,
    expected: Option.Option<string>,
    next: string,
    lease: Lease | undefined
  ) => Effect.Effect<boolean, BackendFailure>
  /** Removes the record; succeeds when there is none. */
  readonly remove: (key: SessionKey) => Effect.Effect<void, BackendFailure>
  /**
   * Holds an exclusive lock of the key until the scope closes, and reads the record under it. The lock ends by itself
   * when its holder dies.
   *
   * If the record is still `expected` (`None`: if there is no record), the holder is about to begin what it cannot take
   * back, and the same operation notes that beside the lock: when the holder does not give the lock back, the next
   * lease is `unfinished`. No note is needed where a lock ends with the memory of the process.
   *
   * A backend that can only keep leases makes `lock` and `compareAndSet` with `Lease.make`.
   */
  readonly lock: (
    key: SessionKey,
    expected: Option.Option<string>
  ) => Effect.Effect<Hold, BackendFailure, Scope.Scope>
  /** The keys of all records. @default a failure: the store cannot list its sessions */
  readonly keys?: Stream.Stream<SessionKey, BackendFailure>
}

/**
 * The operations on leases that `Lease.make` needs. Time is the backend's own, so the clocks of the nodes may differ.
 *
 * @since 0.1.0
 * @category models
 */
export interface LeaseBackend {
  /**
   * One atomic step: takes the lease for `ttl` milliseconds if it is free, has expired, or is this owner's already,
   * and reads the record; `None` while another owner holds the lease.
   *
   * If the record is `expected`, the step notes beside the lease that the owner has begun. The note goes when the lease is
   * released or acquired by another owner, whose lease is `unfinished` then.
   */
  readonly acquire: (
    key: SessionKey,
    owner: string,
    ttl: number,
    expected: Option.Option<string>
  ) => Effect.Effect<Option.Option<Omit<Lease, "owner"> & Pick<Hold, "record">>, BackendFailure>
  /** Extends the lease to `ttl` milliseconds from now if it is still the owner's; false when it is not. */
  readonly renew: (key: SessionKey, owner: string, ttl: number) => Effect.Effect<boolean, BackendFailure>
  /** As in `StoreBackend`; a write under a lease frees the lease in the same step. */
  readonly compareAndSet: StoreBackend["compareAndSet"]
  /** Frees the lease if it is still the owner's; otherwise does nothing. */
  readonly release: (key: SessionKey, owner: string) => Effect.Effect<void, BackendFailure>
}

/**
 * The lock of a backend that a single process uses, which reads records with `read`.
 *
 * @since 0.1.0
 * @category constructors
 */
export const lockInProcess = (read: StoreBackend["read"]): StoreBackend["lock"] => {
  const mutex = KeyedMutex.make<SessionKey>()
  let holds = 0
  return (key) =>
    Effect.flatMap(mutex(key), () => {
      holds += 1
      const lease = { owner: `${holds}`, fence: holds, unfinished: false }
      return Effect.map(read(key), (record) => ({ lease, record }))
    })
}

/**
 * A backend in the memory of one process.
 *
 * @since 0.1.0
 * @category constructors
 */
export const memory: Effect.Effect<Required<Omit<StoreBackend, "readMany">>> = Effect.sync(() => {
  const operations = operationsOn(new Map())
  return { ...operations, lock: lockInProcess(operations.read) }
})
