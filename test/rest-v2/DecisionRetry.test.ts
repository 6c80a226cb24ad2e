import { inspect } from "node:util"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Exit, Fiber, Layer, Redacted } from "effect"
import type { CurrentDevice } from "effect-adobe-pass"
import { Emulator, Fault } from "effect-adobe-pass-emulator"
import {
  type Authorization,
  DecisionRetry,
  type Preauthorization,
  type RestV2
} from "effect-adobe-pass-rest-v2"
import { advance, runToEnd, settle, withoutJitter } from "../support/time.js"
import { store, withLog } from "./records.js"
import {
  answering,
  denial,
  forDevice,
  ofMvpd,
  ok,
  permit,
  refused,
  requests,
  restV2,
  times
} from "./scripted.js"

const decisions = (...all: ReadonlyArray<object>) => ok({ decisions: all })
const retry = (resource: string) => denial(resource, "retry", "network_connection_timeout")
const no = (resource: string) => denial(resource, "none", "authorization_denied_by_mvpd")

const asked = Effect.map(requests, (sent) => sent.map(({ body }) => JSON.parse(body).resources))

type Decision = Authorization.Authorization | Preauthorization.Preauthorization

const told = (decided: ReadonlyArray<Decision>) =>
  decided.map((decision) => ("error" in decision ? decision.error._tag : "permit"))

const kinds: ReadonlyArray<
  readonly [
    string,
    (
      parameters: RestV2.OfMvpd & RestV2.OfResources
    ) => Effect.Effect<ReadonlyArray<Decision>, RestV2.RestV2Error, RestV2.RestV2 | CurrentDevice>
  ]
> = [
  ["authorization", DecisionRetry.authorize],
  ["preauthorization", DecisionRetry.preauthorize]
]

describe.each(kinds)("the %s of resources", (_, decide) => {
  it.effect("is asked for again for those alone whose error says so (D2, E3)", () =>
    Effect.gen(function* () {
      yield* answering(
        decisions(permit("a"), retry("b"), no("c"), retry("d")),
        decisions(permit("b"), retry("d")),
        decisions(no("d"))
      )
      const decided = yield* runToEnd(withoutJitter(decide({ ...ofMvpd, resources: ["a", "b", "c", "d"] })))
      assert.deepStrictEqual(told(decided), ["permit", "permit", "RequestRejected", "RequestRejected"])
      assert.deepStrictEqual(yield* asked, [["a", "b", "c", "d"], ["b", "d"], ["d"]])
      assert.deepStrictEqual(yield* times, [0, 1000, 3000])
    }).pipe(forDevice(), Effect.provide(restV2()))
  )

  it.effect("is asked for 4 times at most, with pauses that grow (D2, E3)", () =>
    Effect.gen(function* () {
      yield* answering(...Array.from({ length: 9 }, () => decisions(retry("a"), no("b"))))
      const decided = yield* runToEnd(withoutJitter(decide({ ...ofMvpd, resources: ["a", "b"] })))
      assert.deepStrictEqual(told(decided), ["TemporaryFailure", "RequestRejected"])
      assert.deepStrictEqual(yield* asked, [["a", "b"], ["a"], ["a"], ["a"]])
      assert.deepStrictEqual(yield* times, [0, 1000, 3000, 7000])
    }).pipe(forDevice(), Effect.provide(restV2()))
  )

  it.effect("pauses for at least half of that, whatever the jitter (D2, E3)", () =>
    Effect.gen(function* () {
      yield* answering(...Array.from({ length: 4 }, () => decisions(retry("a"))))
      yield* runToEnd(decide({ ...ofMvpd, resources: ["a"] }))
      const sent = yield* times
      const gaps = sent.slice(1).map((at, n) => at - (sent[n] ?? 0))
      assert.lengthOf(gaps, 3)
      gaps.forEach((gap, n) => {
        assert.isAtLeast(gap, 500 * 2 ** n)
        assert.isAtMost(gap, 1000 * 2 ** n)
      })
    }).pipe(forDevice(), Effect.provide(restV2()))
  )

  it.effect.each([
    ["none", "RequestRejected"],
    ["configuration", "ConfigurationRequired"],
    ["application-registration", "ApplicationRegistrationRequired"],
    ["authentication", "AuthenticationRequired"],
    ["authorization", "AuthorizationRequired"],
    ["something-new", "RequestRejected"]
  ] as const)("is not asked for again after a denial with the action %s (D2, E3)", ([action, tag]) =>
    Effect.gen(function* () {
      yield* answering(decisions(denial("a", action, "a_code")))
      assert.deepStrictEqual(told(yield* decide({ ...ofMvpd, resources: ["a"] })), [tag])
      assert.lengthOf(yield* requests, 1)
    }).pipe(forDevice(), Effect.provide(restV2()))
  )

  it.effect("has the order of the question, whatever that of the answer, and whatever blanks there are", () =>
    Effect.gen(function* () {
      yield* answering(decisions(permit("c "), no("a"), permit("unasked"), permit(" b")))
      const decided = yield* decide({ ...ofMvpd, resources: ["a", " b", "c", "a "] })
      assert.deepStrictEqual(told(decided), ["RequestRejected", "permit", "permit", "RequestRejected"])
      assert.deepStrictEqual(yield* asked, [["a", " b", "c"]])
    }).pipe(forDevice(), Effect.provide(restV2()))
  )

  it.effect("fails when a resource has none, and says which", () =>
    Effect.gen(function* () {
      yield* answering(decisions(permit("a")), decisions())
      const error = yield* Effect.flip(decide({ ...ofMvpd, resources: ["a", "b", "c"] }))
      assert.deepInclude(error, {
        _tag: "UnexpectedResponse",
        issues: ["decisions (none for resources.1)", "decisions (none for resources.2)"]
      })
      yield* Effect.flip(decide({ ...ofMvpd, resources: ["a"] }))
      assert.lengthOf(yield* requests, 2)
    }).pipe(forDevice(), Effect.provide(restV2()))
  )

  it.effect("fails with the error of the whole answer, too many resources among them, at once (D5)", () =>
    Effect.gen(function* () {
      yield* answering(refused(403, "configuration", "too_many_resources"))
      const error = yield* Effect.flip(decide({ ...ofMvpd, resources: ["a", "b"] }))
      assert.deepInclude(error, { _tag: "ConfigurationRequired", code: "too_many_resources" })
      assert.lengthOf(yield* requests, 1)
    }).pipe(forDevice(), Effect.provide(restV2()))
  )

  it.effect("fails without a question when nothing is asked for", () =>
    Effect.gen(function* () {
      assert.strictEqual((yield* Effect.flip(decide({ ...ofMvpd, resources: [] })))._tag, "InvalidInput")
      assert.lengthOf(yield* requests, 0)
    }).pipe(forDevice(), Effect.provide(restV2()))
  )

  it.effect.each([
    ["while it is asked for", Fault.hang(), 0],
    ["during a pause", decisions(retry("a")), 500]
  ] as const)("asks nothing more when it is interrupted %s", ([, answer, after]) =>
    Effect.gen(function* () {
      yield* answering(answer)
      const deciding = yield* Effect.fork(decide({ ...ofMvpd, resources: ["a"] }).pipe(withoutJitter))
      yield* settle
      yield* advance(after)
      yield* Fiber.interrupt(deciding)
      yield* advance(60_000)
      assert.isTrue(Exit.isInterrupted(yield* Fiber.await(deciding)))
      assert.lengthOf(yield* requests, 1)
    }).pipe(forDevice(), Effect.provide(restV2()))
  )
})

