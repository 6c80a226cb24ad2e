import { describe, expect, it } from "@effect/vitest"
import { Effect, Either, Redacted } from "effect"
import { CurrentDevice, CurrentInstance, Device } from "effect-adobe-pass"
import { Emulator } from "effect-adobe-pass-emulator"
import * as EmulatedAdobePass from "effect-adobe-pass-emulator/EmulatedAdobePass"
import { RestV2 } from "effect-adobe-pass-rest-v2"
import { samlResponse } from "./restV2Conversation.js"

const provide = Effect.provide(
  EmulatedAdobePass.layer({ throttle: { burst: 1000 }, emulator: { throttle: "off" } })
)

const serviceProvider = "ACME"
const mvpd = "NorthCable"
const domainName = "acme.example"
const redirectUrl = "https://acme.example/done"

/** Creates a session, and signs a person in for it. */
const signIn = (user: string, given: object = {}) =>
  Effect.gen(function* () {
    const { sessions } = yield* RestV2.RestV2
    const emulator = yield* Emulator.Emulator
    const session = yield* sessions.create({ serviceProvider, mvpd, domainName, redirectUrl, ...given })
    expect(session._tag).toBe("Authenticate")
    const code = session.code ?? ""
    yield* emulator.signIn({ code, user })
    return code
  })

const tags = (decisions: ReadonlyArray<{ readonly _tag: string }>) => decisions.map(({ _tag }) => _tag)

const otherDevice = Either.getOrThrow(
  Device.make({
    id: "device-2",
    ip: "203.0.113.8",
    info: { model: "TV", version: "1", osName: "Linux", osVersion: "1", connectionType: "LAN" }
  })
)

