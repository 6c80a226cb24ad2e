import * as Effect from "effect/Effect"
import * as ExecutionStrategy from "effect/ExecutionStrategy"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import * as Scope from "effect/Scope"
import type { CredentialStoreError } from "../../AdobePassError.js"
import type { CredentialStore, Hold, SaveOptions, StoredSession } from "../../CredentialStore.js"
import { type Check, ensure, same } from "./law.js"
import { sampleCredentials, sampleKey, sampleToken } from "./samples.js"

export const clientId = ({ credentials }: StoredSession): string => Redacted.value(credentials.clientId)

const plain = ({ credentials, token }: Pick<StoredSession, "credentials" | "token">) => ({
  clientId: Redacted.value(credentials.clientId),
  clientSecret: Redacted.value(credentials.clientSecret),
  issuedAt: credentials.issuedAt,
  scopes: credentials.scopes,
  token: token === undefined ? null : Redacted.value(token.value)
})

/** One session of a store, in the few verbs of the laws. `n` stands for the sample credentials of that number. */
export const make = (service: CredentialStore, key = sampleKey("a")) => {
  const credentials = (n: number) => sampleCredentials(key, n)
  const load = service.load(key)
  const lock = service.lock(key)
  return {
    service,
    key,
    load,
    /** Returns the client id that the store holds afterwards. */
    save: (n: number, { replaces, ...options }: Omit<SaveOptions, "replaces"> & { replaces?: number } = {}) =>
      Effect.map(
        service.saveCredentials(key, credentials(n), {
          ...options,
          replaces: replaces === undefined ? undefined : credentials(replaces)
        }),
        clientId
      ),
    saveToken: (n: number, token: string, read?: StoredSession) =>
      service.saveToken(key, credentials(n), sampleToken(token), read),
    remove: service.remove(key),
    /** Locks a session that is expected to be new. */
    lock,
    /** Locks a session in which this is expected. */
    lockOver: (expected: StoredSession) => service.lock(key, expected),
    /** Takes the lock and gives it back. */
    pass: Effect.map(Effect.scoped(lock), ({ lease }) => lease),
    holds: (n: number, token?: string) => {
      const expected = {
        credentials: credentials(n),
        token: token === undefined ? token : sampleToken(token)
      }
      const found = Effect.map(load, (stored) => Option.getOrNull(Option.map(stored, plain)))
      return Effect.flatMap(found, (actual) => same(actual, plain(expected), "the record"))
    },
    holdsNothing: Effect.flatMap(load, (found) => ensure(Option.isNone(found), "there is a record"))
  }
}

export type Store = ReturnType<typeof make>

/** Holds a lock until `release`, at the latest until the end of the law. */
export const hold = (lock: Effect.Effect<Hold, CredentialStoreError, Scope.Scope>) =>
  Effect.gen(function* () {
    const scope = yield* Scope.fork(yield* Effect.scope, ExecutionStrategy.sequential)
    const { lease } = yield* Scope.extend(lock, scope)
    return { lease, release: Scope.close(scope, Exit.void) }
  })

/** Checks that a fiber still waits once the others have gone on as far as they can. */
export const waits = <A, E>(fiber: Fiber.RuntimeFiber<A, E>, message: string): Check =>
  Effect.flatMap(Effect.delay(Fiber.poll(fiber), "50 millis"), (exit) => ensure(Option.isNone(exit), message))

/** Checks that, of fibers that each lock their store, one is in at a time. */
export const oneAtATime = (stores: ReadonlyArray<Store>): Check =>
  Effect.gen(function* () {
    let [inside, most] = [0, 0]
    const enter = Effect.sync(() => {
      inside += 1
      most = Math.max(most, inside)
    })
    const leave = Effect.sync(() => {
      inside -= 1
    })
    const visit = Effect.acquireUseRelease(
      enter,
      () => Effect.sleep("5 millis"),
      () => leave
    )
    const visits = stores.map(({ lock }) => Effect.scoped(Effect.zipRight(lock, visit)))
    yield* Effect.all(visits, { concurrency: "unbounded" })
    yield* same(most, 1, "the holders at once")
  })
