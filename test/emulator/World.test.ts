import * as Crypto from "node:crypto"
import { describe, expect, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { Emulator, SavedState, World } from "effect-adobe-pass-emulator"
import { json } from "./conversation.js"
import {
  application,
  browse,
  callsOf,
  codeOf,
  deviceHeaders,
  failure,
  parameters,
  signIn,
  verdictsOf
} from "./restV2Conversation.js"

const unthrottled = Emulator.layer({ throttle: "off" })

const small: World.Encoded = {
  serviceProviders: [{ id: "ACME", name: "Acme", domains: ["acme.example"], mvpds: ["Own"] }],
  mvpds: [
    {
      id: "Own",
      displayName: "Own Cable",
      limits: { authorize: 2, preauthorize: 2 },
      people: [{ user: "olga", password: "own", resources: ["one"] }]
    }
  ]
}

describe("a world", () => {
  it.effect("that a test describes is what the emulator plays", () =>
    Effect.gen(function* () {
      const app = yield* application()
      expect(json(yield* app.get("ACME/configuration"))).toMatchObject({
        requestor: { name: "Acme", mvpds: [{ id: "Own", displayName: "Own Cable" }] }
      })
      expect(failure(yield* app.form("ACME/sessions", parameters))).toEqual([400, "invalid_parameter_mvpd"])
      yield* signIn(app, { mvpd: "Own", user: "olga", password: "own" })
      const answer = yield* app.json("ACME/decisions/authorize/Own", { resources: ["one", "two"] })
      expect(verdictsOf(answer)).toEqual(["permit", "authorization_denied_by_mvpd"])
    }).pipe(Effect.provide(Emulator.layer({ throttle: "off", world: World.make(small) })))
  )

  it("names what is wrong with it", () => {
    const decode = Schema.decodeUnknownSync(World.World)
    expect(() => decode({ ...small, mvpds: [] })).toThrow(/names the MVPD Own/)
    expect(() => decode({ ...small, serviceProviders: [] })).toThrow(/serviceProviders/)
    expect(() => decode({ ...small, mvpds: [{ id: "Own", displayName: "x", denied: "no_code" }] })).toThrow(
      /is not a code of an enhanced error/
    )
  })

  it("is plain data, as a file", () => {
    const text = Schema.encodeSync(Schema.parseJson(World.World))(World.builtIn)
    expect(Schema.decodeSync(Schema.parseJson(World.World))(text)).toEqual(World.builtIn)
  })

  it("that is built in has a person with each kind of MVPD", () => {
    const { mvpds, serviceProviders } = World.builtIn
    expect(serviceProviders.map(({ id }) => id)).toEqual(["ACME", "Zenith"])
    for (const { id, people, tempPass } of mvpds)
      expect([id, people.length > 0]).toEqual([id, tempPass === undefined])
    const all = mvpds.flatMap(({ people }) => people)
    expect(all.some(({ attributes }) => Object.values(attributes).some(({ state }) => state === "enc"))).toBe(
      true
    )
  })

  it.effect("can be changed while it is played", () =>
    Effect.gen(function* () {
      const emulator = yield* Emulator.Emulator
      expect(yield* emulator.world).toBe(World.builtIn)
      yield* emulator.setWorld(World.make(small))
      const app = yield* application()
      expect((yield* app.get("ACME/configuration")).text).toContain("Own Cable")
      expect((yield* app.get("Zenith/configuration")).status).toBe(400)
    }).pipe(Effect.provide(unthrottled))
  )
})

describe("a script", () => {
  it.effect("signs somebody in without a browser", () =>
    Effect.gen(function* () {
      const emulator = yield* Emulator.Emulator
      const app = yield* application()
      const code = codeOf(yield* app.form("ACME/sessions", parameters))
      yield* emulator.signIn({ code })
      expect(json(yield* app.get(`ACME/profiles/code/${code}`))).toMatchObject({
        profiles: { NorthCable: {} }
      })
      expect(yield* emulator.profiles).toMatchObject([
        {
          clientId: app.clientId,
          device: "device-1",
          serviceProvider: "ACME",
          mvpd: "NorthCable",
          user: "nora"
        }
      ])
      const second = codeOf(yield* app.form("Zenith/sessions", {}))
      yield* emulator.signIn({ code: second, mvpd: "NorthCable", user: "ned" })
      expect((yield* emulator.sessions).map((session) => session.code)).toEqual([code, second])
      expect((yield* emulator.profiles).map(({ user }) => user)).toEqual(["nora", "ned"])

      const reasonOf = (who: Parameters<typeof emulator.signIn>[0]) =>
        Effect.map(Effect.flip(emulator.signIn(who)), ({ reason }) => reason)
      expect(yield* reasonOf({ code: "AAAAAAA" })).toBe("unknown code")
      expect(yield* reasonOf({ code, user: "nobody" })).toBe("no such person")
      expect(yield* reasonOf({ code, mvpd: "TempPass_Acme10" })).toBe("no MVPD")
      expect(yield* reasonOf({ code, mvpd: "FarCable" })).toBe("no MVPD")
    }).pipe(Effect.provide(unthrottled))
  )

  it.effect("revokes or expires the profiles that it means", () =>
    Effect.gen(function* () {
      const { expireProfiles, revokeProfiles } = yield* Emulator.Emulator
      const [first, second] = [yield* application("device-1"), yield* application("device-2")]
      yield* signIn(first)
      yield* signIn(second)
      const outcome = (app: typeof first) =>
        Effect.map(app.json("ACME/decisions/authorize/NorthCable", { resources: ["a"] }), (answer) =>
          answer.status === 200 ? "permit" : failure(answer)[1]
        )
      yield* revokeProfiles({ device: "device-1" })
      expect([yield* outcome(first), yield* outcome(second)]).toEqual([
        "authenticated_profile_invalidated",
        "permit"
      ])
      expect(json(yield* first.get("ACME/profiles"))).toEqual({ profiles: {} })
      yield* expireProfiles({ clientId: second.clientId })
      expect(yield* outcome(second)).toBe("authenticated_profile_expired")
      yield* signIn(first)
      expect(yield* outcome(first)).toBe("permit")
    }).pipe(Effect.provide(unthrottled))
  )
})

describe("the state of an emulator", () => {
  const Json = Schema.parseJson(SavedState.SavedState)

  it.effect("is one that another accepts, whatever a script has degraded", () =>
    Effect.gen(function* () {
      const { degrade, exportState } = yield* Emulator.Emulator
      yield* degrade("Nowhere", "AuthNAll")
      yield* degrade("NorthCable", "AuthZNone")
      const accepted = yield* Schema.decode(Json)(yield* Schema.encode(Json)(yield* exportState))
      expect(accepted.world.degradations).toEqual([{ mvpd: "NorthCable", rule: "AuthZNone" }])
    }).pipe(Effect.provide(unthrottled))
  )

  const lived = Effect.gen(function* () {
    const emulator = yield* Emulator.Emulator
    const app = yield* application()
    yield* signIn(app)
    yield* app.json(
      "ACME/decisions/authorize/TempPass_AcmePromo",
      { resources: ["a"] },
      {
        "ap-temppass-identity": Buffer.from(`{"email":"x"}`).toString("base64")
      }
    )
    const code = codeOf(yield* app.form("ACME/sessions", { ...parameters, mvpd: "SouthFiber" }))
    yield* emulator.degrade("EastDish", "AuthZNone")
    const saved = yield* Schema.encode(Json)(yield* emulator.exportState)
    return { app, code, saved, statement: emulator.softwareStatement }
  })

  it.effect("goes on in another emulator: clients, tokens, statements, sessions, profiles, world", () =>
    Effect.gen(function* () {
      const { app, code, saved, statement } = yield* Effect.provide(lived, unthrottled)
      yield* Effect.gen(function* () {
        const emulator = yield* Emulator.Emulator
        const calls = callsOf(app.accessToken, deviceHeaders("device-1"))
        expect((yield* calls.get("ACME/profiles")).status).toBe(401)
        yield* emulator.importState(yield* Schema.decode(Json)(saved))
        expect(json(yield* calls.get("ACME/profiles"))).toMatchObject({ profiles: { NorthCable: {} } })
        yield* browse(code, "sam", "south")
        expect(json(yield* calls.get(`ACME/profiles/code/${code}`))).toMatchObject({
          profiles: { SouthFiber: {} }
        })
        expect((yield* emulator.world).degradations).toEqual([{ mvpd: "EastDish", rule: "AuthZNone" }])
        expect((yield* emulator.exportState).tempPasses).toMatchObject([{ used: ["a"] }])
        yield* application("device-3", statement)
        expect((yield* emulator.clients).length).toBe(2)
        yield* emulator.expireTokens
        expect((yield* calls.get("ACME/profiles")).status).toBe(401)
      }).pipe(Effect.provide(Emulator.layer({ throttle: "off" })))
    })
  )

  it.effect("brings the keys along, so that what another process has signed is good here", () =>
    Effect.gen(function* () {
      const emulator = yield* Emulator.Emulator
      const { privateKey, publicKey } = Crypto.generateKeyPairSync("rsa", { modulusLength: 2048 })
      const signed = (claims: unknown) => {
        const input = [{ alg: "RS256" }, claims]
          .map((part) => Buffer.from(JSON.stringify(part)).toString("base64url"))
          .join(".")
        return `${input}.${Crypto.sign("RSA-SHA256", Buffer.from(input), privateKey).toString("base64url")}`
      }
      const statement = signed({ sub: "other-application", iss: "auth.adobe.com", iat: 0, nbf: 0 })
      const remembered = signed({ sub: "client-1", iss: "auth.adobe.com", scopes: "api:client:v2", exp: 9 })
      const empty = yield* emulator.exportState
      yield* emulator.importState({
        ...empty,
        issued: {
          keys: [publicKey.export({ type: "spki", format: "pem" }).toString(), "not a key"],
          applications: [{ id: "other-application", scopes: ["api:client:v2"], approved: true }],
          clients: [
            {
              id: "client-1",
              secret: "secret-1",
              application: "other-application",
              tokens: [{ token: remembered, expired: false }]
            }
          ]
        }
      })
      const calls = callsOf(remembered, deviceHeaders("device-1"))
      expect((yield* calls.get("ACME/profiles")).status).toBe(200)
      const app = yield* application("device-2", statement)
      expect((yield* app.get("ACME/profiles")).status).toBe(200)
      expect((yield* emulator.exportState).issued.keys).toHaveLength(2)
    }).pipe(Effect.provide(unthrottled))
  )
})
