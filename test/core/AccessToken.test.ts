import { inspect } from "node:util"
import { assert, describe, it } from "@effect/vitest"
import { Either, Equal, FastCheck as fc, Redacted, Schema } from "effect"
import { AccessToken, ClientCredentials } from "effect-adobe-pass"
import { unsigned } from "../support/exchanges.js"
import { runs } from "../support/property.js"

const hour = 3_600_000
const lasting = (lifetime: number, issuedAt = 1_700_000_000_000) => ({
  issuedAt,
  expiresAt: issuedAt + lifetime
})
const lifetimes = fc.oneof(
  fc.double({ min: 0.001, max: 1000, noNaN: true }),
  fc.integer({ min: 1, max: AccessToken.maximumLifetime })
)
const slots = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true })
const windows = fc.record({
  fraction: fc.double({ min: 0, max: 2, noNaN: true }),
  minimum: fc.integer({ min: 0, max: hour }),
  maximum: fc.integer({ min: 0, max: hour })
})

describe("the moment of refresh", () => {
  it("is a tenth of the lifetime before the expiry, but not more than five minutes (A9)", () => {
    assert.strictEqual(AccessToken.refreshAt(lasting(6 * hour, 0), 0), 6 * hour - 300_000)
    assert.strictEqual(AccessToken.refreshAt(lasting(600_000, 0), 0), 540_000)
  })

  it("is at least 30 seconds before the expiry, where the lifetime has room for that (A9)", () => {
    assert.strictEqual(AccessToken.refreshAt(lasting(200_000, 0), 0), 170_000)
    assert.strictEqual(AccessToken.refreshAt(lasting(40_000, 0), 0), 30_000)
  })

  it("is up to one window earlier, by the slot of the device", () => {
    assert.strictEqual(AccessToken.refreshAt(lasting(6 * hour, 0), 0.5), 6 * hour - 450_000)
    assert.strictEqual(AccessToken.refreshAt(lasting(6 * hour, 0), 0.999), 6 * hour - 599_700)
  })

  it.prop(
    "lies in the second half of the lifetime, whatever the window",
    [lifetimes, slots, windows],
    ([lifetime, slot, window]) => {
      const token = lasting(lifetime)
      for (const at of [AccessToken.refreshAt(token, slot), AccessToken.refreshAt(token, slot, window)]) {
        assert.isAtLeast(at, token.issuedAt + lifetime / 2 - 0.001)
        assert.isAtMost(at, token.expiresAt)
      }
    },
    runs(1000)
  )

  it.prop(
    "is earlier, or the same, for a larger slot",
    [lifetimes, slots, slots, windows],
    ([lifetime, one, other, window]) => {
      const [small, large] = [Math.min(one, other), Math.max(one, other)]
      const token = lasting(lifetime)
      assert.isAtMost(
        AccessToken.refreshAt(token, large, window),
        AccessToken.refreshAt(token, small, window)
      )
    },
    runs(1000)
  )

  it.prop(
    "moves with the clock: the same lifetime, another start",
    [fc.integer({ min: 1, max: AccessToken.maximumLifetime }), slots, fc.integer({ min: 0, max: 4e12 })],
    ([lifetime, slot, start]) => {
      assert.closeTo(
        AccessToken.refreshAt(lasting(lifetime, start), slot) - start,
        AccessToken.refreshAt(lasting(lifetime, 0), slot),
        0.01
      )
    },
    runs(200)
  )
})

