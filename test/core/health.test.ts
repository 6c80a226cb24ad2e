import { assert, describe, it } from "@effect/vitest"
import { Context, Effect, Either, Fiber, Layer, Redacted, TestClock } from "effect"
import {
  AdobePass,
  AdobePassError,
  CredentialStore,
  CurrentDevice,
  type Health,
  ProtectedClient,
  Sessions,
  SharedThrottle,
  Throttle
} from "effect-adobe-pass"
import { Emulator, Fault } from "effect-adobe-pass-emulator"
import { seeded } from "../support/seeded.js"
import { makeStore } from "../support/store.js"
import { device, emulatorEnvironment, type SystemOptions, system } from "../support/system.js"
import { advance, runToEnd, settle } from "../support/time.js"

const { health } = AdobePass

const get = (path: string) => Effect.flatMap(ProtectedClient.ProtectedClient, (adobe) => adobe.get(path))
const call = get("/api/v2/ACME/configuration")
const report = get("/esm/v3/media-company/year")

const attempted = (work: Effect.Effect<unknown, unknown, CurrentDevice | AdobePass.Services>) =>
  runToEnd(Effect.either(work))

const fails = (options: Parameters<Emulator.Emulator["fail"]>[0]) =>
  Effect.flatMap(Emulator.Emulator, ({ fail }) => fail(options))

const always = Number.POSITIVE_INFINITY
const clearFaults = Effect.flatMap(Emulator.Emulator, (emulator) => emulator.clearFaults)

const forDevice = Effect.provideService(CurrentDevice, device())

/** Each call is one request, so that failures can be counted. */
const once: SystemOptions = { retry: { attempts: 1 } }
const within = (options: SystemOptions = once) => Effect.provide(system(options))

const tags = ({ incidents }: Health.Health) => incidents.map(({ _tag }) => _tag)

const untouched = { lastSuccessAt: undefined, consecutiveFailures: 0, lastFailure: undefined }

