/**
 * What every credential store promises, as laws that any test runner can check: run them against a store of yours.
 *
 * The module is not part of the index; import it by its own path, in tests.
 *
 * @since 0.1.0
 */
import * as Context from "effect/Context"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type * as Option from "effect/Option"
import type * as Scope from "effect/Scope"
import type { CredentialStoreError } from "../AdobePassError.js"
import { CredentialStore, type StoreOptions } from "../CredentialStore.js"
import type { ContractViolation, LawOf } from "../internal/testing/law.js"
import { leases } from "../internal/testing/leases.js"
import { locks } from "../internal/testing/locks.js"
import { damaged, listing, records, sealed } from "../internal/testing/records.js"
import { encryption } from "../internal/testing/samples.js"
import * as Store from "../internal/testing/store.js"
import type { SessionKey } from "../SessionKey.js"

export { ContractViolation } from "../internal/testing/law.js"
export { sampleCredentials, sampleKey, sampleToken } from "../internal/testing/samples.js"

/**
 * A storage that nothing was written to yet.
 *
 * @since 0.1.0
 * @category models
 */
export interface Storage<E = never> {
  /** A store on it with these options, handed on whole. It is built more than once where a law needs two processes. */
  readonly layer: (options: StoreOptions) => Layer.Layer<CredentialStore, E>
  /** Makes the stored record of a session unreadable, for example by cutting it off. */
  readonly damage?: ((key: SessionKey) => Effect.Effect<void>) | undefined
  /** The record of a session as the storage holds it, past the store. */
  readonly record?: ((key: SessionKey) => Effect.Effect<Option.Option<string>>) | undefined
}

/**
 * What the laws have to know of a backend.
 *
 * @since 0.1.0
 * @category models
 */
export interface Backend<E = never> {
  /** A fresh storage for each law. */
  readonly storage: Effect.Effect<Storage<E>, never, Scope.Scope>
  /** For a store whose lock is a lease: its `ttl`, at most one second, so that the laws can wait for its end. */
  readonly leaseTtl?: Duration.DurationInput | undefined
  /** Whether `Storage.damage` is there. @default true */
  readonly damages?: boolean | undefined
  /** Whether the store can list its sessions. @default true */
  readonly lists?: boolean | undefined
}

/**
 * One promise. `check` fails with `ContractViolation` when it is broken; it takes real time, so run it on the live
 * clock.
 *
 * @since 0.1.0
 * @category models
 */
export interface Law<E = never> {
  readonly name: string
  readonly check: Effect.Effect<void, ContractViolation | CredentialStoreError | E, Scope.Scope>
  /** Why the law cannot be checked for this backend, if so; `check` then does nothing. */
  readonly skipped?: string | undefined
}

const lawsWith = <E>(
  { damages = true, leaseTtl, lists = true, storage }: Backend<E>,
  encrypted: boolean
): ReadonlyArray<Law<E>> => {
  const options = encrypted ? Effect.map(encryption, (encryption) => ({ encryption })) : Effect.succeed({})
  const open = ({ layer }: Storage<E>) =>
    Effect.map(
      Effect.flatMap(options, (chosen) => Layer.build(Layer.fresh(layer(chosen)))),
      (context) => Store.make(Context.get(context, CredentialStore))
    )
  const store = Effect.flatMap(storage, open)
  const hooked = Effect.flatMap(storage, (hooks) => Effect.map(open(hooks), (store) => ({ ...hooks, store })))
  const ttl = Duration.decode(leaseTtl ?? Duration.zero)
  const processes = Effect.flatMap(storage, (shared) =>
    Effect.zipWith(open(shared), open(shared), (one, two) => ({ one, two, ttl }))
  )
  const on = <Subject>(
    subject: Effect.Effect<Subject, E, Scope.Scope>,
    laws: ReadonlyArray<LawOf<Subject>>,
    skipped?: string
  ): ReadonlyArray<Law<E>> =>
    laws.map(({ check, name }) => ({
      name: `${encrypted ? "encrypted" : "in clear"}: ${name}`,
      check: skipped === undefined ? Effect.flatMap(subject, check) : Effect.void,
      skipped
    }))
  return [
    ...on(store, records),
    ...on(store, [listing], lists ? undefined : "this store cannot list its sessions"),
    ...on(hooked, [damaged], damages ? undefined : "this store has no hook to damage a record"),
    ...on(hooked, encrypted ? [sealed] : []),
    ...on(store, locks),
    ...on(processes, leases, leaseTtl === undefined ? "the lock of this store is not a lease" : undefined)
  ]
}

/**
 * The laws for a backend: each in clear and with encryption.
 *
 * @example
 * ```ts
 * import { it } from "@effect/vitest"
 * import { Effect, Layer } from "effect"
 * import { CredentialStore, StoreBackend } from "effect-adobe-pass"
 * import * as CredentialStoreContract from "effect-adobe-pass/testing/CredentialStoreContract"
 *
 * const laws = CredentialStoreContract.laws({
 *   storage: Effect.map(StoreBackend.memory, (backend) => ({
 *     layer: (options) => Layer.effect(CredentialStore.CredentialStore, CredentialStore.make(backend, options))
 *   })),
 *   damages: false
 * })
 * for (const { check, name, skipped } of laws) {
 *   if (skipped === undefined) it.scopedLive(name, () => check)
 * }
 * ```
 *
 * @since 0.1.0
 * @category laws
 */
export const laws = <E = never>(backend: Backend<E>): ReadonlyArray<Law<E>> => [
  ...lawsWith(backend, false),
  ...lawsWith(backend, true)
]
