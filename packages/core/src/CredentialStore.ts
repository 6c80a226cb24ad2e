/**
 * Where credentials and tokens live between runs.
 *
 * The typed service is written once, in `makeEncoded`; a backend implements four operations on text.
 *
 * @since 0.1.0
 */
import * as KeyValueStore from "@effect/platform/KeyValueStore"
import * as Context from "effect/Context"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import type * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import { AccessToken } from "./AccessToken.js"
import { CredentialStoreError } from "./AdobePassError.js"
import { ClientCredentials } from "./ClientCredentials.js"
import * as Encryption from "./Encryption.js"
import { processLocks } from "./internal/processLocks.js"
import { within } from "./internal/within.js"
import type { Lease } from "./Lease.js"
import type { SessionKey } from "./SessionKey.js"
import { samePair } from "./SessionState.js"

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
  readonly encryptedWith?: string | undefined
}

/**
 * The storage of sessions.
 *
 * @since 0.1.0
 * @category tags
 */
export class CredentialStore extends Context.Tag("effect-adobe-pass/CredentialStore")<
  CredentialStore,
  {
    /**
     * The stored session; `None` only when there is surely none. A record that cannot be read or decoded is an
     * error, so that it never looks like a device that has to be registered.
     */
    readonly load: (key: SessionKey) => Effect.Effect<Option.Option<StoredSession>, CredentialStoreError>
    /** The stored sessions among these, in as few steps as the backend allows; records that cannot be read are left out. */
    readonly loadMany: (
      keys: ReadonlyArray<SessionKey>
    ) => Effect.Effect<ReadonlyMap<SessionKey, StoredSession>, CredentialStoreError>
    /**
     * Saves a pair if the store still holds `replaces` (or nothing, when it is undefined), and returns the pair that
     * the store holds afterwards: the given one, or the one of a faster process. When it returns, the pair is durable.
     *
     * With a `lease` it is saved only while the lock has not passed to somebody else; otherwise the operation fails as
     * `Locked` with the code `leaseLost`.
     */
    readonly saveCredentials: (
      key: SessionKey,
      credentials: ClientCredentials,
      replaces: ClientCredentials | undefined,
      lease?: Lease
    ) => Effect.Effect<ClientCredentials, CredentialStoreError>
    /** Saves a token if the store still holds its pair; otherwise does nothing. */
    readonly saveToken: (
      key: SessionKey,
      credentials: ClientCredentials,
      token: AccessToken
    ) => Effect.Effect<void, CredentialStoreError>
    /** Removes the session; succeeds when there is none. */
    readonly remove: (key: SessionKey) => Effect.Effect<void, CredentialStoreError>
    /** Holds the lock of the session, against every process that shares the store, until the scope closes. */
    readonly lock: (key: SessionKey) => Effect.Effect<Lease, CredentialStoreError, Scope.Scope>
    /** The keys of all sessions, in no order. What is saved or removed meanwhile may be in it or not. */
    readonly keys: Stream.Stream<SessionKey, CredentialStoreError>
  }
>() {}

/**
 * Why a backend failed: it cannot be reached, or its lock was not free in time. `code` is a short machine-readable
 * code without any data in it, such as `EACCES`.
 *
 * @since 0.1.0
 * @category models
 */
export interface BackendFailure {
  readonly reason: "Unavailable" | "Timeout" | "Locked"
  readonly code?: string | undefined
}

/**
 * The error for a failure of a backend. A code that is not short and plain is left out: it may be text, and hold data.
 *
 * @since 0.1.0
 * @category constructors
 */
export const fromFailure = (
  operation: CredentialStoreError["operation"],
  { code, reason }: BackendFailure
): CredentialStoreError =>
  new CredentialStoreError({
    operation,
    reason,
    ...(code !== undefined && /^[A-Z0-9_]{1,40}$/.test(code) ? { code } : {})
  })

/**
 * The code of a save that came too late: the lock under which it was made has passed to somebody else.
 *
 * @since 0.1.0
 * @category constants
 */
export const leaseLost = "LEASE_LOST"

/**
 * The operations of a backend, on text records. The text holds secrets. Two of them are optional.
 *
 * @since 0.1.0
 * @category models
 */
export interface Encoded {
  /** The record, or `None` when there is none. */
  readonly read: (key: SessionKey) => Effect.Effect<Option.Option<string>, BackendFailure>
  /** The records there are among these. @default `read`, one by one */
  readonly readMany?: (
    keys: ReadonlyArray<SessionKey>
  ) => Effect.Effect<ReadonlyMap<SessionKey, string>, BackendFailure>
  /**
   * Writes `next` if the record is still `expected` (`None`: if there is no record), as one atomic and durable step;
   * false when it is not. With a `lease` the same step looks whether the lock is still (or was last) held by its owner,
   * and fails as `Locked` with the code `leaseLost` when it is not.
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
   * Holds an exclusive lock of the key until the scope closes. The lock ends by itself when its holder dies. See
   * `Lease.lock` for a backend that can only keep a lease.
   */
  readonly lock: (key: SessionKey) => Effect.Effect<Lease, BackendFailure, Scope.Scope>
  /** The keys of all records. @default a failure: the store cannot list its sessions */
  readonly keys?: Stream.Stream<SessionKey, BackendFailure>
}

