import { assert, describe, it } from "@effect/vitest"
import { Effect, FastCheck as fc, Metric, Option, Redacted } from "effect"
import { Encryption, Metrics, type SessionKey } from "effect-adobe-pass"
import { sampleCredentials, sampleKey, sampleToken } from "effect-adobe-pass/testing/CredentialStoreContract"
import { runs } from "../support/property.js"
import { onRecords, storeOn } from "../support/store.js"

const keyOf = (id: string, byte: number): Encryption.Key => ({
  id,
  secret: Redacted.make(Buffer.alloc(32, byte).toString("base64"))
})
const session = sampleKey("a")
const october = keyOf("2026-10", 1)
const november = keyOf("2026-11", 2)

/** A store on records that outlive it. */
const onText = (records: Map<SessionKey.SessionKey, string>, encryption?: Encryption.Encryption) =>
  storeOn(onRecords(records), { encryption })

describe("a sealed record", () => {
  it.effect.prop(
    "is opened to the text it was made of",
    [fc.fullUnicodeString()],
    ([text]) =>
      Effect.gen(function* () {
        const { open, seal } = yield* Encryption.make([november])
        assert.strictEqual(yield* open(session, yield* seal(session, text)), text)
      }),
    runs(100)
  )

  it.effect("shows nothing of the text, and never looks the same twice", () =>
    Effect.gen(function* () {
      const { seal } = yield* Encryption.make([november])
      const [one, two] = [yield* seal(session, "secret-1"), yield* seal(session, "secret-1")]
      assert.notStrictEqual(one, two)
      assert.notInclude(Buffer.from(one.split(":")[2] ?? "", "base64").toString("latin1"), "secret")
      assert.strictEqual(Encryption.keyOf(one), "2026-11")
    })
  )

  it.effect("is Damaged when a single bit of it is another, or when it belongs to another session", () =>
    Effect.gen(function* () {
      const { open, seal } = yield* Encryption.make([november])
      const sealed = yield* seal(session, "secret-1")
      const at = sealed.lastIndexOf(":") + 1
      for (let byte = 0; byte < Buffer.from(sealed.slice(at), "base64").length; byte++) {
        const bytes = Buffer.from(sealed.slice(at), "base64")
        bytes[byte] = (bytes[byte] ?? 0) ^ 1
        const changed = sealed.slice(0, at) + bytes.toString("base64")
        assert.strictEqual(yield* Effect.flip(open(session, changed)), "Damaged")
      }
      assert.strictEqual(yield* Effect.flip(open(sampleKey("b"), sealed)), "Damaged")
      assert.strictEqual(yield* Effect.flip(open(session, `${sealed.slice(0, at)}AAAA`)), "Damaged")
    })
  )

  it.effect("cannot be opened under the name of another key", () =>
    Effect.gen(function* () {
      const one = yield* Encryption.make([november])
      const two = yield* Encryption.make([keyOf("2026-12", 2)])
      const renamed = (yield* one.seal(session, "secret-1")).replace("2026-11", "2026-12")
      assert.strictEqual(yield* Effect.flip(two.open(session, renamed)), "Damaged")
    })
  )
})

describe("a key", () => {
  it.effect("is refused by its place, without being shown, when it cannot be used", () =>
    Effect.gen(function* () {
      const secret = Buffer.alloc(31, 7).toString("base64")
      const refused: ReadonlyArray<readonly [Encryption.Key, string]> = [
        [{ id: "", secret: october.secret }, "id"],
        [{ id: "a:b", secret: october.secret }, "id"],
        [{ id: "x".repeat(33), secret: october.secret }, "id"],
        [{ id: "a", secret: Redacted.make(secret) }, "32 bytes"],
        [{ id: "a", secret: Redacted.make("not base64!") }, "32 bytes"]
      ]
      for (const [key, problem] of refused) {
        const error = yield* Effect.flip(Encryption.make([november, key]))
        assert.deepInclude(error, { _tag: "InvalidInput", field: "encryption.keys[1]" })
        assert.include(error.message, problem)
        assert.notInclude(error.message, secret)
      }
    })
  )

  it.effect("is refused together with an option that cannot be used", () =>
    Effect.gen(function* () {
      const error = yield* Effect.flip(Encryption.make([november], { plaintext: "maybe" as never }))
      assert.strictEqual(error.field, "encryption.plaintext")
    })
  )

  it.effect("is refused when its id stands twice", () =>
    Effect.gen(function* () {
      const error = yield* Effect.flip(Encryption.make([november, { ...october, id: november.id }]))
      assert.strictEqual(error.field, "encryption.keys")
    })
  )
})

