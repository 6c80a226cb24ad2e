import { describe, expectTypeOf, it } from "@effect/vitest"
import { type Effect, Match, type Redacted } from "effect"
import type { AdobePassError, CurrentDevice, CurrentInstance } from "effect-adobe-pass"
import type {
  Authorization,
  Decision,
  Identity,
  Logout,
  Preauthorization,
  Profile,
  RestV2,
  Session
} from "effect-adobe-pass-rest-v2"

type Calls = RestV2.RestV2
type SecondScreen = RestV2.SecondScreen

/** What a call returns. */
type Called<Call> = Call extends (parameters: never) => infer Result ? Result : never
type ErrorOf<Call> = Called<Call> extends Effect.Effect<infer _A, infer E, infer _R> ? E : never
type ServicesOf<Call> = Called<Call> extends Effect.Effect<infer _A, infer _E, infer R> ? R : never
type SuccessOf<Call> = Called<Call> extends Effect.Effect<infer A, infer _E, infer _R> ? A : never
type ParametersOf<Call> = Call extends (parameters: infer Parameters) => unknown ? Parameters : never

/** The calls of all groups. */
type CallsIn<Groups> = {
  [Group in keyof Groups]: Groups[Group] extends SecondScreen
    ? never
    : Groups[Group][Exclude<keyof Groups[Group], "authenticateUrl">]
}[keyof Groups]
type OfDevice = CallsIn<Omit<Calls, "withoutDevice">>
type OfSecondScreen = CallsIn<SecondScreen>

describe("the types of the calls", () => {
  it("need the device, and those of a second screen the instance and no device (G2)", () => {
    expectTypeOf<ServicesOf<OfDevice>>().toEqualTypeOf<CurrentDevice>()
    expectTypeOf<ServicesOf<OfSecondScreen>>().toEqualTypeOf<CurrentInstance>()
    expectTypeOf<keyof SecondScreen>().toEqualTypeOf<"configuration" | "sessions" | "profiles">()
    expectTypeOf<keyof SecondScreen["sessions"]>().toEqualTypeOf<"resume" | "retrieve">()
    expectTypeOf<keyof SecondScreen["profiles"]>().toEqualTypeOf<"forCode">()
  })

  it("have one exact union of errors, which has no foreign host", () => {
    type Expected = Exclude<AdobePassError.ProtectedCallError, AdobePassError.ForeignOrigin>
    expectTypeOf<RestV2.RestV2Error>().toEqualTypeOf<Expected>()
    expectTypeOf<ErrorOf<OfDevice | OfSecondScreen>>().toEqualTypeOf<Expected>()
    expectTypeOf<RestV2.RestV2Error["_tag"]>().toEqualTypeOf<
      | "InvalidInput"
      | "InvalidRequest"
      | "InvalidRedirectUri"
      | "InvalidSoftwareStatement"
      | "UnapprovedSoftwareStatement"
      | "InvalidClient"
      | "UnauthorizedClient"
      | "UnsupportedGrantType"
      | "Throttled"
      | "ServiceUnavailable"
      | "TransportError"
      | "UnexpectedResponse"
      | "CredentialStoreError"
      | "RequestRejected"
      | "ConfigurationRequired"
      | "ApplicationRegistrationRequired"
      | "AccessTokenRejected"
      | "InsufficientScope"
      | "AuthenticationRequired"
      | "AuthorizationRequired"
      | "TemporaryFailure"
    >()
  })

  it("take what is said about a person where the operation takes it, and nowhere else (G5)", () => {
    type Person = keyof Identity.OfAnyone
    type Taken<Call> = Extract<keyof ParametersOf<Call>, Person>
    type Platform = "subjectToken" | "rokuToken" | "serviceToken"
    expectTypeOf<Taken<Calls["configuration"]["retrieve"]>>().toEqualTypeOf<never>()
    expectTypeOf<Taken<Calls["sessions"]["create"]>>().toEqualTypeOf<"visitorId" | Platform>()
    expectTypeOf<Taken<Calls["sessions"]["resume"]>>().toEqualTypeOf<"visitorId">()
    expectTypeOf<Taken<Calls["sessions"]["retrieve"]>>().toEqualTypeOf<"visitorId">()
    expectTypeOf<Taken<Calls["profiles"]["all"]>>().toEqualTypeOf<
      "visitorId" | Platform | "partnerFrameworkStatus"
    >()
    expectTypeOf<Taken<Calls["profiles"]["forMvpd"]>>().toEqualTypeOf<Person>()
    expectTypeOf<Taken<Calls["profiles"]["forCode"]>>().toEqualTypeOf<"visitorId" | "tempPassIdentity">()
    expectTypeOf<Taken<Calls["decisions"]["authorize"]>>().toEqualTypeOf<Person>()
    expectTypeOf<Taken<Calls["decisions"]["preauthorize"]>>().toEqualTypeOf<Person>()
    expectTypeOf<Taken<Calls["logout"]["initiate"]>>().toEqualTypeOf<"visitorId" | Platform>()
    type Partner = Calls["partnerSingleSignOn"]
    expectTypeOf<Taken<Partner["requestAuthentication"]>>().toEqualTypeOf<
      "visitorId" | "partnerFrameworkStatus"
    >()
    expectTypeOf<Taken<Partner["createProfile"]>>().toEqualTypeOf<"visitorId" | "partnerFrameworkStatus">()
  })

  it("refuse a header where it is not taken, and a partner's call without the status of its framework", () => {
    const calls = (
      rest: Calls,
      token: Redacted.Redacted<string>,
      ofPartner: RestV2.OfProvider & Required<Identity.OfPartner>
    ) => [
      // @ts-expect-error: no TempPass identity when a session is created
      rest.sessions.create({ serviceProvider: "ACME", tempPassIdentity: { email: "x" } }),
      // @ts-expect-error: no token of a service when a session is resumed
      rest.sessions.resume({ serviceProvider: "ACME", code: "7QK2M9Z", serviceToken: token }),
      // @ts-expect-error: the status of the partner's framework is missing
      rest.partnerSingleSignOn.createProfile({ serviceProvider: "ACME", samlResponse: token }),
      // @ts-expect-error: a SAML response is a secret
      rest.partnerSingleSignOn.createProfile({ ...ofPartner, samlResponse: "PHNhbWxwPg==" }),
      // @ts-expect-error: a second screen does not create sessions
      rest.withoutDevice.sessions.create({ serviceProvider: "ACME" }),
      // @ts-expect-error: the resources are missing
      rest.decisions.authorize({ serviceProvider: "ACME", mvpd: "NorthCable" })
    ]
    expectTypeOf(calls).toBeFunction()
  })
})

