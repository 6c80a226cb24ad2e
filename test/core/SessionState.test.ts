import { assert, describe, it } from "@effect/vitest"
import { Equal, FastCheck as fc, Redacted } from "effect"
import { AccessToken, AdobePassError, ClientCredentials, Options, SessionState } from "effect-adobe-pass"
import { pair } from "../support/exchanges.js"
import { runs } from "../support/property.js"

type State = SessionState.SessionState
type Fact = SessionState.Fact

const { initial, next } = SessionState

const token = (value: string, issuedAt = 0, lifetime = 21_600_000) =>
  new AccessToken.AccessToken({
    value: Redacted.make(value),
    issuedAt,
    expiresAt: issuedAt + lifetime,
    scopes: ["api:client:v2"]
  })

const ours = pair("ours")
const theirs = pair("theirs")
const [early, late] = [token("early", 1000), token("late", 2000)]

/** The state after some facts. */
const stateAfter = (...facts: ReadonlyArray<Fact>): State =>
  facts.reduce((state, fact) => next(state, fact)[0], initial)

/** The tags of what is told by the last of some facts. */
const told = (...facts: ReadonlyArray<Fact>) =>
  next(stateAfter(...facts.slice(0, -1)), facts.at(-1) ?? { _tag: "Forgotten" })[1].map(({ _tag }) => _tag)

const loaded = (credentials = ours, stored?: AccessToken.AccessToken, at = 3000): Fact => ({
  _tag: "Loaded",
  stored: { credentials, token: stored },
  at
})
const obtained = (obtainedToken = early, credentials = ours): Fact => ({
  _tag: "Obtained",
  credentials,
  token: obtainedToken,
  reason: "cold"
})
const issued = (credentials = ours): Fact => ({ _tag: "Issued", credentials })
const saved = (credentials = ours): Fact => ({ _tag: "Saved", credentials, at: 3000 })
/** After the time in which a refusal says little. */
const rejected = (refused = early, at = refused.issuedAt + SessionState.settlingTime): Fact => ({
  _tag: "Rejected",
  token: refused,
  at
})
const accepted = (token = early): Fact => ({ _tag: "Accepted", token })
const failed = (error: AdobePassError.SessionError, background = false): Fact => ({
  _tag: "Failed",
  error,
  at: 3000,
  background,
  spread: 0
})

const outage = new AdobePassError.ServiceUnavailable({ operation: "token", status: 503, attempts: 3 })
const refusal = new AdobePassError.InvalidClient({ status: 400 })

