import type { HttpClient } from "@effect/platform"
import { assert, describe, it } from "@effect/vitest"
import {
  Duration,
  Effect,
  Either,
  HashMap,
  Layer,
  LayerMap,
  Logger,
  Metric,
  Option,
  Redacted,
  TestClock
} from "effect"
import {
  AdobePass,
  CredentialStore,
  Device,
  Environment,
  Metrics,
  RegisteredApplication,
  Sessions,
  Warnings
} from "effect-adobe-pass"
import { Emulator, Fault } from "effect-adobe-pass-emulator"
import * as EmulatedAdobePass from "effect-adobe-pass-emulator/EmulatedAdobePass"
import { makeUse, make as makeWarn } from "../../packages/core/src/internal/warnings.js"
import { searcher, withoutJwtHeader, witness } from "../support/secrets.js"
import { makeStore } from "../support/store.js"
import { adobePass, device, info, type SystemOptions, system } from "../support/system.js"
import { runToEnd } from "../support/time.js"

interface Line {
  readonly warning: unknown
  readonly level: string
  readonly text: string
}

/** The warnings that an effect writes. */
const written = <E, R>(effect: Effect.Effect<unknown, E, R>): Effect.Effect<ReadonlyArray<Line>, E, R> =>
  Effect.suspend(() => {
    const lines: Array<Line> = []
    const logger = Logger.make(({ annotations, logLevel, message }) => {
      const warning = Option.getOrUndefined(HashMap.get(annotations, "warning"))
      if (warning !== undefined) lines.push({ warning, level: logLevel.label, text: String(message) })
    })
    return Effect.as(Effect.provide(effect, Logger.replace(Logger.defaultLogger, logger)), lines)
  })

const counts = Effect.map(Metric.value(Metrics.warnings), ({ occurrences }) => new Map(occurrences))

/** The names of the warnings that an effect writes, each of which is counted. */
const given = <E, R>(effect: Effect.Effect<unknown, E, R>): Effect.Effect<ReadonlyArray<unknown>, E, R> =>
  Effect.gen(function* () {
    const before = yield* counts
    const lines = yield* written(effect)
    const after = yield* counts
    const counted = [...after].flatMap(([name, count]) =>
      Array.from({ length: count - (before.get(name) ?? 0) }, () => name)
    )
    const names = lines.map(({ warning }) => warning)
    assert.deepStrictEqual(counted.toSorted(), names.map(String).toSorted())
    return names
  })

const token = (device: Device.Device) =>
  Effect.flatMap(Sessions.Sessions, (sessions) => runToEnd(sessions.accessToken(device)))

const tokens = (devices: ReadonlyArray<Device.Device>) => Effect.forEach(devices, token)

const withoutAddress = (n: number) => Either.getOrThrow(Device.make({ id: `device-${n}`, info }))

const numbered = (addresses: ReadonlyArray<string>) => addresses.map((ip, n) => device(n, ip))

/** A system whose emulator stands where Adobe's production is. */
const production = (options: SystemOptions = {}) =>
  system({
    ...options,
    environment: "release-production",
    emulator: { baseUrl: "https://sp.auth.adobe.com" }
  })

/** The production of Adobe with a store that lasts. */
const lasting = Effect.provide(production({ store: makeStore().layer }))

/** Another layer for the application of the emulator, until the scope closes. */
const another = (options: Partial<AdobePass.AdobePassOptions> = {}) =>
  Layer.build(Layer.fresh(adobePass(options)))

