import { assert, describe, it } from "@effect/vitest"
import { Cause, Chunk, Deferred, Effect, Exit, Fiber, Layer, Option, Stream, TestClock } from "effect"
import { CurrentInstance } from "effect-adobe-pass"
import { Emulator, Fault } from "effect-adobe-pass-emulator"
import { ProfilePoll, RestV2 } from "effect-adobe-pass-rest-v2"
import { device } from "../support/system.js"
import { advance, runToEnd, settle, withoutJitter } from "../support/time.js"
import {
  answering,
  arrivingLate,
  forDevice,
  ok,
  profiles,
  provider,
  refused,
  requests,
  restV2,
  times
} from "./scripted.js"

const end = 1_800_000
const session = { ...provider, code: "7QK2M9Z", notAfter: end, screen: "second" } as const
const empty = profiles()
const signedIn = profiles(["NorthCable", 10 * end])
const throttled = Fault.html(429)

const polls = (options?: ProfilePoll.ProfilePollOptions) =>
  ProfilePoll.layer(options).pipe(Layer.provideMerge(restV2()))

type Parameters = ProfilePoll.OfSession & ProfilePoll.Start

const poll = (parameters: Parameters = session) =>
  Effect.flatMap(ProfilePoll.ProfilePoll, (polls) => polls.profiles(parameters))

const progress = Effect.flatMap(ProfilePoll.ProfilePoll, (polls) =>
  Stream.runCollect(polls.progress(session))
)

/** Every question for a profile is answered so until the end of the test. */
const always = (fault: Fault.Fault) =>
  Effect.flatMap(Emulator.Emulator, ({ fail }) =>
    fail({
      route: "api",
      fault,
      times: Number.POSITIVE_INFINITY,
      when: ({ path }) => path.includes("/code/")
    })
  )

/** The tag of what a fiber has failed with; undefined while it runs. */
const ended = <A, E extends { readonly _tag: string }>(fiber: Fiber.RuntimeFiber<A, E>) =>
  Effect.map(Effect.zipRight(settle, Fiber.poll(fiber)), (exit) =>
    exit.pipe(
      Option.flatMap(Exit.causeOption),
      Option.flatMap(Cause.failureOption),
      Option.map(({ _tag }) => _tag),
      Option.getOrUndefined
    )
  )