describe("for any sequence of facts", () => {
  const credentials = ["a", "b", "c"].map((name) => pair(name))
  const tokens = Array.from({ length: 4 }, (_, n) => token(`token-${n}`, n * 1000))
  const aPair = fc.constantFrom(...credentials)
  const aToken = fc.constantFrom(...tokens)
  const at = fc.constantFrom(0, 3500, 21_600_500, 50_000_000)

  const aFact: fc.Arbitrary<Fact> = fc.oneof(
    fc.record({
      _tag: fc.constantFrom("Loaded" as const, "Warmed" as const),
      stored: fc.record({ credentials: aPair, token: fc.option(aToken, { nil: undefined }) }),
      at
    }),
    fc.record({ _tag: fc.constant("Issued" as const), credentials: aPair }),
    fc.record({ _tag: fc.constant("Saved" as const), credentials: aPair, at }),
    fc.record({
      _tag: fc.constant("Obtained" as const),
      credentials: aPair,
      token: aToken,
      reason: fc.constant("cold" as const)
    }),
    fc.record({ _tag: fc.constant("Rejected" as const), token: aToken, at }),
    fc.record({ _tag: fc.constant("Accepted" as const), token: aToken }),
    fc.record({
      _tag: fc.constant("Failed" as const),
      error: fc.constantFrom<AdobePassError.SessionError>(outage, refusal),
      at,
      background: fc.boolean(),
      spread: fc.constantFrom(0, 0.5)
    }),
    fc.constantFrom<Fact>({ _tag: "LockTakenOver" }, { _tag: "Forgetting" }, { _tag: "ForgettingFailed" })
  )

  /** What became visible or was refused, in the order in which it happened. */
  interface Trail {
    readonly stored: ReadonlyArray<ClientCredentials.ClientCredentials>
  }

  const isAmong = (
    all: ReadonlyArray<ClientCredentials.ClientCredentials>,
    one: ClientCredentials.ClientCredentials
  ) => all.some((each) => ClientCredentials.sameCredentials(each, one))

  const same = (
    left: ClientCredentials.ClientCredentials | undefined,
    right: ClientCredentials.ClientCredentials | undefined
  ) =>
    left === right ||
    (left !== undefined && right !== undefined && ClientCredentials.sameCredentials(left, right))

  const invariants: Record<
    string,
    (before: State, fact: Fact, state: State, events: ReadonlyArray<SessionState.Event>, trail: Trail) => void
  > = {
    "1: credentials are set only after the store had them": (_, __, { credentials }, ___, { stored }) => {
      if (credentials !== undefined) assert.isTrue(isAmong(stored, credentials))
    },
    "2: a token belongs to the credentials beside it": (before, fact, state) => {
      if (state.token === undefined) return assert.strictEqual(state.refreshAt, 0)
      assert.isDefined(state.credentials)
      if (!same(before.credentials, state.credentials)) {
        assert.isTrue(fact._tag === "Loaded" || fact._tag === "Warmed")
      }
      if (fact._tag === "Obtained" && state.token === fact.token && before.token !== fact.token) {
        assert.isTrue(same(fact.credentials, state.credentials))
      }
    },
    "3: a refused token, or an older one, is not taken from the store": (before, fact, state) => {
      if (fact._tag !== "Loaded" && fact._tag !== "Warmed") return
      const { rejected: refused } = before
      if (
        refused === undefined ||
        !(before.credentials === undefined || same(before.credentials, state.credentials))
      )
        return
      if (state.token !== undefined) assert.isAbove(state.token.issuedAt, refused.issuedAt)
    },
    "4: refusing any token but the one in use changes only which was refused last": (before, fact, state) => {
      if (fact._tag !== "Rejected") return
      if (before.token !== undefined && AccessToken.sameToken(before.token, fact.token)) {
        if (state.token !== undefined) return assert.strictEqual(state, before)
        assert.include([1, before.renewals + 1], state.renewals)
        return assert.strictEqual(state.rejected, fact.token)
      }
      assert.isTrue(
        Equal.equals(new SessionState.SessionState({ ...state, rejected: before.rejected }), before)
      )
    },
    "5: issued credentials stay until the store holds them or others, or the old ones work": (
      before,
      fact,
      state
    ) => {
      if (before.issued === undefined || state.issued === before.issued) return
      const wasStored = fact._tag === "Saved" && same(before.issued, fact.credentials)
      const holdsOthers =
        (fact._tag === "Loaded" || fact._tag === "Warmed" || fact._tag === "Saved") &&
        !same(before.credentials, state.credentials)
      assert.isTrue(wasStored || holdsOthers || fact._tag === "Obtained" || fact._tag === "Issued")
    },
    "6: issued credentials are left alone for a minute or more, until they have a token": (
      before,
      fact,
      state,
      events
    ) => {
      const issues = events.some(({ _tag }) => _tag === "CredentialsReplaced" || _tag === "Registered")
      if (issues && fact._tag === "Saved") {
        assert.isFalse(SessionState.mayBeReplaced(state, fact.at))
        assert.isFalse(SessionState.mayBeReplaced(state, fact.at + 59_999))
        assert.isAtLeast(state.untested?.wait ?? 0, before.untested?.wait ?? 0)
      }
      if (before.untested !== undefined && state.untested === undefined) {
        assert.isTrue(state.token !== undefined || fact._tag === "Loaded" || fact._tag === "Warmed")
      }
    },
    "7: what arrives ends a remembered failure": (before, fact, state, events) => {
      const arrived = events.some(({ _tag }) =>
        ["Registered", "CredentialsReplaced", "CredentialsAdopted", "TokenObtained", "TokenAdopted"].includes(
          _tag
        )
      )
      if (arrived) assert.isUndefined(state.failure)
      if (before.failure !== undefined && state.failure === undefined)
        assert.notStrictEqual(fact._tag, "Rejected")
    },
    "8: adopting what the state has already emits no event": (before, fact, state, events) => {
      if (["LockTakenOver", "Obtained", "Failed"].includes(fact._tag)) return
      if (Equal.equals(before, state)) assert.deepStrictEqual(events, [])
    }
  }

  it.prop(
    "the invariants hold",
    [fc.array(aFact, { maxLength: 12 })],
    ([facts]) => {
      let state = initial
      const stored: Array<ClientCredentials.ClientCredentials> = []
      for (const fact of facts) {
        if (fact._tag === "Loaded" || fact._tag === "Warmed") stored.push(fact.stored.credentials)
        if (fact._tag === "Saved") stored.push(fact.credentials)
        const [changed, events] = next(state, fact)
        for (const [name, holds] of Object.entries(invariants)) {
          try {
            holds(state, fact, changed, events, { stored })
          } catch (cause) {
            throw new Error(`${name}, after ${fact._tag}`, { cause })
          }
        }
        state = changed
      }
    },
    runs(2000)
  )

  it.prop(
    "the same facts lead to equal states",
    [fc.array(aFact, { maxLength: 12 })],
    ([facts]) => {
      assert.isTrue(Equal.equals(stateAfter(...facts), stateAfter(...facts)))
    },
    runs(200)
  )
})