const Stored = Schema.parseJson(
  Schema.Struct({
    version: Schema.Literal(1),
    credentials: ClientCredentials,
    token: Schema.optional(AccessToken)
  })
)
const decodeStored = Schema.decode(Stored)
const encodeStored = Schema.encodeSync(Stored)

/**
 * Options of `makeEncoded`.
 *
 * @since 0.1.0
 * @category models
 */
export interface Options {
  /** The longest time that one operation other than waiting for the lock may take. @default 5 seconds */
  readonly timeout?: Duration.DurationInput | undefined
  /** Encryption of what is stored. Records from before are read as they are, and encrypted when they are saved. @default none */
  readonly encryption?: Encryption.Encryption | undefined
}

/**
 * The typed store over a backend. Every operation of the backend but waiting for the lock is bounded by `timeout`; a
 * record of another session is refused.
 *
 * @since 0.1.0
 * @category constructors
 */
export const makeEncoded = (
  backend: Encoded,
  options: Options = {}
): Context.Tag.Service<CredentialStore> => {
  const timeout = Duration.decode(options.timeout ?? Duration.seconds(5))
  type Operation = CredentialStoreError["operation"]

  const failed = (operation: Operation) => (failure: BackendFailure) => fromFailure(operation, failure)

  const bounded =
    (operation: Operation) =>
    <A>(effect: Effect.Effect<A, BackendFailure>): Effect.Effect<A, CredentialStoreError> =>
      Effect.mapError(effect, failed(operation)).pipe(
        within(timeout, () => new CredentialStoreError({ operation, reason: "Timeout" }))
      )

  interface Entry extends StoredSession {
    readonly text: string
  }

  const { encryption } = options

  const open = (key: SessionKey, text: string): Effect.Effect<string, Encryption.Unopened> =>
    Encryption.keyOf(text) === undefined
      ? Effect.succeed(text)
      : encryption === undefined
        ? Effect.fail("UnknownKey")
        : encryption.open(key, text)

  const decode = (
    key: SessionKey,
    text: string,
    operation: Operation
  ): Effect.Effect<Entry, CredentialStoreError> =>
    open(key, text).pipe(
      Effect.mapError(
        (why) =>
          new CredentialStoreError({ operation, reason: why === "UnknownKey" ? "Encrypted" : "Corrupt" })
      ),
      Effect.flatMap((plain) =>
        Effect.mapError(decodeStored(plain), () => new CredentialStoreError({ operation, reason: "Corrupt" }))
      ),
      Effect.filterOrFail(
        ({ credentials }) => credentials.session === key,
        () => new CredentialStoreError({ operation, reason: "Mismatch" })
      ),
      Effect.map(({ credentials, token }) => ({
        text,
        credentials,
        token,
        encryptedWith: Encryption.keyOf(text)
      }))
    )

  const encode = (key: SessionKey, { credentials, token }: StoredSession): Effect.Effect<string> => {
    const plain = encodeStored({ version: 1, credentials, token })
    return encryption === undefined ? Effect.succeed(plain) : encryption.seal(key, plain)
  }

  const read = (key: SessionKey, operation: Operation) =>
    Effect.flatMap(
      bounded(operation)(backend.read(key)),
      Option.match({
        onNone: () => Effect.succeedNone,
        onSome: (text) => Effect.asSome(decode(key, text, operation))
      })
    )

  const readMany =
    backend.readMany ??
    ((keys: ReadonlyArray<SessionKey>) =>
      Effect.map(
        Effect.forEach(
          keys,
          (key) =>
            Effect.map(
              backend.read(key),
              Option.map((text) => [key, text] as const)
            ),
          {
            concurrency: 16
          }
        ),
        (found) => new Map(found.flatMap(Option.toArray))
      ))

  const loadMany: Context.Tag.Service<CredentialStore>["loadMany"] = (keys) =>
    Effect.gen(function* () {
      const records = yield* bounded("load")(readMany(keys))
      const sessions = new Map<SessionKey, StoredSession>()
      for (const [key, text] of records) {
        const entry = yield* Effect.option(decode(key, text, "load"))
        if (Option.isSome(entry)) sessions.set(key, entry.value)
      }
      return sessions
    })

  const write = (
    key: SessionKey,
    expected: Option.Option<Entry>,
    session: StoredSession,
    lease: Lease | undefined
  ) =>
    Effect.flatMap(encode(key, session), (next) =>
      bounded("save")(
        backend.compareAndSet(
          key,
          Option.map(expected, ({ text }) => text),
          next,
          lease
        )
      )
    )

  /** Tries again while others write between the read and the write; a backend that never lets it win has a defect. */
  const contending = <A>(save: Effect.Effect<Option.Option<A>, CredentialStoreError>) =>
    Effect.suspend(() => save).pipe(
      Effect.flatMap(
        Option.match({
          onNone: () =>
            new CredentialStoreError({ operation: "save", reason: "Unavailable", code: "CONTENTION" }),
          onSome: Effect.succeed
        })
      ),
      Effect.retry({ times: 9, while: (error) => error.code === "CONTENTION" })
    )

  const saveCredentials: Context.Tag.Service<CredentialStore>["saveCredentials"] = (
    key,
    credentials,
    replaces,
    lease
  ) =>
    contending(
      Effect.flatMap(read(key, "save"), (stored) => {
        const current = Option.getOrUndefined(stored)?.credentials
        const mayWrite = current === undefined || (replaces !== undefined && samePair(current, replaces))
        return mayWrite
          ? Effect.map(write(key, stored, { credentials, token: undefined }, lease), (won) =>
              won ? Option.some(credentials) : Option.none()
            )
          : Effect.succeedSome(current)
      })
    )

  const saveToken: Context.Tag.Service<CredentialStore>["saveToken"] = (key, credentials, token) =>
    Effect.asVoid(
      contending(
        Effect.flatMap(read(key, "save"), (stored) =>
          Option.isSome(stored) && samePair(stored.value.credentials, credentials)
            ? Effect.map(
                write(key, stored, { credentials: stored.value.credentials, token }, undefined),
                (won) => (won ? Option.some(won) : Option.none())
              )
            : Effect.succeedSome(true)
        )
      )
    )

  return {
    load: (key) => read(key, "load"),
    loadMany,
    saveCredentials,
    saveToken,
    remove: (key) => bounded("remove")(backend.remove(key)),
    lock: (key) => Effect.mapError(backend.lock(key), failed("lock")),
    keys:
      backend.keys === undefined
        ? Stream.fail(new CredentialStoreError({ operation: "list", reason: "Unsupported" }))
        : Stream.mapError(backend.keys, failed("list"))
  }
}