describe("a poll", () => {
  it.effect("asks every 3 seconds until there is a profile, and then no more (C2, C3)", () =>
    Effect.gen(function* () {
      yield* answering(empty, empty, empty, signedIn)
      const found = yield* runToEnd(poll())
      assert.deepStrictEqual(Object.keys(found), ["NorthCable"])
      yield* advance(end)
      assert.deepStrictEqual(yield* times, [0, 3000, 6000, 9000])
    }).pipe(forDevice(), Effect.provide(polls()))
  )

  it.effect("asks as seldom as one likes", () =>
    Effect.gen(function* () {
      yield* answering(empty, empty, signedIn)
      yield* runToEnd(poll())
      assert.deepStrictEqual(yield* times, [0, 300_000, 600_000])
    }).pipe(forDevice(), Effect.provide(polls({ interval: "5 minutes" })))
  )

  it.effect("counts the 3 seconds from an answer that comes late (C2)", () =>
    Effect.gen(function* () {
      yield* answering(empty, empty, signedIn)
      yield* runToEnd(poll())
      assert.deepStrictEqual(yield* times, [0, 4000, 8000])
    }).pipe(
      forDevice(),
      Effect.provide(ProfilePoll.layer().pipe(Layer.provide(arrivingLate), Layer.provideMerge(restV2())))
    )
  )

  it.effect.each(["2999 millis", "1 second", "0 seconds", "often"] as const)(
    "refuses an interval of %s (C2)",
    (interval) =>
      Effect.gen(function* () {
        // As it may be read from a configuration.
        const input = { interval } as ProfilePoll.ProfilePollOptions
        const error = yield* Effect.flip(Layer.build(polls(input)))
        assert.strictEqual(error._tag, "InvalidInput")
        assert.match(error.message, /profilePoll/)
      }).pipe(Effect.scoped)
  )

  it.effect("goes on after throttling, outages and broken connections, with gaps that grow (C6)", () =>
    Effect.gen(function* () {
      yield* answering(empty, throttled, Fault.answer(503), Fault.reset(), empty, throttled, signedIn)
      yield* runToEnd(withoutJitter(poll()))
      assert.deepStrictEqual(yield* times, [0, 3000, 9000, 21_000, 45_000, 48_000, 54_000])
    }).pipe(forDevice(), Effect.provide(polls()))
  )

  it.effect(
    "never waits for more than a minute by itself, and for less than 3 seconds in no case (C2, C6)",
    () =>
      Effect.gen(function* () {
        yield* always(Fault.answer(500))
        yield* Effect.exit(runToEnd(poll()))
        const sent = yield* times
        const gaps = sent.slice(1).map((at, n) => at - (sent[n] ?? 0))
        assert.isAbove(gaps.length, 20)
        assert.isAtLeast(Math.min(...gaps), 3000)
        assert.isAtMost(Math.max(...gaps), 60_000)
        assert.isAtLeast(Math.min(...gaps.slice(5)), 30_000)
      }).pipe(forDevice(), Effect.provide(polls()))
  )

  it.effect("waits for as long as the server asks for (C6)", () =>
    Effect.gen(function* () {
      yield* answering(Fault.answer(503, { headers: { "retry-after": "90" } }), signedIn)
      yield* runToEnd(poll())
      assert.deepStrictEqual(yield* times, [0, 90_000])
    }).pipe(forDevice(), Effect.provide(polls()))
  )

  it.effect("tells what each question led to", () =>
    Effect.gen(function* () {
      yield* answering(empty, throttled, empty, signedIn)
      const told = yield* runToEnd(progress)
      assert.deepStrictEqual(
        Chunk.toReadonlyArray(told).map((step) => (step._tag === "Disturbed" ? step.error._tag : step._tag)),
        ["Pending", "Throttled", "Pending", "SignedIn"]
      )
    }).pipe(forDevice(), Effect.provide(polls()))
  )

  it.effect.each([
    ["RequestRejected", refused(400, "none", "invalid_parameter_code")],
    ["CodeReplaced", refused(400, "none", "invalid_authentication_session")],
    ["AuthenticationRequired", refused(403, "authentication", "temporary_access_duration_limit_exceeded")],
    ["ConfigurationRequired", refused(403, "configuration", "invalid_configuration_platform")],
    ["UnexpectedResponse", Fault.html(200)]
  ] as const)("fails at once with %s", ([tag, answer]) =>
    Effect.gen(function* () {
      yield* answering(empty, answer)
      assert.strictEqual((yield* Effect.flip(runToEnd(poll())))._tag, tag)
      yield* advance(end)
      assert.deepStrictEqual(yield* times, [0, 3000])
    }).pipe(forDevice(), Effect.provide(polls()))
  )
})

describe("the start of a poll", () => {
  it.effect("is the redirection of the browser where a person signs in on the same screen (C1)", () =>
    Effect.gen(function* () {
      const loaded = yield* Deferred.make<void>()
      yield* answering(signedIn)
      const polling = yield* Effect.fork(
        poll({ ...session, screen: "first", redirected: Deferred.await(loaded) })
      )
      yield* advance(60_000)
      assert.deepStrictEqual(yield* times, [])
      yield* Deferred.succeed(loaded, undefined)
      yield* settle
      assert.deepStrictEqual(Object.keys(yield* Fiber.join(polling)), ["NorthCable"])
      assert.deepStrictEqual(yield* times, [60_000])
    }).pipe(forDevice(), Effect.provide(polls()))
  )

  it.effect("is at once where a person signs in on another screen (C1)", () =>
    Effect.gen(function* () {
      yield* answering(signedIn)
      yield* poll()
      assert.deepStrictEqual(yield* times, [0])
    }).pipe(forDevice(), Effect.provide(polls()))
  )

  it("has to be said, and for the same screen by an effect (C1)", () => {
    const { screen: _, ...code } = session
    const compiles = (polls: ProfilePoll.ProfilePoll) => [
      // @ts-expect-error the screen is missing
      polls.profiles(code),
      // @ts-expect-error the redirection is missing
      polls.profiles({ ...code, screen: "first" }),
      polls.profiles({ ...code, screen: "first", redirected: Effect.void })
    ]
    assert.isFunction(compiles)
  })

  it.effect("that fails fails the poll, without a question", () =>
    Effect.gen(function* () {
      const { profiles } = yield* ProfilePoll.ProfilePoll
      const closed = Effect.fail("the window was closed" as const)
      const error = yield* Effect.flip(profiles({ ...session, screen: "first", redirected: closed }))
      assert.strictEqual(error, "the window was closed")
      assert.deepStrictEqual(yield* times, [])
    }).pipe(forDevice(), Effect.provide(polls()))
  )
})