describe("a state", () => {
  it("equals another that was made from the same records", () => {
    const again = loaded(pair("ours"), token("early", 1000))
    assert.isTrue(Equal.equals(stateAfter(loaded(ours, early)), stateAfter(again)))
    assert.isFalse(Equal.equals(stateAfter(loaded(ours, early)), stateAfter(loaded(ours, late))))
  })
})

describe("loading", () => {
  it("brings credentials and token, and tells only of the token", () => {
    const state = stateAfter(loaded(ours, early))
    assert.deepStrictEqual([state.credentials, state.token], [ours, early])
    assert.isAbove(state.refreshAt, early.issuedAt)
    assert.deepStrictEqual(told(loaded(ours, early)), ["TokenAdopted"])
    assert.deepStrictEqual(told(loaded(ours, early), loaded(ours, early)), [])
  })

  it("tells nothing when a session is warmed", () => {
    const warmed: Fact = { _tag: "Warmed", stored: { credentials: ours, token: early }, at: 3000 }
    assert.deepStrictEqual(told(warmed), [])
    assert.isTrue(Equal.equals(stateAfter(warmed), stateAfter(loaded(ours, early))))
  })

  it("drops the token and the refusals of other credentials, and tells that others were adopted", () => {
    for (const facts of [
      [loaded(), obtained()],
      [loaded(), obtained(), rejected()]
    ]) {
      assert.isTrue(Equal.equals(stateAfter(...facts, loaded(theirs)), stateAfter(loaded(theirs))))
      assert.deepStrictEqual(told(...facts, loaded(theirs)), ["CredentialsAdopted"])
    }
  })

  it("takes no token that has expired, and none that is due in place of one that can be used", () => {
    assert.isUndefined(stateAfter(loaded(ours, early, early.expiresAt)).token)
    const due = token("due", 1000, 10_000)
    assert.strictEqual(stateAfter(loaded(), obtained(late), loaded(ours, due, 10_900)).token, late)
    assert.strictEqual(stateAfter(loaded(ours, due, 10_900)).token, due)
  })
})