describe("the health", () => {
  it.effect("of an application that has done nothing knows of nothing", () =>
    Effect.gen(function* () {
      yield* TestClock.adjust("1 minute")
      assert.deepStrictEqual(yield* health, {
        at: 60_000,
        startedAt: 0,
        environment: "emulator",
        incidents: [],
        endpoints: { registration: untouched, token: untouched, sp: untouched, mgmt: untouched },
        store: untouched,
        throttle: { mode: "local", buckets: 0, held: 0, waiting: 0, throttledAt: undefined },
        sessions: { inMemory: 0, tokenHits: 0, tokenMisses: 0, hitRatio: undefined },
        clockSkewMillis: undefined
      } satisfies Health.Health)
    }).pipe(within())
  )

  it.effect("has the last success of each endpoint that a call has asked, and of the store", () =>
    Effect.gen(function* () {
      yield* TestClock.adjust("1 second")
      yield* runToEnd(call)
      yield* settle
      const first = yield* health
      const succeeded = { ...untouched, lastSuccessAt: 1000 }
      assert.deepStrictEqual(first.endpoints, {
        registration: succeeded,
        token: succeeded,
        sp: succeeded,
        mgmt: untouched
      })
      assert.deepStrictEqual(first.store, succeeded)
      yield* TestClock.adjust("1 second")
      yield* runToEnd(call)
      assert.deepStrictEqual((yield* health).endpoints, {
        ...first.endpoints,
        sp: { ...untouched, lastSuccessAt: 2000 }
      })
    }).pipe(forDevice, within())
  )

  it.effect("tells the management APIs from other protected calls", () =>
    Effect.gen(function* () {
      yield* fails({ route: "management", fault: Fault.answer(503), times: always })
      yield* runToEnd(call)
      yield* attempted(report)
      const { mgmt, sp } = (yield* health).endpoints
      assert.deepStrictEqual(mgmt, {
        ...untouched,
        consecutiveFailures: 1,
        lastFailure: { error: "ServiceUnavailable", at: 0 }
      })
      assert.deepStrictEqual(sp, { ...untouched, lastSuccessAt: 0 })
    }).pipe(forDevice, within())
  )

  it.effect("counts a service that says no to a request as one that works", () =>
    Effect.gen(function* () {
      yield* fails({ route: "api", fault: Fault.answer(503) })
      yield* attempted(call)
      yield* TestClock.adjust("1 second")
      yield* fails({ route: "api", fault: Fault.json(403, { action: "authentication" }) })
      const result = yield* attempted(call)
      assert.isTrue(Either.isLeft(result))
      const { consecutiveFailures, lastSuccessAt } = (yield* health).endpoints.sp
      assert.deepStrictEqual([lastSuccessAt, consecutiveFailures], [1000, 0])
    }).pipe(forDevice, within())
  )

  it.effect("counts a raw answer of 503 as a failure, though its caller gets it as it is", () =>
    Effect.gen(function* () {
      yield* fails({ route: "api", fault: Fault.answer(503) })
      const adobe = yield* ProtectedClient.ProtectedClient
      assert.strictEqual((yield* runToEnd(adobe.raw.get("/api/v2/ACME/configuration"))).status, 503)
      assert.strictEqual((yield* health).endpoints.sp.consecutiveFailures, 1)
    }).pipe(forDevice, within())
  )

  it.effect(
    "says nothing of a service that was not asked: by a call without a token, and by a wrong one",
    () =>
      Effect.gen(function* () {
        yield* fails({ route: "token", fault: Fault.refuse })
        yield* attempted(call)
        yield* attempted(get("https://elsewhere.example/"))
        const { sp, token } = (yield* health).endpoints
        assert.deepStrictEqual(sp, untouched)
        assert.strictEqual(token.consecutiveFailures, 1)
      }).pipe(forDevice, within())
  )

  it.effect("does not count a refusal that is remembered, and told without asking", () =>
    Effect.gen(function* () {
      yield* runToEnd(call)
      yield* fails({ route: "api", fault: Fault.answer(401), times: always })
      yield* attempted(call)
      const { consecutiveFailures } = (yield* health).endpoints.sp
      yield* attempted(call)
      assert.deepStrictEqual([consecutiveFailures, (yield* health).endpoints.sp.consecutiveFailures], [1, 1])
    }).pipe(forDevice, within())
  )

  it.effect("has the part of the reads that found a token in memory", () =>
    Effect.gen(function* () {
      yield* runToEnd(call)
      for (let n = 0; n < 3; n++) yield* runToEnd(call)
      assert.deepStrictEqual((yield* health).sessions, {
        inMemory: 1,
        tokenHits: 3,
        tokenMisses: 1,
        hitRatio: 0.75
      })
      // In the refresh window, and then after the expiry.
      yield* TestClock.adjust("359 minutes")
      yield* runToEnd(call)
      yield* settle
      assert.deepInclude((yield* health).sessions, { tokenHits: 4, tokenMisses: 1 })
      yield* TestClock.adjust("7 hours")
      yield* runToEnd(call)
      assert.deepInclude((yield* health).sessions, { tokenHits: 4, tokenMisses: 2 })
    }).pipe(forDevice, within())
  )

  it.effect("has the difference of the clocks", () =>
    Effect.gen(function* () {
      yield* TestClock.setTime(1_767_225_600_000)
      yield* (yield* Emulator.Emulator).skewClock("90 seconds")
      yield* runToEnd(call)
      assert.strictEqual((yield* health).clockSkewMillis, 90_000)
    }).pipe(forDevice, within())
  )

  it.effect("is written as JSON and read back the same", () =>
    Effect.gen(function* () {
      yield* fails({ route: "api", fault: Fault.answer(503), times: 3 })
      for (let n = 0; n < 3; n++) yield* attempted(call)
      const now = yield* health
      assert.deepInclude(JSON.parse(JSON.stringify(now)), {
        incidents: now.incidents,
        sessions: now.sessions,
        at: now.at
      })
    }).pipe(forDevice, within())
  )

  it.effect("is of one application, and the throttle of all that share it", () =>
    Effect.gen(function* () {
      const emulator = yield* Emulator.Emulator
      const application = (statement: string) =>
        AdobePass.layerWithoutThrottle({
          environment: emulatorEnvironment,
          softwareStatement: Redacted.make(statement)
        }).pipe(Layer.provide(CredentialStore.layerMemory))
      const throttle = yield* Layer.build(Throttle.layer())
      const one = yield* Effect.provide(Layer.build(application(emulator.softwareStatement)), throttle)
      const two = yield* Effect.provide(Layer.build(application(yield* emulator.mintStatement())), throttle)
      yield* emulator.revokeStatement()
      yield* attempted(call).pipe(Effect.provide(one), Effect.provide(throttle))
      const sick = yield* Effect.provide(Effect.provide(health, one), throttle)
      const well = yield* Effect.provide(Effect.provide(health, two), throttle)
      assert.deepStrictEqual([tags(sick), tags(well)], [["RegistrationRefused"], []])
      assert.deepStrictEqual(well.endpoints.registration, untouched)
      assert.deepStrictEqual([sick.throttle.buckets, well.throttle], [1, sick.throttle])
    }).pipe(Effect.scoped, forDevice, Effect.provide(Emulator.layer({ throttle: "off" })))
  )
})

