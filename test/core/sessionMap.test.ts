import { inspect } from "node:util"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Equal, Redacted, Ref } from "effect"
import { AccessToken, SessionState } from "effect-adobe-pass"
import { SessionEntry } from "../../packages/core/src/internal/session/sessionEntry.js"
import { SessionMap } from "../../packages/core/src/internal/session/sessionMap.js"
import { pair } from "../support/exchanges.js"
import { seeded } from "../support/seeded.js"

const tokenOf = (id: string) =>
  new AccessToken.AccessToken({
    value: Redacted.make(`the-token-of-${id}`),
    issuedAt: 0,
    expiresAt: 21_600_000,
    scopes: ["api:client:v2"]
  })

const credentialsOf = (id: string) => pair(`the-client-of-${id}`, `the-secret-of-${id}`)

/** The state of a device that has its token. */
const authorized = (id: string) =>
  SessionState.next(SessionState.initial, {
    _tag: "Loaded",
    stored: { credentials: credentialsOf(id), token: tokenOf(id) },
    at: 1000
  })[0]

const ids = (from: number, to: number) => Array.from({ length: to - from }, (_, n) => `device-${from + n}`)

const isAmong = (id: string, from: number, to: number) => {
  const n = Number(id.slice("device-".length))
  return n >= from && n < to
}

/** Puts sessions in the map, each with this state. */
const fill = (sessions: SessionMap, devices: ReadonlyArray<string>, stateOf = authorized) => {
  for (const id of devices) {
    Effect.runSync(Ref.set(sessions.use(id), stateOf(id)))
  }
}

describe("an entry", () => {
  it.effect("is the Ref of its state", () =>
    Effect.gen(function* () {
      const entry = new SessionEntry("a")
      assert.strictEqual(yield* entry, SessionState.initial)
      const state = authorized("a")
      yield* Ref.set(entry, state)
      assert.strictEqual(yield* Ref.get(entry), state)
      assert.strictEqual(yield* Ref.modify(entry, (now) => [now.token, SessionState.initial]), state.token)
      assert.strictEqual(entry.state, SessionState.initial)
    })
  )
})

describe("sessions that are idle for long", () => {
  const devices = ids(0, 3000)

  it("are what they were, and their tokens can be read at once", () => {
    const sessions = new SessionMap(10_000)
    fill(sessions, devices)
    assert.strictEqual(sessions.size, 3000)
    for (const id of devices) {
      assert.isTrue(Equal.equals(sessions.token(id, 1000), tokenOf(id)))
      assert.isTrue(Equal.equals(sessions.peek(id), authorized(id)))
    }
    assert.strictEqual(sessions.size, 3000)
    for (const id of devices) assert.isTrue(Equal.equals(sessions.use(id).state, authorized(id)))
    assert.strictEqual(sessions.size, 3000)
  })

  it("show no token that is due or past its time", () => {
    const sessions = new SessionMap(10_000)
    fill(sessions, devices)
    assert.isUndefined(sessions.token("device-0", authorized("device-0").refreshAt))
    assert.isUndefined(sessions.token("device-0", 21_600_000))
  })

  it("keep all that is more than credentials and a token", () => {
    const sessions = new SessionMap(10_000)
    const failed = (id: string) =>
      SessionState.next(authorized(id), { _tag: "Issued", credentials: credentialsOf("another") })[0]
    fill(sessions, devices, failed)
    for (const id of devices) assert.isTrue(Equal.equals(sessions.peek(id), failed(id)))
  })

  it("show nothing when they are printed (H10)", () => {
    const sessions = new SessionMap(10_000)
    fill(sessions, devices)
    const printed = inspect(sessions, { depth: null, showHidden: true, maxArrayLength: null })
    assert.notMatch(printed + JSON.stringify(sessions), /the-(client|secret|token)-of/)
  })
})

describe("beyond the capacity", () => {
  it("the sessions that were not used for long go, one for each that comes", () => {
    const sessions = new SessionMap(10_000, seeded(1))
    fill(sessions, ids(0, 10_000))
    // Reading counts as use.
    for (const id of ids(0, 5000)) sessions.token(id, 1000)
    fill(sessions, ids(10_000, 12_000))
    assert.strictEqual(sessions.size, 10_000)
    const gone = ids(0, 12_000).filter((id) => sessions.peek(id) === SessionState.initial)
    assert.strictEqual(gone.length, 2000)
    assert.isAtMost(gone.filter((id) => !isAmong(id, 5000, 10_000)).length, 10)
  })

  it("those that came while others were pinned go as soon as these are not", () => {
    const sessions = new SessionMap(10)
    const pinned = ids(0, 20).map((id) => {
      const entry = sessions.use(id)
      entry.users += 1
      return entry
    })
    fill(sessions, ids(20, 30))
    assert.isAtLeast(sessions.size, 20)
    for (const entry of pinned) entry.users -= 1
    fill(sessions, ids(30, 60))
    assert.strictEqual(sessions.size, 10)
  })

  it("the map is not walked for each session while many are being changed", () => {
    let looks = 0
    class Watched extends SessionEntry {
      override get isPinned() {
        looks += 1
        return true
      }
    }
    const sessions = new SessionMap(100_000)
    const { use } = sessions
    const pinned = ids(0, 10_000)
    for (const id of pinned) Object.setPrototypeOf(use.call(sessions, id), Watched.prototype)
    assert.isAtMost(looks / pinned.length, 100)
  })

  it("a session that an operation has looked up stays until the operation ends", () => {
    const sessions = new SessionMap(10)
    const entry = sessions.use("pinned")
    entry.users += 1
    fill(sessions, ids(0, 1000))
    assert.strictEqual(sessions.use("pinned"), entry)
    entry.users -= 1
    fill(sessions, ids(1000, 2000))
    assert.notStrictEqual(sessions.use("pinned"), entry)
  })

  it("a session that is being changed stays", () => {
    const sessions = new SessionMap(10)
    const entry = sessions.use("pinned")
    Effect.runSync(Ref.update(entry, (state) => SessionState.next(state, { _tag: "Forgetting" })[0]))
    fill(sessions, ids(0, 1000))
    assert.strictEqual(sessions.use("pinned"), entry)
  })

  it("a session whose credentials could not be saved stays, as they are nowhere else", () => {
    const sessions = new SessionMap(10)
    const entry = sessions.use("pinned")
    const issued = pair()
    Effect.runSync(
      Ref.update(entry, (state) => SessionState.next(state, { _tag: "Issued", credentials: issued })[0])
    )
    fill(sessions, ids(0, 1000))
    assert.strictEqual(sessions.peek("pinned").issued, issued)
  })
})