describe("the types of results", () => {
  it("keep decisions on showing and on playing apart (D1)", () => {
    type Preauthorized = SuccessOf<Calls["decisions"]["preauthorize"]>
    type Authorized = SuccessOf<Calls["decisions"]["authorize"]>
    expectTypeOf<Preauthorized>().toEqualTypeOf<ReadonlyArray<Preauthorization.Preauthorization>>()
    expectTypeOf<Authorized>().toEqualTypeOf<ReadonlyArray<Authorization.Authorization>>()
    expectTypeOf<Preauthorized>().not.toExtend<Authorized>()
    expectTypeOf<Authorized>().not.toExtend<Preauthorized>()
    expectTypeOf<Preauthorization.Permit>().not.toExtend<Authorization.Permit>()
    expectTypeOf<Preauthorization.Permit>().not.toHaveProperty("token")
    expectTypeOf<Authorization.Denial>().not.toHaveProperty("token")
    expectTypeOf<Authorization.Denial>().not.toExtend<Authorization.Permit>()
    expectTypeOf<Authorization.Denial["error"]>().toEqualTypeOf<AdobePassError.CallRefused>()
  })

  it("hold secrets as such (E5)", () => {
    expectTypeOf<Decision.MediaToken["serializedToken"]>().toEqualTypeOf<Redacted.Redacted<string>>()
    expectTypeOf<Session.AuthenticationRequest["request"]>().toEqualTypeOf<Redacted.Redacted<string>>()
    type Connection = NonNullable<NonNullable<Session.SessionInformation["device"]>["connection"]>
    expectTypeOf<NonNullable<Connection["ipAddress"]>>().toEqualTypeOf<Redacted.Redacted<string>>()
  })

  it("are exhausted by a match over all actions of sessions and logouts (C11, F1, F2)", () => {
    const next = Match.typeTags<Session.Session>()({
      Authenticate: ({ url }) => url,
      Authorize: ({ mvpd }) => mvpd,
      PartnerProfile: () => "partner",
      Resume: ({ missingParameters }) => missingParameters?.join(),
      Retry: ({ missingParameters }) => missingParameters?.join(),
      UnknownAction: ({ actionName }) => actionName
    })
    expectTypeOf(next).returns.toEqualTypeOf<string | undefined>()
    const left = Match.typeTags<Logout.Logout>()({
      LogoutAtMvpd: ({ url }) => url,
      LogoutAtPartner: () => "settings",
      LogoutComplete: () => "done",
      NotSignedIn: () => "nothing",
      UnknownAction: ({ actionName }) => actionName
    })
    expectTypeOf(left).returns.toEqualTypeOf<string | undefined>()
    // @ts-expect-error: an action is missing
    Match.typeTags<Session.Session>()({ Authenticate: () => 1, Authorize: () => 2, Resume: () => 3 })
    // @ts-expect-error: the logout at the partner is missing
    Match.typeTags<Logout.Logout>()({ LogoutAtMvpd: () => 1, LogoutComplete: () => 2, NotSignedIn: () => 3 })
  })

  it("keep the documented values of enumerations, and any other text (H4)", () => {
    expectTypeOf<"regular">().toExtend<Profile.ProfileType>()
    expectTypeOf<string & {}>().toExtend<Profile.ProfileType>()
    expectTypeOf<Session.ReasonType>().not.toBeAny()
    expectTypeOf<SuccessOf<Calls["profiles"]["all"]>>().toEqualTypeOf<{
      readonly [mvpd: string]: Profile.Profile
    }>()
  })
})
