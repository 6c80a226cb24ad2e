/**
 * Persistent storage of credentials and tokens.
 *
 * The typed store is written once, in `make`; a backend implements operations on text, see `StoreBackend`.
 *
 * @since 0.1.0
 */
import * as KeyValueStore from "@effect/platform/KeyValueStore"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Predicate from "effect/Predicate"
import * as Redacted from "effect/Redacted"
import type * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import type { AccessToken } from "./AccessToken.js"
import { CredentialStoreError, type InvalidInput } from "./AdobePassError.js"
import { type ClientCredentials, sameCredentials } from "./ClientCredentials.js"
import type { Encryption } from "./Encryption.js"
import { hardTimeout } from "./internal/hardTimeout.js"
import * as Record from "./internal/store/record.js"
import * as Options from "./Options.js"
import type { SessionKey } from "./SessionKey.js"
import type * as Setting from "./Setting.js"
import * as StoreBackend from "./StoreBackend.js"

/**
 * What is stored for one device.
 *
 * @since 0.1.0
 * @category models
 */
export interface StoredSession {
  readonly credentials: ClientCredentials
  readonly token: AccessToken | undefined
  /** The id of the key that the record is encrypted with, if it is. */
  readonly encryptedWith: string | undefined
  /** The record as it is stored. A save is given it, so that it need not read again what was read before. */
  readonly record: Redacted.Redacted<string>
}

/**
 * How credentials are saved.
 *
 * @since 0.1.0
 * @category models
 */
export interface SaveOptions {
  /** The credentials that may be replaced. @default none */
  readonly replaces?: ClientCredentials | undefined
  /**
   * The lock under which the credentials are saved, once. When another holder has it by then, nothing is saved, and
   * the operation fails as `Locked` with the code `StoreBackend.leaseLost`.
   */
  readonly lease?: StoreBackend.Lease | undefined
  /** What was read before. Nothing is read again unless another process wrote meanwhile. @default it is read */
  readonly read?: Option.Option<StoredSession> | undefined
}

/**
 * A hold of the lock of a session.
 *
 * @since 0.1.0
 * @category models
 */
export interface Hold {
  readonly lease: StoreBackend.Lease
  /** The session as it was read under the lock. */
  readonly stored: Option.Option<StoredSession>
  /** Whether that is what was expected, so that the holder may begin what cannot be taken back. */
  readonly isExpected: boolean
}

/**
 * The storage of sessions.
 *
 * @since 0.1.0
 * @category models
 */
export interface CredentialStore {
  /**
   * The stored session; `None` only when there is surely none. A record that cannot be read or decoded is an error, so
   * that it never looks like a device that has to be registered.
   */
  readonly load: (key: SessionKey) => Effect.Effect<Option.Option<StoredSession>, CredentialStoreError>
  /**
   * The stored sessions among these, in as few operations as the backend allows. Records that cannot be read are left
   * out.
   */
  readonly loadMany: (
    keys: ReadonlyArray<SessionKey>
  ) => Effect.Effect<ReadonlyMap<SessionKey, StoredSession>, CredentialStoreError>
  /**
   * Saves credentials where the store holds nothing, or holds those that they replace. Returns what the store holds
   * afterwards: these credentials, or those of a faster process. When it returns, they are durable.
   */
  readonly saveCredentials: (
    key: SessionKey,
    credentials: ClientCredentials,
    options?: SaveOptions
  ) => Effect.Effect<StoredSession, CredentialStoreError>
  /**
   * Saves a token if the store still holds its credentials; otherwise does nothing. With `read`, the session as it was
   * read before, nothing is read again unless another process wrote meanwhile. A later token that it wrote stays.
   */
  readonly saveToken: (
    key: SessionKey,
    credentials: ClientCredentials,
    token: AccessToken,
    read?: StoredSession
  ) => Effect.Effect<void, CredentialStoreError>
  /** Removes the session; succeeds when there is none. */
  readonly remove: (key: SessionKey) => Effect.Effect<void, CredentialStoreError>
  /**
   * Holds the lock of the session, against every process that shares the store, until credentials are saved under it,
   * at the latest until the scope closes; and reads the session under it.
   *
   * When the store holds what is `expected` (by default nothing), the holder may begin what cannot be taken back, such
   * as a registration: the holder of the next lock learns from `unfinished` of it, when this one does not give the
   * lock back.
   */
  readonly lock: (
    key: SessionKey,
    expected?: StoredSession
  ) => Effect.Effect<Hold, CredentialStoreError, Scope.Scope>
  /** The keys of all sessions, in no order. A session that is saved or removed meanwhile may be among them or not. */
  readonly keys: Stream.Stream<SessionKey, CredentialStoreError>
}

/**
 * @since 0.1.0
 * @category tags
 */
export const CredentialStore: Context.Tag<CredentialStore, CredentialStore> =
  Context.GenericTag<CredentialStore>("effect-adobe-pass/CredentialStore")

/**
 * Options of every store.
 *
 * @since 0.1.0
 * @category models
 */
export interface StoreOptions extends Setting.Input<typeof Options.store> {
  /** Encryption of what is stored. @default none */
  readonly encryption?: Encryption | undefined
}

