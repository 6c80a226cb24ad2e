import * as Crypto from "node:crypto"
import * as HttpClientRequest from "@effect/platform/HttpClientRequest"
import { describe, expect, it } from "@effect/vitest"
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as TestClock from "effect/TestClock"
import { Emulator } from "effect-adobe-pass-emulator"
import { json, send } from "./conversation.js"
import {
  application,
  base64Json,
  callsOf,
  decisionsOf,
  deviceHeaders,
  failure,
  parameters,
  signIn,
  verdictsOf
} from "./restV2Conversation.js"

const unthrottled = Emulator.layer({ throttle: "off" })

const day = 86_400_000

type Application = Effect.Effect.Success<ReturnType<typeof application>>

const authorize = (app: Application, resource: string, mvpd = "NorthCable", headers = {}) =>
  app.json(`ACME/decisions/authorize/${mvpd}`, { resources: [resource] }, headers)

const preauthorize = (app: Application, resources: ReadonlyArray<string>, mvpd = "NorthCable") =>
  app.json(`ACME/decisions/preauthorize/${mvpd}`, { resources })

describe("decisions", () => {
  it.effect("to authorize carry a media token of seven minutes, and their own validity", () =>
    Effect.gen(function* () {
      const app = yield* application()
      yield* signIn(app)
      yield* TestClock.setTime(5000)
      const answer = yield* authorize(app, "acme-live ")
      expect(json(answer)).toEqual({
        decisions: [
          {
            resource: "acme-live ",
            serviceProvider: "ACME",
            mvpd: "NorthCable",
            source: "mvpd",
            authorized: true,
            notBefore: 5000,
            notAfter: 5000 + day,
            token: { notBefore: 5000, notAfter: 425_000, serializedToken: expect.any(String) }
          }
        ]
      })
      const serialized = decisionsOf(answer)[0]?.token?.serializedToken ?? ""
      const token = Buffer.from(serialized, "base64").toString("utf8")
      expect(token).toContain("<requestorID>ACME</requestorID><resourceID>acme-live</resourceID>")
      const again = yield* authorize(app, "acme-live ")
      expect(decisionsOf(again)[0]?.token?.serializedToken).not.toBe(serialized)
    }).pipe(Effect.provide(unthrottled))
  )

  it.effect("to preauthorize are mixed and carry no token", () =>
    Effect.gen(function* () {
      const app = yield* application()
      yield* signIn(app, { mvpd: "NorthCable", user: "ned", password: "north" })
      const answer = yield* preauthorize(app, ["acme-live", "acme-plus", "acme-news"])
      expect([answer.status, verdictsOf(answer)]).toEqual([
        200,
        ["permit", "preauthorization_denied_by_mvpd", "permit"]
      ])
      expect(answer.text).not.toContain("serializedToken")
      expect(decisionsOf(answer)[1]?.error?.status).toBe(403)
      const six = yield* preauthorize(app, ["1", "2", "3", "4", "5", "6"])
      expect(failure(six)).toEqual([403, "too_many_resources"])
    }).pipe(Effect.provide(unthrottled))
  )

  it.effect("follow the plan that a script sets", () =>
    Effect.gen(function* () {
      const app = yield* application()
      const { setPlan } = yield* Emulator.Emulator
      yield* signIn(app)
      yield* setPlan("NorthCable", "nora", ["acme-news"])
      expect(verdictsOf(yield* authorize(app, "acme-live"))).toEqual(["authorization_denied_by_mvpd"])
      yield* setPlan("NorthCable", "nora", "all")
      expect(verdictsOf(yield* authorize(app, "acme-live"))).toEqual(["permit"])
    }).pipe(Effect.provide(unthrottled))
  )

  it.effect("look at the rating of a resource, also of an MRSS one", () =>
    Effect.gen(function* () {
      const app = yield* application()
      yield* signIn(app, { mvpd: "FamilyCable", user: "fred", password: "family" })
      const rated = (rating: string) =>
        `<rss version="2.0" xmlns:media="http://search.yahoo.com/mrss/"><channel><title>acme-live</title><item>` +
        `<media:rating scheme="urn:v-chip">${rating}</media:rating></item></channel></rss>`
      const answer = yield* preauthorize(
        app,
        [rated("tv-pg"), rated("tv-14"), "acme-late-night"],
        "FamilyCable"
      )
      expect(verdictsOf(answer)).toEqual([
        "permit",
        "authorization_denied_by_parental_controls",
        "authorization_denied_by_parental_controls"
      ])
    }).pipe(Effect.provide(unthrottled))
  )

  it.effect("of a slow MVPD come late", () =>
    Effect.gen(function* () {
      const app = yield* application()
      yield* signIn(app, { mvpd: "SlowCable", user: "sid", password: "slow" })
      const fiber = yield* Effect.fork(authorize(app, "acme-live", "SlowCable"))
      yield* TestClock.adjust(2999)
      expect(yield* Fiber.poll(fiber)).toMatchObject({ _tag: "None" })
      yield* TestClock.adjust(1)
      expect(verdictsOf(yield* Fiber.join(fiber))).toEqual(["permit"])
      const impatient = yield* Effect.fork(authorize(app, "acme-live", "SlowCable"))
      yield* TestClock.adjust(1000)
      const ended = yield* Fiber.interrupt(impatient)
      expect(Exit.isFailure(ended) && Cause.isInterruptedOnly(ended.cause)).toBe(true)
      const { log } = yield* Emulator.Emulator
      expect((yield* log).at(-1)?.outcome).toBe("abandoned")
    }).pipe(Effect.provide(unthrottled))
  )

  it.effect("all have the error of an MVPD that a script makes fail, as often as it says", () =>
    Effect.gen(function* () {
      const app = yield* application()
      const { clearFaults, mvpdFails } = yield* Emulator.Emulator
      yield* signIn(app)
      const code = "network_connection_timeout"
      yield* mvpdFails({ mvpd: "NorthCable", operation: "preauthorize", code, times: 2 })
      expect(verdictsOf(yield* authorize(app, "a"))).toEqual(["permit"])
      expect(verdictsOf(yield* preauthorize(app, ["a", "b"]))).toEqual([code, code])
      expect(verdictsOf(yield* preauthorize(app, ["a"]))).toEqual([code])
      expect(verdictsOf(yield* preauthorize(app, ["a"]))).toEqual(["permit"])
      yield* mvpdFails({ mvpd: "NorthCable", code, resource: "b" })
      expect(verdictsOf(yield* preauthorize(app, ["a", "b"]))).toEqual(["permit", code])
      expect(verdictsOf(yield* preauthorize(app, ["a", "b"]))).toEqual(["permit", "permit"])
      yield* mvpdFails({ mvpd: "NorthCable", code, times: Number.POSITIVE_INFINITY })
      expect(verdictsOf(yield* authorize(app, "a"))).toEqual([code])
      yield* clearFaults
      expect(verdictsOf(yield* authorize(app, "a"))).toEqual(["permit"])
    }).pipe(Effect.provide(unthrottled))
  )
})

