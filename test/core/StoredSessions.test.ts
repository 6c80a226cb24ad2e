import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer, Option, Redacted, Stream } from "effect"
import { CredentialStore, SessionKey, StoredSessions } from "effect-adobe-pass"
import { sampleCredentials, sampleKey, sampleToken } from "effect-adobe-pass/testing/CredentialStoreContract"
import { Emulator } from "effect-adobe-pass-emulator"
import { application as registeredApplication } from "../support/exchanges.js"
import { onRecords, storeOn } from "../support/store.js"
import { device } from "../support/system.js"

/** A store whose records the test can see and spoil. */
const withStore = <A, E>(
  use: (
    store: CredentialStore.CredentialStore,
    records: Map<string, string>
  ) => Effect.Effect<A, E, CredentialStore.CredentialStore>
) => {
  const records = new Map<SessionKey.SessionKey, string>()
  const store = storeOn(onRecords(records))
  return Effect.provide(use(store, records), Layer.succeed(CredentialStore.CredentialStore, store))
}

const application = Effect.provide(registeredApplication(), Emulator.layer())

const imported = (n: number, replace = false): StoredSessions.Imported => ({
  device: device(1),
  clientId: Redacted.make(`imported-client-${n}`),
  clientSecret: Redacted.make(`imported-secret-${n}`),
  issuedAt: 1_600_000_000_000,
  scopes: ["api:client:v2"],
  replace
})

describe("an inspected session", () => {
  it.effect("shows what it belongs to and when its token ends, and no secret", () =>
    withStore((store) =>
      Effect.gen(function* () {
        const key = sampleKey("a")
        assert.isTrue(Option.isNone(yield* StoredSessions.inspect(key)))
        yield* store.saveCredentials(key, sampleCredentials(key, 1))
        yield* store.saveToken(key, sampleCredentials(key, 1), sampleToken("token-value-1"))
        const summary = Option.getOrThrow(yield* StoredSessions.inspect(key))
        assert.deepInclude(summary, {
          session: key,
          environment: "release-staging",
          statement: "0123456789abcdef",
          issuedAt: 1_700_000_000_001,
          encryptedWith: undefined
        })
        assert.deepStrictEqual(summary.token, { issuedAt: 1_700_000_000_000, expiresAt: 1_700_021_600_000 })
        assert.match(summary.client, /^[0-9a-f]{12}$/)
        assert.notMatch(JSON.stringify(summary), /client-1|secret-1|token-value-1/)
      })
    )
  )
})

describe("a list", () => {
  it.effect(
    "holds every session, over more than one page, and those that cannot be read with the reason",
    () =>
      withStore((store, records) =>
        Effect.gen(function* () {
          const keys = Array.from({ length: 1203 }, (_, n) =>
            SessionKey.SessionKey.make(n.toString(16).padStart(64, "0"))
          )
          for (const key of keys) yield* store.saveCredentials(key, sampleCredentials(key, 1))
          for (const n of [3, 700]) records.set(keys[n] ?? "", '{"version":1,"cred')
          const entries = [...(yield* Stream.runCollect(StoredSessions.list))]
          assert.deepStrictEqual(entries.map(({ session }) => session).sort(), keys)
          const unreadable = entries.flatMap((entry) => (entry._tag === "Unreadable" ? [entry] : []))
          assert.deepStrictEqual(
            unreadable.map(({ error, session }) => [session, error.reason]),
            [3, 700].map((n) => [keys[n], "Corrupt"])
          )
        })
      )
  )

  it.effect("is refused by a store that cannot list its sessions", () =>
    Effect.gen(function* () {
      const { keys: _, ...backend } = onRecords(new Map())
      const store = storeOn(backend)
      const error = yield* Effect.flip(
        Effect.provideService(Stream.runDrain(StoredSessions.list), CredentialStore.CredentialStore, store)
      )
      assert.deepInclude(error, { operation: "list", reason: "Unsupported", retryable: false })
    })
  )
})

describe("a forgotten session", () => {
  it.effect("is gone, and may be forgotten again", () =>
    withStore((store) =>
      Effect.gen(function* () {
        const key = sampleKey("a")
        yield* store.saveCredentials(key, sampleCredentials(key, 1))
        yield* StoredSessions.forget(key)
        yield* StoredSessions.forget(key)
        assert.isTrue(Option.isNone(yield* store.load(key)))
      })
    )
  )
})

describe("an imported pair", () => {
  it.effect("is stored under the key of its device, once", () =>
    withStore((store) =>
      Effect.gen(function* () {
        const app = yield* application
        assert.strictEqual(yield* StoredSessions.importCredentials(app, imported(1)), "Imported")
        assert.strictEqual(yield* StoredSessions.importCredentials(app, imported(1)), "Present")
        const key = yield* SessionKey.make(app, device(1))
        const { credentials } = Option.getOrThrow(yield* store.load(key))
        assert.strictEqual(Redacted.value(credentials.clientSecret), "imported-secret-1")
        assert.deepInclude(credentials, {
          issuedAt: 1_600_000_000_000,
          environment: app.environment.name,
          statement: app.softwareStatement.fingerprint,
          session: key
        })
      })
    )
  )

  it.effect("does not take the place of another one unless it is told to", () =>
    withStore((store) =>
      Effect.gen(function* () {
        const app = yield* application
        const key = yield* SessionKey.make(app, device(1))
        yield* StoredSessions.importCredentials(app, imported(1))
        assert.strictEqual(yield* StoredSessions.importCredentials(app, imported(2)), "Kept")
        const secret = Effect.map(store.load(key), (stored) =>
          Redacted.value(Option.getOrThrow(stored).credentials.clientSecret)
        )
        assert.strictEqual(yield* secret, "imported-secret-1")
        assert.strictEqual(yield* StoredSessions.importCredentials(app, imported(2, true)), "Replaced")
        assert.strictEqual(yield* secret, "imported-secret-2")
      })
    )
  )

  it.effect("is refused when it is not what Adobe Pass issues, without being shown", () =>
    withStore((_, records) =>
      Effect.gen(function* () {
        const app = yield* application
        for (const value of ["", " padded", "line\nbreak", "tab\tbed", "ümlaut"]) {
          for (const field of ["clientId", "clientSecret"] as const) {
            const error = yield* Effect.flip(
              StoredSessions.importCredentials(app, { ...imported(1), [field]: Redacted.make(value) })
            )
            assert.deepInclude(error, { _tag: "InvalidInput", field })
            if (value !== "") assert.notInclude(error.message, value)
          }
        }
        assert.strictEqual(records.size, 0)
      })
    )
  )
})
