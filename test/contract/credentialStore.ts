import { assert, describe, it } from "@effect/vitest"
import { Deferred, Effect, Exit, Fiber, type Layer, Option, Redacted, type Scope } from "effect"
import { AccessToken, ClientCredentials, CredentialStore, SessionKey } from "effect-adobe-pass"

/** A fresh storage and a store on it. */
export interface Backend<E> {
  readonly layer: Layer.Layer<CredentialStore.CredentialStore, E>
  /** Makes the stored record of a session unreadable. */
  readonly damage?: (key: SessionKey.SessionKey) => Effect.Effect<void>
}

export const sessionKey = (digit: string): SessionKey.SessionKey =>
  SessionKey.SessionKey.make(digit.repeat(64))

/** The pair number `n` of a session. */
export const pair = (session: SessionKey.SessionKey, n: number): ClientCredentials.ClientCredentials =>
  new ClientCredentials.ClientCredentials({
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

export const token = (value: string): AccessToken.AccessToken =>
  new AccessToken.AccessToken({
    value: Redacted.make(value),
    issuedAt: 1_700_000_000_000,
    expiresAt: 1_700_021_600_000,
    scopes: ["api:client:v2"]
  })

const clientId = (credentials: ClientCredentials.ClientCredentials): string =>
  Redacted.value(credentials.clientId)

/** What a store holds, as plain text. */
const shown = (stored: Option.Option<CredentialStore.StoredSession>) =>
  Option.getOrUndefined(
    Option.map(stored, ({ credentials, token }) => ({
      clientId: clientId(credentials),
      clientSecret: Redacted.value(credentials.clientSecret),
      issuedAt: credentials.issuedAt,
      scopes: credentials.scopes,
      token: token === undefined ? undefined : Redacted.value(token.value)
    }))
  )

const stored = (n: number, token?: string) => ({
  clientId: `client-${n}`,
  clientSecret: `secret-${n}`,
  issuedAt: 1_700_000_000_000 + n,
  scopes: ["api:client:v2"],
  token
})

/** Lets every other fiber go on to where it waits. */
const pause = Effect.sleep("30 millis")

/** What every credential store promises, whatever it is made of. */
export const contract = <E>(name: string, backend: Effect.Effect<Backend<E>, never, Scope.Scope>): void => {
  const key = sessionKey("a")
  const other = sessionKey("b")

  const onStore = <A, E2>(
    use: Effect.Effect<A, E2, CredentialStore.CredentialStore | Scope.Scope>
  ): Effect.Effect<A, E | E2, Scope.Scope> =>
    Effect.flatMap(backend, ({ layer }) => Effect.provide(use, layer))

  describe(`${name}: records`, () => {
    it.scopedLive("finds nothing where nothing was saved", () =>
      onStore(
        Effect.gen(function* () {
          const store = yield* CredentialStore.CredentialStore
          assert.isTrue(Option.isNone(yield* store.load(key)))
        })
      )
    )

    it.scopedLive("gives back the pair and the token it was given", () =>
      onStore(
        Effect.gen(function* () {
          const store = yield* CredentialStore.CredentialStore
          yield* store.saveCredentials(key, pair(key, 1), undefined)
          assert.deepStrictEqual(shown(yield* store.load(key)), stored(1))
          yield* store.saveToken(key, pair(key, 1), token("t1"))
          assert.deepStrictEqual(shown(yield* store.load(key)), stored(1, "t1"))
          yield* store.saveToken(key, pair(key, 1), token("t2"))
          assert.deepStrictEqual(shown(yield* store.load(key)), stored(1, "t2"))
        })
      )
    )

    it.scopedLive("gives the second who saves the pair of the first", () =>
      onStore(
        Effect.gen(function* () {
          const store = yield* CredentialStore.CredentialStore
          assert.strictEqual(clientId(yield* store.saveCredentials(key, pair(key, 1), undefined)), "client-1")
          assert.strictEqual(clientId(yield* store.saveCredentials(key, pair(key, 2), undefined)), "client-1")
          assert.deepStrictEqual(shown(yield* store.load(key)), stored(1))
        })
      )
    )

    it.scopedLive("lets one pair win when many are saved at once", () =>
      onStore(
        Effect.gen(function* () {
          const store = yield* CredentialStore.CredentialStore
          const winners = yield* Effect.forEach(
            Array.from({ length: 20 }, (_, n) => pair(key, n)),
            (credentials) => store.saveCredentials(key, credentials, undefined),
            { concurrency: "unbounded" }
          )
          const ids = new Set(winners.map(clientId))
          assert.strictEqual(ids.size, 1)
          assert.isTrue(ids.has(shown(yield* store.load(key))?.clientId ?? ""))
        })
      )
    )

    it.scopedLive("replaces the pair that is named, and its token with it", () =>
      onStore(
        Effect.gen(function* () {
          const store = yield* CredentialStore.CredentialStore
          yield* store.saveCredentials(key, pair(key, 1), undefined)
          yield* store.saveToken(key, pair(key, 1), token("t1"))
          yield* store.saveCredentials(key, pair(key, 2), pair(key, 1))
          assert.deepStrictEqual(shown(yield* store.load(key)), stored(2))
        })
      )
    )

    it.scopedLive("answers with the pair that replaced the named one elsewhere", () =>
      onStore(
        Effect.gen(function* () {
          const store = yield* CredentialStore.CredentialStore
          yield* store.saveCredentials(key, pair(key, 1), undefined)
          yield* store.saveCredentials(key, pair(key, 2), pair(key, 1))
          assert.strictEqual(
            clientId(yield* store.saveCredentials(key, pair(key, 3), pair(key, 1))),
            "client-2"
          )
          assert.deepStrictEqual(shown(yield* store.load(key)), stored(2))
        })
      )
    )

    it.scopedLive("lets one replacement win when a pair is replaced many times at once", () =>
      onStore(
        Effect.gen(function* () {
          const store = yield* CredentialStore.CredentialStore
          yield* store.saveCredentials(key, pair(key, 0), undefined)
          const winners = yield* Effect.forEach(
            Array.from({ length: 20 }, (_, n) => pair(key, n + 1)),
            (credentials) => store.saveCredentials(key, credentials, pair(key, 0)),
            { concurrency: "unbounded" }
          )
          assert.strictEqual(new Set(winners.map(clientId)).size, 1)
        })
      )
    )

    it.scopedLive("saves a token for the pair it holds and for no other", () =>
      onStore(
        Effect.gen(function* () {
          const store = yield* CredentialStore.CredentialStore
          yield* store.saveToken(key, pair(key, 1), token("t1"))
          assert.isTrue(Option.isNone(yield* store.load(key)))
          yield* store.saveCredentials(key, pair(key, 2), undefined)
          yield* store.saveToken(key, pair(key, 1), token("t1"))
          assert.deepStrictEqual(shown(yield* store.load(key)), stored(2))
        })
      )
    )

    it.scopedLive("removes a session, and succeeds when there is none", () =>
      onStore(
        Effect.gen(function* () {
          const store = yield* CredentialStore.CredentialStore
          yield* store.remove(key)
          yield* store.saveCredentials(key, pair(key, 1), undefined)
          yield* store.remove(key)
          yield* store.remove(key)
          assert.isTrue(Option.isNone(yield* store.load(key)))
          assert.strictEqual(clientId(yield* store.saveCredentials(key, pair(key, 2), undefined)), "client-2")
        })
      )
    )

    it.scopedLive("keeps sessions apart", () =>
      onStore(
        Effect.gen(function* () {
          const store = yield* CredentialStore.CredentialStore
          yield* store.saveCredentials(key, pair(key, 1), undefined)
          yield* store.saveCredentials(other, pair(other, 2), undefined)
          yield* store.remove(key)
          assert.isTrue(Option.isNone(yield* store.load(key)))
          assert.deepStrictEqual(shown(yield* store.load(other)), stored(2))
        })
      )
    )

    it.scopedLive("refuses a damaged record instead of finding nothing, until it is removed", (context) =>
      Effect.gen(function* () {
        const { damage, layer } = yield* backend
        if (damage === undefined) return context.skip("this backend has no hook to damage a record")
        yield* Effect.gen(function* () {
          const store = yield* CredentialStore.CredentialStore
          yield* store.saveCredentials(key, pair(key, 1), undefined)
          yield* damage(key)
          assert.strictEqual((yield* Effect.flip(store.load(key))).reason, "Corrupt")
          const saving = store.saveCredentials(key, pair(key, 2), undefined)
          assert.strictEqual((yield* Effect.flip(saving)).reason, "Corrupt")
          yield* store.remove(key)
          assert.isTrue(Option.isNone(yield* store.load(key)))
        }).pipe(Effect.provide(layer))
      })
    )
  })

  describe(`${name}: the lock`, () => {
    /** Succeeds when the lock is free. */
    const passes = Effect.flatMap(CredentialStore.CredentialStore, (store) => Effect.scoped(store.lock(key)))

    /** A fiber that holds the lock until it is told to go on. */
    const holder = <A, E2>(then: Effect.Effect<A, E2>) =>
      Effect.gen(function* () {
        const store = yield* CredentialStore.CredentialStore
        const held = yield* Deferred.make<void>()
        const go = yield* Deferred.make<void>()
        const fiber = yield* Effect.fork(
          Effect.scoped(
            Effect.gen(function* () {
              yield* store.lock(key)
              yield* Deferred.succeed(held, undefined)
              yield* Deferred.await(go)
              return yield* then
            })
          )
        )
        yield* Deferred.await(held)
        return { fiber, release: Deferred.succeed(go, undefined) }
      })

    it.scopedLive("lets one fiber in at a time", () =>
      onStore(
        Effect.gen(function* () {
          const store = yield* CredentialStore.CredentialStore
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
          assert.strictEqual(most, 1)
        })
      )
    )

    it.scopedLive("keeps a second one waiting until the scope of the first closes", () =>
      onStore(
        Effect.gen(function* () {
          const { fiber, release } = yield* holder(Effect.void)
          const second = yield* Effect.fork(passes)
          yield* pause
          assert.isTrue(Option.isNone(yield* Fiber.poll(second)))
          yield* release
          yield* Fiber.join(fiber)
          yield* Fiber.join(second)
        })
      )
    )

    it.scopedLive("is free again after its holder failed", () =>
      onStore(
        Effect.gen(function* () {
          const { fiber, release } = yield* holder(Effect.fail("broken"))
          yield* release
          assert.isTrue(Exit.isFailure(yield* Fiber.await(fiber)))
          yield* passes
        })
      )
    )

    it.scopedLive("is free again after its holder was interrupted", () =>
      onStore(
        Effect.gen(function* () {
          const { fiber } = yield* holder(Effect.void)
          yield* Fiber.interrupt(fiber)
          yield* passes
        })
      )
    )

    it.scopedLive("is not blocked by one who was interrupted while waiting for it", () =>
      onStore(
        Effect.gen(function* () {
          const { fiber, release } = yield* holder(Effect.void)
          const second = yield* Effect.fork(passes)
          const third = yield* Effect.fork(passes)
          yield* pause
          yield* Fiber.interrupt(second)
          yield* release
          yield* Fiber.join(fiber)
          yield* Fiber.join(third)
          yield* passes
        })
      )
    )

    it.scopedLive("of one session does not keep anybody from another, nor from reading and saving", () =>
      onStore(
        Effect.gen(function* () {
          const store = yield* CredentialStore.CredentialStore
          yield* store.lock(key)
          yield* Effect.scoped(store.lock(other))
          yield* store.saveCredentials(key, pair(key, 1), undefined)
          yield* store.saveToken(key, pair(key, 1), token("t1"))
          assert.deepStrictEqual(shown(yield* store.load(key)), stored(1, "t1"))
        })
      )
    )
  })
}