describe("degradation", () => {
  it.effect("AuthNAll signs everybody in and permits everything", () =>
    Effect.gen(function* () {
      const app = yield* application()
      yield* (yield* Emulator.Emulator).degrade("NorthCable", "AuthNAll")
      expect(json(yield* app.form("ACME/sessions", parameters))).toMatchObject({
        actionName: "authorize",
        reasonType: "degraded"
      })
      expect(json(yield* app.get("ACME/profiles/NorthCable"))).toMatchObject({
        profiles: {
          NorthCable: {
            issuer: "Adobe",
            type: "degraded",
            attributes: { userID: { value: expect.stringMatching(/^95cf93bcd183214a/) } }
          }
        }
      })
      expect(json(yield* app.get("ACME/profiles"))).toEqual({ profiles: {} })
      const [decision] = decisionsOf(yield* authorize(app, "acme-plus"))
      expect(decision).toMatchObject({ authorized: true, source: "degradation", token: expect.anything() })
    }).pipe(Effect.provide(unthrottled))
  )

  it.effect("AuthZAll permits everything to those who are signed in", () =>
    Effect.gen(function* () {
      const app = yield* application()
      yield* (yield* Emulator.Emulator).degrade("NorthCable", "AuthZAll")
      expect(failure(yield* authorize(app, "acme-plus"))).toEqual([403, "authenticated_profile_missing"])
      yield* signIn(app, { mvpd: "NorthCable", user: "ned", password: "north" })
      const [decision] = decisionsOf(yield* authorize(app, "acme-plus"))
      expect(decision).toMatchObject({ authorized: true, source: "degradation" })
      expect(decision?.notAfter).toBeUndefined()
    }).pipe(Effect.provide(unthrottled))
  )

  it.effect("AuthZNone denies everything, with the message of the rule, until it ends", () =>
    Effect.gen(function* () {
      const app = yield* application()
      const { degrade } = yield* Emulator.Emulator
      yield* signIn(app)
      yield* degrade("NorthCable", "AuthZNone", "Back at noon.")
      const [decision] = decisionsOf(yield* authorize(app, "acme-live"))
      expect(decision).toMatchObject({
        authorized: false,
        source: "degradation",
        error: { code: "authorization_denied_by_degradation_rule", details: "Back at noon." }
      })
      yield* degrade("NorthCable", "none")
      expect(verdictsOf(yield* authorize(app, "acme-live"))).toEqual(["permit"])
    }).pipe(Effect.provide(unthrottled))
  )
})