describe("a token", () => {
  const { expiresAt, issuedAt } = lasting(hour)
  const token = { expiresAt, issuedAt }

  it("may be used until the millisecond of its expiry, and not in it (A7, J8)", () => {
    assert.isTrue(AccessToken.isUsable(token, issuedAt))
    assert.isTrue(AccessToken.isUsable(token, expiresAt - 1))
    assert.isFalse(AccessToken.isUsable(token, expiresAt))
    assert.isFalse(AccessToken.isUsable(token, expiresAt + 1))
  })

  it("is not used any more when the clock was set back by more than an hour", () => {
    assert.isTrue(AccessToken.isUsable(token, issuedAt - 1000))
    assert.isTrue(AccessToken.isUsable(token, issuedAt - hour))
    assert.isFalse(AccessToken.isUsable(token, issuedAt - hour - 1))
    assert.isFalse(AccessToken.isUsable(token, 0))
  })

  it("is compared by its value alone", () => {
    const make = (value: string, at: number) =>
      new AccessToken.AccessToken({
        value: Redacted.make(value),
        issuedAt: at,
        expiresAt: at + 1,
        scopes: []
      })
    assert.isTrue(AccessToken.sameToken(make("a", 0), make("a", 1)))
    assert.isFalse(AccessToken.sameToken(make("a", 0), make("b", 0)))
  })

  it("does not show itself in print (H10)", () => {
    const secret = new AccessToken.AccessToken({
      value: Redacted.make("a-token-to-hide"),
      issuedAt,
      expiresAt,
      scopes: []
    })
    for (const text of [inspect(secret, { depth: null }), JSON.stringify(secret), String(secret)]) {
      assert.notInclude(text, "to-hide")
    }
  })
})

describe("the scopes that a token claims", () => {
  const many = (count: number) => Array.from({ length: count }, (_, n) => `scope-${n}`)
  const cases: ReadonlyArray<readonly [string, string, ReadonlyArray<string>]> = [
    [
      "a comma-separated string",
      unsigned({ scopes: "config:client,decisions:client" }),
      ["config:client", "decisions:client"]
    ],
    ["one scope", unsigned({ scopes: "api:client:v2" }), ["api:client:v2"]],
    ["a list", unsigned({ scopes: ["a", "b"] }), ["a", "b"]],
    ["spaces and empty parts", unsigned({ scopes: " a , ,b," }), ["a", "b"]],
    [
      "scopes between spaces",
      unsigned({ scopes: "api:client:v2 config:client" }),
      ["api:client:v2", "config:client"]
    ],
    ["a list of several", unsigned({ scopes: ["a b", "c,d"] }), ["a", "b", "c", "d"]],
    ["an empty string", unsigned({ scopes: "" }), []],
    ["32 of them", unsigned({ scopes: many(32) }), many(32)],
    ["more than 32, of which one might be needed", unsigned({ scopes: many(33) }), []],
    ["one as long as may be", unsigned({ scopes: "a".repeat(64) }), ["a".repeat(64)]],
    ["what is no scope", unsigned({ scopes: ["a".repeat(65), "b\u001b[2J", "\u0000", "é", "c"] }), ["c"]],
    ["no claim", unsigned({ sub: "a" }), []],
    ["a number", unsigned({ scopes: 5 }), []],
    ["null", unsigned({ scopes: null }), []],
    ["a mixed list", unsigned({ scopes: ["a", 1] }), []],
    ["claims that are no object", unsigned(["scopes"]), []],
    ["claims that are no JSON", `a.${Buffer.from("{").toString("base64url")}.c`, []],
    ["an opaque token", "0d0b7a55-2d0f-4c2c-9b61-0a2b8c3f9e10", []],
    ["dots and nothing else", "..", []],
    ["nothing", "", []]
  ]
  it.each(cases)("are read from %s", (_, token, expected) => {
    assert.deepStrictEqual(AccessToken.claimedScopes(token), expected)
  })

  it.prop(
    "are a list for any text at all",
    [
      fc.oneof(
        fc.string(),
        fc.jsonValue().map((claims) => unsigned(claims)),
        fc.jsonValue().map((scopes) => unsigned({ scopes }))
      )
    ],
    ([token]) => {
      for (const scope of AccessToken.claimedScopes(token)) assert.notMatch(scope, /^\s*$/)
    },
    runs(500)
  )
})

