import { assert, describe, it } from "@effect/vitest"
import { FastCheck as fc, Redacted } from "effect"
import { AccessToken, SessionState } from "effect-adobe-pass"
import { pair } from "../support/exchanges.js"
import { runs } from "../support/property.js"

const token = (value: string, issuedAt = 0, lifetime = 21_600_000) =>
  new AccessToken.AccessToken({
    value: Redacted.make(value),
    issuedAt,
    expiresAt: issuedAt + lifetime,
    scopes: []
  })

const ours = pair("ours")
const theirs = pair("theirs")

/** Tokens in the order in which they were issued. */
const tokens = Array.from({ length: 4 }, (_, n) => token(`token-${n}`, n * 1000))
const aToken = fc.constantFrom(...tokens)
const aPair = fc.constantFrom(ours, theirs)
const unregistered: SessionState.SessionState = SessionState.unregistered

type Change =
  | readonly ["registered", typeof ours]
  | readonly ["authorized", typeof ours, AccessToken.AccessToken]
  | readonly ["rejected", AccessToken.AccessToken]

const aChange: fc.Arbitrary<Change> = fc.oneof(
  fc.tuple(fc.constant("registered" as const), aPair),
  fc.tuple(fc.constant("authorized" as const), aPair, aToken),
  fc.tuple(fc.constant("rejected" as const), aToken)
)
const apply = (state: SessionState.SessionState, change: Change): SessionState.SessionState => {
  switch (change[0]) {
    case "registered":
      return SessionState.registered(state, change[1])
    case "authorized":
      return SessionState.authorized(change[1], change[2], 0)
    case "rejected":
      return SessionState.rejected(state, change[1])
  }
}
/** Any state that can be reached. */
const aState = fc.array(aChange, { maxLength: 6 }).map((changes) => changes.reduce(apply, unregistered))

const holds = (state: SessionState.SessionState) => (state._tag === "Authorized" ? state.token : undefined)

describe("a refused token", () => {
  it.prop(
    "changes nothing when the session holds another one",
    [aPair, aToken, aToken],
    ([credentials, held, refused]) => {
      fc.pre(held !== refused)
      const state = SessionState.authorized(credentials, held, 0)
      assert.strictEqual(SessionState.rejected(state, refused), state)
    },
    runs(100)
  )

  it.prop(
    "is never held afterwards, and the pair stays",
    [aState, aToken],
    ([state, refused]) => {
      const next = SessionState.rejected(state, refused)
      assert.notStrictEqual(holds(next), refused)
      if (state._tag === "Unregistered") assert.strictEqual(next._tag, "Unregistered")
      else
        assert.isTrue(
          next._tag !== "Unregistered" && SessionState.samePair(next.credentials, state.credentials)
        )
    },
    runs(500)
  )

  it.prop(
    "that is refused twice is as good as refused once",
    [aState, aToken],
    ([state, refused]) => {
      const once = SessionState.rejected(state, refused)
      assert.deepStrictEqual(SessionState.rejected(once, refused), once)
    },
    runs(500)
  )

  it("is remembered, so that it is not taken from the store again", () => {
    const state = SessionState.rejected(SessionState.authorized(ours, token("a"), 0), token("a"))
    assert.strictEqual(state._tag, "Registered")
    assert.isTrue(SessionState.wasRejected(state, token("a")))
    assert.isFalse(SessionState.wasRejected(state, token("b")))
  })

  it("is remembered while nothing else is known, also after the pair was found", () => {
    const state = SessionState.rejected(unregistered, token("a"))
    assert.isTrue(SessionState.wasRejected(state, token("a")))
    assert.isTrue(SessionState.wasRejected(SessionState.registered(state, ours), token("a")))
  })

  it("is remembered when only the pair is known", () => {
    const state = SessionState.rejected(SessionState.registered(unregistered, ours), token("a"))
    assert.isTrue(SessionState.wasRejected(state, token("a")))
  })

  it.each([
    ["only the pair is known", SessionState.registered(unregistered, ours)],
    ["nothing is known", unregistered]
  ])("is not forgotten for an older one that is refused late, while %s", (_, start) => {
    const late = SessionState.rejected(SessionState.rejected(start, token("new", 2000)), token("old", 1000))
    assert.isTrue(SessionState.wasRejected(late, token("new", 2000)))
  })

  it("is not remembered once there is another one", () => {
    assert.isFalse(SessionState.wasRejected(SessionState.authorized(ours, token("b"), 0), token("a")))
  })
})

describe("a pair", () => {
  it.prop(
    "that is known already changes nothing",
    [aPair, aToken],
    ([credentials, held]) => {
      const state = SessionState.authorized(credentials, held, 0)
      const again = pair(Redacted.value(credentials.clientId))
      assert.strictEqual(SessionState.registered(state, again), state)
    },
    runs(50)
  )

  it.prop(
    "is what the session has afterwards, and never the token of another pair",
    [aState, aPair],
    ([state, credentials]) => {
      const next = SessionState.registered(state, credentials)
      assert.isTrue(next._tag !== "Unregistered" && SessionState.samePair(next.credentials, credentials))
      if (next._tag === "Authorized") assert.strictEqual(next, state)
    },
    runs(500)
  )

  it("drops the token and the refusals of another one", () => {
    for (const state of [
      SessionState.authorized(ours, token("a"), 0),
      SessionState.rejected(SessionState.authorized(ours, token("a"), 0), token("a"))
    ]) {
      assert.deepStrictEqual(
        SessionState.registered(state, theirs),
        SessionState.registered(unregistered, theirs)
      )
    }
  })

  it("is another one when the secret is another", () => {
    assert.isFalse(SessionState.samePair(pair("a", "b"), pair("a", "c")))
    assert.isTrue(SessionState.samePair(pair("a", "b"), pair("a", "b")))
  })
})

describe("the next step", () => {
  const held = token("a", 1_000_000)
  const state = SessionState.authorized(ours, held, 0)
  const refreshAt = AccessToken.refreshAt(held, 0)

  it.each([
    ["Obtain", 0, "long before the token, with the clock set back"],
    ["Use", held.issuedAt, "at its start"],
    ["Use", refreshAt - 1, "just before the moment of refresh"],
    ["Refresh", refreshAt, "at the moment of refresh"],
    ["Refresh", held.expiresAt - 1, "just before the expiry"],
    ["Obtain", held.expiresAt, "at the expiry"]
  ] as const)("is to %s at %d, %s (A9)", (step, at, _) => {
    const clockSetBack = held.issuedAt - 3_600_001
    assert.strictEqual(SessionState.step(state, at === 0 ? clockSetBack : at), step)
  })

  it("is to obtain a token when there is none", () => {
    assert.strictEqual(SessionState.step(unregistered, 0), "Obtain")
    assert.strictEqual(SessionState.step(SessionState.registered(unregistered, ours), 0), "Obtain")
  })

  it.prop(
    "never goes back while the clock goes on",
    [
      fc.integer({ min: 1, max: 86_400_000 }),
      fc.double({ min: 0, max: 0.999, noNaN: true }),
      fc.nat(90_000_000),
      fc.nat(90_000_000)
    ],
    ([lifetime, slot, one, other]) => {
      const order = ["Use", "Refresh", "Obtain"]
      const aging = SessionState.authorized(ours, token("a", 0, lifetime), slot)
      const at = (now: number) => order.indexOf(SessionState.step(aging, now))
      assert.isAtMost(at(Math.min(one, other)), at(Math.max(one, other)))
    },
    runs(500)
  )
})
