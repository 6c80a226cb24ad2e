import { KeyValueStore } from "@effect/platform"
import { assert, describe, it } from "@effect/vitest"
import { Cause, Chunk, ConfigError, ConfigProvider, Duration, Effect, Exit, Layer, Redacted } from "effect"
import { AdobePass, CredentialStore, CurrentDevice, ProtectedClient } from "effect-adobe-pass"
import { Emulator, Fault } from "effect-adobe-pass-emulator"
import { makeStore } from "../support/store.js"
import { adobePass, device, emulatorEnvironment, system } from "../support/system.js"
import { runToEnd } from "../support/time.js"

const statement = `${btoa('{"alg":"RS256"}')}.${btoa('{"sub":"an-application"}')}.c2ln`.replaceAll("=", "")

const provider = (variables: Record<string, string>) =>
  ConfigProvider.fromMap(new Map(Object.entries(variables)))

const load = (variables: Record<string, string>) =>
  Effect.withConfigProvider(AdobePass.config, provider(variables))

const required = { ADOBE_PASS_ENVIRONMENT: "release-staging", ADOBE_PASS_SOFTWARE_STATEMENT: statement }

describe("the configuration", () => {
  it.effect("needs an environment and a software statement, and nothing else (J1)", () =>
    Effect.gen(function* () {
      const options = yield* load(required)
      assert.deepStrictEqual(options.environment, {
        name: "release-staging",
        sp: "https://sp.auth-staging.adobe.com",
        mgmt: "https://mgmt.auth-staging.adobe.com",
        aliases: ["https://api.auth-staging.adobe.com"]
      })
      assert.strictEqual(Redacted.value(options.softwareStatement), statement)
      for (const missing of Object.keys(required)) {
        const rest = Object.fromEntries(Object.entries(required).filter(([name]) => name !== missing))
        const error = yield* Effect.flip(load(rest))
        assert.isTrue(ConfigError.isConfigError(error))
        assert.match(String(error), new RegExp(`^\\(Missing data at ${missing}: "Expected ${missing} `))
      }
    })
  )

  it.effect("reads every tunable", () =>
    Effect.gen(function* () {
      const options = yield* load({
        ...required,
        ADOBE_PASS_REDIRECT_URI: "https://tv.example.com/done",
        ADOBE_PASS_TIMEOUT: "3 seconds",
        ADOBE_PASS_RETRY_ATTEMPTS: "5",
        ADOBE_PASS_THROTTLE_BURST: "3",
        ADOBE_PASS_THROTTLE_REPLENISH: "once",
        ADOBE_PASS_SESSIONS_CAPACITY: "7",
        ADOBE_PASS_SESSIONS_REREGISTER: "never"
      })
      assert.strictEqual(options.redirectUri, "https://tv.example.com/done")
      assert.strictEqual(options.retry?.attempts, 5)
      assert.deepStrictEqual([options.throttle?.burst, options.throttle?.replenish], [3, "once"])
      assert.deepStrictEqual([options.sessions?.capacity, options.sessions?.reregister], [7, "never"])
    })
  )

  const optional = [
    "SP_URL",
    "MGMT_URL",
    "REDIRECT_URI",
    "USER_AGENT",
    "TIMEOUT",
    "RETRY_ATTEMPTS",
    "THROTTLE_BURST",
    "MISSING_SCOPE"
  ].map((name) => `ADOBE_PASS_${name}`)

  for (const blank of ["", " ", "\t\n"]) {
    it.effect(`takes ${JSON.stringify(blank)} for a variable that is not set`, () =>
      Effect.gen(function* () {
        const unset = yield* load(required)
        const blanks = Object.fromEntries(optional.map((name) => [name, blank]))
        const { softwareStatement: _, ...options } = yield* load({ ...required, ...blanks })
        assert.deepInclude(unset, options)
        const error = yield* Effect.flip(load({ ...required, ADOBE_PASS_ENVIRONMENT: blank }))
        assert.strictEqual(
          String(error),
          '(Missing data at ADOBE_PASS_ENVIRONMENT: "Expected ADOBE_PASS_ENVIRONMENT to be set")'
        )
      })
    )
  }

  it.effect("drops the space around a value", () =>
    Effect.gen(function* () {
      const options = yield* load({
        ...required,
        ADOBE_PASS_ENVIRONMENT: " prequal-staging\n",
        ADOBE_PASS_RETRY_ATTEMPTS: " 5 ",
        ADOBE_PASS_MISSING_SCOPE: "send\r"
      })
      assert.strictEqual((options.environment as { readonly name: string }).name, "prequal-staging")
      assert.deepStrictEqual([options.retry?.attempts, options.missingScope], [5, "send"])
    })
  )

  it.effect.each([
    [{ ADOBE_PASS_ENVIRONMENT: "emulator" }, "for an environment of your own also set ADOBE_PASS_SP_URL"],
    [
      { ADOBE_PASS_ENVIRONMENT: "release-staging", ADOBE_PASS_SP_URL: "https://sp.example.com" },
      "unset ADOBE_PASS_SP_URL, or choose another name"
    ]
  ] as const)("says of the environment %o what to do", ([variables, remedy]) =>
    Effect.gen(function* () {
      const error = yield* Effect.flip(load({ ...required, ...variables }))
      assert.include(String(error), "(Invalid data at ADOBE_PASS_ENVIRONMENT: ")
      assert.include(String(error), remedy)
    })
  )

  it.effect("waits for the throttle without limit when a variable says infinity", () =>
    Effect.gen(function* () {
      const options = yield* load({ ...required, ADOBE_PASS_THROTTLE_MAX_WAIT: "infinity" })
      assert.strictEqual(options.throttle?.maxWait, Duration.infinity)
      yield* AdobePass.check(options)
      const error = yield* Effect.flip(load({ ...required, ADOBE_PASS_TIMEOUT: "infinity" }))
      assert.include(String(error), "ADOBE_PASS_TIMEOUT")
    })
  )

  const wrong: ReadonlyArray<Record<string, string>> = [
    { ADOBE_PASS_THROTTLE_RATE: "fast" },
    { ADOBE_PASS_ENVIRONMENT: "production" },
    { ADOBE_PASS_ENVIRONMENT: "prequal-staging", ADOBE_PASS_SP_URL: "https://sp.example.com" },
    { ADOBE_PASS_SP_URL: "http://sp.example.com", ADOBE_PASS_ENVIRONMENT: "mine" },
    {
      ADOBE_PASS_MGMT_URL: "nowhere",
      ADOBE_PASS_SP_URL: "https://sp.example.com",
      ADOBE_PASS_ENVIRONMENT: "mine"
    },
    { ADOBE_PASS_THROTTLE_REPLENISH: "sometimes" },
    { ADOBE_PASS_TIMEOUT: "soon" },
    { ADOBE_PASS_SESSIONS_CAPACITY: "many" }
  ]
  it.effect.each(wrong)("refuses %o, names the first of these, and repeats no value", (variables) =>
    Effect.gen(function* () {
      const error = yield* Effect.flip(load({ ...required, ...variables }))
      assert.isTrue(ConfigError.isConfigError(error))
      const [[name, value] = []] = Object.entries(variables)
      assert.include(String(error), `(Invalid data at ${name}: "`)
      assert.notInclude(String(error), `"${value}"`)
      assert.notInclude(String(error), statement)
    })
  )

  it.effect.each([
    ["ADOBE_PASS_SOFTWARE_STATEMENT", "", "is empty: use the content of the file"],
    ["ADOBE_PASS_SOFTWARE_STATEMENT", "not a statement", "is not a JWT"],
    ["ADOBE_PASS_REDIRECT_URI", "nowhere", "is not an absolute URI"],
    ["ADOBE_PASS_USER_AGENT", "a\r\nb", "must be printable ASCII"],
    ["ADOBE_PASS_TIMEOUT", "0 seconds", "must be a duration"],
    ["ADOBE_PASS_THROTTLE_BURST", "-1", "must be a whole number"],
    ["ADOBE_PASS_SESSIONS_REFRESH_WINDOW", "", "must have a minimum"]
  ] as const)("names %s in place of the option when the layer refuses %o", ([name, value, problem]) =>
    Effect.gen(function* () {
      const variables = {
        ...required,
        ...(problem === "must have a minimum"
          ? { ADOBE_PASS_SESSIONS_REFRESH_WINDOW_MINIMUM: "1 hour" }
          : { [name]: value })
      }
      const layer = AdobePass.layerConfig().pipe(
        Layer.provide([makeStore().layer, Emulator.layer(), Layer.setConfigProvider(provider(variables))])
      )
      const error = yield* Effect.flip(Effect.scoped(Layer.build(layer)))
      assert.strictEqual(ConfigError.isConfigError(error) ? undefined : error._tag, "InvalidInput")
      assert.isTrue(error.message.startsWith(`${name} ${problem}`), error.message)
    })
  )
})

