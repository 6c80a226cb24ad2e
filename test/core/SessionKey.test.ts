import { assert, describe, it } from "@effect/vitest"
import { Effect, Either, FastCheck as fc, Redacted } from "effect"
import { Device, Environment, RegisteredApplication, SessionKey } from "effect-adobe-pass"
import { unsigned } from "../support/exchanges.js"
import { runs } from "../support/property.js"
import { info } from "../support/system.js"

const application = (
  options: Partial<RegisteredApplication.ApplicationOptions> = {},
  sub = "an-application",
  iat = 1
) =>
  RegisteredApplication.make({
    environment: "release-staging",
    softwareStatement: Redacted.make(unsigned({ sub, iss: "auth.adobe.com", iat })),
    ...options
  })
const device = (id: string, ip?: string) => Either.getOrThrow(Device.make({ id, info, ip }))
const key = (
  options?: Partial<RegisteredApplication.ApplicationOptions>,
  id = "a-device",
  sub?: string,
  iat?: number
) => Effect.flatMap(application(options, sub, iat), (app) => SessionKey.make(app, device(id)))

describe("the key of a session", () => {
  it.effect("is 64 hexadecimal digits, and the same every time (G4)", () =>
    Effect.gen(function* () {
      const first = yield* key()
      assert.match(first, /^[0-9a-f]{64}$/)
      assert.strictEqual(yield* key(), first)
    })
  )

  it.effect("differs in another environment, also in one that only has another host (A14)", () =>
    Effect.gen(function* () {
      const own = (sp: string) => Either.getOrThrow(Environment.custom({ name: "own", sp }))
      const keys = yield* Effect.all([
        key(),
        key({ environment: "release-production" }),
        key({ environment: "prequal-staging" }),
        key({ environment: own("https://a.example.com") }),
        key({ environment: own("https://b.example.com") })
      ])
      assert.strictEqual(new Set(keys).size, keys.length)
    })
  )

  it.effect("differs for another device (A4)", () =>
    Effect.gen(function* () {
      assert.notStrictEqual(yield* key({}, "a"), yield* key({}, "b"))
    })
  )

  it.effect("differs for another application, and not for another download of the same (A15)", () =>
    Effect.gen(function* () {
      assert.notStrictEqual(yield* key({}, "a", "one"), yield* key({}, "a", "two"))
      assert.strictEqual(yield* key({}, "a", "one", 1), yield* key({}, "a", "one", 2))
    })
  )

  it.effect("does not depend on the address and the description of the device, which change", () =>
    Effect.gen(function* () {
      const app = yield* application()
      const moved = Either.getOrThrow(
        Device.make({ id: "a", ip: "203.0.113.8", info: { ...info, osVersion: "6" } })
      )
      assert.strictEqual(
        yield* SessionKey.make(app, device("a", "203.0.113.7")),
        yield* SessionKey.make(app, moved)
      )
    })
  )

  it.effect.prop(
    "is another one for any two identifiers (A4)",
    [
      fc.uniqueArray(
        fc.string({ minLength: 1, maxLength: 8 }).filter((id) => /^[!-~]+$/.test(id)),
        { minLength: 2 }
      )
    ],
    ([ids]) =>
      Effect.gen(function* () {
        const app = yield* application()
        const keys = yield* Effect.forEach(ids, (id) => SessionKey.make(app, device(id)))
        assert.strictEqual(new Set(keys).size, ids.length)
      }),
    runs(50)
  )
})