describe("the answer to a token request", () => {
  const decode = Schema.decodeUnknownEither(AccessToken.TokenResponse)
  const answer = { access_token: "a.b.c", expires_in: 21600, created_at: 1700726648017, token_type: "bearer" }
  const createdAt = (value: unknown) =>
    Either.map(decode({ ...answer, created_at: value }), ({ created_at }) =>
      created_at === undefined ? undefined : ClientCredentials.toMillis(created_at)
    )

  it("is decoded as documented, and may be in other units (A11)", () => {
    assert.deepStrictEqual(decode({ ...answer, id: "x", refresh_token: "y" }), Either.right(answer))
    assert.deepStrictEqual(createdAt(1700726648017), Either.right(1700726648017))
    assert.deepStrictEqual(createdAt(1700726648), Either.right(1700726648000))
    assert.deepStrictEqual(createdAt("1700726648"), Either.right(1700726648000))
  })

  it.prop(
    "has the same time of creation in seconds and in milliseconds (A11)",
    [fc.integer({ min: 1_500_000_000, max: 4_000_000_000 })],
    ([seconds]) => {
      assert.deepStrictEqual(createdAt(seconds), createdAt(seconds * 1000))
    },
    runs(200)
  )

  it.each([undefined, null, "yesterday", "", "NaN", Number.POSITIVE_INFINITY, {}])(
    "is not lost over %j as its time of creation, which nothing depends on",
    (value) => {
      assert.deepStrictEqual(createdAt(value), Either.right(undefined))
    }
  )

  it.each(["3600", " 3600 ", 3600, 0.5, 1e300])("may have a lifetime of %j", (expires_in) => {
    assert.isTrue(Either.isRight(decode({ ...answer, expires_in })))
  })

  it.each([
    0,
    -1,
    -0,
    "0",
    "-5",
    "",
    "soon",
    "NaN",
    "Infinity",
    Number.POSITIVE_INFINITY,
    Number.NaN,
    null,
    undefined,
    true,
    {}
  ])("cannot have a lifetime of %j", (expires_in) => {
    assert.isTrue(Either.isLeft(decode({ ...answer, expires_in })))
  })

  const claimed = { iat: 1_700_000_000, exp: 1_700_021_600 }
  it.each([
    ["iat and exp", claimed, 21_600],
    ["nbf and exp", { nbf: claimed.iat, exp: claimed.exp }, 21_600],
    ["times as text", { iat: "1700000000", exp: "1700021600" }, 21_600],
    ["exp alone", { exp: claimed.exp }, undefined],
    ["an end before its start", { iat: claimed.exp, exp: claimed.iat }, undefined],
    ["nothing of it", {}, undefined]
  ])("without a lifetime has the one that its JWT claims by %s", (_, claims, expected) => {
    for (const expires_in of [undefined, null]) {
      const decoded = decode({ ...answer, access_token: unsigned(claims), expires_in })
      assert.strictEqual(Either.getOrUndefined(Either.map(decoded, (found) => found.expires_in)), expected)
    }
  })

  it("with a lifetime has that one, whatever its JWT claims", () => {
    const decoded = decode({ ...answer, access_token: unsigned(claimed) })
    assert.deepStrictEqual(decoded, Either.right({ ...answer, access_token: unsigned(claimed) }))
  })

  it("cannot have a token of more than 8 KB: servers would refuse every call with it", () => {
    assert.isTrue(Either.isRight(decode({ ...answer, access_token: "a".repeat(8192) })))
    assert.isTrue(Either.isLeft(decode({ ...answer, access_token: "a".repeat(8193) })))
  })

  it.each(["", " ", "a b", "a\r\nx-injected: 1", "\u0000", "ä", 5, null, undefined])(
    "cannot have %j as its token: no header may carry that",
    (access_token) => {
      assert.isTrue(Either.isLeft(decode({ ...answer, access_token })))
    }
  )

  it.each([
    ["bearer", true],
    ["Bearer", true],
    [undefined, true],
    [null, true],
    ["mac", false],
    ["DPoP", false],
    ["", false]
  ])("may be of type %j: %j", (token_type, accepted) => {
    assert.strictEqual(Either.isRight(decode({ ...answer, token_type })), accepted)
  })
})

describe("tokens", () => {
  it("are equal when all that they hold is", () => {
    const fields = { value: "one", issuedAt: 0, expiresAt: 1, scopes: ["a"] }
    const token = new AccessToken.AccessToken(fields)
    const but = (other: object) => new AccessToken.AccessToken({ ...fields, ...other })
    assert.isTrue(Equal.equals(but({ value: Redacted.make("one") }), token))
    for (const other of [{ value: "other" }, { issuedAt: 1 }, { expiresAt: 2 }, { scopes: ["b"] }]) {
      assert.isFalse(Equal.equals(but(other), token), JSON.stringify(other))
    }
  })
})
