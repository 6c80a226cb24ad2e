/**
 * Authentication sessions: what a device has to do next to have a profile.
 *
 * @since 0.1.0
 */
import * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import { hardwareTypes } from "effect-adobe-pass/DeviceInfo"
import { deprecated, Integer, openLiteral, optional, TimestampText } from "./internal/wire.js"

/**
 * Why the answer is what it is.
 *
 * @since 0.1.0
 * @category schemas
 */
export const ReasonType = openLiteral(
  "none",
  "authenticated",
  "authenticatedSSO",
  "temporary",
  "degraded",
  "pfs_fallback",
  "configuration_fallback",
  "missing_parameters_fallback"
)

/**
 * @since 0.1.0
 * @category models
 */
export type ReasonType = typeof ReasonType.Type

/**
 * The parameters of a session. Adobe also writes `domain` for `domainName`.
 *
 * @since 0.1.0
 * @category schemas
 */
export const ParameterName = Schema.transform(
  openLiteral("mvpd", "domainName", "redirectUrl"),
  Schema.String,
  {
    strict: true,
    decode: (name) => (name === "domain" ? "domainName" : name),
    encode: (name) => name
  }
)

const requestMembers = {
  type: openLiteral("saml"),
  request: Schema.Redacted(Schema.String),
  attributesNames: optional(Schema.Array(Schema.String))
}

/**
 * A SAML request for the partner of a single sign-on, to be handed to its framework as it is. `attributesNames` was named
 * `attributes` until April 2025, and is read from both.
 *
 * @since 0.1.0
 * @category schemas
 */
export const AuthenticationRequest = Schema.transform(
  Schema.Struct({
    ...requestMembers,
    attributes: deprecated(Schema.Array(Schema.String), { type: "array", items: { type: "string" } })
  }),
  Schema.typeSchema(Schema.Struct(requestMembers)),
  {
    strict: true,
    decode: ({ attributes, attributesNames = attributes, ...others }) =>
      attributesNames === undefined ? others : { ...others, attributesNames },
    encode: (request) => request
  }
).annotations({
  identifier: "AuthenticationRequest",
  description: "A SAML request for a partner's framework"
})

/**
 * @since 0.1.0
 * @category models
 */
export type AuthenticationRequest = typeof AuthenticationRequest.Type

const members = {
  /** `interactive`: a browser opens the URL. `direct`: a call goes on. */
  actionType: openLiteral("interactive", "direct"),
  reasonType: ReasonType,
  /** Opaque; quote it to Adobe's support. */
  sessionId: Schema.String,
  serviceProvider: Schema.String,
  mvpd: optional(Schema.String),
  /** Relative in practice; `RestV2.sessions.authenticateUrl` makes the absolute one that a browser opens. */
  url: optional(Schema.String),
  /** What a person types on a second screen, and what the profile is asked for with. */
  code: optional(Schema.String),
  missingParameters: optional(Schema.Array(ParameterName)),
  /** The validity of the code, in milliseconds since the epoch. */
  notBefore: optional(TimestampText),
  notAfter: optional(TimestampText),
  authenticationRequest: optional(AuthenticationRequest)
}

/**
 * A person signs in: open the authenticate URL in a browser on this device, or show the code for a second screen.
 *
 * @since 0.1.0
 * @category schemas
 */
export const Authenticate = Schema.TaggedStruct("Authenticate", {
  actionName: Schema.Literal("authenticate"),
  ...members
})

/**
 * @since 0.1.0
 * @category models
 */
export interface Authenticate extends Schema.Schema.Type<typeof Authenticate> {}

/**
 * Parameters are missing: resume the session with `missingParameters`, here or on a second screen.
 *
 * @since 0.1.0
 * @category schemas
 */
export const Resume = Schema.TaggedStruct("Resume", { actionName: Schema.Literal("resume"), ...members })

/**
 * @since 0.1.0
 * @category models
 */
export interface Resume extends Schema.Schema.Type<typeof Resume> {}

/**
 * Parameters are missing after a resumption: resume again with all of them.
 *
 * @since 0.1.0
 * @category schemas
 */
export const Retry = Schema.TaggedStruct("Retry", { actionName: Schema.Literal("retry"), ...members })

/**
 * @since 0.1.0
 * @category models
 */
export interface Retry extends Schema.Schema.Type<typeof Retry> {}

/**
 * Nobody needs to sign in: there is a profile, by single sign-on too, or none is needed. Ask for a decision.
 *
 * @since 0.1.0
 * @category schemas
 */
export const Authorize = Schema.TaggedStruct("Authorize", {
  actionName: Schema.Literal("authorize"),
  ...members
})

/**
 * @since 0.1.0
 * @category models
 */
export interface Authorize extends Schema.Schema.Type<typeof Authorize> {}

/**
 * The partner signs the person in: hand `authenticationRequest` to its framework, and the framework's answer to
 * `partnerSingleSignOn.createProfile`.
 *
 * @since 0.1.0
 * @category schemas
 */
export const PartnerProfile = Schema.TaggedStruct("PartnerProfile", {
  actionName: Schema.Literal("partner_profile"),
  ...members
})

/**
 * @since 0.1.0
 * @category models
 */
export interface PartnerProfile extends Schema.Schema.Type<typeof PartnerProfile> {}

/**
 * An action that this version does not know, as Adobe names it.
 *
 * @since 0.1.0
 * @category schemas
 */
export const UnknownAction = Schema.TaggedStruct("UnknownAction", { actionName: Schema.String, ...members })

/**
 * @since 0.1.0
 * @category models
 */
