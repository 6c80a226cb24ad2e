import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { Emulator, Fault } from "effect-adobe-pass-emulator"
import { DecisionRetry } from "effect-adobe-pass-rest-v2"
import { answered, type Call, ofAcme, ofMvpd, restV2 } from "../support/restV2.js"

const profiles = ((calls) => calls.profiles.all(ofAcme)) satisfies Call
const authorize = (({ decisions }) =>
  decisions.authorize({ ...ofMvpd, resources: ["acme-live"] })) satisfies Call

const profile = { notBefore: 0, notAfter: 5, issuer: "NorthCable", type: "regular", attributes: {} }

const decision = {
  resource: "acme-live",
  serviceProvider: "ACME",
  mvpd: "NorthCable",
  source: "mvpd",
  authorized: true
}

const read = <A>(answer: unknown, call: Call<A>) =>
  Effect.flatMap(answered(Fault.json(200, answer), call), ({ exit }) => exit)

const mapOf = <A>(size: number, value: (n: number) => A) =>
  Object.fromEntries(Array.from({ length: size }, (_, n) => [`m${n}`, value(n)]))

describe("an answer with thousands of members that are wrong", () => {
  // Repairs of which each copies the whole take minutes here, and the process does nothing else.
  it.effect("is repaired in one go, and loses no profile, no attribute and no decision", () =>
    Effect.gen(function* () {
      const attributes = mapOf(2500, (n) => ({ value: n, state: null }))
      const answer = { profiles: mapOf(2500, () => ({ ...profile, sessionId: null, notAfter: "7" })) }
      const found = yield* read(
        { profiles: { ...answer.profiles, rich: { ...profile, attributes } } },
        profiles
      )
      assert.strictEqual(Object.keys(found).length, 2501)
      assert.deepStrictEqual(found["m2499"], { ...profile, notAfter: 7 })
      assert.deepStrictEqual(found["rich"]?.attributes["m2499"], { value: 2499 })
      const decided = yield* read(
        {
          decisions: Array.from({ length: 2500 }, (_, n) => ({
            ...decision,
            authorized: n === 0 ? "true" : "false",
            notAfter: {}
          }))
        },
        authorize
      )
      assert.deepStrictEqual(
        decided.map(({ _tag }) => _tag === "AuthorizationPermit"),
        Array.from({ length: 2500 }, (_, n) => n === 0)
      )
    }).pipe(Effect.provide(restV2()))
  )

  it.effect("has no token when something in it is wrong beside what can be converted", () =>
    Effect.gen(function* () {
      const token = { serializedToken: {}, notBefore: "5", notAfter: null }
      const [permit] = yield* read({ decisions: [{ ...decision, token }] }, authorize)
      assert.deepInclude(permit, { _tag: "AuthorizationPermit", token: undefined })
    }).pipe(Effect.provide(restV2()))
  )
})

describe("an attribute that is null or no object", () => {
  it.effect("is absent, and the profile and its other attributes stay", () =>
    Effect.gen(function* () {
      const userID = { value: "dXNlci0x", state: "plain" }
      for (const odd of [null, 5, "94110", ["94110"]]) {
        const answer = { profiles: { NorthCable: { ...profile, attributes: { zip: odd, userID } } } }
        const found = yield* read(answer, profiles)
        assert.deepStrictEqual<unknown>(found, { NorthCable: { ...profile, attributes: { userID } } })
      }
    }).pipe(Effect.provide(restV2()))
  )

  it.effect("does not hide a profile that lacks something, or is none", () =>
    Effect.gen(function* () {
      for (const odd of [null, { ...profile, issuer: null, attributes: { zip: null } }]) {
        const error = yield* Effect.flip(read({ profiles: { NorthCable: profile, odd } }, profiles))
        assert.deepInclude(error, { _tag: "UnexpectedResponse", reason: "UnexpectedJson" })
      }
    }).pipe(Effect.provide(restV2()))
  )
})

describe("an answer that cannot be read", () => {
  const refused = (body: string) => {
    const fault = Fault.answer(200, { headers: { "content-type": "application/json" }, body })
    return Effect.flatMap(answered(fault, profiles), ({ exit }) => Effect.flip(exit))
  }

  it.effect("is an error, and no defect, when it is nested too deeply to be shown", () =>
    Effect.gen(function* () {
      const deep = "[".repeat(100_000) + "]".repeat(100_000)
      const error = yield* refused(`{"profiles":{"NorthCable":${deep}}}`)
      assert.deepInclude(error, { _tag: "UnexpectedResponse", issues: ["profiles.NorthCable"] })
    }).pipe(Effect.provide(restV2()))
  )

  it.effect(
    "names few of the places that are wrong, and shows no name that is too long or holds a token",
    () =>
      Effect.gen(function* () {
        const many = yield* refused(JSON.stringify({ profiles: mapOf(1000, () => ({})) }))
        assert.isBelow(many.message.length, 1000)
        const secret = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJ4In0.c2lnbmF0dXJl"
        const odd = yield* refused(JSON.stringify({ profiles: { [secret]: null, ["a".repeat(1e6)]: null } }))
        assert.deepInclude(odd, { _tag: "UnexpectedResponse", issues: ["profiles.*"] })
      }).pipe(Effect.provide(restV2()))
  )
})

describe("an error beside an empty map or list", () => {
  const error = { status: 403, action: "authentication", code: "authenticated_profile_expired" }
  const calls: ReadonlyArray<readonly [string, Call]> = [
    ["profiles", profiles],
    ["decisions", authorize],
    ["logouts", ({ logout }) => logout.initiate(ofMvpd)]
  ]

  it.effect.each(calls)("is the error of the call, and not an empty success: %s", ([name, call]) =>
    Effect.gen(function* () {
      const empty = name === "decisions" ? [] : {}
      for (const answer of [
        { [name]: empty, error },
        { [name]: empty, ...error },
        { error, [name]: null }
      ]) {
        const failure = yield* Effect.flip(read(answer, call))
        assert.deepInclude(failure, { _tag: "AuthenticationRequired", code: error.code })
      }
    }).pipe(Effect.provide(restV2()))
  )

  it.effect("is nothing when it says nothing, or when there is a profile", () =>
    Effect.gen(function* () {
      for (const nothing of [{ error: null }, { error: {} }, { error: "" }, { message: "OK", status: 200 }]) {
        assert.deepStrictEqual(yield* read({ profiles: {}, ...nothing }, profiles), {})
      }
      const found = yield* read({ profiles: { NorthCable: profile }, error }, profiles)
      assert.deepStrictEqual(Object.keys(found), ["NorthCable"])
    }).pipe(Effect.provide(restV2()))
  )
})

describe("a catalogue of thousands of resources", () => {
  // Comparing each resource with each other takes most of a minute here, and the process does nothing else.
  it.effect("is decided in its order, though Adobe Pass writes a blank behind each", () =>
    Effect.gen(function* () {
      const { fail } = yield* Emulator.Emulator
      const resources = Array.from({ length: 40_000 }, (_, n) => `r${n}`)
      const decisions = resources.map((resource) => ({ ...decision, resource: `${resource} ` }))
      yield* fail({ route: "api", fault: Fault.json(200, { decisions }) })
      const decided = yield* DecisionRetry.preauthorize({ ...ofMvpd, resources: [...resources, "r0 "] })
      assert.deepStrictEqual(
        decided.map(({ resource }) => resource),
        [...resources, "r0"]
      )
    }).pipe(Effect.provide(restV2()))
  )
})