/** The lock of a backend that a single process uses. */
const lockInProcess = (): Encoded["lock"] => {
  const locks = processLocks()
  let holds = 0
  return (key) =>
    Effect.map(locks(key), () => {
      holds += 1
      return { owner: `${holds}`, fence: holds, takenOver: false }
    })
}

/**
 * A store in memory, for tests and experiments: everything is lost with the process, and with it the logins of the
 * users.
 *
 * @since 0.1.0
 * @category layers
 */
export const layerMemory: Layer.Layer<CredentialStore> = Layer.sync(CredentialStore, () => {
  const records = new Map<SessionKey, string>()
  return makeEncoded({
    read: (key) => Effect.sync(() => Option.fromNullable(records.get(key))),
    compareAndSet: (key, expected, next) =>
      Effect.sync(() => {
        if (records.get(key) !== Option.getOrUndefined(expected)) return false
        records.set(key, next)
        return true
      }),
    remove: (key) => Effect.sync(() => void records.delete(key)),
    lock: lockInProcess(),
    keys: Stream.suspend(() => Stream.fromIterable([...records.keys()]))
  })
})

/**
 * A store in any `KeyValueStore` of `@effect/platform`, under keys that start with `prefix` (default `adobe-pass/`).
 *
 * A `KeyValueStore` has neither locks nor compare-and-set, so only one process may use it at a time; several processes
 * need a store made for it. The durability is that of the `KeyValueStore`.
 *
 * @since 0.1.0
 * @category layers
 */
export const layerKeyValueStore = (
  options: Options & { readonly prefix?: string | undefined } = {}
): Layer.Layer<CredentialStore, never, KeyValueStore.KeyValueStore> =>
  Layer.effect(
    CredentialStore,
    Effect.map(KeyValueStore.KeyValueStore, (store) => {
      const name = (key: SessionKey) => `${options.prefix ?? "adobe-pass/"}${key}`
      const unavailable = (): BackendFailure => ({ reason: "Unavailable" })
      const read = (key: SessionKey) => Effect.mapError(store.get(name(key)), unavailable)
      const write = Effect.unsafeMakeSemaphore(1).withPermits(1)
      return makeEncoded(
        {
          read,
          compareAndSet: (key, expected, next) =>
            write(
              Effect.flatMap(read(key), (current) =>
                Option.getOrUndefined(current) === Option.getOrUndefined(expected)
                  ? Effect.as(Effect.mapError(store.set(name(key), next), unavailable), true)
                  : Effect.succeed(false)
              )
            ),
          remove: (key) =>
            Effect.flatMap(read(key), (current) =>
              Option.isNone(current) ? Effect.void : Effect.mapError(store.remove(name(key)), unavailable)
            ),
          lock: lockInProcess()
        },
        options
      )
    })
  )