describe("a TempPass", () => {
  const basic = "TempPass_Acme10"
  const promotional = "TempPass_AcmePromo"
  const as = (email: string) => ({ "ap-temppass-identity": base64Json({ email }) })

  it.effect("needs no login, and its time runs from its first use", () =>
    Effect.gen(function* () {
      const app = yield* application()
      const session = yield* app.form("ACME/sessions", { mvpd: basic })
      expect(json(session)).toMatchObject({
        actionName: "authorize",
        reasonType: "temporary",
        url: `/api/v2/ACME/decisions/authorize/${basic}`
      })
      expect(json(yield* app.get(`ACME/profiles/${basic}`))).toEqual({ profiles: {} })
      expect(verdictsOf(yield* preauthorize(app, ["a", "b"], basic))).toEqual(["permit", "permit"])
      yield* TestClock.setTime(1000)
      expect(decisionsOf(yield* authorize(app, "a", basic))[0]).toMatchObject({
        authorized: true,
        source: "temppass"
      })
      yield* TestClock.setTime(600_999)
      expect(json(yield* app.get(`ACME/profiles/${basic}`))).toMatchObject({
        profiles: {
          [basic]: {
            notBefore: 1000,
            notAfter: 601_000,
            issuer: "Adobe",
            type: "temporary",
            attributes: {
              userID: { value: expect.stringMatching(/^temppass_/) },
              expiration_date: { value: 601_000 }
            }
          }
        }
      })
      yield* TestClock.setTime(601_000)
      const over = "temporary_access_duration_limit_exceeded"
      const denied = yield* authorize(app, "a", basic)
      expect([denied.status, verdictsOf(denied)]).toEqual([200, [over]])
      expect(failure(yield* app.get(`ACME/profiles/${basic}`))).toEqual([403, over])
      const elsewhere = yield* application("device-2")
      expect(verdictsOf(yield* authorize(elsewhere, "a", basic))).toEqual(["permit"])
      const again = yield* application()
      expect(verdictsOf(yield* authorize(again, "a", basic))).toEqual([over])
    }).pipe(Effect.provide(unthrottled))
  )

  it.effect("that is promotional belongs to an identity, for so many resources", () =>
    Effect.gen(function* () {
      const app = yield* application()
      const nameless = yield* authorize(app, "one", promotional)
      const needed = "invalid_header_identity_for_temporary_access"
      expect([nameless.status, verdictsOf(nameless)]).toEqual([200, [needed]])
      const broken = yield* authorize(app, "one", promotional, { "ap-temppass-identity": "!" })
      expect(verdictsOf(broken)).toEqual([needed])
      expect(failure(yield* app.get(`ACME/profiles/${promotional}`))).toEqual([400, needed])

      expect(verdictsOf(yield* authorize(app, "one", promotional, as("a")))).toEqual(["permit"])
      expect(json(yield* app.get(`ACME/profiles/${promotional}`, as("a")))).toMatchObject({
        profiles: {
          [promotional]: {
            attributes: { remaining_resources: { value: 1 }, used_assets: { value: ["one"] } }
          }
        }
      })
      expect(verdictsOf(yield* authorize(app, "two", promotional, as("a")))).toEqual(["permit"])
      const over = "temporary_access_resources_limit_exceeded"
      expect(verdictsOf(yield* authorize(app, "three", promotional, as("a")))).toEqual([over])
      expect(verdictsOf(yield* authorize(app, "one", promotional, as("a")))).toEqual(["permit"])
      expect(failure(yield* app.get(`ACME/profiles/${promotional}`, as("a")))).toEqual([403, over])
      const elsewhere = yield* application("device-2")
      expect(verdictsOf(yield* authorize(elsewhere, "three", promotional, as("a")))).toEqual([over])
      expect(verdictsOf(yield* authorize(elsewhere, "three", promotional, as("b")))).toEqual(["permit"])
    }).pipe(Effect.provide(unthrottled))
  )

  it.effect("is given back by Reset TempPass, to one device or identity, or to all", () =>
    Effect.gen(function* () {
      const app = yield* application()
      const reset = (path: string) =>
        HttpClientRequest.del(`/reset-tempass/v3/${path}`).pipe(
          HttpClientRequest.bearerToken(app.accessToken),
          send
        )
      const second = callsOf(app.accessToken, deviceHeaders("device-2"))
      const use = Effect.all([
        authorize(app, "a", basic),
        second.json(`ACME/decisions/authorize/${basic}`, { resources: ["a"] })
      ])
      yield* use
      yield* TestClock.adjust("10 minutes")
      const over = "temporary_access_duration_limit_exceeded"
      const verdicts = Effect.map(use, (answers) => answers.flatMap(verdictsOf))
      yield* reset(`reset?requestor_id=Zenith&mvpd_id=${basic}`)
      expect(yield* verdicts).toEqual([over, over])
      yield* reset(`reset?requestor_id=ACME&mvpd_id=${basic}&device_id=device-2`)
      expect(yield* verdicts).toEqual([over, "permit"])
      yield* reset(`reset?requestor_id=ACME&mvpd_id=${basic}`)
      expect(yield* verdicts).toEqual(["permit", "permit"])

      const key = Crypto.createHash("sha256").update("user@domain.example").digest("hex")
      yield* authorize(app, "one", promotional, as(key))
      yield* authorize(app, "two", promotional, as(key))
      yield* reset(`reset/generic?requestor_id=ACME&mvpd_id=${promotional}&key=${key}`)
      expect(verdictsOf(yield* authorize(app, "three", promotional, as(key)))).toEqual(["permit"])
    }).pipe(Effect.provide(unthrottled))
  )
})
