import { KeyValueStore } from "@effect/platform"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer, Option, Redacted, Schema } from "effect"
import { AccessToken, CredentialStore, Encryption, type SessionKey } from "effect-adobe-pass"
import { sampleCredentials, sampleKey, sampleToken } from "effect-adobe-pass/testing/CredentialStoreContract"
import { onRecords, storeOn } from "../support/store.js"

const session = sampleKey("a")
const first = sampleCredentials(session, 1)

const parse = Schema.decodeUnknownSync(
  Schema.parseJson(Schema.Record({ key: Schema.String, value: Schema.Unknown }))
)

describe("a record that a newer version wrote", () => {
  for (const kind of ["in clear", "encrypted"] as const) {
    it.effect(`is Newer, not Corrupt, and neither replaced nor changed: ${kind}`, () =>
      Effect.gen(function* () {
        const encryption = yield* Encryption.make([
          { id: "k1", secret: Redacted.make(Buffer.alloc(32, 1).toString("base64")) }
        ])
        const records = new Map<SessionKey.SessionKey, string>()
        yield* storeOn(onRecords(records)).saveCredentials(session, first)
        const text = JSON.stringify({
          version: 2,
          pair: { ...parse(records.get(session) ?? "") },
          signedBy: "a later release"
        })
        const record = kind === "in clear" ? text : yield* encryption.seal(session, text)
        records.set(session, record)
        const store = storeOn(onRecords(records), { encryption })
        for (const operation of [
          store.load(session),
          store.saveCredentials(session, sampleCredentials(session, 2)),
          store.saveCredentials(session, sampleCredentials(session, 2), { replaces: first }),
          store.saveToken(session, first, sampleToken("t1"))
        ]) {
          const error = yield* Effect.flip(operation)
          assert.deepInclude(error, { reason: "Newer", retryable: false })
          assert.include(error.message, "update this node")
        }
        assert.strictEqual(records.get(session), record)
      })
    )
  }

  it.effect("is Corrupt when its version is none that could follow", () =>
    Effect.gen(function* () {
      for (const version of [0, -1, 1.5, "2", null]) {
        const records = new Map([[session, JSON.stringify({ version })]])
        const error = yield* Effect.flip(storeOn(onRecords(records)).load(session))
        assert.strictEqual(error.reason, "Corrupt", `${version}`)
      }
    })
  )
})

describe("a token that is saved late", () => {
  const tokenAt = (text: string, issuedAt: number) => {
    const { expiresAt, scopes, value } = sampleToken(text)
    return new AccessToken.AccessToken({ value, issuedAt, expiresAt, scopes })
  }

  it.effect("does not replace a later one that another process saved since it was read", () =>
    Effect.gen(function* () {
      const store = storeOn(onRecords(new Map()))
      yield* store.saveCredentials(session, first)
      const read = Option.getOrUndefined(yield* store.load(session))
      yield* store.saveToken(session, first, tokenAt("later", 2000))
      yield* store.saveToken(session, first, tokenAt("earlier", 1000), read)
      const value = Effect.map(store.load(session), (stored) =>
        Option.map(stored, ({ token }) => token && Redacted.value(token.value))
      )
      assert.deepStrictEqual(yield* value, Option.some("later"))
      yield* store.saveToken(session, first, tokenAt("last", 3000), read)
      assert.deepStrictEqual(yield* value, Option.some("last"))
    })
  )
})

describe("the options of a store in a KeyValueStore", () => {
  it.scoped.each([
    ["timeot", { prefix: "a/", ...{ timeot: "1 second" } }],
    ["lease", { prefix: "a/", ...{ lease: {} } }]
  ] as const)("are refused when their name is none: %s", ([field, options]) =>
    Effect.gen(function* () {
      const store = Layer.provide(CredentialStore.layerKeyValueStore(options), KeyValueStore.layerMemory)
      const error = yield* Effect.flip(Layer.build(store))
      assert.deepInclude(error, { _tag: "InvalidInput", field })
    })
  )

  it.scoped("may be all of them", () =>
    Effect.gen(function* () {
      const encryption = yield* Encryption.make([
        { id: "k1", secret: Redacted.make(Buffer.alloc(32, 1).toString("base64")) }
      ])
      const options = { prefix: "a/", timeout: "1 second", encryption } as const
      yield* Layer.build(
        Layer.provide(CredentialStore.layerKeyValueStore(options), KeyValueStore.layerMemory)
      )
    })
  )
})
