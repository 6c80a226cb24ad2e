import { inspect } from "node:util"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Either, Equal, FastCheck as fc, Option, Schema } from "effect"
import { ClientCredentials, CredentialStore } from "effect-adobe-pass"
import { pair } from "../support/exchanges.js"
import { runs } from "../support/property.js"

const decode = Schema.decodeUnknownEither(ClientCredentials.RegistrationResponse)
const answer = {
  client_id: "3f0c6b1e-6a7d-4f54-9a35-0b5d6f0f8c21",
  client_secret: "b7b2f6b4-92c6-4d0e-8a55-4c3c5b0a7e90",
  client_id_issued_at: 1767225600,
  redirect_uris: ["https://tv.example.com/done"],
  grant_types: ["client_credentials"],
  scopes: ["api:client:v2"]
}
const issuedAt = (value: unknown) =>
  Either.map(decode({ ...answer, client_id_issued_at: value }), (decoded) =>
    decoded.client_id_issued_at === undefined
      ? undefined
      : ClientCredentials.toMillis(decoded.client_id_issued_at)
  )

/** Whole seconds from 1973 to the year 5138: as milliseconds they are all above 1e11. */
const seconds = fc.integer({ min: 100_000_000, max: 99_999_999_999 })

describe("a time from Adobe", () => {
  it("is the same instant in seconds and in milliseconds, as in Adobe's two samples (A11)", () => {
    assert.strictEqual(ClientCredentials.toMillis(1723227212), 1723227212000)
    assert.strictEqual(ClientCredentials.toMillis(1700725699585), 1700725699585)
    assert.deepStrictEqual(issuedAt(1700725699), Either.right(1700725699000))
    assert.deepStrictEqual(issuedAt(1700725699585), Either.right(1700725699585))
    assert.deepStrictEqual(issuedAt("1700725699"), Either.right(1700725699000))
  })

  it.prop(
    "is the same instant in seconds and in milliseconds from 1973 on (A11)",
    [seconds],
    ([value]) => {
      assert.strictEqual(ClientCredentials.toMillis(value), value * 1000)
      assert.strictEqual(ClientCredentials.toMillis(value * 1000), value * 1000)
      assert.deepStrictEqual(issuedAt(String(value)), issuedAt(value * 1000))
    },
    runs(500)
  )

  it.prop(
    "keeps its order within a unit, and reading it twice changes nothing",
    [seconds, seconds],
    ([left, right]) => {
      const [first, second] = [ClientCredentials.toMillis(left), ClientCredentials.toMillis(right)]
      assert.strictEqual(Math.sign(first - second), Math.sign(left - right))
      assert.strictEqual(ClientCredentials.toMillis(first), first)
    },
    runs(200)
  )
})

describe("the answer to a registration", () => {
  it("is decoded as documented", () => {
    assert.deepStrictEqual(decode(answer), Either.right(answer))
  })

  it("may lack all but the pair, and may have more", () => {
    const { client_id, client_secret } = answer
    const expected = { client_id, client_secret, redirect_uris: [], grant_types: [], scopes: [] }
    assert.deepStrictEqual(
      decode({ client_id, client_secret, client_secret_expires_at: 0 }),
      Either.right(expected)
    )
    assert.deepStrictEqual(
      decode({ client_id, client_secret, redirect_uris: null, grant_types: null, scopes: null }),
      Either.right(expected)
    )
  })

  it.each([null, "soon", "", "NaN", "Infinity", Number.POSITIVE_INFINITY, {}, true])(
    "is not lost over %j as its time of issue, which nothing depends on",
    (value) => {
      assert.deepStrictEqual(issuedAt(value), Either.right(undefined))
    }
  )

  it.each(["api:client:v2", 5, { a: 1 }, [1]])("is not lost over %j as its scopes", (scopes) => {
    const decoded = decode({ ...answer, scopes, grant_types: scopes, redirect_uris: scopes })
    assert.deepStrictEqual(
      decoded,
      Either.right({ ...answer, scopes: [], grant_types: [], redirect_uris: [] })
    )
  })

  it("may have a pair of numbers, which are read as text", () => {
    assert.deepStrictEqual(
      decode({ ...answer, client_id: 1723227212, client_secret: 42 }),
      Either.right({ ...answer, client_id: "1723227212", client_secret: "42" })
    )
  })

  it.each([
    ["client_id", undefined],
    ["client_id", null],
    ["client_id", ""],
    ["client_id", 1.5],
    ["client_id", 2 ** 53],
    ["client_id", "a\r\nb"],
    ["client_id", " a"],
    ["client_id", "\u00e4"],
    ["client_id", "a".repeat(4097)],
    ["client_secret", "a\u0000"],
    ["client_secret", undefined],
    ["client_secret", null],
    ["client_secret", ""],
    ["client_secret", ["a"]]
  ])("is none with %s %j", (key, value) => {
    assert.isTrue(Either.isLeft(decode({ ...answer, [key]: value })))
  })
})

describe("client credentials in print", () => {
  it("show neither id nor secret (H10)", () => {
    const credentials = pair("the-id-to-hide", "the-secret-to-hide")
    for (const text of [
      inspect(credentials, { depth: null }),
      JSON.stringify(credentials),
      String(credentials)
    ]) {
      assert.notInclude(text, "to-hide")
    }
  })

  it.effect("survive a round trip through a store", () =>
    Effect.gen(function* () {
      const credentials = pair()
      const { session } = credentials
      const store = yield* CredentialStore.CredentialStore
      yield* store.saveCredentials(session, credentials)
      const read = Option.getOrThrow(yield* store.load(session)).credentials
      assert.notStrictEqual(read, credentials)
      assert.isTrue(Equal.equals(read, credentials))
    }).pipe(Effect.provide(CredentialStore.layerMemory))
  )

  it("are equal when all that they hold is", () => {
    const credentials = pair()
    const { clientId, clientSecret } = credentials
    const but = (other: object) =>
      new ClientCredentials.ClientCredentials({ ...credentials, clientId, clientSecret, ...other })
    assert.isTrue(Equal.equals(but({}), credentials))
    for (const other of [
      { clientId: "other" },
      { clientSecret: "other" },
      { issuedAt: 1 },
      { redirectUris: ["other"] },
      { grantTypes: ["other"] },
      { scopes: ["other"] },
      { environment: "other" },
      { statement: "other" },
      { session: "other" }
    ]) {
      assert.isFalse(Equal.equals(but(other), credentials), JSON.stringify(other))
    }
  })
})