describe("an outage", () => {
  it.effect("is an incident from the third failure in a row on, until a success", () =>
    Effect.gen(function* () {
      yield* runToEnd(call)
      yield* fails({ route: "api", fault: Fault.answer(503), times: always })
      const told: Array<ReadonlyArray<string>> = []
      for (let n = 0; n < 4; n++) {
        yield* attempted(call)
        told.push(tags(yield* health))
      }
      assert.deepStrictEqual(told, [[], [], ["EndpointFails"], ["EndpointFails"]])
      assert.deepStrictEqual((yield* health).incidents, [
        {
          _tag: "EndpointFails",
          endpoint: "sp",
          error: "ServiceUnavailable",
          consecutiveFailures: 4,
          message:
            "The service for protected calls failed 4 times in a row (ServiceUnavailable): wait, and ask Adobe support if it lasts."
        }
      ])
      yield* clearFaults
      yield* runToEnd(call)
      assert.deepStrictEqual((yield* health).incidents, [])
      assert.strictEqual((yield* health).endpoints.sp.lastFailure?.error, "ServiceUnavailable")
    }).pipe(forDevice, within())
  )

  it.effect("of the token endpoint is one of that endpoint", () =>
    Effect.gen(function* () {
      yield* fails({ route: "token", fault: Fault.refuse, times: always })
      for (let n = 0; n < 3; n++) {
        yield* attempted(call)
        yield* advance(60_000)
      }
      const { endpoints, incidents } = yield* health
      assert.strictEqual(endpoints.token.lastFailure?.error, "TransportError")
      assert.deepInclude(incidents[0], { _tag: "EndpointFails", endpoint: "token", error: "TransportError" })
      yield* clearFaults
      yield* runToEnd(call)
      assert.deepStrictEqual((yield* health).incidents, [])
    }).pipe(forDevice, within())
  )

  it.effect("of the management APIs by 429 is told as one of the address of this process", () =>
    Effect.gen(function* () {
      yield* fails({ route: "management", fault: Fault.answer(429), times: always })
      for (let n = 0; n < 3; n++) yield* attempted(report)
      assert.deepStrictEqual((yield* health).incidents, [
        {
          _tag: "EndpointFails",
          endpoint: "mgmt",
          error: "Throttled",
          consecutiveFailures: 3,
          message:
            "The management APIs failed 3 times in a row (Throttled): send fewer requests, because they count all that come from the address of this machine."
        }
      ])
    }).pipe(forDevice, within())
  )

  it.effect("that nobody has noticed for an hour is not told any more", () =>
    Effect.gen(function* () {
      yield* fails({ route: "api", fault: Fault.answer(503), times: always })
      for (let n = 0; n < 3; n++) yield* attempted(call)
      yield* TestClock.adjust("59 minutes")
      assert.deepStrictEqual(tags(yield* health), ["EndpointFails"])
      yield* TestClock.adjust("1 minute")
      assert.deepStrictEqual(tags(yield* health), [])
    }).pipe(forDevice, within())
  )

  it.effect("of the store is an incident, with its reason, until an operation succeeds", () => {
    const store = makeStore()
    return Effect.gen(function* () {
      const sessions = yield* Sessions.Sessions
      yield* runToEnd(call)
      yield* settle
      store.behaviour.read = "fails"
      for (let n = 2; n < 5; n++) yield* attempted(sessions.accessToken(device(n)))
      const failing = yield* health
      assert.deepStrictEqual(failing.store, {
        lastSuccessAt: 0,
        consecutiveFailures: 3,
        lastFailure: { operation: "load", reason: "Unavailable", at: 0 }
      })
      assert.deepStrictEqual(failing.incidents, [
        {
          _tag: "StoreFails",
          operation: "load",
          reason: "Unavailable",
          consecutiveFailures: 3,
          message: "The credential store failed 3 times in a row (load: Unavailable): bring it back."
        }
      ])
      store.behaviour.read = "works"
      yield* runToEnd(sessions.accessToken(device(9)))
      assert.deepStrictEqual((yield* health).incidents, [])
    }).pipe(forDevice, within({ ...once, store: store.layer }))
  })

  it.effect("of a store that can be read and not written is an incident", () => {
    const store = makeStore()
    return Effect.gen(function* () {
      yield* runToEnd(call)
      store.behaviour.write = "fails"
      for (let n = 0; n < 3; n++) {
        assert.deepStrictEqual((yield* health).incidents, [])
        yield* TestClock.adjust("7 hours")
        yield* runToEnd(call)
        yield* settle
      }
      const { incidents, store: ofStore } = yield* health
      assert.strictEqual(ofStore.lastFailure?.operation, "save")
      assert.deepStrictEqual(
        incidents.map((incident) => incident.message),
        ["The credential store failed 3 times in a row (save: Unavailable): bring it back."]
      )
      store.behaviour.write = "works"
      yield* TestClock.adjust("7 hours")
      yield* runToEnd(call)
      yield* settle
      assert.deepStrictEqual((yield* health).incidents, [])
    }).pipe(forDevice, within({ ...once, store: store.layer }))
  })

  it.effect("of a store that dies is an incident, however it dies", () => {
    const dying = Layer.map(CredentialStore.layerMemory, (context) =>
      Context.add(context, CredentialStore.CredentialStore, {
        ...Context.get(context, CredentialStore.CredentialStore),
        load: () => {
          throw new Error("a fault of the store")
        },
        loadMany: () => Effect.die("a fault of the store")
      })
    )
    return Effect.gen(function* () {
      for (let n = 0; n < 3; n++) yield* Effect.exit(runToEnd(call))
      const { incidents } = yield* health
      assert.deepStrictEqual(
        incidents.map((incident) => incident.message),
        ["The credential store failed 3 times in a row (load: Unavailable): bring it back."]
      )
    }).pipe(forDevice, within({ ...once, store: dying }))
  })

  const faulty = ["Corrupt", "Mismatch", "Newer", "Encrypted", "Plaintext"] as const

  it.effect.each(faulty)("of the store is over when it answers that a record is %s", (fault) => {
    let reason: AdobePassError.CredentialStoreError["reason"] = "Unavailable"
    const fails = Effect.suspend(() => new AdobePassError.CredentialStoreError({ operation: "load", reason }))
    const store = Layer.map(CredentialStore.layerMemory, (context) =>
      Context.add(context, CredentialStore.CredentialStore, {
        ...Context.get(context, CredentialStore.CredentialStore),
        load: () => fails,
        lock: () => fails
      })
    )
    return Effect.gen(function* () {
      const sessions = yield* Sessions.Sessions
      const ask = (...devices: ReadonlyArray<number>) =>
        Effect.forEach(devices, (n) => runToEnd(Effect.either(sessions.accessToken(device(n)))))
      yield* ask(1, 2, 3)
      assert.deepStrictEqual(tags(yield* health), ["StoreFails"])
      reason = fault
      assert.isTrue((yield* ask(4, 5, 6)).every(Either.isLeft))
      const now = yield* health
      assert.deepStrictEqual(now.incidents, [])
      assert.deepStrictEqual(now.store, {
        lastSuccessAt: 0,
        consecutiveFailures: 0,
        lastFailure: { operation: "load", reason: "Unavailable", at: 0 }
      })
    }).pipe(within({ ...once, store }))
  })
})