describe("a refused token", () => {
  it("is dropped, and is not taken from the store again, nor an older one", () => {
    const refused = stateAfter(loaded(), obtained(late), rejected(late))
    assert.deepStrictEqual([refused.token, refused.rejected], [undefined, late])
    for (const stored of [late, early]) {
      assert.isUndefined(next(refused, loaded(ours, stored))[0].token)
    }
    assert.isDefined(next(refused, loaded(ours, token("newer", 2500)))[0].token)
  })

  it("is kept while it is new and no API has accepted it", () => {
    const state = stateAfter(loaded(), obtained(late))
    assert.strictEqual(next(state, rejected(late, 2000))[0], state)
    assert.strictEqual(next(state, rejected(late, 4999))[0], state)
    assert.isUndefined(next(state, rejected(late, 5000))[0].token)
    assert.isUndefined(next(state, rejected(late, 1999))[0].token, "the clock was set back")
    const known = next(state, accepted(late))[0]
    assert.isUndefined(next(known, rejected(late, 2000))[0].token)
    assert.strictEqual(next(state, accepted(early))[0], state)
  })

  it("that replaced a refused one is kept for longer with each refusal, until one is accepted", () => {
    const kept: Array<number> = []
    let state = stateAfter(loaded(), obtained(early), rejected())
    for (let n = 0; n < 10; n++) {
      const issuedAt = 10_000_000 * (n + 1)
      const fresh = token(`fresh-${n}`, issuedAt, 1_000_000_000)
      state = next(state, { _tag: "Obtained", credentials: ours, token: fresh, reason: "rejected" })[0]
      let age = 0
      while (next(state, rejected(fresh, issuedAt + age))[0].token !== undefined) age += 1000
      kept.push(age / 1000)
      if (n === 8) state = next(state, accepted(fresh))[0]
      state = next(state, rejected(fresh, issuedAt + age))[0]
    }
    assert.deepStrictEqual(kept, [3, 6, 12, 24, 48, 96, 192, 300, 300, 3])
    assert.strictEqual(stateAfter(loaded(), obtained(early), rejected(), obtained(late)).renewals, 0)
  })

  it("begins a new row when it was in use for long", () => {
    const fresh = token("fresh", 1_000_000, 1_000_000_000)
    const obtainedAgain: Fact = { _tag: "Obtained", credentials: ours, token: fresh, reason: "rejected" }
    const state = stateAfter(loaded(), obtained(early), rejected(), obtainedAgain)
    assert.strictEqual(next(state, rejected(fresh, 1_000_000 + 30_000))[0].renewals, 2)
    assert.strictEqual(next(state, rejected(fresh, 1_000_000 + 30_001))[0].renewals, 1)
  })

  it("changes nothing when the session holds another one", () => {
    const state = stateAfter(loaded(), obtained(late))
    assert.strictEqual(next(state, rejected(early))[0], state)
  })

  it("is remembered while nothing else is known, also after the credentials were found", () => {
    assert.isUndefined(stateAfter(rejected(), loaded(ours, early)).token)
  })

  it.each([
    ["only the credentials are known", [loaded()]],
    ["nothing is known", []]
  ])("is not forgotten for an older one that is refused late, while %s", (_, facts) => {
    assert.strictEqual(stateAfter(...facts, rejected(late), rejected(early)).rejected, late)
  })
})