describe("the layer", () => {
  const invalid: ReadonlyArray<readonly [string, Partial<AdobePass.AdobePassOptions>]> = [
    ["softwareStatement", { softwareStatement: Redacted.make("not a statement") }],
    ["redirectUri", { redirectUri: "nowhere" }],
    ["userAgent", { userAgent: "a\r\nb" }],
    ["throttle.burst", { throttle: { burst: -1 } }],
    ["throttle.rate", { throttle: { rate: 0 } }],
    ["sessions.capacity", { sessions: { capacity: 0.5 } }],
    ["timeout", { timeout: 0 }],
    ["retry.attempts", { retry: { attempts: 0 } }],
    // As from plain JavaScript.
    ["retry", { retry: null as never }],
    ["throttle", { throttle: "a secret" as never }],
    ["retryQuota", { retryQuota: Number.NaN }],
    ["retryQuota", { retryQuota: -1 }],
    ["sessions.refreshWindow.minimum", { sessions: { refreshWindow: { minimum: -1 } } }],
    ["sessions.refreshWindow", { sessions: { refreshWindow: { minimum: "1 hour" } } }],
    ["timout", { timout: "1 second" } as never],
    ["throttle.brust", { throttle: { brust: 3 } as never }],
    ["sessions.refreshWindow.max", { sessions: { refreshWindow: { max: "1 hour" } as never } }]
  ]
  it.effect.each(invalid)("refuses a bad %s before anything is sent", ([field, options]) =>
    Effect.gen(function* () {
      const error = yield* Effect.flip(
        Effect.scoped(Layer.build(adobePass(options).pipe(Layer.provide(makeStore().layer))))
      )
      assert.strictEqual(error._tag, "InvalidInput")
      assert.strictEqual(error.field, field)
      assert.match(error.message, /^[\w.]+ (must|is|has) (?!.*a secret)/)
      assert.deepStrictEqual(yield* (yield* Emulator.Emulator).log, [])
    }).pipe(Effect.provide(Emulator.layer()))
  )

  it.effect("tells of a wrong option once", () =>
    Effect.gen(function* () {
      const exit = yield* Effect.exit(
        Effect.scoped(
          Layer.build(adobePass({ retry: { attempts: 0 } }).pipe(Layer.provide(makeStore().layer)))
        )
      )
      assert.strictEqual(Exit.isFailure(exit) ? Chunk.size(Cause.failures(exit.cause)) : 0, 1)
    }).pipe(Effect.provide(Emulator.layer()))
  )

  it.effect.each(["soon", 0, "-1 seconds", Duration.infinity, "25 days"])(
    "of a key-value store refuses the time limit %s",
    (timeout) =>
      Effect.gen(function* () {
        const layer = CredentialStore.layerKeyValueStore({
          // As from plain JavaScript.
          timeout: timeout as Duration.DurationInput
        })
        const error = yield* Effect.flip(
          Effect.scoped(Layer.build(Layer.provide(layer, KeyValueStore.layerMemory)))
        )
        assert.deepInclude(error, { _tag: "InvalidInput", field: "timeout" })
      })
  )

  it.effect.each([
    [0, 1],
    [5, 2]
  ])(
    "has one quota of repetitions for every request: with %d, a token is requested %d times",
    ([quota, times]) =>
      Effect.gen(function* () {
        const emulator = yield* Emulator.Emulator
        yield* emulator.fail({ route: "token", fault: Fault.answer(503), times: Number.POSITIVE_INFINITY })
        const adobe = yield* ProtectedClient.ProtectedClient
        yield* Effect.flip(runToEnd(adobe.get("/api/v2/ACME/configuration")))
        assert.strictEqual((yield* emulator.counts).token, times)
      }).pipe(Effect.provideService(CurrentDevice, device()), Effect.provide(system({ retryQuota: quota })))
  )

  it.effect("starts with a full quota and full buckets each time it is built", () =>
    Effect.gen(function* () {
      const emulator = yield* Emulator.Emulator
      yield* emulator.fail({ route: "register", fault: Fault.answer(503), times: Number.POSITIVE_INFINITY })
      const layer = AdobePass.layer({
        environment: emulatorEnvironment,
        softwareStatement: Redacted.make(emulator.softwareStatement),
        retryQuota: 10,
        throttle: { burst: 2, maxWait: 1 }
      }).pipe(Layer.provide(makeStore().layer))
      const call = Effect.flatMap(ProtectedClient.ProtectedClient, (adobe) =>
        adobe.get("/api/v2/ACME/configuration")
      )
      for (let build = 1; build <= 3; build++) {
        yield* Effect.flip(runToEnd(Effect.provide(call, layer)))
        assert.strictEqual((yield* emulator.counts).register, build * 3)
      }
    }).pipe(
      Effect.provideService(CurrentDevice, device()),
      Effect.provide(Emulator.layer({ throttle: "off" }))
    )
  )

  it.effect("from configuration runs the flow", () =>
    Effect.gen(function* () {
      const { softwareStatement } = yield* Emulator.Emulator
      const variables = {
        ADOBE_PASS_ENVIRONMENT: "emulator",
        ADOBE_PASS_SP_URL: "http://127.0.0.1",
        ADOBE_PASS_SOFTWARE_STATEMENT: `${softwareStatement}\n`
      }
      const library = AdobePass.layerConfig().pipe(
        Layer.provide(makeStore().layer),
        Layer.provide(Layer.setConfigProvider(provider(variables)))
      )
      const response = yield* runToEnd(
        Effect.provide(
          Effect.flatMap(ProtectedClient.ProtectedClient, (adobe) => adobe.get("/api/v2/ACME/configuration")),
          library
        )
      )
      assert.strictEqual(response.status, 200)
    }).pipe(Effect.provideService(CurrentDevice, device()), Effect.provide(Emulator.layer()))
  )
})