describe("the end of a code", () => {
  it.effect("ends its poll, and no question comes then or later (C4)", () =>
    Effect.gen(function* () {
      yield* always(empty)
      const polling = yield* Effect.fork(poll({ ...session, notAfter: 9000 }))
      yield* advance(8999)
      assert.isUndefined(yield* ended(polling))
      yield* advance(1)
      assert.strictEqual(yield* ended(polling), "CodeExpired")
      yield* advance(end)
      assert.deepStrictEqual(yield* times, [0, 3000, 6000])
    }).pipe(forDevice(), Effect.provide(polls()))
  )

  it.effect("aborts a question that is under way (C4)", () =>
    Effect.gen(function* () {
      yield* always(Fault.hang())
      const polling = yield* Effect.fork(poll({ ...session, notAfter: 5000 }))
      yield* advance(5000)
      assert.strictEqual(yield* ended(polling), "CodeExpired")
      assert.deepStrictEqual(
        (yield* requests).map(({ outcome }) => outcome),
        ["abandoned"]
      )
    }).pipe(forDevice(), Effect.provide(polls()))
  )

  it.effect("ends the wait for a redirection, and the one after a failure (C4)", () =>
    Effect.gen(function* () {
      const { profiles } = yield* ProfilePoll.ProfilePoll
      yield* answering(Fault.answer(503, { headers: { "retry-after": "90" } }))
      const waiting = yield* Effect.fork(
        profiles({ ...session, notAfter: 5000, screen: "first", redirected: Effect.never })
      )
      const disturbed = yield* Effect.fork(poll({ ...session, notAfter: 5000 }))
      yield* advance(5000)
      assert.strictEqual(yield* ended(waiting), "CodeExpired")
      assert.strictEqual(yield* ended(disturbed), "CodeExpired")
      assert.deepStrictEqual(yield* times, [0])
    }).pipe(forDevice(), Effect.provide(polls()))
  )

  it.effect("that has passed already lets nothing be asked (C4)", () =>
    Effect.gen(function* () {
      yield* TestClock.setTime(5000)
      assert.strictEqual((yield* Effect.flip(poll({ ...session, notAfter: 5000 })))._tag, "CodeExpired")
      assert.deepStrictEqual(yield* times, [])
    }).pipe(forDevice(), Effect.provide(polls()))
  )

  it.effect.each([
    ["does not say it", undefined],
    ["says that it is far away", Number.MAX_SAFE_INTEGER]
  ] as const)("is after 30 minutes at the latest, when the session %s (C4)", ([, notAfter]) =>
    Effect.gen(function* () {
      yield* always(empty)
      const polling = yield* Effect.fork(poll({ ...session, notAfter }))
      yield* advance(30 * 60_000 - 1)
      assert.isUndefined(yield* ended(polling))
      yield* advance(1)
      assert.strictEqual(yield* ended(polling), "CodeExpired")
    }).pipe(forDevice(), Effect.provide(polls({ interval: "1 minute" })))
  )
})

const newSession = (code: string) =>
  ok({
    actionName: "authenticate",
    actionType: "interactive",
    reasonType: "none",
    serviceProvider: "ACME",
    sessionId: "2f1e6d0c",
    code,
    notAfter: String(end)
  })

const create = Effect.flatMap(ProfilePoll.ProfilePoll, (polls) => polls.create(provider))

