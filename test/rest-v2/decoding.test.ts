import { assert, describe, it } from "@effect/vitest"
import { Arbitrary, Cause, Effect, Exit, FastCheck as fc, Redacted, Schema } from "effect"
import { Emulator, Fault } from "effect-adobe-pass-emulator"
import {
  Configuration,
  Decision,
  EnhancedErrorBody,
  Identity,
  Logout,
  Profile,
  RestV2,
  Session
} from "effect-adobe-pass-rest-v2"
import { runs } from "../support/property.js"
import { answered, type Call, ofAcme, ofCode, ofMvpd, operations, restV2 } from "../support/restV2.js"

/** What a call makes of an answer. */
const decoded = <A>(answer: unknown, call: Call<A>, status = 200) =>
  Effect.flatMap(answered(Fault.json(status, answer), call), ({ exit }) => exit)

const refused = <A>(fault: Fault.Fault, call: Call<A>) =>
  Effect.flatMap(answered(fault, call), ({ exit }) => Effect.flip(exit))

const create: Call<Session.Session> = ({ sessions }) => sessions.create(ofAcme)
const retrieve: Call<Session.SessionInformation> = ({ sessions }) => sessions.retrieve(ofCode)
const configuration: Call<Configuration.Configuration> = (calls) => calls.configuration.retrieve(ofAcme)
const profiles: Call<Profile.Profiles["profiles"]> = (calls) => calls.profiles.all(ofAcme)
const authorize = (resource = "acme-live") =>
  (({ decisions }) => decisions.authorize({ ...ofMvpd, resources: [resource] })) satisfies Call
const logout: Call<Logout.Logouts["logouts"]> = (calls) => calls.logout.initiate(ofMvpd)

const session = {
  actionName: "authenticate",
  actionType: "interactive",
  reasonType: "none",
  sessionId: "2f1e6d0c-93d7-4d0c-8a57-3b9d0f4a6c21",
  serviceProvider: "ACME"
}

describe("a session", () => {
  const full = {
    ...session,
    url: "/api/v2/authenticate/ACME/7QK2M9Z",
    code: "7QK2M9Z",
    mvpd: "NorthCable",
    missingParameters: ["redirectUrl"],
    notBefore: "1767225600000",
    notAfter: "1767227400000"
  }

  it.effect("has all that it was answered with, its times as numbers (C11)", () =>
    Effect.gen(function* () {
      assert.deepStrictEqual(yield* decoded(full, create), {
        ...full,
        _tag: "Authenticate",
        actionName: "authenticate",
        notBefore: 1_767_225_600_000,
        notAfter: 1_767_227_400_000
      })
    }).pipe(Effect.provide(restV2()))
  )

  it.effect.each([
    ["authenticate", "Authenticate"],
    ["resume", "Resume"],
    ["retry", "Retry"],
    ["authorize", "Authorize"],
    ["partner_profile", "PartnerProfile"],
    ["dance", "UnknownAction"]
  ])("whose action is %s is a %s, whatever its reason and type (C11)", ([actionName, tag]) =>
    Effect.gen(function* () {
      const reasons = [
        ...["none", "authenticated", "authenticatedSSO", "temporary", "degraded", "pfs_fallback"],
        ...["configuration_fallback", "missing_parameters_fallback", "a_new_reason"]
      ]
      for (const reasonType of reasons) {
        for (const actionType of ["interactive", "direct", "a_new_type"]) {
          const answer = { ...session, actionName, actionType, reasonType }
          assert.deepStrictEqual<unknown>(yield* decoded(answer, create), { ...answer, _tag: tag })
        }
      }
    }).pipe(Effect.provide(restV2()))
  )

  it.effect("reads a domain that is named domain, and times as numbers", () =>
    Effect.gen(function* () {
      const answer = { ...session, missingParameters: ["domain", "mvpd", "new"], notAfter: 1_767_227_400_000 }
      const result = yield* decoded(answer, create)
      assert.deepStrictEqual(result.missingParameters, ["domainName", "mvpd", "new"])
      assert.strictEqual(result.notAfter, 1_767_227_400_000)
    }).pipe(Effect.provide(restV2()))
  )

  it.effect(
    "has the names of attributes under their old name, too, and keeps the request of the partner",
    () =>
      Effect.gen(function* () {
        const names = ["uid", "NameID"]
        for (const member of ["attributesNames", "attributes"]) {
          const authenticationRequest = { type: "saml", request: "PHNhbWxwPg==", [member]: names }
          const answer = { ...session, actionName: "partner_profile", authenticationRequest }
          const { authenticationRequest: request } = yield* decoded(answer, create)
          assert.deepStrictEqual(request?.attributesNames, names)
          assert.strictEqual(request && Redacted.value(request.request), "PHNhbWxwPg==")
        }
      }).pipe(Effect.provide(restV2()))
  )
})