type Operation = CredentialStoreError["operation"]

/** A backend whose operations fail as the typed store does, and are bounded. */
interface Bounded {
  readonly backend: StoreBackend.StoreBackend
  readonly encryption: Encryption | undefined
  readonly run: <A>(
    operation: Operation,
    effect: Effect.Effect<A, StoreBackend.BackendFailure>
  ) => Effect.Effect<A, CredentialStoreError>
}

const decode = (
  { encryption }: Bounded,
  key: SessionKey,
  operation: Operation,
  record: Option.Option<string>
): Effect.Effect<Option.Option<StoredSession>, CredentialStoreError> =>
  Option.isNone(record)
    ? Effect.succeedNone
    : Effect.asSome(Record.decode(encryption, operation, key, record.value))

const load = (
  bounded: Bounded,
  key: SessionKey,
  operation: Operation
): Effect.Effect<Option.Option<StoredSession>, CredentialStoreError> =>
  Effect.flatMap(bounded.run(operation, bounded.backend.read(key)), (record) =>
    decode(bounded, key, operation, record)
  )

const readMany = (
  { read }: StoreBackend.StoreBackend,
  keys: ReadonlyArray<SessionKey>
): Effect.Effect<ReadonlyMap<SessionKey, string>, StoreBackend.BackendFailure> =>
  Effect.map(
    Effect.forEach(
      keys,
      (key) =>
        Effect.map(
          read(key),
          Option.map((record) => [key, record] as const)
        ),
      {
        concurrency: 16
      }
    ),
    (found) => new Map(found.flatMap(Option.toArray))
  )

const loadMany = (
  { backend, encryption, run }: Bounded,
  keys: ReadonlyArray<SessionKey>
): Effect.Effect<ReadonlyMap<SessionKey, StoredSession>, CredentialStoreError> =>
  Effect.gen(function* () {
    const records = yield* run("load", (backend.readMany ?? ((some) => readMany(backend, some)))(keys))
    const sessions = new Map<SessionKey, StoredSession>()
    for (const [key, record] of records) {
      const session = yield* Effect.option(Record.decode(encryption, "load", key, record))
      if (Option.isSome(session)) sessions.set(key, session.value)
    }
    return sessions
  })

const recordOf = ({ record }: StoredSession): string => Redacted.value(record)

const lock =
  (bounded: Bounded): CredentialStore["lock"] =>
  (key, expected) => {
    const record = Option.map(Option.fromNullable(expected), recordOf)
    return bounded.backend.lock(key, record).pipe(
      Effect.mapError((failure) => StoreBackend.toError("lock", failure)),
      Effect.flatMap((hold) =>
        Effect.map(decode(bounded, key, "load", hold.record), (stored) => ({
          lease: hold.lease,
          stored,
          isExpected: Option.getOrUndefined(hold.record) === Option.getOrUndefined(record)
        }))
      )
    )
  }

/** How often a save is tried while others write. A backend that never lets it win has a defect. */
const maximumWrites = 10

type Content = Pick<StoredSession, "credentials" | "token">

/**
 * Writes what `decide` makes of the session that was read; a left ends the save without a write. When another process
 * wrote meanwhile, the session is read and decided on again.
 */
const save = <A>(
  bounded: Bounded,
  key: SessionKey,
  { lease, read }: Pick<SaveOptions, "lease" | "read">,
  decide: (current: Option.Option<StoredSession>, isReadAgain: boolean) => Either.Either<Content, A>,
  writes = 1
): Effect.Effect<StoredSession | A, CredentialStoreError> =>
  Effect.gen(function* () {
    const current = read ?? (yield* load(bounded, key, "save"))
    const decision = decide(current, writes > 1)
    if (Either.isLeft(decision)) return decision.left
    const { credentials, token } = decision.right
    const session = yield* Record.encode(bounded.encryption, key, credentials, token)
    const expected = Option.map(current, recordOf)
    const written = yield* bounded.run(
      "save",
      bounded.backend.compareAndSet(key, expected, Redacted.value(session.record), lease)
    )
    if (written) return session
    if (writes === maximumWrites) {
      return yield* new CredentialStoreError({ operation: "save", reason: "Unavailable", code: "CONTENTION" })
    }
    return yield* save(bounded, key, { lease }, decide, writes + 1)
  })

const saveCredentials =
  (bounded: Bounded): CredentialStore["saveCredentials"] =>
  (key, credentials, options = {}) => {
    const { replaces } = options
    return save(
      bounded,
      key,
      options,
      Option.match({
        onNone: () => Either.right({ credentials, token: undefined }),
        onSome: (current) =>
          replaces !== undefined && sameCredentials(current.credentials, replaces)
            ? Either.right({ credentials, token: undefined })
            : Either.left(current)
      })
    )
  }