describe("a store with encryption", () => {
  const [first, second] = [sampleCredentials(session, 1), sampleToken("token-1")]

  it.effect("reads records from before, and encrypts them when they are saved", () =>
    Effect.gen(function* () {
      const records = new Map<SessionKey.SessionKey, string>()
      yield* onText(records).saveCredentials(session, first)
      const store = onText(records, yield* Encryption.make([november]))
      assert.strictEqual(Option.getOrThrow(yield* store.load(session)).encryptedWith, undefined)
      assert.include(records.get(session) ?? "", "secret-1")
      yield* store.saveToken(session, first, second)
      assert.notInclude(records.get(session) ?? "", "secret-1")
      assert.strictEqual(Option.getOrThrow(yield* store.load(session)).encryptedWith, "2026-11")
    })
  )

  it.effect("counts the records in clear that it reads, and refuses them when it is told to", () =>
    Effect.gen(function* () {
      const records = new Map<SessionKey.SessionKey, string>()
      yield* onText(records).saveCredentials(session, first)
      const count = Effect.map(Metric.value(Metrics.plaintextRecords), ({ count }) => count)
      const before = yield* count
      const accepting = onText(records, yield* Encryption.make([november]))
      yield* accepting.load(session)
      assert.strictEqual(yield* count, before + 1)
      const refusing = onText(records, yield* Encryption.make([november], { plaintext: "refuse" }))
      for (const operation of [
        refusing.load(session),
        refusing.saveCredentials(session, sampleCredentials(session, 2)),
        refusing.saveToken(session, first, second)
      ]) {
        assert.deepInclude(yield* Effect.flip(operation), { reason: "Plaintext", retryable: false })
      }
      assert.strictEqual((yield* refusing.loadMany([session])).size, 0)
      assert.strictEqual(yield* count, before + 1)
      yield* accepting.saveToken(session, first, second)
      assert.isTrue(Option.isSome(yield* refusing.load(session)))
    })
  )

  it.effect("cannot tell an older record of the same session from the current one, as is documented", () =>
    Effect.gen(function* () {
      const records = new Map<SessionKey.SessionKey, string>()
      const store = onText(records, yield* Encryption.make([november]))
      yield* store.saveCredentials(session, first)
      const older = records.get(session) ?? ""
      yield* store.saveCredentials(session, sampleCredentials(session, 2), { replaces: first })
      records.set(session, older)
      const { credentials } = Option.getOrThrow(yield* store.load(session))
      assert.strictEqual(Redacted.value(credentials.clientSecret), "secret-1")
    })
  )

  it.effect("reads records of an older key, and encrypts them with the first one when they are saved", () =>
    Effect.gen(function* () {
      const records = new Map<SessionKey.SessionKey, string>()
      yield* onText(records, yield* Encryption.make([october])).saveCredentials(session, first)
      const store = onText(records, yield* Encryption.make([november, october]))
      assert.strictEqual(Option.getOrThrow(yield* store.load(session)).encryptedWith, "2026-10")
      yield* store.saveToken(session, first, second)
      const alone = onText(records, yield* Encryption.make([november]))
      const stored = Option.getOrThrow(yield* alone.load(session))
      assert.strictEqual(stored.encryptedWith, "2026-11")
      assert.strictEqual(Redacted.value(stored.credentials.clientSecret), "secret-1")
    })
  )

  it.effect("fails as Encrypted, not as if there were nothing, when the key is not there", () =>
    Effect.gen(function* () {
      const records = new Map<SessionKey.SessionKey, string>()
      yield* onText(records, yield* Encryption.make([october])).saveCredentials(session, first)
      for (const store of [onText(records), onText(records, yield* Encryption.make([november]))]) {
        const error = yield* Effect.flip(store.load(session))
        assert.deepInclude(error, { operation: "load", reason: "Encrypted", retryable: false })
        const saving = store.saveCredentials(session, sampleCredentials(session, 2))
        assert.strictEqual((yield* Effect.flip(saving)).reason, "Encrypted")
      }
    })
  )
})