describe("what is known of a session", () => {
  const version = { major: 18, minor: 2, patch: 0, profile: "" }
  const device = {
    type: "SetTopBox",
    model: "TV",
    version,
    hardware: { name: null, vendor: "Maker", version, manufacturer: "Maker" },
    operatingSystem: { name: "tvOS", family: "tvOS", vendor: "Maker", version },
    browser: { name: null, vendor: null, version: null, userAgent: null, originalUserAgent: null },
    display: {
      width: 0,
      height: 0,
      ppi: 0,
      name: "DISPLAY",
      vendor: null,
      version: null,
      diagonalSize: null
    },
    applicationId: null,
    connection: { ipAddress: "203.0.113.7", port: "51617", secure: false, type: null }
  }
  const existingParameters = { mvpd: "NorthCable", domainName: "acme.example", serviceProvider: "ACME" }
  const answer = { existingParameters, device, notBefore: "1767225600000", notAfter: "1767227400000" }

  it.effect("is read although each leaf of the device may be null", () =>
    Effect.gen(function* () {
      const { device, ...others } = yield* decoded(answer, retrieve)
      assert.deepStrictEqual(others, {
        existingParameters,
        notBefore: 1_767_225_600_000,
        notAfter: 1_767_227_400_000
      })
      const address = device?.connection?.ipAddress
      assert.strictEqual(address && Redacted.value(address), "203.0.113.7")
      assert.deepStrictEqual<unknown>(
        { ...device, connection: undefined },
        {
          type: "SetTopBox",
          model: "TV",
          version,
          hardware: { vendor: "Maker", version, manufacturer: "Maker" },
          operatingSystem: { name: "tvOS", family: "tvOS", vendor: "Maker", version },
          browser: {},
          display: { width: 0, height: 0, ppi: 0, name: "DISPLAY" },
          connection: undefined
        }
      )
    }).pipe(Effect.provide(restV2()))
  )

  it.effect("is read from the odd forms, too: domain, an address as Java prints it, a port as a number", () =>
    Effect.gen(function* () {
      const { domainName: domain, ...parameters } = existingParameters
      const connection = {
        ipAddress: { hostAddress: "203.0.113.7", hostName: "x", address: [1], loopbackAddress: false },
        port: 51_617,
        secure: "true"
      }
      const odd = { existingParameters: { ...parameters, domain }, device: { connection } }
      const { device, existingParameters: existing } = yield* decoded(odd, retrieve)
      assert.deepStrictEqual(existing, existingParameters)
      assert.deepStrictEqual(
        { ...device?.connection, ipAddress: null },
        {
          ipAddress: null,
          port: "51617",
          secure: true
        }
      )
      const address = device?.connection?.ipAddress
      assert.strictEqual(address && Redacted.value(address), "203.0.113.7")
    }).pipe(Effect.provide(restV2()))
  )
})