/** What Adobe asks to cover in tests, each played by the emulator to the library (J6). */
describe("the library over the emulator (J6)", () => {
  it.effect("signs in on the same screen, is permitted and denied, and signs out", () =>
    Effect.gen(function* () {
      const { configuration, decisions, logout, profiles, sessions } = yield* RestV2.RestV2
      const { requestor } = yield* configuration.retrieve({ serviceProvider })
      expect(requestor.mvpds.map(({ id }) => id)).toContain(mvpd)
      const code = yield* signIn("ned")
      expect(Either.getOrThrow(sessions.authenticateUrl({ serviceProvider, code }))).toMatch(
        /^http:\/\/127\.0\.0\.1\//
      )
      expect(yield* profiles.forCode({ serviceProvider, code })).toMatchObject({
        [mvpd]: { type: "regular" }
      })
      expect(yield* profiles.all({ serviceProvider })).toMatchObject({ [mvpd]: { issuer: mvpd } })

      const [permit, denial] = [
        yield* decisions.authorize({ serviceProvider, mvpd, resources: ["acme-live"] }),
        yield* decisions.authorize({ serviceProvider, mvpd, resources: ["acme-plus"] })
      ]
      expect([tags(permit), tags(denial)]).toEqual([["AuthorizationPermit"], ["AuthorizationDenial"]])
      const catalogue = yield* decisions.preauthorize({
        serviceProvider,
        mvpd,
        resources: ["acme-live", "acme-plus"]
      })
      expect(tags(catalogue)).toEqual(["PreauthorizationPermit", "PreauthorizationDenial"])

      expect(yield* logout.initiate({ serviceProvider, mvpd, redirectUrl })).toMatchObject({
        [mvpd]: { _tag: "LogoutAtMvpd" }
      })
      expect(yield* profiles.all({ serviceProvider })).toEqual({})
    }).pipe(provide)
  )

  it.effect("signs in on a second screen", () =>
    Effect.gen(function* () {
      const { profiles, sessions, withoutDevice } = yield* RestV2.RestV2
      const shown = yield* sessions.create({ serviceProvider })
      expect(shown).toMatchObject({
        _tag: "Resume",
        missingParameters: ["mvpd", "domainName", "redirectUrl"]
      })
      const code = shown.code ?? ""
      const found = yield* withoutDevice.sessions.retrieve({ serviceProvider, code })
      expect(found.device).toMatchObject({ model: "AFTM", operatingSystem: { name: "Android" } })
      expect(found.missingParameters).toEqual(["mvpd", "domainName", "redirectUrl"])
      const resumed = yield* withoutDevice.sessions.resume({
        serviceProvider,
        code,
        mvpd,
        domainName,
        redirectUrl
      })
      expect(resumed._tag).toBe("Authenticate")
      yield* (yield* Emulator.Emulator).signIn({ code })
      expect(yield* profiles.forCode({ serviceProvider, code })).toMatchObject({ [mvpd]: {} })
      const typo = yield* Effect.flip(withoutDevice.sessions.retrieve({ serviceProvider, code: "AAAAAAA" }))
      expect(typo).toMatchObject({ _tag: "RequestRejected", code: "invalid_parameter_code" })
    }).pipe(Effect.provideService(CurrentInstance, otherDevice), provide)
  )

  it.effect("goes on while an MVPD is degraded", () =>
    Effect.gen(function* () {
      const { decisions, profiles, sessions } = yield* RestV2.RestV2
      yield* (yield* Emulator.Emulator).degrade(mvpd, "AuthNAll")
      expect(yield* sessions.create({ serviceProvider, mvpd })).toMatchObject({
        _tag: "Authorize",
        reasonType: "degraded"
      })
      expect(yield* profiles.forMvpd({ serviceProvider, mvpd })).toMatchObject({
        [mvpd]: { type: "degraded" }
      })
      const [decision] = yield* decisions.authorize({ serviceProvider, mvpd, resources: ["acme-live"] })
      expect(decision).toMatchObject({ _tag: "AuthorizationPermit", source: "degradation" })
    }).pipe(provide)
  )

  it.effect("uses a TempPass until it is used up", () =>
    Effect.gen(function* () {
      const { decisions, profiles } = yield* RestV2.RestV2
      const promotional = {
        serviceProvider,
        mvpd: "TempPass_AcmePromo",
        tempPassIdentity: { email: "hash" }
      }
      const verdict = (resource: string) =>
        Effect.map(decisions.authorize({ ...promotional, resources: [resource] }), tags)
      expect([yield* verdict("one"), yield* verdict("two"), yield* verdict("three")]).toEqual([
        ["AuthorizationPermit"],
        ["AuthorizationPermit"],
        ["AuthorizationDenial"]
      ])
      const error = yield* Effect.flip(profiles.forMvpd(promotional))
      expect(error).toMatchObject({
        _tag: "AuthenticationRequired",
        code: "temporary_access_resources_limit_exceeded"
      })
    }).pipe(provide)
  )

  it.effect("shares a login by single sign-on", () =>
    Effect.gen(function* () {
      const { profiles } = yield* RestV2.RestV2
      const payload = Buffer.from(JSON.stringify({ sub: "anna" })).toString("base64url")
      const serviceToken = Redacted.make(`e30.${payload}.c2ln`)
      yield* signIn("nora", { serviceToken })
      const elsewhere = profiles
        .all({ serviceProvider, serviceToken })
        .pipe(Effect.provideService(CurrentDevice, otherDevice))
      expect(yield* elsewhere).toMatchObject({ [mvpd]: { type: "serviceTokenSSO" } })
    }).pipe(provide)
  )

  it.effect("signs in through a partner", () =>
    Effect.gen(function* () {
      const { logout, partnerSingleSignOn } = yield* RestV2.RestV2
      const partnerFrameworkStatus = {
        frameworkPermissionInfo: { accessStatus: "granted" },
        frameworkProviderInfo: { id: "NCBL", expirationDate: "4000000000000" }
      }
      const asked = yield* partnerSingleSignOn.requestAuthentication({
        serviceProvider,
        domainName,
        redirectUrl,
        partnerFrameworkStatus
      })
      expect(asked).toMatchObject({ _tag: "PartnerProfile", mvpd })
      const profile = yield* partnerSingleSignOn.createProfile({
        serviceProvider,
        samlResponse: Redacted.make(samlResponse("nora")),
        partnerFrameworkStatus
      })
      expect(profile).toMatchObject({ [mvpd]: { type: "appleSSO", issuer: "Apple" } })
      expect(yield* logout.initiate({ serviceProvider, mvpd })).toMatchObject({
        [mvpd]: { _tag: "LogoutAtPartner" }
      })
    }).pipe(provide)
  )
})
