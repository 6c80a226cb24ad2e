import { assert, describe, it } from "@effect/vitest"
import { Effect, Redacted } from "effect"
import { CurrentDevice, CurrentInstance } from "effect-adobe-pass"
import { Emulator, Fault } from "effect-adobe-pass-emulator"
import { RestV2 } from "effect-adobe-pass-rest-v2"
import { device, system } from "../support/system.js"

const serviceProvider = "ACME"
const parameters = {
  mvpd: "NorthCable",
  domainName: "acme.example",
  redirectUrl: "https://acme.example/done"
}

const onEmulator = <A, E>(
  program: Effect.Effect<A, E, CurrentDevice | CurrentInstance | Emulator.Emulator | RestV2.RestV2>
) =>
  program.pipe(
    Effect.provide(RestV2.layer),
    Effect.provideService(CurrentDevice, device(1)),
    Effect.provideService(CurrentInstance, device(2)),
    Effect.provide(system({ emulator: { restV2: "emulated" } }))
  )

describe("a second screen", () => {
  it.effect("checks a typed code, by what the session lacks or with the parameters that it has (C9)", () =>
    onEmulator(
      Effect.gen(function* () {
        const { sessions, withoutDevice } = yield* RestV2.RestV2
        const { code = "" } = yield* sessions.create({ serviceProvider })
        const typo = `${code.slice(0, -1)}${code.endsWith("A") ? "B" : "A"}`
        const mistyped = { serviceProvider, code: typo }
        const refused = { _tag: "RequestRejected", code: "invalid_parameter_code" } as const
        assert.deepInclude(yield* Effect.flip(withoutDevice.sessions.retrieve(mistyped)), refused)
        assert.deepInclude(
          yield* Effect.flip(withoutDevice.sessions.resume({ ...mistyped, ...parameters })),
          refused
        )
        const found = yield* withoutDevice.sessions.retrieve({ serviceProvider, code })
        assert.deepStrictEqual(found.missingParameters, ["mvpd", "domainName", "redirectUrl"])
        const session = yield* withoutDevice.sessions.resume({ serviceProvider, code, ...parameters })
        assert.strictEqual(session._tag, "Authenticate")
      })
    )
  )

  it.effect("leads to a profile of the device, and to a media token for it", () =>
    onEmulator(
      Effect.gen(function* () {
        const { decisions, profiles, sessions, withoutDevice } = yield* RestV2.RestV2
        const emulator = yield* Emulator.Emulator
        const { code = "" } = yield* sessions.create({ serviceProvider })
        yield* withoutDevice.sessions.resume({ serviceProvider, code, ...parameters })
        assert.deepStrictEqual(yield* profiles.forCode({ serviceProvider, code }), {})
        yield* emulator.signIn({ code })
        assert.hasAllKeys(yield* profiles.forCode({ serviceProvider, code }), ["NorthCable"])
        const [permit] = yield* decisions.authorize({
          serviceProvider,
          mvpd: "NorthCable",
          resources: ["acme-live"]
        })
        assert.isTrue(permit?._tag === "AuthorizationPermit" && permit.token !== undefined)
      })
    )
  )
})

describe("a media token", () => {
  it.effect("is passed on as it came, whatever it looks like (E4)", () =>
    onEmulator(
      Effect.gen(function* () {
        const emulator = yield* Emulator.Emulator
        const { decisions } = yield* RestV2.RestV2
        const serializedToken = "  PHNpZ25hdHVyZUluZm8+ä/+==\n"
        const decision = { resource: "acme-live", serviceProvider, mvpd: "NorthCable", source: "mvpd" }
        const answer = { decisions: [{ ...decision, authorized: true, token: { serializedToken } }] }
        yield* emulator.fail({ route: "api", fault: Fault.json(200, answer) })
        const [permit] = yield* decisions.authorize({
          serviceProvider,
          mvpd: "NorthCable",
          resources: ["acme-live"]
        })
        const token = permit?._tag === "AuthorizationPermit" ? permit.token : undefined
        assert.strictEqual(token && Redacted.value(token.serializedToken), serializedToken)
      })
    )
  )
})