describe("profiles", () => {
  const profile = {
    notBefore: 1_767_225_600_000,
    notAfter: 1_769_817_600_000,
    issuer: "NorthCable",
    type: "regular",
    attributes: {
      userID: { value: "dXNlci0x", state: "plain" },
      zip: { value: ["10001"], state: "plain" },
      encryptedZip: { value: "kq3v8mJ9", state: "enc" },
      maxRating: { value: { MPAA: "PG-13", VCHIP: "TV-14" }, state: "plain" },
      remaining_resources: { value: 3, state: "plain" },
      hba_status: { value: "true", state: "plain" },
      used_assets: { error: "invalid_configuration_user_metadata_certificate" }
    }
  }

  it.effect("are read with attributes of any kind, each with its value, state or error", () =>
    Effect.gen(function* () {
      assert.deepStrictEqual(yield* decoded({ profiles: { NorthCable: profile } }, profiles), {
        NorthCable: profile
      })
      assert.deepStrictEqual(yield* decoded({ profiles: {} }, profiles), {})
    }).pipe(Effect.provide(restV2()))
  )

  it.effect.each([
    ...["regular", "degraded", "temporary", "appleSSO", "platformSSO", "serviceTokenSSO", "a_new_type"]
  ])("of the type %s are read (C11)", (type) =>
    Effect.gen(function* () {
      const result = yield* decoded({ profiles: { NorthCable: { ...profile, type } } }, profiles)
      assert.strictEqual(result["NorthCable"]?.type, type)
    }).pipe(Effect.provide(restV2()))
  )

  it.effect("have times as digits, too, and names that only look like something else", () =>
    Effect.gen(function* () {
      const odd = { ...profile, notBefore: "1767225600000", notAfter: "1769817600000" }
      const result = yield* decoded({ profiles: { constructor: odd, "0": odd } }, profiles)
      assert.deepStrictEqual(result, { "0": profile, constructor: profile })
    }).pipe(Effect.provide(restV2()))
  )

  it.effect.each([200, 201])("of a partner are created with %d", (status) =>
    Effect.gen(function* () {
      const { call } = operations["partnerSingleSignOn.createProfile"] ?? {}
      assert.isDefined(call)
      if (call === undefined) return
      const result = yield* decoded({ profiles: { NorthCable: profile } }, call, status)
      assert.deepStrictEqual(result, { NorthCable: profile })
    }).pipe(Effect.provide(restV2()))
  )
})

describe("decisions", () => {
  const permit = {
    resource: "acme-live",
    serviceProvider: "ACME",
    mvpd: "NorthCable",
    source: "mvpd",
    authorized: true,
    token: {
      notBefore: 1_767_225_600_000,
      notAfter: 1_767_226_020_000,
      issuedAt: 1_767_225_600_000,
      serializedToken: "PHNpZ25hdHVyZT4="
    },
    notBefore: 1_767_225_600_000,
    notAfter: 1_767_312_000_000
  }

  it.effect("permit with a media token that is passed on untouched (E4)", () =>
    Effect.gen(function* () {
      const [decision] = yield* decoded({ decisions: [permit] }, authorize())
      assert.strictEqual(decision?._tag, "AuthorizationPermit")
      if (decision?._tag !== "AuthorizationPermit") return
      assert.deepStrictEqual({ ...decision, token: { ...decision.token, serializedToken: null } }, {
        _tag: "AuthorizationPermit",
        resource: "acme-live",
        serviceProvider: "ACME",
        mvpd: "NorthCable",
        source: "mvpd",
        token: { ...permit.token, serializedToken: null },
        notBefore: 1_767_225_600_000,
        notAfter: 1_767_312_000_000
      } as never)
      assert.strictEqual(decision.token && Redacted.value(decision.token.serializedToken), "PHNpZ25hdHVyZT4=")
    }).pipe(Effect.provide(restV2()))
  )

  it.effect("permit without token and times when the MVPD is degraded, from any source (C11)", () =>
    Effect.gen(function* () {
      for (const source of ["mvpd", "degradation", "temppass", "dummy", "a_new_source"]) {
        const { notAfter: _, notBefore: __, token: ___, ...bare } = { ...permit, source }
        const [decision] = yield* decoded({ decisions: [bare] }, authorize())
        assert.deepInclude(decision, { _tag: "AuthorizationPermit", source })
      }
    }).pipe(Effect.provide(restV2()))
  )

  it.effect("that deny are no success of another type, though the status is 200 (E6, H3)", () =>
    Effect.gen(function* () {
      const error = { action: "none", status: 403, code: "authorization_denied_by_mvpd", details: "Upgrade." }
      const denial = { ...permit, authorized: false, token: undefined, error }
      const [decision] = yield* decoded({ decisions: [denial] }, authorize())
      assert.strictEqual(decision?._tag, "AuthorizationDenial")
      assert.isFalse(decision !== undefined && "token" in decision)
      assert.deepInclude(decision?._tag === "AuthorizationDenial" ? decision.error : {}, {
        _tag: "RequestRejected",
        status: 403,
        code: "authorization_denied_by_mvpd",
        details: "Upgrade."
      })
    }).pipe(Effect.provide(restV2()))
  )

  it.effect("on showing have no media token, even where one was answered (D1)", () =>
    Effect.gen(function* () {
      const [decision] = yield* decoded({ decisions: [permit] }, ({ decisions }) =>
        decisions.preauthorize({ ...ofMvpd, resources: ["acme-live"] })
      )
      assert.deepStrictEqual({ ...decision }, {
        _tag: "PreauthorizationPermit",
        resource: "acme-live",
        serviceProvider: "ACME",
        mvpd: "NorthCable",
        source: "mvpd"
      } as never)
    }).pipe(Effect.provide(restV2()))
  )

  it.effect("name the resource as it was asked for, though Adobe may add a blank", () =>
    Effect.gen(function* () {
      const resourcesOf = (asked: string, answered: string) =>
        Effect.map(decoded({ decisions: [{ ...permit, resource: answered }] }, authorize(asked)), (all) =>
          all.map(({ resource }) => resource)
        )
      assert.deepStrictEqual(yield* resourcesOf("acme-live", "acme-live "), ["acme-live"])
      assert.deepStrictEqual(yield* resourcesOf("acme-live ", "acme-live"), ["acme-live "])
      assert.deepStrictEqual(yield* resourcesOf("acme-live", "acme-plus"), ["acme-plus"])
    }).pipe(Effect.provide(restV2()))
  )
})