const saveToken =
  (bounded: Bounded): CredentialStore["saveToken"] =>
  (key, credentials, token, read) =>
    Effect.asVoid(
      save(
        bounded,
        key,
        { read: read === undefined ? undefined : Option.some(read) },
        (current, isReadAgain) => {
          const stored = Option.getOrUndefined(current)
          const isOutrun =
            isReadAgain && stored?.token !== undefined && stored.token.issuedAt > token.issuedAt
          return stored !== undefined && sameCredentials(stored.credentials, credentials) && !isOutrun
            ? Either.right({ credentials, token })
            : Either.left(undefined)
        }
      )
    )

const build = (
  backend: StoreBackend.StoreBackend,
  { timeout }: Setting.Checked<typeof Options.store>,
  encryption: Encryption | undefined
): CredentialStore => {
  const bounded: Bounded = {
    backend,
    encryption,
    run: (operation, effect) =>
      Effect.mapError(effect, (failure) => StoreBackend.toError(operation, failure)).pipe(
        hardTimeout(timeout, () => new CredentialStoreError({ operation, reason: "Timeout" }))
      )
  }
  return {
    load: (key) => load(bounded, key, "load"),
    loadMany: (keys) => loadMany(bounded, keys),
    saveCredentials: saveCredentials(bounded),
    saveToken: saveToken(bounded),
    remove: (key) => bounded.run("remove", backend.remove(key)),
    lock: lock(bounded),
    keys:
      backend.keys === undefined
        ? Stream.fail(new CredentialStoreError({ operation: "list", reason: "Unsupported" }))
        : Stream.mapError(backend.keys, (failure) => StoreBackend.toError("list", failure))
  }
}

/**
 * The typed store over a backend. Each operation of the backend but waiting for the lock is bounded by `timeout`. A
 * record of another session is refused. `InvalidInput` when an option cannot be used.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = (
  backend: StoreBackend.StoreBackend,
  options: StoreOptions = {}
): Either.Either<CredentialStore, InvalidInput> =>
  Either.map(Options.store.check(options), (checked) => build(backend, checked, options.encryption))

const InMemory = Symbol.for("effect-adobe-pass/CredentialStore/InMemory")

/** Whether the credentials of a store are lost with the process: those of `layerMemory` are. @internal */
export const isInMemory = (store: CredentialStore): boolean => Predicate.hasProperty(store, InMemory)

/**
 * A store in memory, for tests and experiments. Its credentials are lost with the process, and users must then sign in
 * again.
 *
 * @since 0.1.0
 * @category layers
 */
export const layerMemory: Layer.Layer<CredentialStore> = Layer.effect(
  CredentialStore,
  Effect.map(StoreBackend.memory, (backend) =>
    Object.assign(build(backend, Options.store.fallback, undefined), { [InMemory]: true })
  )
)

const keyValueBackend = (
  store: KeyValueStore.KeyValueStore,
  prefix: string,
  timeout: number
): StoreBackend.StoreBackend => {
  const name = (key: SessionKey) => `${prefix}${key}`
  const unavailable = (): StoreBackend.BackendFailure => ({ reason: "Unavailable" })
  const read = (key: SessionKey) => Effect.mapError(store.get(name(key)), unavailable)
  const oneAtATime = Effect.unsafeMakeSemaphore(1).withPermits(1)
  return {
    read,
    compareAndSet: (key, expected, next) =>
      oneAtATime(
        Effect.flatMap(read(key), (current) =>
          Option.getOrUndefined(current) === Option.getOrUndefined(expected)
            ? Effect.as(Effect.mapError(store.set(name(key), next), unavailable), true)
            : Effect.succeed(false)
        )
      ),
    remove: (key) =>
      oneAtATime(
        Effect.flatMap(read(key), (current) =>
          Option.isNone(current) ? Effect.void : Effect.mapError(store.remove(name(key)), unavailable)
        )
      ),
    lock: StoreBackend.lockInProcess((key) =>
      hardTimeout(timeout, (): StoreBackend.BackendFailure => ({ reason: "Timeout" }))(read(key))
    )
  }
}

/**
 * Options of a store in a `KeyValueStore`.
 *
 * @since 0.1.0
 * @category models
 */
export interface KeyValueStoreOptions extends StoreOptions {
  /** The start of all keys. @default "adobe-pass/" */
  readonly prefix?: string | undefined
}

const otherOptions: {
  readonly [Option in Exclude<keyof KeyValueStoreOptions, keyof typeof Options.store.settings>]-?: true
} = { encryption: true, prefix: true }

/**
 * A store in any `KeyValueStore` of `@effect/platform`, under keys that start with `prefix`.
 *
 * A `KeyValueStore` has neither locks nor compare-and-set, so only one process may use it at a time. Records are as
 * durable as the `KeyValueStore` is.
 *
 * @since 0.1.0
 * @category layers
 */
export const layerKeyValueStore = (
  options: KeyValueStoreOptions = {}
): Layer.Layer<CredentialStore, InvalidInput, KeyValueStore.KeyValueStore> =>
  Layer.effect(
    CredentialStore,
    Effect.gen(function* () {
      const { timeout } = yield* Options.store.checkNames(options, "", Object.keys(otherOptions))
      const store = yield* KeyValueStore.KeyValueStore
      return yield* make(keyValueBackend(store, options.prefix ?? "adobe-pass/", timeout), options)
    })
  )
