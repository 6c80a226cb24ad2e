/**
 * The contract of REST API v2: the client, the emulator's handlers and the OpenAPI document come from it.
 *
 * @since 0.1.0
 */
import * as HttpApi from "@effect/platform/HttpApi"
import * as HttpApiEndpoint from "@effect/platform/HttpApiEndpoint"
import * as HttpApiGroup from "@effect/platform/HttpApiGroup"
import * as HttpApiMiddleware from "@effect/platform/HttpApiMiddleware"
import * as HttpApiSchema from "@effect/platform/HttpApiSchema"
import * as OpenApi from "@effect/platform/OpenApi"
import * as Schema from "effect/Schema"
import { Configuration } from "./Configuration.js"
import { Decisions, Resources } from "./Decision.js"
import { EnhancedErrorBody } from "./EnhancedErrorBody.js"
import * as Identity from "./Identity.js"
import { type DeviceHeaders, withCallHeaders } from "./internal/callHeaders.js"
import { lenient } from "./internal/lenient.js"
import { Segment } from "./internal/wire.js"
import { Logouts } from "./Logout.js"
import { Profiles } from "./Profile.js"
import { Session, SessionInformation } from "./Session.js"

const error = (status: number) => EnhancedErrorBody.annotations(HttpApiSchema.annotations({ status }))

/**
 * The access token of a call: a server checks it before it reads anything else. The protected client sends it.
 *
 * @since 0.1.0
 * @category middleware
 */
export class AccessToken extends HttpApiMiddleware.Tag<AccessToken>()(
  "effect-adobe-pass-rest-v2/AccessToken",
  {
    failure: error(401)
  }
) {}

const optionalText = Schema.optional(Schema.String)

const serviceProvider = { serviceProvider: Segment }
const PartnerParameters = Schema.Struct({
  domainName: Schema.String,
  redirectUrl: Schema.String
}).pipe(HttpApiSchema.withEncoding({ kind: "UrlParams" }))

const PartnerAnswer = Schema.Struct({
  /** In base64. */
  SAMLResponse: Schema.Redacted(Schema.String)
}).pipe(HttpApiSchema.withEncoding({ kind: "UrlParams" }))

const ofProvider = Schema.Struct(serviceProvider)
const ofMvpd = Schema.Struct({ ...serviceProvider, mvpd: Segment })
const ofCode = Schema.Struct({ ...serviceProvider, code: Segment })
const ofPartner = Schema.Struct({ ...serviceProvider, partner: Segment })

const { partner, platform, tempPass, visitor } = Identity
const ofVisitor = Schema.Struct(visitor)
const ofPerson = Schema.Struct({ ...visitor, ...platform })
const ofPersonOrPartner = Schema.Struct({ ...visitor, ...platform, ...partner })
const ofAnyone = Schema.Struct({ ...visitor, ...platform, ...partner, ...tempPass })

const documented = (summary: string, device: DeviceHeaders) =>
  OpenApi.annotations({ summary, transform: withCallHeaders(device) })

/** The parameters of a session: each may be left out, and is then asked for. */
const SessionParameters = Schema.Struct({
  mvpd: optionalText,
  domainName: optionalText,
  redirectUrl: optionalText
}).pipe(HttpApiSchema.withEncoding({ kind: "UrlParams" }))

class ConfigurationGroup extends HttpApiGroup.make("configuration")
  .add(
    HttpApiEndpoint.get("retrieve", "/:serviceProvider/configuration")
      .setPath(ofProvider)
      .addSuccess(lenient(Configuration))
      .annotateContext(documented("The MVPDs and domains of a service provider", "optional"))
  )
  .middleware(AccessToken) {}

class SessionsGroup extends HttpApiGroup.make("sessions")
  .add(
    HttpApiEndpoint.post("create", "/:serviceProvider/sessions")
      .setPath(ofProvider)
      .setHeaders(ofPerson)
      .setPayload(SessionParameters)
      .addSuccess(lenient(Session))
      .annotateContext(documented("Creates an authentication session", "required"))
  )
  .add(
    HttpApiEndpoint.post("resume", "/:serviceProvider/sessions/:code")
      .setPath(ofCode)
      .setHeaders(ofVisitor)
      .setPayload(SessionParameters)
      .addSuccess(lenient(Session))
      .annotateContext(documented("Resumes an authentication session", "ofStreamingDevice"))
  )
  .add(
    HttpApiEndpoint.get("retrieve", "/:serviceProvider/sessions/:code")
      .setPath(ofCode)
      .setHeaders(ofVisitor)
      .addSuccess(lenient(SessionInformation))
      .annotateContext(documented("What an authentication session has and lacks", "ofStreamingDevice"))
  )
  .middleware(AccessToken) {}