describe("a logout", () => {
  it.effect("has a case for each action, with its URL untouched (F1, F2)", () =>
    Effect.gen(function* () {
      const url = "https://sp.example/adobe-services/logout?requestor_id=ACME"
      const entry = (actionName: string, actionType: string, more = {}) => ({
        actionName,
        actionType,
        mvpd: "NorthCable",
        ...more
      })
      const logouts = {
        A: entry("logout", "interactive", { url }),
        B: entry("partner_logout", "partner_interactive", { url: null }),
        C: entry("complete", "none"),
        D: entry("invalid", "none"),
        E: entry("a_new_action", "a_new_type")
      }
      assert.deepStrictEqual<unknown>(yield* decoded({ logouts }, logout), {
        A: { ...logouts.A, _tag: "LogoutAtMvpd" },
        B: { ...entry("partner_logout", "partner_interactive"), _tag: "LogoutAtPartner" },
        C: { ...logouts.C, _tag: "LogoutComplete" },
        D: { ...logouts.D, _tag: "NotSignedIn" },
        E: { ...logouts.E, _tag: "UnknownAction" }
      })
    }).pipe(Effect.provide(restV2()))
  )
})

describe("a configuration", () => {
  const mvpd = {
    id: "NorthCable",
    displayName: "North Cable",
    logoUrl: "https://img.example/north.png",
    isProxy: false,
    boardingStatus: "SUPPORTED",
    platformMappingId: "NCBL",
    enablePlatformServices: true,
    displayInPlatformPicker: true,
    enforcePlatformPermissions: true,
    authPerAggregator: false
  }
  const pass = { id: "TempPass_Acme", displayName: "Ten free minutes", isTempPass: true }
  const answer = {
    device: "unknown",
    clientType: "html5",
    os: "Unknown",
    requestor: {
      id: "ACME",
      name: "Acme Television",
      domains: [{ name: "acme.example", mvpdInitiated: false }],
      mvpds: [mvpd, pass]
    }
  }

  it.effect("has what it was answered with", () =>
    Effect.gen(function* () {
      const result = yield* decoded(answer, configuration)
      assert.deepStrictEqual<unknown>(result, answer)
      assert.deepStrictEqual(
        Configuration.selectable(result).map(({ id }) => id),
        ["NorthCable"]
      )
    }).pipe(Effect.provide(restV2()))
  )

  it.effect("is read without members that nobody knows, and with flags and ids in other forms", () =>
    Effect.gen(function* () {
      const odd = {
        ...answer,
        time: {},
        errorReporting: [],
        requestor: {
          ...answer.requestor,
          channels: "a,b",
          mvpds: [
            { ...mvpd, isProxy: "false", platformMappingId: 7, boardingStatus: "A_NEW_STATUS" },
            { ...pass, isTempPass: "true" }
          ]
        }
      }
      const result = yield* decoded(odd, configuration)
      assert.deepStrictEqual<unknown>(result, {
        ...answer,
        requestor: {
          ...answer.requestor,
          mvpds: [{ ...mvpd, platformMappingId: "7", boardingStatus: "A_NEW_STATUS" }, pass]
        }
      })
    }).pipe(Effect.provide(restV2()))
  )
})

