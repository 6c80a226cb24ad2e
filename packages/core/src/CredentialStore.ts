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
import { AccessToken } from "./AccessToken.js"
import { CredentialStoreError } from "./AdobePassError.js"
import { ClientCredentials } from "./ClientCredentials.js"
import { within } from "./internal/within.js"
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
    /**
     * Saves a pair if the store still holds `replaces` (or nothing, when it is undefined), and returns the pair that
     * the store holds afterwards: the given one, or the one of a faster process. When it returns, the pair is durable.
     */
    readonly saveCredentials: (
      key: SessionKey,
      credentials: ClientCredentials,
      replaces: ClientCredentials | undefined
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
    readonly lock: (key: SessionKey) => Effect.Effect<void, CredentialStoreError, Scope.Scope>
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
 * The four operations of a backend, on text records. The text holds secrets.
 *
 * @since 0.1.0
 * @category models
 */
export interface Encoded {
  /** The record, or `None` when there is none. */
  readonly read: (key: SessionKey) => Effect.Effect<Option.Option<string>, BackendFailure>
  /**
   * Writes `next` if the record is still `expected` (`None`: if there is no record), as one atomic and durable step;
   * false when it is not.
   */
  readonly compareAndSet: (
    key: SessionKey,
    expected: Option.Option<string>,
    next: string
  ) => Effect.Effect<boolean, BackendFailure>
  /** Removes the record; succeeds when there is none. */
  readonly remove: (key: SessionKey) => Effect.Effect<void, BackendFailure>
  /** Holds an exclusive lock of the key until the scope closes. The lock ends by itself when its holder dies. */
  readonly lock: (key: SessionKey) => Effect.Effect<void, BackendFailure, Scope.Scope>
}

const Stored = Schema.parseJson(
  Schema.Struct({
    version: Schema.Literal(1),
    credentials: ClientCredentials,
    token: Schema.optional(AccessToken)
  })
)
const decode = Schema.decode(Stored)
const encode = Schema.encodeSync(Stored)

/**
 * Options of `makeEncoded`.
 *
 * @since 0.1.0
 * @category models
 */
export interface Options {
  /** The longest time that one operation other than waiting for the lock may take. @default 5 seconds */
  readonly timeout?: Duration.DurationInput | undefined
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

  const failed = (operation: Operation) => (failure: BackendFailure) =>
    new CredentialStoreError({
      operation,
      reason: failure.reason,
      ...(failure.code !== undefined && /^[A-Z0-9_]{1,40}$/.test(failure.code) ? { code: failure.code } : {})
    })

  const bounded =
    (operation: Operation) =>
    <A>(effect: Effect.Effect<A, BackendFailure>): Effect.Effect<A, CredentialStoreError> =>
      Effect.mapError(effect, failed(operation)).pipe(
        within(timeout, () => new CredentialStoreError({ operation, reason: "Timeout" }))
      )

  interface Entry extends StoredSession {
    readonly text: string
  }

  const read = (key: SessionKey, operation: Operation) =>
    Effect.flatMap(
      bounded(operation)(backend.read(key)),
      Option.match({
        onNone: () => Effect.succeed(Option.none<Entry>()),
        onSome: (text) =>
          decode(text).pipe(
            Effect.mapError(() => new CredentialStoreError({ operation, reason: "Corrupt" })),
            Effect.filterOrFail(
              ({ credentials }) => credentials.session === key,
              () => new CredentialStoreError({ operation, reason: "Mismatch" })
            ),
            Effect.map(({ credentials, token }) => Option.some({ text, credentials, token }))
          )
      })
    )

  const write = (key: SessionKey, expected: Option.Option<Entry>, session: StoredSession) =>
    bounded("save")(
      backend.compareAndSet(
        key,
        Option.map(expected, ({ text }) => text),
        encode({ version: 1, credentials: session.credentials, token: session.token })
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
    replaces
  ) =>
    contending(
      Effect.flatMap(read(key, "save"), (stored) => {
        const current = Option.getOrUndefined(stored)?.credentials
        const mayWrite = current === undefined || (replaces !== undefined && samePair(current, replaces))
        return mayWrite
          ? Effect.map(write(key, stored, { credentials, token: undefined }), (won) =>
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
            ? Effect.map(write(key, stored, { credentials: stored.value.credentials, token }), (won) =>
                won ? Option.some(won) : Option.none()
              )
            : Effect.succeedSome(true)
        )
      )
    )

  return {
    load: (key) => read(key, "load"),
    saveCredentials,
    saveToken,
    remove: (key) => bounded("remove")(backend.remove(key)),
    lock: (key) => Effect.mapError(backend.lock(key), failed("lock"))
  }
}

/** Locks between the fibers of one process; an entry exists only while somebody holds or waits for it. */
const processLocks = (): Encoded["lock"] => {
  const locks = new Map<SessionKey, { readonly semaphore: Effect.Semaphore; users: number }>()
  return (key) =>
    Effect.uninterruptibleMask((restore) =>
      Effect.suspend(() => {
        const lock = locks.get(key) ?? { semaphore: Effect.unsafeMakeSemaphore(1), users: 0 }
        locks.set(key, lock)
        lock.users += 1
        const leave = Effect.sync(() => {
          lock.users -= 1
          if (lock.users === 0) locks.delete(key)
        })
        return restore(lock.semaphore.take(1)).pipe(
          Effect.onInterrupt(() => leave),
          Effect.zipRight(Effect.addFinalizer(() => Effect.zipRight(lock.semaphore.release(1), leave)))
        )
      })
    )
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
    lock: processLocks()
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
          lock: processLocks()
        },
        options
      )
    })
  )