describe("two layers for one application", () => {
  it.effect("are told of once, when both are in use", () =>
    Effect.gen(function* () {
      const using = Effect.gen(function* () {
        yield* token(device())
        for (let n = 0; n < 2; n++) yield* Effect.provide(token(device()), yield* another())
      })
      assert.deepStrictEqual(yield* given(Effect.scoped(using)), ["ApplicationInUseTwice"])
    }).pipe(Effect.provide(system()))
  )

  it.effect("are told of when they share a throttle, because they share no sessions", () =>
    Effect.gen(function* () {
      const context = yield* Effect.context<AdobePass.Services>()
      const { softwareStatement } = yield* Emulator.Emulator
      const sharing = AdobePass.layerWithoutThrottle({
        environment: Either.getOrThrow(Environment.custom({ name: "emulator", sp: "http://127.0.0.1" })),
        softwareStatement: Redacted.make(softwareStatement)
      })
      const using = Effect.zipRight(
        token(device()),
        Effect.provide(token(device()), Layer.provide(sharing, Layer.succeedContext(context)))
      )
      assert.deepStrictEqual(yield* given(using), ["ApplicationInUseTwice"])
    }).pipe(Effect.provide(system()))
  )

  it.effect("are right one after the other", () =>
    Effect.gen(function* () {
      const using = Effect.scoped(
        Effect.flatMap(another(), (built) => Effect.provide(token(device()), built))
      )
      assert.deepStrictEqual(yield* given(Effect.replicateEffect(using, 3)), [])
    }).pipe(Effect.provide(system()))
  )

  it.effect("are right when only one is used", () =>
    Effect.gen(function* () {
      const using = Effect.scoped(Effect.zipRight(another(), tokens([device(1), device(2)])))
      assert.deepStrictEqual(yield* given(using), [])
    }).pipe(Effect.provide(system()))
  )

  it.effect("are right for two environments", () =>
    Effect.gen(function* () {
      const environment = Either.getOrThrow(Environment.custom({ name: "other", sp: "http://127.0.0.1" }))
      const using = Effect.gen(function* () {
        yield* token(device())
        yield* Effect.provide(token(device()), yield* another({ environment }))
      })
      assert.deepStrictEqual(yield* given(Effect.scoped(using)), [])
    }).pipe(Effect.provide(system()))
  )

  it.effect("are not the layers of a LayerMap, one for each brand, which come and go", () =>
    Effect.gen(function* () {
      const emulator = yield* Emulator.Emulator
      const base = yield* Effect.context<
        HttpClient.HttpClient | CredentialStore.CredentialStore | Emulator.Emulator
      >()
      const statements = new Map<string, string>()
      for (const brand of ["one", "two"]) statements.set(brand, yield* emulator.mintStatement({}))
      const using = Effect.gen(function* () {
        const brands = yield* LayerMap.make(
          (brand: string) =>
            Layer.provide(
              adobePass({ softwareStatement: Redacted.make(statements.get(brand) ?? "") }),
              Layer.succeedContext(base)
            ),
          { idleTimeToLive: "1 minute" }
        )
        for (let times = 0; times < 2; times++) {
          for (const brand of statements.keys()) yield* Effect.provide(token(device()), brands.get(brand))
          yield* TestClock.adjust("1 hour")
        }
      })
      assert.deepStrictEqual(yield* given(Effect.scoped(using)), [])
    }).pipe(Effect.provide(system()))
  )

  it.effect("are not the emulated ones of many tests", () => {
    const one = Layer.build(Layer.fresh(EmulatedAdobePass.layer()))
    return Effect.gen(function* () {
      const using = Effect.gen(function* () {
        for (let n = 0; n < 3; n++) yield* Effect.provide(token(device()), yield* one)
      })
      assert.deepStrictEqual(yield* given(Effect.scoped(using)), [])
    })
  })
})

describe("devices without an address", () => {
  it.effect("are told of once, when they are several", () =>
    Effect.gen(function* () {
      assert.deepStrictEqual(yield* given(tokens([1, 2].map(withoutAddress))), [])
      assert.deepStrictEqual(yield* given(tokens([3, 4, 5].map(withoutAddress))), ["DevicesWithoutAddress"])
    }).pipe(Effect.provide(system()))
  )

  it.effect("are told of once by fifty fibers at a time", () =>
    Effect.gen(function* () {
      const { accessToken } = yield* Sessions.Sessions
      const devices = Array.from({ length: 50 }, (_, n) => withoutAddress(n))
      const all = runToEnd(Effect.forEach(devices, accessToken, { concurrency: "unbounded" }))
      assert.deepStrictEqual(yield* given(all), ["DevicesWithoutAddress"])
    }).pipe(Effect.provide(system()))
  )

  it.effect("are right where a process runs on one, and speaks for an instance, too", () =>
    Effect.gen(function* () {
      const using = Effect.gen(function* () {
        for (let times = 0; times < 5; times++) {
          yield* tokens([withoutAddress(1), withoutAddress(2)])
          yield* TestClock.adjust("7 hours")
        }
      })
      assert.deepStrictEqual(yield* given(using), [])
      assert.strictEqual((yield* (yield* Emulator.Emulator).counts).token, 10)
    }).pipe(Effect.provide(system()))
  )

  it.effect("are not told of again by the next layer for the application", () =>
    Effect.gen(function* () {
      const { counts } = yield* Emulator.Emulator
      const using = (numbers: ReadonlyArray<number>) =>
        Effect.flatMap(another(), (built) => Effect.provide(tokens(numbers.map(withoutAddress)), built))
      assert.deepStrictEqual(yield* given(Effect.scoped(using([1, 2, 3]))), ["DevicesWithoutAddress"])
      assert.deepStrictEqual(yield* given(Effect.scoped(using([4, 5, 6]))), [])
      assert.strictEqual((yield* counts).token, 6)
    }).pipe(Effect.provide(system()))
  )
})