describe("issued credentials", () => {
  it("become visible when the store has them, and not before", () => {
    assert.isUndefined(stateAfter(issued()).credentials)
    assert.strictEqual(stateAfter(issued(), saved()).credentials, ours)
    assert.deepStrictEqual(told(issued(), saved()), ["Registered"])
  })

  it("that replace others sign users out, and are not replaced before they gave a token", () => {
    const replaced = [loaded(theirs, early), issued(), saved()] as const
    assert.deepStrictEqual(told(...replaced), ["CredentialsReplaced"])
    const isReplaceable = (at: number, ...facts: ReadonlyArray<Fact>) =>
      SessionState.mayBeReplaced(stateAfter(...replaced, ...facts), at)
    assert.isFalse(isReplaceable(3000))
    assert.isFalse(isReplaceable(62_999))
    assert.isTrue(isReplaceable(63_000))
    assert.isTrue(isReplaceable(2999), "the clock was set back")
    assert.isTrue(isReplaceable(3000, obtained()))
  })

  it("that replace credentials without a token are left alone for longer each time", () => {
    let state = stateAfter(issued(), saved())
    const waits: Array<number> = []
    for (const credentials of [theirs, ours, theirs, ours, theirs]) {
      waits.push(state.untested?.wait ?? 0)
      for (const fact of [issued(credentials), saved(credentials)]) state = next(state, fact)[0]
    }
    assert.deepStrictEqual(waits, [60_000, 240_000, 960_000, 3_840_000, 14_400_000])
  })

  it("of a sibling are left alone as long as they are young and have no token", () => {
    const issuedAt = ours.issuedAt
    const isReplaceable = (state: State, age: number) => SessionState.mayBeReplaced(state, issuedAt + age)
    const young = stateAfter(loaded(ours, undefined, issuedAt + 10_000))
    assert.isFalse(isReplaceable(young, 10_000))
    assert.isTrue(isReplaceable(young, 60_000))
    assert.isTrue(isReplaceable(stateAfter(loaded(ours, early, issuedAt + 10_000)), 10_000))
  })

  it.each<readonly [string, ReadonlyArray<Fact>, ReadonlyArray<string>]>([
    ["a faster process saved others", [issued(), saved(theirs)], ["RegistrationAbandoned"]],
    ["the store turns out to hold others", [issued(), loaded(theirs)], ["RegistrationAbandoned"]],
    [
      "the credentials they were to replace work again",
      [loaded(theirs), issued(), obtained(early, theirs)],
      ["RegistrationAbandoned", "TokenObtained"]
    ]
  ])("are abandoned when %s", (_, facts, events) => {
    assert.deepStrictEqual(told(...facts), events)
    assert.isUndefined(stateAfter(...facts).issued)
    assert.strictEqual(stateAfter(...facts).credentials, theirs)
  })

  it("stay while the store holds those they are to replace", () => {
    assert.strictEqual(stateAfter(loaded(theirs), issued(), loaded(theirs)).issued, ours)
  })
})