/** Every place in JSON, as a path. */
const pathsIn = (json: unknown, path: ReadonlyArray<string> = []): ReadonlyArray<ReadonlyArray<string>> =>
  typeof json === "object" && json !== null
    ? Object.entries(json).flatMap(([key, value]) => [[...path, key], ...pathsIn(value, [...path, key])])
    : []

/** JSON with another value in one place; without it, when the value is undefined. */
const withValue = (json: unknown, [key, ...rest]: ReadonlyArray<string>, value: unknown): unknown => {
  if (key === undefined) return value
  if (typeof json !== "object" || json === null) return json
  return Object.assign(Array.isArray(json) ? [...json] : { ...json }, {
    [key]: withValue(Reflect.get(json, key), rest, value)
  })
}

const required: Readonly<Record<string, ReadonlyArray<string>>> = {
  "configuration.retrieve": [
    ...["requestor", "requestor.id", "requestor.name", "requestor.domains", "requestor.domains.0.name"],
    ...["requestor.mvpds", "requestor.mvpds.0.id", "requestor.mvpds.0.displayName"]
  ],
  "sessions.create": ["actionName", "actionType", "reasonType", "sessionId", "serviceProvider"],
  "sessions.retrieve": ["existingParameters"],
  "profiles.all": [
    "profiles",
    ...["notBefore", "notAfter", "issuer", "type", "attributes"].map((name) => `profiles.NorthCable.${name}`)
  ],
  "decisions.authorize": [
    "decisions",
    ...["resource", "serviceProvider", "mvpd", "source", "authorized"].map((name) => `decisions.0.${name}`)
  ],
  "logout.initiate": [
    "logouts",
    ...["actionName", "actionType", "mvpd"].map((name) => `logouts.NorthCable.${name}`)
  ]
}

describe("a member of an answer", () => {
  it.effect.each(Object.entries(required))(
    "of %s that is required and missing, or null, fails with its path and no value",
    ([name, paths]) =>
      Effect.gen(function* () {
        const { answer, call } = operations[name] ?? {}
        assert.isDefined(call)
        if (call === undefined) return
        for (const path of paths) {
          for (const value of [undefined, null]) {
            const error = yield* refused(Fault.json(200, withValue(answer, path.split("."), value)), call)
            assert.deepInclude(error, { _tag: "UnexpectedResponse", status: 200, reason: "UnexpectedJson" })
            if (error._tag === "UnexpectedResponse") assert.deepStrictEqual(error.issues, [path], path)
          }
        }
      }).pipe(Effect.provide(restV2()))
  )

  it.effect.each(Object.entries(required))(
    "of %s that is optional may be null or anything else",
    ([name, paths]) =>
      Effect.gen(function* () {
        const { answer, call } = operations[name] ?? {}
        assert.isDefined(call)
        if (call === undefined) return
        // The containers of what is required, and entries of maps and lists, are required too.
        const isOptional = (path: ReadonlyArray<string>) =>
          !/^(?:\d+|NorthCable|userID)$/.test(path.at(-1) ?? "") && !paths.includes(path.join("."))
        const optional = pathsIn(answer).filter(isOptional)
        for (const path of optional) {
          for (const value of [null, {}, [], "text", 5, true]) {
            const { exit } = yield* answered(Fault.json(200, withValue(answer, path, value)), call)
            assert.isTrue(Exit.isSuccess(exit), `${path.join(".")} = ${JSON.stringify(value)}: ${exit}`)
          }
        }
      }).pipe(Effect.provide(restV2()))
  )

  it.effect("is named wherever it is missing, all at once", () =>
    Effect.gen(function* () {
      const error = yield* refused(Fault.json(200, { actionName: "resume", code: "7QK2M9Z" }), create)
      assert.deepStrictEqual(error._tag === "UnexpectedResponse" ? [...error.issues].sort() : error, [
        "actionType",
        "reasonType",
        "serviceProvider",
        "sessionId"
      ])
    }).pipe(Effect.provide(restV2()))
  )

  it.effect("has the status of its answer: 201 for a profile that was created", () =>
    Effect.gen(function* () {
      const { call } = operations["partnerSingleSignOn.createProfile"] ?? {}
      assert.isDefined(call)
      if (call === undefined) return
      const error = yield* refused(Fault.json(201, {}), call)
      assert.deepInclude(error, { _tag: "UnexpectedResponse", status: 201, reason: "UnexpectedJson" })
    }).pipe(Effect.provide(restV2()))
  )
})