describe("devices with one private address", () => {
  it.effect("are told of once: it is the address of a proxy", () =>
    Effect.gen(function* () {
      const devices = numbered(["10.0.0.1", "203.0.113.1", "10.0.0.1", "10.0.0.1", "10.0.0.2", "10.0.0.2"])
      assert.deepStrictEqual(yield* given(tokens(devices)), ["SharedPrivateAddress"])
    }).pipe(lasting)
  )

  it.effect.each([
    "10.255.255.255",
    "127.0.0.1",
    "169.254.1.1",
    "172.16.0.1",
    "172.31.255.255",
    "192.168.1.1",
    "100.64.0.1",
    "fc00::1",
    "fd12::1",
    "fe80::1",
    "::1",
    "::ffff:10.0.0.1"
  ])("are recognized by %s", (ip) =>
    Effect.gen(function* () {
      assert.deepStrictEqual(yield* given(tokens(numbered([ip, ip]))), ["SharedPrivateAddress"])
    }).pipe(lasting)
  )

  it.effect.each([
    [
      "with a public one, as those of a household",
      [
        "203.0.113.1",
        "203.0.113.1",
        "172.32.0.1",
        "172.32.0.1",
        "100.128.0.1",
        "100.128.0.1",
        "2001:db8::1",
        "2001:db8::1"
      ]
    ],
    ["each with its own", ["10.0.0.1", "172.16.0.1", "192.168.0.1", "fd00::1", "fe80::1", "::1"]]
  ] as const)("are not those %s", ([, addresses]) =>
    Effect.gen(function* () {
      assert.deepStrictEqual(yield* given(tokens(numbered(addresses))), [])
    }).pipe(lasting)
  )

  it.effect("are not those of a developer's machine, when Adobe Pass is an emulator on it", () =>
    Effect.gen(function* () {
      const here = numbered(["127.0.0.1", "127.0.0.1", "::1", "::1"])
      assert.deepStrictEqual(yield* given(tokens(here)), [])
      const elsewhere = [device(5, "10.0.0.1"), device(6, "10.0.0.1")]
      assert.deepStrictEqual(yield* given(tokens(elsewhere)), ["SharedPrivateAddress"])
    }).pipe(Effect.provide(system()))
  )
})

describe("a store in memory", () => {
  it.effect("is told of once, when devices register in an environment of Adobe", () =>
    Effect.gen(function* () {
      assert.deepStrictEqual(yield* given(tokens([device(1), device(2)])), ["CredentialsInMemory"])
    }).pipe(Effect.provide(production()))
  )

  it.effect("is told of when something stands around it", () => {
    const wrapped = Layer.effect(
      CredentialStore.CredentialStore,
      Effect.map(CredentialStore.CredentialStore, (store) => ({ ...store }))
    )
    return Effect.gen(function* () {
      assert.deepStrictEqual(yield* given(token(device())), ["CredentialsInMemory"])
    }).pipe(Effect.provide(production({ store: Layer.provide(wrapped, CredentialStore.layerMemory) })))
  })

  it.effect("is right for an emulator", () =>
    Effect.gen(function* () {
      assert.deepStrictEqual(yield* given(token(device())), [])
    }).pipe(Effect.provide(system()))
  )

  it.effect("is not one of another kind", () =>
    Effect.gen(function* () {
      assert.deepStrictEqual(yield* given(token(device())), [])
    }).pipe(lasting)
  )

  it.effect("is not told of before a device registers", () =>
    Effect.gen(function* () {
      yield* (yield* Emulator.Emulator).revokeStatement()
      assert.deepStrictEqual(yield* given(Effect.flip(token(device()))), [])
    }).pipe(Effect.provide(production()))
  )

  it.effect("is not told of where that is silenced", () => {
    const silenced = Layer.succeed(Warnings.Silenced, new Set(["CredentialsInMemory"] as const))
    return Effect.gen(function* () {
      assert.deepStrictEqual(yield* given(tokens([1, 2, 3].map(withoutAddress))), ["DevicesWithoutAddress"])
    }).pipe(Effect.provide(Layer.provide(production(), silenced)))
  })
})

describe("the clock", () => {
  const start = TestClock.setTime(1_767_225_600_000)
  const skewed = (skew: Parameters<Emulator.Emulator["skewClock"]>[0], direction: "ahead" | "behind") =>
    Effect.gen(function* () {
      yield* start
      yield* (yield* Emulator.Emulator).skewClock(skew, direction)
      return yield* given(tokens([device(1), device(2), device(3)]))
    })

  it.effect.each([
    ["ahead", "ClockBehind"],
    ["behind", "ClockAhead"]
  ] as const)("is told of once when that of Adobe Pass is far %s", ([direction, name]) =>
    Effect.gen(function* () {
      assert.deepStrictEqual(yield* skewed("6 minutes", direction), [name])
    }).pipe(Effect.provide(system()))
  )

  it.effect.each(["ahead", "behind"] as const)(
    "is right when that of Adobe Pass is a little %s",
    (direction) =>
      Effect.gen(function* () {
        assert.deepStrictEqual(yield* skewed("5 minutes", direction), [])
      }).pipe(Effect.provide(system()))
  )

  it.effect("is not told of for one answer, nor for old tokens, whose age differs", () =>
    Effect.gen(function* () {
      yield* start
      const emulator = yield* Emulator.Emulator
      yield* emulator.skewClock("1 hour")
      assert.deepStrictEqual(yield* given(token(device(1))), [])
      const old = (minutes: number) => ({
        access_token: "opaque",
        token_type: "bearer",
        expires_in: 21_600,
        created_at: 1_767_225_600_000 - minutes * 60_000
      })
      for (const minutes of [10, 12, 30, 90]) {
        yield* emulator.fail({ route: "token", fault: Fault.json(201, old(minutes)), times: 1 })
      }
      assert.deepStrictEqual(yield* given(tokens([2, 3, 4, 5].map((n) => device(n)))), [])
    }).pipe(Effect.provide(system()))
  )
})

