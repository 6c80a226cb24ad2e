/**
 * What every credential store promises, as laws that any test runner can check: run them against a store of yours.
 *
 * The module is not part of the index; import it by its own path, in tests.
 *
 * @since 0.1.0
 */
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Data from "effect/Data"
import * as Deferred from "effect/Deferred"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import { AccessToken } from "./AccessToken.js"
import type { CredentialStoreError } from "./AdobePassError.js"
import { ClientCredentials } from "./ClientCredentials.js"
import { CredentialStore, leaseLost, type StoredSession } from "./CredentialStore.js"
import type { Lease } from "./Lease.js"
import { SessionKey } from "./SessionKey.js"

/**
 * A law that does not hold.
 *
 * @since 0.1.0
 * @category errors
 */
export class ContractViolation extends Data.TaggedError("ContractViolation")<{
  readonly message: string
}> {}

/**
 * A storage that nothing was written to yet.
 *
 * @since 0.1.0
 * @category models
 */
export interface Storage<E = never> {
  /** A store on it. It is built more than once where a law needs two processes. */
  readonly layer: Layer.Layer<CredentialStore, E>
  /** Makes the stored record of a session unreadable, for example by cutting it off. */
  readonly damage?: ((key: SessionKey) => Effect.Effect<void>) | undefined
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

/**
 * A session for tests, by a hexadecimal digit.
 *
 * @since 0.1.0
 * @category samples
 */
export const sampleKey = (digit: string): SessionKey => SessionKey.make(digit.repeat(64))

/**
 * The pair number `n` of a session.
 *
 * @since 0.1.0
 * @category samples
 */
export const samplePair = (session: SessionKey, n: number): ClientCredentials =>
  new ClientCredentials({
    clientId: Redacted.make(`client-${n}`),
    clientSecret: Redacted.make(`secret-${n}`),
    issuedAt: 1_700_000_000_000 + n,
    redirectUris: ["app://callback"],
    grantTypes: ["client_credentials"],
    scopes: ["api:client:v2"],
    environment: "release-staging",
    statement: "0123456789abcdef",
    session
  })

/**
 * A token with this value.
 *
 * @since 0.1.0
 * @category samples
 */
export const sampleToken = (value: string): AccessToken =>
  new AccessToken({
    value: Redacted.make(value),
    issuedAt: 1_700_000_000_000,
    expiresAt: 1_700_021_600_000,
    scopes: ["api:client:v2"]
  })

const ensure = (holds: boolean, message: string): Effect.Effect<void, ContractViolation> =>
  holds ? Effect.void : Effect.fail(new ContractViolation({ message }))

const same = (actual: unknown, expected: unknown, what: string): Effect.Effect<void, ContractViolation> => {
  const [found, wanted] = [JSON.stringify(actual), JSON.stringify(expected)]
  return ensure(found === wanted, `${what}: expected ${wanted}, got ${found}`)
}

const clientId = (credentials: ClientCredentials): string => Redacted.value(credentials.clientId)

/** A stored session in plain text: these are samples, not secrets. */
const plain = (stored: Option.Option<StoredSession>) =>
  Option.match(stored, {
    onNone: () => "nothing",
    onSome: ({ credentials, token }) => ({
      clientId: clientId(credentials),
      clientSecret: Redacted.value(credentials.clientSecret),
      issuedAt: credentials.issuedAt,
      scopes: credentials.scopes,
      token: token === undefined ? null : Redacted.value(token.value)
    })
  })

const sample = (n: number, token: string | null = null) => ({
  clientId: `client-${n}`,
  clientSecret: `secret-${n}`,
  issuedAt: 1_700_000_000_000 + n,
  scopes: ["api:client:v2"],
  token
})

type Store = Context.Tag.Service<CredentialStore>

/** Lets every other fiber go on to where it waits. */
const pause = Effect.sleep("50 millis")

const key = sampleKey("a")
const other = sampleKey("b")

type Check = (store: Store) => Effect.Effect<void, ContractViolation | CredentialStoreError, Scope.Scope>

const records: ReadonlyArray<readonly [name: string, check: Check]> = [
  [
    "finds nothing where nothing was saved",
    (store) => Effect.flatMap(store.load(key), (found) => same(plain(found), "nothing", "the record"))
  ],
  [
    "gives back the pair and the token it was given",
    (store) =>
      Effect.gen(function* () {
        yield* store.saveCredentials(key, samplePair(key, 1), undefined)
        yield* same(plain(yield* store.load(key)), sample(1), "the pair")
        yield* store.saveToken(key, samplePair(key, 1), sampleToken("t1"))
        yield* same(plain(yield* store.load(key)), sample(1, "t1"), "the first token")
        yield* store.saveToken(key, samplePair(key, 1), sampleToken("t2"))
        yield* same(plain(yield* store.load(key)), sample(1, "t2"), "the second token")
      })
  ],
  [
    "gives the second who saves the pair of the first",
    (store) =>
      Effect.gen(function* () {
        const first = yield* store.saveCredentials(key, samplePair(key, 1), undefined)
        const second = yield* store.saveCredentials(key, samplePair(key, 2), undefined)
        yield* same([first, second].map(clientId), ["client-1", "client-1"], "the winners")
        yield* same(plain(yield* store.load(key)), sample(1), "the record")
      })
  ],
  [
    "lets one pair win when many are saved at once",
    (store) =>
      Effect.gen(function* () {
        const winners = yield* Effect.forEach(
          Array.from({ length: 20 }, (_, n) => samplePair(key, n)),
          (credentials) => store.saveCredentials(key, credentials, undefined),
          { concurrency: "unbounded" }
        )
        const ids = [...new Set(winners.map(clientId))]
        yield* same(ids.length, 1, "the number of winners")
        const stored = yield* store.load(key)
        yield* same(
          ids,
          Option.toArray(Option.map(stored, ({ credentials }) => clientId(credentials))),
          "the winner"
        )
      })
  ],
  [
    "replaces the pair that is named, and its token with it",
    (store) =>
      Effect.gen(function* () {
        yield* store.saveCredentials(key, samplePair(key, 1), undefined)
        yield* store.saveToken(key, samplePair(key, 1), sampleToken("t1"))
        yield* store.saveCredentials(key, samplePair(key, 2), samplePair(key, 1))
        yield* same(plain(yield* store.load(key)), sample(2), "the record")
      })
  ],
  [
    "answers with the pair that replaced the named one elsewhere",
    (store) =>
      Effect.gen(function* () {
        yield* store.saveCredentials(key, samplePair(key, 1), undefined)
        yield* store.saveCredentials(key, samplePair(key, 2), samplePair(key, 1))
        const winner = yield* store.saveCredentials(key, samplePair(key, 3), samplePair(key, 1))
        yield* same(clientId(winner), "client-2", "the winner")
        yield* same(plain(yield* store.load(key)), sample(2), "the record")
      })
  ],
  [
    "lets one replacement win when a pair is replaced many times at once",
    (store) =>
      Effect.gen(function* () {
        yield* store.saveCredentials(key, samplePair(key, 0), undefined)
        const winners = yield* Effect.forEach(
          Array.from({ length: 20 }, (_, n) => samplePair(key, n + 1)),
          (credentials) => store.saveCredentials(key, credentials, samplePair(key, 0)),
          { concurrency: "unbounded" }
        )
        yield* same(new Set(winners.map(clientId)).size, 1, "the number of winners")
      })
  ],
  [
    "saves a token for the pair it holds and for no other",
    (store) =>
      Effect.gen(function* () {
        yield* store.saveToken(key, samplePair(key, 1), sampleToken("t1"))
        yield* same(plain(yield* store.load(key)), "nothing", "the record of an unknown pair")
        yield* store.saveCredentials(key, samplePair(key, 2), undefined)
        yield* store.saveToken(key, samplePair(key, 1), sampleToken("t1"))
        yield* same(plain(yield* store.load(key)), sample(2), "the record of another pair")
      })
  ],
  [
    "removes a session, and succeeds when there is none",
    (store) =>
      Effect.gen(function* () {
        yield* store.remove(key)
        yield* store.saveCredentials(key, samplePair(key, 1), undefined)
        yield* store.remove(key)
        yield* store.remove(key)
        yield* same(plain(yield* store.load(key)), "nothing", "the removed record")
        const next = yield* store.saveCredentials(key, samplePair(key, 2), undefined)
        yield* same(clientId(next), "client-2", "the pair after a removal")
      })
  ],
  [
    "keeps sessions apart",
    (store) =>
      Effect.gen(function* () {
        yield* store.saveCredentials(key, samplePair(key, 1), undefined)
        yield* store.saveCredentials(other, samplePair(other, 2), undefined)
        yield* store.remove(key)
        yield* same(plain(yield* store.load(key)), "nothing", "the removed record")
        yield* same(plain(yield* store.load(other)), sample(2), "the other record")
      })
  ],
  [
    "loads many sessions at once, those that there are",
    (store) =>
      Effect.gen(function* () {
        const keys = [..."0123456789cdef"].map(sampleKey)
        for (const each of keys.slice(0, 10))
          yield* store.saveCredentials(each, samplePair(each, 1), undefined)
        const found = yield* store.loadMany(keys)
        yield* same([...found.keys()].sort(), keys.slice(0, 10), "the keys")
        for (const stored of found.values()) yield* same(plain(Option.some(stored)), sample(1), "a record")
        yield* same((yield* store.loadMany([])).size, 0, "the sessions among none")
      })
  ]
]

const listing: Check = (store) =>
  Effect.gen(function* () {
    const keys = Effect.map(Stream.runCollect(store.keys), (found) => [...found].sort())
    yield* same(yield* keys, [], "the keys of an empty store")
    yield* Effect.scoped(store.lock(sampleKey("c")))
    yield* store.saveCredentials(other, samplePair(other, 1), undefined)
    yield* store.saveCredentials(key, samplePair(key, 1), undefined)
    yield* same(yield* keys, [key, other], "the keys")
    yield* store.remove(other)
    yield* same(yield* keys, [key], "the keys after a removal")
  })

/** Succeeds when the lock is free. */
const passes = (store: Store) => Effect.scoped(store.lock(key))

/** A fiber that holds the lock until it is told to go on. */
const holder = <A, E>(store: Store, then: (lease: Lease) => Effect.Effect<A, E>) =>
  Effect.gen(function* () {
    const held = yield* Deferred.make<Lease, CredentialStoreError>()
    const go = yield* Deferred.make<void>()
    const fiber = yield* Effect.forkScoped(
      Effect.scoped(
        Effect.gen(function* () {
          const lease = yield* Effect.tapError(store.lock(key), (error) => Deferred.fail(held, error))
          yield* Deferred.succeed(held, lease)
          yield* Deferred.await(go)
          return yield* then(lease)
        })
      )
    )
    return { fiber, lease: yield* Deferred.await(held), release: Deferred.succeed(go, undefined) }
  })

const locks: ReadonlyArray<readonly [name: string, check: Check]> = [
  [
    "lets one fiber in at a time",
    (store) =>
      Effect.gen(function* () {
        let inside = 0
        let most = 0
        const section = Effect.acquireUseRelease(
          Effect.sync(() => {
            inside += 1
            most = Math.max(most, inside)
          }),
          () => Effect.sleep("2 millis"),
          () =>
            Effect.sync(() => {
              inside -= 1
            })
        )
        yield* Effect.all(
          Array.from({ length: 10 }, () => Effect.scoped(Effect.zipRight(store.lock(key), section))),
          { concurrency: "unbounded" }
        )
        yield* same(most, 1, "the fibers under the lock at once")
      })
  ],
  [
    "keeps a second one waiting until the scope of the first closes",
    (store) =>
      Effect.gen(function* () {
        const { fiber, release } = yield* holder(store, () => Effect.void)
        const second = yield* Effect.forkScoped(passes(store))
        yield* pause
        yield* ensure(Option.isNone(yield* Fiber.poll(second)), "the second did not wait")
        yield* release
        yield* Fiber.join(fiber)
        yield* Fiber.join(second)
      })
  ],
  [
    "is free again after its holder failed",
    (store) =>
      Effect.gen(function* () {
        const { fiber, release } = yield* holder(store, () => Effect.fail("broken"))
        yield* release
        yield* ensure(Exit.isFailure(yield* Fiber.await(fiber)), "the holder did not fail")
        yield* passes(store)
      })
  ],
  [
    "is free again after its holder was interrupted, and is not taken over then",
    (store) =>
      Effect.gen(function* () {
        const { fiber, lease } = yield* holder(store, () => Effect.void)
        yield* Fiber.interrupt(fiber)
        const next = yield* passes(store)
        yield* ensure(!next.takenOver, "a lock that was given back counts as taken over")
        yield* ensure(next.owner !== lease.owner, "two holds have the same owner")
      })
  ],
  [
    "is not blocked by one who was interrupted while waiting for it",
    (store) =>
      Effect.gen(function* () {
        const { fiber, release } = yield* holder(store, () => Effect.void)
        const second = yield* Effect.forkScoped(passes(store))
        const third = yield* Effect.forkScoped(passes(store))
        yield* pause
        yield* Fiber.interrupt(second)
        yield* release
        yield* Fiber.join(fiber)
        yield* Fiber.join(third)
        yield* passes(store)
      })
  ],
  [
    "of one session does not keep anybody from another, nor from reading and saving",
    (store) =>
      Effect.gen(function* () {
        yield* store.lock(key)
        yield* Effect.scoped(store.lock(other))
        yield* store.saveCredentials(key, samplePair(key, 1), undefined)
        yield* store.saveToken(key, samplePair(key, 1), sampleToken("t1"))
        yield* same(plain(yield* store.load(key)), sample(1, "t1"), "the record")
      })
  ],
  [
    "lets its holder save, a new pair and a replacement",
    (store) =>
      Effect.gen(function* () {
        const lease = yield* store.lock(key)
        yield* store.saveCredentials(key, samplePair(key, 1), undefined, lease)
        yield* same(plain(yield* store.load(key)), sample(1), "the new pair")
        yield* store.saveCredentials(key, samplePair(key, 2), samplePair(key, 1), lease)
        yield* same(plain(yield* store.load(key)), sample(2), "the replacement")
      })
  ],
  [
    "grows a fencing number with each hold, if it has one",
    (store) =>
      Effect.gen(function* () {
        const fences: Array<number> = []
        for (let hold = 0; hold < 3; hold++) {
          const { fence } = yield* passes(store)
          if (fence !== undefined) fences.push(fence)
        }
        yield* ensure(fences.length === 0 || fences.length === 3, "only some holds have a fencing number")
        yield* ensure(
          fences.every((fence, hold) => hold === 0 || fence > (fences[hold - 1] ?? fence)),
          `the fencing numbers do not grow: ${fences}`
        )
      })
  ]
]

/** A clock that shows the time, but on which nobody who sleeps wakes up: what a process that stands still sees. */
const standingStill = Effect.map(
  Effect.clock,
  (clock): Clock.Clock => ({
    [Clock.ClockTypeId]: Clock.ClockTypeId,
    currentTimeMillis: clock.currentTimeMillis,
    currentTimeNanos: clock.currentTimeNanos,
    unsafeCurrentTimeMillis: () => clock.unsafeCurrentTimeMillis(),
    unsafeCurrentTimeNanos: () => clock.unsafeCurrentTimeNanos(),
    sleep: () => Effect.never
  })
)

/** Laws of leases, for two processes that share a storage. */
const leases: ReadonlyArray<
  readonly [
    name: string,
    check: (
      one: Store,
      two: Store,
      ttl: Duration.Duration
    ) => Effect.Effect<void, ContractViolation | CredentialStoreError, Scope.Scope>
  ]
> = [
  [
    "that its holder does not renew ends, and the next one knows that it took it over",
    (one, two) =>
      Effect.gen(function* () {
        const first = yield* Effect.withClock(one.lock(key), yield* standingStill)
        const second = yield* Effect.scoped(two.lock(key))
        yield* ensure(second.takenOver, "the lease does not say that it was taken over")
        yield* ensure(second.owner !== first.owner, "two holds have the same owner")
        yield* ensure(
          second.fence === undefined || (first.fence !== undefined && second.fence > first.fence),
          "the fencing number did not grow"
        )
        const third = yield* Effect.scoped(two.lock(key))
        yield* ensure(!third.takenOver, "a lease that was given back counts as taken over")
      })
  ],
  [
    "that its holder renews lasts as long as the holder needs it",
    (one, two, ttl) =>
      Effect.gen(function* () {
        const { fiber, release } = yield* holder(one, () => Effect.void)
        const second = yield* Effect.forkScoped(passes(two))
        yield* Effect.sleep(Duration.times(ttl, 3))
        yield* ensure(Option.isNone(yield* Fiber.poll(second)), "a lease in use was taken over")
        yield* release
        yield* Fiber.join(fiber)
        yield* ensure(!(yield* Fiber.join(second)).takenOver, "a lease in use was taken over")
      })
  ],
  [
    "that was lost lets nobody save: neither a first pair nor over the pair of the new holder",
    (one, two) =>
      Effect.gen(function* () {
        const lost = yield* Effect.withClock(one.lock(key), yield* standingStill)
        const refused = (replaces: ClientCredentials | undefined) =>
          Effect.matchEffect(one.saveCredentials(key, samplePair(key, 1), replaces, lost), {
            onSuccess: () => ensure(false, "a save under a lost lease was accepted"),
            onFailure: ({ code, reason }) => same([reason, code], ["Locked", leaseLost], "the failure")
          })
        const lease = yield* two.lock(key)
        yield* refused(undefined)
        yield* same(plain(yield* two.load(key)), "nothing", "the record")
        yield* two.saveCredentials(key, samplePair(key, 2), undefined, lease)
        yield* refused(samplePair(key, 2))
        yield* same(plain(yield* two.load(key)), sample(2), "the record")
      })
  ],
  [
    "that was lost and given back by the new holder still lets nobody save",
    (one, two) =>
      Effect.gen(function* () {
        const lost = yield* Effect.withClock(one.lock(key), yield* standingStill)
        yield* passes(two)
        const exit = yield* Effect.exit(one.saveCredentials(key, samplePair(key, 1), undefined, lost))
        yield* ensure(Exit.isFailure(exit), "the save was accepted")
        yield* same(plain(yield* two.load(key)), "nothing", "the record")
      })
  ],
  [
    "is not given back by one who has lost it",
    (one, two) =>
      Effect.gen(function* () {
        const scope = yield* Scope.make()
        yield* Scope.extend(Effect.withClock(one.lock(key), yield* standingStill), scope)
        const { fiber, release } = yield* holder(two, () => Effect.void)
        yield* Scope.close(scope, Exit.void)
        const third = yield* Effect.forkScoped(passes(one))
        yield* pause
        yield* ensure(Option.isNone(yield* Fiber.poll(third)), "the lease of the new holder was given back")
        yield* release
        yield* Fiber.join(fiber)
        yield* Fiber.join(third)
      })
  ],
  [
    "lets one of two processes in at a time",
    (one, two) =>
      Effect.gen(function* () {
        let inside = 0
        let most = 0
        const section = (store: Store) =>
          Effect.scoped(
            Effect.gen(function* () {
              yield* store.lock(key)
              inside += 1
              most = Math.max(most, inside)
              yield* Effect.sleep("5 millis")
              inside -= 1
            })
          )
        yield* Effect.all(
          Array.from({ length: 6 }, (_, n) => section(n % 2 === 0 ? one : two)),
          { concurrency: "unbounded" }
        )
        yield* same(most, 1, "the holders at once")
      })
  ]
]

const damaged = <E>(backend: Backend<E>): Law<E>["check"] =>
  Effect.flatMap(backend.storage, ({ damage, layer }) =>
    damage === undefined
      ? Effect.void
      : Effect.gen(function* () {
          const store = yield* CredentialStore
          yield* store.saveCredentials(key, samplePair(key, 1), undefined)
          yield* damage(key)
          const reason = (effect: Effect.Effect<unknown, CredentialStoreError>) =>
            Effect.match(effect, { onSuccess: () => "none", onFailure: (error) => error.reason })
          yield* same(yield* reason(store.load(key)), "Corrupt", "the failure to load")
          const saving = store.saveCredentials(key, samplePair(key, 2), undefined)
          yield* same(yield* reason(saving), "Corrupt", "the failure to save")
          yield* same((yield* store.loadMany([key])).size, 0, "the readable sessions")
          yield* store.remove(key)
          yield* same(plain(yield* store.load(key)), "nothing", "the removed record")
        }).pipe(Effect.provide(layer))
  )

/**
 * The laws for a backend.
 *
 * @example
 * ```ts
 * import { it } from "@effect/vitest"
 * import { Effect } from "effect"
 * import { CredentialStore } from "effect-adobe-pass"
 * import * as CredentialStoreContract from "effect-adobe-pass/CredentialStoreContract"
 *
 * const laws = CredentialStoreContract.laws({
 *   storage: Effect.succeed({ layer: CredentialStore.layerMemory })
 * })
 * for (const { check, name } of laws) it.scopedLive(name, () => check)
 * ```
 *
 * @since 0.1.0
 * @category laws
 */
export const laws = <E = never>(backend: Backend<E>): ReadonlyArray<Law<E>> => {
  const onStore = (check: Check): Law<E>["check"] =>
    Effect.flatMap(backend.storage, ({ layer }) =>
      Effect.provide(Effect.flatMap(CredentialStore, check), layer)
    )
  const ttl = Duration.decode(backend.leaseTtl ?? Duration.seconds(1))
  const noLeases = backend.leaseTtl === undefined ? { skipped: "the lock of this store is not a lease" } : {}
  return [
    ...records.map(([name, check]) => ({ name, check: onStore(check) })),
    {
      name: "lists its sessions, and neither locks nor what was removed",
      check: backend.lists === false ? Effect.void : onStore(listing),
      ...(backend.lists === false ? { skipped: "this store cannot list its sessions" } : {})
    },
    {
      name: "refuses a damaged record instead of finding nothing, until it is removed",
      check: damaged(backend),
      ...(backend.damages === false ? { skipped: "this store has no hook to damage a record" } : {})
    },
    ...locks.map(([name, check]) => ({ name: `a lock ${name}`, check: onStore(check) })),
    ...leases.map(([name, check]) => ({
      name: `a lease ${name}`,
      check:
        backend.leaseTtl === undefined
          ? Effect.void
          : Effect.flatMap(backend.storage, ({ layer }) =>
              Effect.gen(function* () {
                const [one, two] = yield* Effect.all([
                  Layer.build(Layer.fresh(layer)),
                  Layer.build(Layer.fresh(layer))
                ])
                yield* check(Context.get(one, CredentialStore), Context.get(two, CredentialStore), ttl)
              })
            ),
      ...noLeases
    }))
  ]
}