describe("another code", () => {
  it.effect("ends the polls of the device for the code before, whatever they wait for (C5)", () =>
    Effect.gen(function* () {
      const { profiles } = yield* ProfilePoll.ProfilePoll
      yield* always(empty)
      const idle = yield* Effect.fork(poll())
      const waiting = yield* Effect.fork(profiles({ ...session, screen: "first", redirected: Effect.never }))
      yield* advance(4000)
      yield* answering(newSession("NEWCODE"))
      assert.strictEqual((yield* create)._tag, "Authenticate")
      assert.strictEqual(yield* ended(idle), "CodeReplaced")
      assert.strictEqual(yield* ended(waiting), "CodeReplaced")
      const questions = (yield* requests).length
      yield* advance(60_000)
      assert.lengthOf(yield* requests, questions)
    }).pipe(forDevice(), Effect.provide(polls()))
  )

  it.effect("aborts a question for the one before (C5)", () =>
    Effect.gen(function* () {
      yield* always(Fault.hang())
      const asking = yield* Effect.fork(poll())
      yield* settle
      yield* answering(newSession("NEWCODE"))
      yield* create
      assert.strictEqual(yield* ended(asking), "CodeReplaced")
      assert.strictEqual((yield* requests)[0]?.outcome, "abandoned")
    }).pipe(forDevice(), Effect.provide(polls()))
  )

  it.effect("is noticed when it is polled for, too, and the same code is not another one (C5)", () =>
    Effect.gen(function* () {
      yield* always(empty)
      const old = yield* Effect.fork(poll())
      const same = yield* Effect.fork(poll())
      yield* settle
      const next = yield* Effect.fork(poll({ ...session, code: "NEWCODE" }))
      yield* settle
      assert.strictEqual(yield* ended(old), "CodeReplaced")
      assert.strictEqual(yield* ended(same), "CodeReplaced")
      assert.isUndefined(yield* ended(next))
      yield* Fiber.interrupt(next)
    }).pipe(forDevice(), Effect.provide(polls()))
  )

  it.effect("of another device or service provider changes nothing (C5)", () =>
    Effect.gen(function* () {
      const { create: createAt } = yield* ProfilePoll.ProfilePoll
      yield* always(empty)
      const polling = yield* Effect.fork(poll())
      yield* settle
      yield* answering(newSession("OTHER"), newSession("OTHER"))
      yield* create.pipe(forDevice(device(2)))
      yield* createAt({ serviceProvider: "OTHER" })
      yield* advance(3000)
      assert.isUndefined(yield* ended(polling))
      yield* Fiber.interrupt(polling)
    }).pipe(forDevice(), Effect.provide(polls()))
  )

  it.effect("is nothing that second screens compete for", () =>
    Effect.gen(function* () {
      const { withoutDevice } = yield* ProfilePoll.ProfilePoll
      yield* always(signedIn)
      const found = yield* Effect.forEach(
        ["FIRST", "SECOND"],
        (code) => withoutDevice.profiles({ ...session, code }),
        { concurrency: "unbounded" }
      )
      assert.lengthOf(found, 2)
      for (const { headers } of yield* requests) assert.notProperty(headers, "ap-device-identifier")
    }).pipe(Effect.provideService(CurrentInstance, device(2)), Effect.provide(polls()))
  )
})

describe("a poll that is interrupted", () => {
  const tokenFirst = Effect.zipRight(
    answering(empty),
    Effect.flatMap(RestV2.RestV2, (calls) => calls.profiles.all(provider))
  )

  it.effect.each([
    ["while it waits for a redirection", empty, 0, true],
    ["while it asks", Fault.hang(), 0, false],
    ["between two questions", empty, 1000, false],
    ["after a failure", Fault.answer(503), 1000, false]
  ] as const)("%s asks nothing more, and replaces nothing later", ([, answer, after, first]) =>
    Effect.gen(function* () {
      yield* tokenFirst
      yield* always(answer)
      const polling = yield* Effect.fork(
        poll(first ? { ...session, screen: "first", redirected: Effect.never } : session)
      )
      yield* advance(after)
      yield* Fiber.interrupt(polling)
      const sent = yield* requests
      assert.notInclude(
        sent.map(({ outcome }) => outcome),
        "pending"
      )
      yield* advance(end / 2)
      assert.lengthOf(yield* requests, sent.length)

      yield* Effect.flatMap(Emulator.Emulator, ({ clearFaults }) => clearFaults)
      yield* answering(newSession("NEWCODE"), signedIn)
      yield* create
      assert.deepStrictEqual(Object.keys(yield* poll()), ["NorthCable"])
    }).pipe(forDevice(), Effect.provide(polls()))
  )

  it.effect("by who reads its progress asks nothing more", () =>
    Effect.gen(function* () {
      yield* always(empty)
      const { progress } = yield* ProfilePoll.ProfilePoll
      const told = yield* runToEnd(Stream.runCollect(Stream.take(progress(session), 2)))
      assert.lengthOf(told, 2)
      yield* advance(end / 2)
      assert.deepStrictEqual(yield* times, [0, 3000])
    }).pipe(forDevice(), Effect.provide(polls()))
  )
})