describe("the clock of a test", () => {
  it.effect("starts in 1970, and is not judged by", () =>
    Effect.gen(function* () {
      const using = Effect.gen(function* () {
        for (let n = 0; n < 5; n++) {
          yield* tokens([device(1), device(2)])
          yield* TestClock.adjust("7 hours")
        }
      })
      assert.deepStrictEqual(yield* given(using), [])
    }).pipe(Effect.provide(system()))
  )

  it.effect("is told of when it is the local one alone: a machine without a battery starts there, too", () =>
    Effect.gen(function* () {
      yield* (yield* Emulator.Emulator).skewClock(Duration.millis(1_767_225_600_000))
      assert.deepStrictEqual(yield* given(tokens([device(1), device(2)])), ["ClockBehind"])
    }).pipe(Effect.provide(system()))
  )
})

describe("the warnings", () => {
  /** All that can be done wrong in one environment. */
  const everythingWrong = Effect.gen(function* () {
    yield* TestClock.setTime(1_767_225_600_000)
    const { skewClock } = yield* Emulator.Emulator
    yield* skewClock("1 hour")
    yield* tokens(numbered(["10.20.30.40", "10.20.30.40"]))
    yield* skewClock("1 hour", "behind")
    yield* Effect.provide(
      tokens([11, 12, 13].map(withoutAddress)),
      yield* another({ environment: "release-production" })
    )
  }).pipe(Effect.scoped)

  it.effect("are lines of the level WARN, one for each name", () =>
    Effect.gen(function* () {
      const lines = yield* written(everythingWrong)
      assert.deepStrictEqual(
        Object.fromEntries(lines.map(({ text, warning }) => [String(warning), text])),
        Warnings.messages
      )
      assert.deepStrictEqual([lines.length, new Set(lines.map(({ level }) => level))], [6, new Set(["WARN"])])
    }).pipe(Effect.provide(production()))
  )

  it.effect("show no secret", () =>
    Effect.gen(function* () {
      const { softwareStatement } = yield* Emulator.Emulator
      const { lines } = yield* witness(everythingWrong)
      const text = lines.map(([, line]) => line).join("\n")
      for (const message of Object.values(Warnings.messages)) assert.include(text, message)
      const { credentials } = yield* (yield* Sessions.Sessions).state(device(0))
      assert.isDefined(credentials)
      const find = searcher([
        { name: "statement", value: withoutJwtHeader(softwareStatement) },
        { name: "client id", value: Redacted.value(credentials?.clientId ?? Redacted.make("")) },
        { name: "client secret", value: Redacted.value(credentials?.clientSecret ?? Redacted.make("")) },
        { name: "device", value: "device-0" },
        { name: "device without an address", value: "device-13" },
        { name: "address", value: "10.20.30.40" }
      ])
      assert.deepStrictEqual(find(text), [])
    }).pipe(Effect.provide(production()))
  )

  it("are one sentence each, which says what to do", () => {
    for (const message of Object.values(Warnings.messages)) {
      assert.match(message, /^[A-Z][^.:]*: [^:]*\.$/)
      assert.notMatch(message, /\. /)
    }
  })

  it.effect("are forgotten with the applications of long ago, of which few are remembered", () =>
    Effect.gen(function* () {
      const application = yield* RegisteredApplication.RegisteredApplication
      const warn = Effect.flatMap(makeWarn(application), (warn) => warn("ClockAhead"))
      assert.deepStrictEqual(yield* given(Effect.zipRight(warn, warn)), ["ClockAhead"])
      for (let n = 0; n < 1000; n++) {
        const softwareStatement = { ...application.softwareStatement, fingerprint: `another-${n}` }
        yield* Effect.scoped(makeUse({ ...application, softwareStatement }))
      }
      assert.deepStrictEqual(yield* given(warn), ["ClockAhead"])
    }).pipe(Effect.provide(system()))
  )
})