/** Asks for the tokens of ten devices at once. */
const tenTokens = Effect.gen(function* () {
  const sessions = yield* Sessions.Sessions
  const devices = Array.from({ length: 10 }, (_, n) => device(n))
  const tokens = Effect.forEach(devices, (each) => Effect.either(sessions.accessToken(each)), {
    concurrency: "unbounded"
  })
  yield* runToEnd(tokens)
})

/** Lets Adobe Pass refuse the credentials of ten devices whose tokens have expired. */
const refuseTenTokens = Effect.gen(function* () {
  yield* tenTokens
  yield* TestClock.adjust("7 hours")
  yield* fails({ route: "token", fault: Fault.oauthError("invalid_client"), times: always })
  yield* tenTokens
})

describe("a refusal", () => {
  it.effect("of the software statement is an incident at once, until a device is registered", () =>
    Effect.gen(function* () {
      yield* fails({ route: "register", fault: Fault.oauthError("invalid_software_statement") })
      yield* attempted(call)
      assert.deepStrictEqual((yield* health).incidents, [
        {
          _tag: "RegistrationRefused",
          error: "InvalidSoftwareStatement",
          message:
            "Adobe Pass refuses to register devices of this application (InvalidSoftwareStatement): download the software statement again for this environment from the TVE Dashboard."
        }
      ])
      yield* TestClock.adjust("1 day")
      assert.deepStrictEqual(tags(yield* health), ["RegistrationRefused"])
      yield* runToEnd(Effect.provideService(call, CurrentDevice, device(2)))
      assert.deepStrictEqual((yield* health).incidents, [])
    }).pipe(forDevice, within())
  )

  it.effect("of the software statement stays an incident when the endpoint fails afterwards", () =>
    Effect.gen(function* () {
      yield* fails({ route: "register", fault: Fault.oauthError("invalid_software_statement") })
      yield* attempted(call)
      yield* fails({ route: "register", fault: Fault.answer(503), times: always })
      const others = (...devices: ReadonlyArray<number>) =>
        Effect.forEach(devices, (n) =>
          runToEnd(Effect.either(Effect.provideService(call, CurrentDevice, device(n))))
        )
      yield* others(2)
      const { endpoints, incidents } = yield* health
      assert.strictEqual(endpoints.registration.lastFailure?.error, "ServiceUnavailable")
      assert.strictEqual(incidents.length, 1)
      assert.deepInclude(incidents[0], { _tag: "RegistrationRefused", error: "InvalidSoftwareStatement" })
      yield* others(3)
      assert.deepStrictEqual(tags(yield* health), ["RegistrationRefused", "EndpointFails"])
      yield* clearFaults
      yield* others(4)
      assert.deepStrictEqual((yield* health).incidents, [])
    }).pipe(forDevice, within())
  )

  it.effect("of the credentials of one device says that the token endpoint works", () =>
    Effect.gen(function* () {
      yield* TestClock.adjust("1 second")
      yield* fails({ route: "token", fault: Fault.refuse })
      yield* attempted(call)
      assert.strictEqual((yield* health).endpoints.token.consecutiveFailures, 1)
      yield* advance(60_000)
      yield* fails({ route: "token", fault: Fault.oauthError("invalid_client"), times: always })
      yield* attempted(call)
      const { endpoints, incidents } = yield* health
      assert.deepStrictEqual(incidents, [])
      assert.strictEqual(endpoints.token.consecutiveFailures, 0)
      assert.isAtLeast(endpoints.token.lastSuccessAt ?? 0, 61_000)
      assert.strictEqual(endpoints.token.lastFailure?.error, "TransportError")
    }).pipe(forDevice, within())
  )

  it.effect("of the credentials of several devices is an incident until old ones are accepted", () =>
    Effect.gen(function* () {
      yield* refuseTenTokens
      assert.include(tags(yield* health), "CredentialsRefused")
      yield* clearFaults
      yield* advance(6000)
      yield* tenTokens
      assert.notInclude(tags(yield* health), "CredentialsRefused")
    }).pipe(within())
  )

  it.effect("of the credentials is not told any more after five minutes without another", () =>
    Effect.gen(function* () {
      yield* refuseTenTokens
      yield* TestClock.adjust("4 minutes")
      assert.include(tags(yield* health), "CredentialsRefused")
      yield* TestClock.adjust("1 minute")
      assert.notInclude(tags(yield* health), "CredentialsRefused")
    }).pipe(within())
  )
})