export interface UnknownAction extends Schema.Schema.Type<typeof UnknownAction> {}

const Wire = Schema.Struct({
  actionName: openLiteral("authenticate", "resume", "retry", "authorize", "partner_profile"),
  ...members
})

const tagged = (wire: typeof Wire.Type): Session => {
  const { actionName } = wire
  switch (actionName) {
    case "authenticate":
      return { ...wire, _tag: "Authenticate", actionName: "authenticate" }
    case "resume":
      return { ...wire, _tag: "Resume", actionName: "resume" }
    case "retry":
      return { ...wire, _tag: "Retry", actionName: "retry" }
    case "authorize":
      return { ...wire, _tag: "Authorize", actionName: "authorize" }
    case "partner_profile":
      return { ...wire, _tag: "PartnerProfile", actionName: "partner_profile" }
    default:
      return { ...wire, _tag: "UnknownAction", actionName }
  }
}

/**
 * What has to be done next, by `actionName`. `create` answers with `Authenticate`, `Resume` or `Authorize`, `resume` with
 * `Authenticate`, `Retry` or `Authorize`, and the partner's request with any but `Retry`.
 *
 * @since 0.1.0
 * @category schemas
 */
export const Session = Schema.transform(
  Wire,
  Schema.typeSchema(Schema.Union(Authenticate, Resume, Retry, Authorize, PartnerProfile, UnknownAction)),
  { strict: true, decode: tagged, encode: ({ _tag, ...wire }) => wire }
).annotations({
  identifier: "Session",
  description: "What has to be done next for the device to have a profile"
})

/**
 * @since 0.1.0
 * @category models
 */
export type Session = Authenticate | Resume | Retry | Authorize | PartnerProfile | UnknownAction

const Version = Schema.Struct({
  major: optional(Integer),
  minor: optional(Integer),
  patch: optional(Integer),
  profile: optional(Schema.String)
}).annotations({ identifier: "Version" })

/** An address as text; read from what Java prints of an `InetAddress`, too. */
const IpAddress = Schema.transform(
  Schema.Union(Schema.String, Schema.Struct({ hostAddress: Schema.String })).annotations({
    jsonSchema: { type: "string" }
  }),
  Schema.Redacted(Schema.String).pipe(Schema.typeSchema),
  {
    strict: true,
    decode: (address) => Redacted.make(typeof address === "string" ? address : address.hostAddress),
    encode: Redacted.value
  }
)

/**
 * What Adobe Pass knows of the streaming device that a session was created on.
 *
 * @since 0.1.0
 * @category schemas
 */
export const Device = Schema.Struct({
  /** One of `X-Device-Info`, or one of two that Adobe Pass finds out by itself. */
  type: optional(openLiteral(...hardwareTypes, "VehicleMultimediaSystem", "Projector")),
  model: optional(Schema.String),
  version: optional(Version),
  hardware: optional(
    Schema.Struct({
      name: optional(Schema.String),
      vendor: optional(Schema.String),
      version: optional(Version),
      manufacturer: optional(Schema.String)
    })
  ),
  operatingSystem: optional(
    Schema.Struct({
      name: optional(Schema.String),
      family: optional(Schema.String),
      vendor: optional(Schema.String),
      version: optional(Version)
    })
  ),
  browser: optional(
    Schema.Struct({
      name: optional(Schema.String),
      vendor: optional(Schema.String),
      version: optional(Version),
      userAgent: optional(Schema.String),
      originalUserAgent: optional(Schema.String)
    })
  ),
  display: optional(
    Schema.Struct({
      width: optional(Integer),
      height: optional(Integer),
      ppi: optional(Integer),
      name: optional(Schema.String),
      vendor: optional(Schema.String),
      version: optional(Version),
      diagonalSize: optional(Schema.String)
    })
  ),
  applicationId: optional(Schema.String),
  connection: optional(
    Schema.Struct({
      ipAddress: optional(IpAddress),
      port: optional(Schema.String),
      secure: optional(Schema.Boolean),
      type: optional(Schema.String)
    })
  )
}).annotations({ identifier: "Device", description: "What Adobe Pass knows of the streaming device" })

/**
 * @since 0.1.0
 * @category models
 */
export interface Device extends Schema.Schema.Type<typeof Device> {}

const parameters = {
  mvpd: optional(Schema.String),
  domainName: optional(Schema.String),
  redirectUrl: optional(Schema.String),
  serviceProvider: optional(Schema.String)
}

/** Adobe writes `domainName` or `domain`. */
const ExistingParameters = Schema.transform(
  Schema.Struct({ ...parameters, domain: deprecated(Schema.String, { type: "string" }) }),
  Schema.typeSchema(Schema.Struct(parameters)),
  {
    strict: true,
    decode: ({ domain, domainName = domain, ...others }) =>
      domainName === undefined ? others : { ...others, domainName },
    encode: (existing) => existing
  }
)

/**
 * The answer of `sessions.retrieve`: what a session has, and what it lacks.
 *
 * @since 0.1.0
 * @category schemas
 */
export const SessionInformation = Schema.Struct({
  existingParameters: ExistingParameters,
  missingParameters: optional(Schema.Array(ParameterName)),
  device: optional(Device),
  notBefore: optional(TimestampText),
  notAfter: optional(TimestampText)
}).annotations({ identifier: "SessionInformation", description: "What a session has, and what it lacks" })

/**
 * @since 0.1.0
 * @category models
 */
export interface SessionInformation extends Schema.Schema.Type<typeof SessionInformation> {}