const text = (fault: { readonly status?: number; readonly body: string; readonly type?: string }) =>
  Fault.answer(fault.status ?? 200, {
    headers: { "content-type": fault.type ?? "application/json" },
    body: fault.body
  })

describe("a success that is not JSON", () => {
  it.effect.each([
    ["EmptyBody", text({ body: "" })],
    ["EmptyBody", text({ body: " \n" })],
    ["Html", text({ body: "<!doctype html><p>Sign in</p>", type: "text/html" })],
    ["Text", text({ body: "OK", type: "text/plain" })],
    ["BrokenJson", text({ body: '{"profiles":{' })],
    ["UnexpectedJson", text({ body: "null" })],
    ["UnexpectedJson", text({ body: "[]" })],
    ["UnknownStatus", text({ status: 202, body: '{"profiles":{}}' })]
  ] as const)("fails with %s, for every operation (H7)", ([reason, fault]) =>
    Effect.gen(function* () {
      for (const [name, { call }] of Object.entries(operations)) {
        const error = yield* refused(fault, call)
        assert.deepInclude(error, { _tag: "UnexpectedResponse", reason }, name)
      }
    }).pipe(Effect.provide(restV2()))
  )

  it.effect("is not read on when it is too long", () =>
    Effect.gen(function* () {
      const body = JSON.stringify({ profiles: {}, filling: "a".repeat(9 * 1_048_576) })
      const error = yield* refused(text({ body }), profiles)
      assert.deepInclude(error, { _tag: "UnexpectedResponse", reason: "TooLarge", status: 200 })
    }).pipe(Effect.provide(restV2()))
  )
})

const schemas: Readonly<Record<string, Schema.Schema.AnyNoContext>> = {
  Configuration: Configuration.Configuration,
  Session: Session.Session,
  SessionInformation: Session.SessionInformation,
  Profiles: Profile.Profiles,
  Decisions: Decision.Decisions,
  Resources: Decision.Resources,
  Logouts: Logout.Logouts,
  EnhancedError: EnhancedErrorBody.EnhancedErrorBody,
  PartnerFrameworkStatus: Identity.PartnerFrameworkStatus,
  TempPassIdentity: Identity.TempPassIdentity
}

describe("every value of a schema", () => {
  for (const [name, schema] of Object.entries(schemas)) {
    it.prop(
      `of ${name} survives being written and read`,
      [Arbitrary.make(Schema.typeSchema(schema))],
      ([value]) => {
        const written = JSON.stringify(Schema.encodeSync(schema)(value))
        const read = Schema.decodeUnknownSync(schema)(JSON.parse(written))
        assert.strictEqual(JSON.stringify(Schema.encodeSync(schema)(read)), written)
      },
      runs(100)
    )
  }
})

describe("an answer that may be anything", () => {
  const jsonLike = fc.oneof(fc.jsonValue(), fc.dictionary(fc.string(), fc.jsonValue()), fc.string())

  /** An answer of the operation, with anything in some places. */
  const damaged = (answer: object) =>
    fc
      .array(fc.tuple(fc.constantFrom(...pathsIn(answer)), fc.option(jsonLike, { nil: undefined })), {
        minLength: 1,
        maxLength: 4
      })
      .map((changes) =>
        changes.reduce<unknown>((json, [path, value]) => withValue(json, path, value), answer)
      )

  it.effect.each(Object.entries(operations))(
    "is a value of %s or a typed error, and no defect",
    ([name, { answer, call }]) =>
      Effect.gen(function* () {
        const emulator = yield* Emulator.Emulator
        const calls = yield* RestV2.RestV2
        const { numRuns, seed } = runs(60).fastCheck
        const answers = fc.sample(fc.oneof(jsonLike, damaged(answer)), { numRuns, seed })
        const tags = new Set<string>()
        for (const json of answers) {
          yield* emulator.fail({ route: "api", fault: Fault.json(200, json) })
          const exit = yield* Effect.exit(call(calls))
          if (Exit.isFailure(exit)) {
            assert.isTrue(Cause.isFailType(exit.cause), `${name}: ${JSON.stringify(json)}: ${exit}`)
          }
          tags.add(Exit.isSuccess(exit) ? "success" : "failure")
        }
        assert.deepStrictEqual([...tags].sort(), ["failure", "success"])
      }).pipe(Effect.provide(restV2()))
  )
})