const token = "PHNpZ25hdHVyZUluZm8+c2VjcmV0PC9zaWduYXR1cmVJbmZvPg=="
const withToken = (resource: string) => ({
  ...permit(resource),
  notAfter: 86_400_000,
  token: { serializedToken: token, notBefore: 0, notAfter: 420_000 }
})

const play = DecisionRetry.authorize({ ...ofMvpd, resources: ["acme-live"] })

describe("the authorization of a playback", () => {
  it.effect("is asked for each time, and its media token is new (E1)", () =>
    Effect.gen(function* () {
      yield* answering(decisions(withToken("acme-live")), decisions(no("acme-live")))
      assert.deepStrictEqual(told(yield* play), ["permit"])
      assert.deepStrictEqual(told(yield* play), ["RequestRejected"])
      assert.lengthOf(yield* requests, 2)
    }).pipe(forDevice(), Effect.provide(restV2()))
  )

  it.effect("is not renewed when its media token ends (E2)", () =>
    Effect.gen(function* () {
      yield* answering(decisions(withToken("acme-live")))
      yield* play
      yield* advance(7 * 86_400_000)
      assert.lengthOf(yield* requests, 1)
    }).pipe(forDevice(), Effect.provide(restV2()))
  )

  it.effect("leaves its media token nowhere: not in a store, a log or a printed result (E5)", () =>
    Effect.gen(function* () {
      const { content, layer } = store()
      yield* Effect.gen(function* () {
        yield* answering(decisions(withToken("acme-live")))
        const [[decision], lines] = yield* withLog(Effect.tap(play, (decided) => Effect.log(decided)))
        assert(decision?._tag === "AuthorizationPermit" && decision.token !== undefined)
        assert.strictEqual(Redacted.value(decision.token.serializedToken), token)
        const { clients } = yield* Emulator.Emulator
        assert.lengthOf(yield* clients, 1)
        const shown = [lines, inspect(decision, { depth: 9 }), JSON.stringify(decision), String(decision)]
        assert.notInclude([...shown, ...content.keys(), ...content.values()].join(), token.slice(0, 12))
      }).pipe(Effect.provide(Layer.provideMerge(restV2(), layer)))
    }).pipe(forDevice())
  )
})