class BrowserGroup extends HttpApiGroup.make("browser").add(
  HttpApiEndpoint.get("authenticate", "/authenticate/:serviceProvider/:code")
    .setPath(ofCode)
    .addSuccess(HttpApiSchema.Empty(302))
    .annotateContext(documented("Opened by a browser: leads to the login page of the MVPD", "none"))
) {}

class ProfilesGroup extends HttpApiGroup.make("profiles")
  .add(
    HttpApiEndpoint.get("all", "/:serviceProvider/profiles")
      .setPath(ofProvider)
      .setHeaders(ofPersonOrPartner)
      .addSuccess(lenient(Profiles))
      .annotateContext(documented("The profiles of a device", "required"))
  )
  .add(
    HttpApiEndpoint.get("forCode", "/:serviceProvider/profiles/code/:code")
      .setPath(ofCode)
      .setHeaders(Schema.Struct({ ...visitor, ...tempPass }))
      .addSuccess(lenient(Profiles))
      .annotateContext(documented("The profile that a session has led to", "ofStreamingDevice"))
  )
  .add(
    HttpApiEndpoint.get("forMvpd", "/:serviceProvider/profiles/:mvpd")
      .setPath(ofMvpd)
      .setHeaders(ofAnyone)
      .addSuccess(lenient(Profiles))
      .annotateContext(documented("The profile of a device with an MVPD", "required"))
  )
  .middleware(AccessToken) {}

class DecisionsGroup extends HttpApiGroup.make("decisions")
  .add(
    HttpApiEndpoint.post("authorize", "/:serviceProvider/decisions/authorize/:mvpd")
      .setPath(ofMvpd)
      .setHeaders(ofAnyone)
      .setPayload(Resources)
      .addSuccess(lenient(Decisions))
      .annotateContext(documented("Decides whether resources may be played now", "required"))
  )
  .add(
    HttpApiEndpoint.post("preauthorize", "/:serviceProvider/decisions/preauthorize/:mvpd")
      .setPath(ofMvpd)
      .setHeaders(ofAnyone)
      .setPayload(Resources)
      .addSuccess(lenient(Decisions))
      .annotateContext(documented("Decides which resources of a catalogue to show", "required"))
  )
  .middleware(AccessToken) {}

class LogoutGroup extends HttpApiGroup.make("logout")
  .add(
    HttpApiEndpoint.get("initiate", "/:serviceProvider/logout/:mvpd")
      .setPath(ofMvpd)
      .setHeaders(ofPerson)
      .setUrlParams(Schema.Struct({ redirectUrl: optionalText }))
      .addSuccess(lenient(Logouts))
      .annotateContext(documented("Removes the profile of a device with an MVPD", "required"))
  )
  .middleware(AccessToken) {}

class PartnerSingleSignOnGroup extends HttpApiGroup.make("partnerSingleSignOn")
  .add(
    HttpApiEndpoint.post("requestAuthentication", "/:serviceProvider/sessions/sso/:partner")
      .setPath(ofPartner)
      .setHeaders(Schema.Struct({ ...visitor, ...partner }))
      .setPayload(PartnerParameters)
      .addSuccess(lenient(Session))
      .annotateContext(documented("Asks for the authentication request of a partner", "required"))
  )
  .add(
    HttpApiEndpoint.post("createProfile", "/:serviceProvider/profiles/sso/:partner")
      .setPath(ofPartner)
      .setHeaders(Schema.Struct({ ...visitor, ...partner }))
      .setPayload(PartnerAnswer)
      .addSuccess(lenient(Profiles), { status: 201 })
      // A degraded profile is not created.
      .addSuccess(lenient(Profiles), { status: 200 })
      .annotateContext(documented("Creates a profile from the answer of a partner", "required"))
  )
  .middleware(AccessToken) {}

/**
 * All operations, under `/api/v2`.
 *
 * @since 0.1.0
 * @category contract
 */
export class RestV2Api extends HttpApi.make("adobe-pass-rest-v2")
  .add(ConfigurationGroup)
  .add(SessionsGroup)
  .add(BrowserGroup)
  .add(PartnerSingleSignOnGroup)
  .add(ProfilesGroup)
  .add(DecisionsGroup)
  .add(LogoutGroup)
  .addError(error(400))
  .addError(error(403))
  .addError(error(405))
  .addError(error(500))
  .prefix("/api/v2")
  .annotateContext(
    OpenApi.annotations({
      title: "Adobe Pass Authentication REST API v2",
      version: "2",
      description: "As effect-adobe-pass-rest-v2 calls it, and its emulator answers."
    })
  ) {}