describe("a clock that was set back", () => {
  it.effect("makes old failures of an endpoint, of the store and a 429 no news", () => {
    const store = makeStore()
    return Effect.gen(function* () {
      const sessions = yield* Sessions.Sessions
      yield* TestClock.adjust("1 day")
      yield* runToEnd(call)
      yield* settle
      yield* fails({ route: "api", fault: Fault.answer(429), times: always })
      for (let n = 0; n < 3; n++) yield* attempted(call)
      store.behaviour.read = "fails"
      for (let n = 2; n < 5; n++) yield* attempted(sessions.accessToken(device(n)))
      assert.deepStrictEqual(tags(yield* health), ["EndpointFails", "StoreFails", "Throttled"])
      yield* TestClock.setTime(3_600_000)
      assert.deepStrictEqual((yield* health).incidents, [])
    }).pipe(forDevice, within({ ...once, store: store.layer }))
  })

  it.effect("makes an old refusal of credentials no news", () =>
    Effect.gen(function* () {
      yield* refuseTenTokens
      assert.deepStrictEqual(tags(yield* health), ["CredentialsRefused"])
      yield* TestClock.setTime(3_600_000)
      assert.deepStrictEqual((yield* health).incidents, [])
    }).pipe(within())
  )
})

describe("the health of the throttle", () => {
  it.effect("has the requests that wait, and the last 429 with the buckets that it holds", () =>
    Effect.gen(function* () {
      yield* runToEnd(call)
      yield* TestClock.adjust("1 minute")
      const started = yield* TestClock.currentTimeMillis
      yield* fails({ route: "api", fault: Fault.answer(429, { headers: { "retry-after": "20" } }) })
      const waiting = yield* Effect.fork(Effect.all([call, call, call], { concurrency: "unbounded" }))
      yield* settle
      const held = yield* health
      assert.deepStrictEqual(
        { ...held.throttle, waiting: held.throttle.waiting > 0 },
        { mode: "local", buckets: 1, held: 1, waiting: true, throttledAt: started }
      )
      assert.deepStrictEqual(tags(held), ["Throttled"])
      yield* advance(40_000)
      yield* Fiber.join(waiting)
      const free = yield* health
      assert.deepStrictEqual([free.throttle.held, free.throttle.waiting, tags(free)], [0, 0, ["Throttled"]])
      yield* TestClock.adjust("5 minutes")
      assert.deepStrictEqual((yield* health).incidents, [])
    }).pipe(forDevice, within({ throttle: { burst: 0 } }))
  )

  it.effect("says whether a shared one paces alone, until the shared buckets answer again", () =>
    Effect.gen(function* () {
      let works = true
      const answer = <A>(value: A) =>
        Effect.suspend(() =>
          works ? Effect.succeed(value) : Effect.fail({ reason: "Unavailable" } as const)
        )
      const throttle = Either.getOrThrow(
        SharedThrottle.make({ take: () => answer(0), hold: () => answer(undefined) })
      )
      const emulator = yield* Emulator.Emulator
      const application = AdobePass.layerWithoutThrottle({
        environment: emulatorEnvironment,
        softwareStatement: Redacted.make(emulator.softwareStatement)
      }).pipe(
        Layer.provideMerge(Layer.succeed(Throttle.Throttle, throttle)),
        Layer.provide(CredentialStore.layerMemory)
      )
      yield* Effect.gen(function* () {
        yield* runToEnd(call)
        const sharing = yield* health
        works = false
        yield* runToEnd(call)
        const alone = yield* health
        works = true
        yield* advance(60_000)
        yield* runToEnd(call)
        const again = yield* health
        assert.deepStrictEqual(
          [sharing, alone, again].map((each) => [each.throttle.mode, tags(each)]),
          [
            ["shared", []],
            ["alone", ["ThrottleAlone"]],
            ["shared", []]
          ]
        )
      }).pipe(Effect.provide(application))
    }).pipe(forDevice, Effect.provide(Emulator.layer({ throttle: "off" })))
  )
})

describe("the failures in a row", () => {
  it.effect.each([1, 2, 3, 4, 5])("are those at the end of any sequence of calls (seed %d)", (seed) =>
    Effect.gen(function* () {
      yield* runToEnd(call)
      const random = seeded(seed)
      let trailing = 0
      for (let n = 0; n < 30; n++) {
        const isFailure = random() < 0.6
        if (isFailure) yield* fails({ route: "api", fault: Fault.answer(503) })
        trailing = isFailure ? trailing + 1 : 0
        yield* attempted(call)
        const { consecutiveFailures, lastFailure, lastSuccessAt } = (yield* health).endpoints.sp
        const at = yield* TestClock.currentTimeMillis
        assert.strictEqual(consecutiveFailures, trailing, `seed ${seed}, call ${n}`)
        assert.strictEqual(isFailure ? lastFailure?.at : lastSuccessAt, at, `seed ${seed}, call ${n}`)
        yield* TestClock.adjust("1 second")
      }
    }).pipe(forDevice, within())
  )
})
