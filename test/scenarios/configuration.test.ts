import { assert, describe, it } from "@effect/vitest"
import { ConfigError, ConfigProvider, Effect, Layer, Redacted } from "effect"
import { AdobePass, CurrentDevice, ProtectedClient } from "effect-adobe-pass"
import { Emulator } from "effect-adobe-pass-emulator"
import { makeStore } from "../support/store.js"
import { adobePass, device } from "../support/system.js"
import { runToEnd } from "../support/time.js"

const statement = `${btoa('{"alg":"RS256"}')}.${btoa('{"sub":"an-application"}')}.c2ln`.replaceAll("=", "")

const load = (variables: Record<string, string>) =>
  Effect.withConfigProvider(
    AdobePass.config,
    ConfigProvider.fromMap(new Map(Object.entries(variables)), { pathDelim: "_" })
  )

const required = { ADOBE_PASS_ENVIRONMENT: "release-staging", ADOBE_PASS_SOFTWARE_STATEMENT: statement }

describe("the configuration", () => {
  it.effect("needs an environment and a software statement, and nothing else (J1)", () =>
    Effect.gen(function* () {
      const options = yield* load(required)
      assert.deepStrictEqual(options.environment, {
        name: "release-staging",
        sp: "https://sp.auth-staging.adobe.com",
        mgmt: "https://mgmt.auth-staging.adobe.com"
      })
      assert.strictEqual(Redacted.value(options.softwareStatement), statement)
      for (const missing of Object.keys(required)) {
        const rest = Object.fromEntries(Object.entries(required).filter(([name]) => name !== missing))
        const error = yield* Effect.flip(load(rest))
        assert.isTrue(ConfigError.isConfigError(error))
        assert.include(String(error), missing.replace("ADOBE_PASS_", ""))
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
        ADOBE_PASS_THROTTLE_REPLENISH: "never",
        ADOBE_PASS_SESSIONS_CAPACITY: "7",
        ADOBE_PASS_SESSIONS_REREGISTER: "never"
      })
      assert.strictEqual(options.redirectUri, "https://tv.example.com/done")
      assert.strictEqual(options.retry?.attempts, 5)
      assert.deepStrictEqual([options.throttle?.burst, options.throttle?.replenish], [3, "never"])
      assert.deepStrictEqual([options.sessions?.capacity, options.sessions?.reregister], [7, "never"])
    })
  )

  const wrong: ReadonlyArray<Record<string, string>> = [
    { ADOBE_PASS_ENVIRONMENT: "production" },
    { ADOBE_PASS_SP_URL: "http://sp.example.com", ADOBE_PASS_ENVIRONMENT: "mine" },
    { ADOBE_PASS_THROTTLE_REPLENISH: "sometimes" },
    { ADOBE_PASS_TIMEOUT: "soon" },
    { ADOBE_PASS_SESSIONS_CAPACITY: "many" }
  ]
  it.effect.each(wrong)("refuses %o", (variables) =>
    Effect.gen(function* () {
      const error = yield* Effect.flip(load({ ...required, ...variables }))
      assert.isTrue(ConfigError.isConfigError(error))
      assert.notInclude(String(error), statement)
    })
  )
})

describe("the layer", () => {
  const invalid: ReadonlyArray<readonly [string, Partial<AdobePass.Options>]> = [
    ["softwareStatement", { softwareStatement: Redacted.make("not a statement") }],
    ["redirectUri", { redirectUri: "nowhere" }],
    ["userAgent", { userAgent: "a\r\nb" }],
    ["throttle.burst", { throttle: { burst: 0 } }],
    ["throttle.interval", { throttle: { interval: 0 } }],
    ["sessions.capacity", { sessions: { capacity: 0.5 } }],
    ["timeout", { timeout: 0 }],
    ["retry.attempts", { retry: { attempts: 0 } }],
    ["sessions.refreshWindow", { sessions: { refreshWindow: { minimum: -1 } } }]
  ]
  it.effect.each(invalid)("refuses a bad %s before anything is sent", ([field, options]) =>
    Effect.gen(function* () {
      const error = yield* Effect.flip(
        Effect.scoped(Layer.build(adobePass(options).pipe(Layer.provide(makeStore().layer))))
      )
      assert.strictEqual(error._tag, "InvalidInput")
      assert.strictEqual(error.field, field)
      assert.deepStrictEqual(yield* (yield* Emulator.Emulator).log, [])
    }).pipe(Effect.provide(Emulator.layer()))
  )

  it.effect("from configuration runs the flow", () =>
    Effect.gen(function* () {
      const { softwareStatement } = yield* Emulator.Emulator
      const variables = new Map([
        ["ADOBE_PASS_ENVIRONMENT", "emulator"],
        ["ADOBE_PASS_SP_URL", "http://127.0.0.1"],
        ["ADOBE_PASS_SOFTWARE_STATEMENT", `${softwareStatement}\n`]
      ])
      const library = AdobePass.layerConfig().pipe(
        Layer.provide(makeStore().layer),
        Layer.provide(Layer.setConfigProvider(ConfigProvider.fromMap(variables, { pathDelim: "_" })))
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