describe("a failure", () => {
  const { outageCooldown, refusalCooldown, throttleCooldown } = Options.sessions.fallback
  const store = new AdobePassError.CredentialStoreError({ operation: "load", reason: "Unavailable" })
  const asking = new AdobePassError.ServiceUnavailable({ ...outage, retryAfterMillis: 60_000 })
  const waiting = new AdobePassError.InvalidClient({ status: 400, deferred: "Incident" })
  const lost = new AdobePassError.TransportError({
    operation: "register",
    reason: "ConnectionLost",
    attempts: 1
  })

  it.each<readonly [string, AdobePassError.SessionError, ReadonlyArray<Fact>, number]>([
    ["of the store", store, [], throttleCooldown],
    ["by an outage", outage, [], outageCooldown],
    ["by an outage that asks for longer", asking, [], 60_000],
    ["by a refusal, with credentials", refusal, [loaded()], outageCooldown],
    ["by a refusal, without credentials", refusal, [], Number.POSITIVE_INFINITY]
  ])("%s is told again for its time", (_, error, facts, cooldown) => {
    const state = stateAfter(...facts, failed(error))
    assert.strictEqual(SessionState.failureAt(state, 3000)?._tag, error._tag)
    assert.isUndefined(SessionState.failureAt(state, 2999))
    if (cooldown === Number.POSITIVE_INFINITY) return
    assert.isDefined(SessionState.failureAt(state, 3000 + cooldown - 1))
    assert.isUndefined(SessionState.failureAt(state, 3000 + cooldown))
  })

  it.each<readonly [string, AdobePassError.SessionError, number, number]>([
    ["a refusal", refusal, 0.5, refusalCooldown],
    ["a refusal during an incident", waiting, 0.5, 30_000],
    ["a registration that may have succeeded", lost, 2, 300_000]
  ])(
    "by %s is told again for longer, the longer the failures last, within limits",
    (_, error, part, limit) => {
      let state = stateAfter(loaded())
      const start = 3000
      for (const at of [0, 3, 10, 20, 50, 100, 300, 500, 800].map((seconds) => start + seconds * 1000)) {
        state = next(state, { _tag: "Failed", error, at, background: false, spread: 0 })[0]
        const expected = Math.max(outageCooldown, Math.min((at - start) * part, limit))
        assert.strictEqual((state.failure?.until ?? 0) - at, expected)
      }
      const late = next(state, { _tag: "Failed", error, at: 1_100_000, background: false, spread: 0.5 })[0]
      assert.strictEqual((late.failure?.until ?? 0) - 1_100_000, limit * 1.25)
      assert.strictEqual(next(state, failed(outage))[0].failure?.first, 3000)
    }
  )

  it.each([refusal, waiting, lost])(
    "that ended long ago does not make the wait after another longer",
    (error) => {
      const before = next(stateAfter(loaded()), failed(error))[0]
      const at = (before.failure?.until ?? 0) + 300_000
      const after = next(before, { _tag: "Failed", error, at, background: false, spread: 0 })[0]
      assert.strictEqual(after.failure?.until, at + outageCooldown)
    }
  )

  it("that may have registered the device is told to others", () => {
    assert.deepStrictEqual(told(failed(lost)), ["RegistrationAbandoned"])
    const refused = new AdobePassError.TransportError({ ...lost, reason: "NotConnected" })
    assert.deepStrictEqual(told(failed(refused)), [])
  })

  it("tells what is left of the wait that the server asked for", () => {
    const error = SessionState.failureAt(stateAfter(failed(asking)), 13_000)
    assert.strictEqual(error?._tag === "ServiceUnavailable" ? error.retryAfterMillis : undefined, 50_000)
  })

  it("is told to others only when the token in use stays valid meanwhile", () => {
    assert.deepStrictEqual(told(failed(outage)), [])
    assert.deepStrictEqual(told(failed(outage, true)), ["RefreshFailed"])
  })
})

describe("a session that is forgotten", () => {
  it("is what it was before anything was known", () => {
    const facts: ReadonlyArray<Fact> = [loaded(ours, early), { _tag: "Forgetting" }, { _tag: "Forgotten" }]
    assert.strictEqual(stateAfter(...facts), initial)
    assert.deepStrictEqual(told(...facts), ["Forgotten"])
  })

  it("stays as it was when it cannot be removed", () => {
    const facts: ReadonlyArray<Fact> = [{ _tag: "Forgetting" }, { _tag: "ForgettingFailed" }]
    assert.isTrue(Equal.equals(stateAfter(loaded(), ...facts), stateAfter(loaded())))
  })
})

describe("the next step", () => {
  const held = token("a", 1_000_000)
  const state = stateAfter(loaded(), obtained(held))
  const { refreshAt } = state

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
    assert.strictEqual(SessionState.step(initial, 0), "Obtain")
    assert.strictEqual(SessionState.step(stateAfter(loaded()), 0), "Obtain")
  })

  it.prop(
    "never goes back while the clock goes on",
    [fc.integer({ min: 1, max: 86_400_000 }), fc.nat(90_000_000), fc.nat(90_000_000)],
    ([lifetime, one, other]) => {
      const order = ["Use", "Refresh", "Obtain"]
      const aging = stateAfter(loaded(), obtained(token("a", 0, lifetime)))
      const at = (now: number) => order.indexOf(SessionState.step(aging, now))
      assert.isAtMost(at(Math.min(one, other)), at(Math.max(one, other)))
    },
    runs(500)
  )

  it.each([
    ["cold", [loaded()], 0],
    ["rejected", [loaded(), obtained(held), rejected(held)], 0],
    ["expiring", [loaded(), obtained(held)], held.expiresAt - 1],
    ["expired", [loaded(), obtained(held)], held.expiresAt]
  ] as const)("is explained as %s", (reason, facts, at) => {
    assert.strictEqual(SessionState.tokenReason(stateAfter(...facts), at), reason)
  })
})
