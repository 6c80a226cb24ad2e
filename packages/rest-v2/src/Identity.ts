/**
 * What may be said about the person of a call, beside its device: optional headers of some operations.
 *
 * @since 0.1.0
 */
import type * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import { base64Json, openLiteral, optional } from "./internal/wire.js"

/**
 * One attribute that identifies the person of a promotional TempPass, such as `{ email: ... }`. Hash the value, so that
 * no personal data leaves your service.
 *
 * @since 0.1.0
 * @category schemas
 */
export const TempPassIdentity = Schema.Record({ key: Schema.String, value: Schema.String })

/**
 * @since 0.1.0
 * @category models
 */
export type TempPassIdentity = typeof TempPassIdentity.Type

const FrameworkError = Schema.Struct({ code: optional(Schema.String), message: optional(Schema.String) })

/**
 * What the partner's framework says about the permission of the person and about their provider: Apple's
 * VideoSubscriberAccount. Read it when the application comes to the foreground.
 *
 * @since 0.1.0
 * @category schemas
 */
export const PartnerFrameworkStatus = Schema.Struct({
  frameworkPermissionInfo: Schema.Struct({
    accessStatus: openLiteral("granted", "denied", "restricted", "notDetermined", "pending"),
    error: optional(FrameworkError)
  }),
  frameworkProviderInfo: Schema.Struct({
    /** The id of the provider on the platform: the `platformMappingId` of an MVPD. */
    id: optional(Schema.String),
    /** Milliseconds since the epoch, as digits. */
    expirationDate: optional(Schema.String),
    error: optional(FrameworkError)
  })
})

/**
 * @since 0.1.0
 * @category models
 */
export interface PartnerFrameworkStatus extends Schema.Schema.Type<typeof PartnerFrameworkStatus> {}

const header = <A, I>(schema: Schema.Schema<A, I>) => Schema.optional(schema)
const SecretHeader = Schema.Redacted(Schema.String)

/**
 * The header of the contract that `OfVisitor` fills.
 *
 * @since 0.1.0
 * @category headers
 */
export const visitor = { "ap-visitor-identifier": header(Schema.String) }

/**
 * The headers of the contract that `OfPlatform` fills.
 *
 * @since 0.1.0
 * @category headers
 */
export const platform = {
  "adobe-subject-token": header(SecretHeader),
  "x-roku-reserved-roku-connect-token": header(SecretHeader),
  "ad-service-token": header(SecretHeader)
}

/**
 * The header of the contract that `OfPartner` fills.
 *
 * @since 0.1.0
 * @category headers
 */
export const partner = { "ap-partner-framework-status": header(base64Json(PartnerFrameworkStatus)) }

/**
 * The header of the contract that `OfTempPass` fills.
 *
 * @since 0.1.0
 * @category headers
 */
export const tempPass = { "ap-temppass-identity": header(base64Json(TempPassIdentity)) }

/**
 * The Experience Cloud id of the visitor, for Adobe Analytics.
 *
 * @since 0.1.0
 * @category models
 */
export interface OfVisitor {
  readonly visitorId?: string | undefined
}

/**
 * Tokens of single sign-on, each of which stands for the person: of the platform (Amazon, Roku), or of a service of
 * yours, signed with the key that Adobe has.
 *
 * @since 0.1.0
 * @category models
 */
export interface OfPlatform {
  readonly subjectToken?: Redacted.Redacted<string> | undefined
  readonly rokuToken?: Redacted.Redacted<string> | undefined
  readonly serviceToken?: Redacted.Redacted<string> | undefined
}

/**
 * @since 0.1.0
 * @category models
 */
export interface OfPartner {
  readonly partnerFrameworkStatus?: PartnerFrameworkStatus | undefined
}

/**
 * @since 0.1.0
 * @category models
 */
export interface OfTempPass {
  readonly tempPassIdentity?: TempPassIdentity | undefined
}

/**
 * @since 0.1.0
 * @category models
 */
export interface OfAnyone extends OfVisitor, OfPlatform, OfPartner, OfTempPass {}

/**
 * The headers of an identity.
 *
 * @internal
 */
export const headersOf = (identity: OfAnyone) => ({
  "ap-visitor-identifier": identity.visitorId,
  "adobe-subject-token": identity.subjectToken,
  "x-roku-reserved-roku-connect-token": identity.rokuToken,
  "ad-service-token": identity.serviceToken,
  "ap-partner-framework-status": identity.partnerFrameworkStatus,
  "ap-temppass-identity": identity.tempPassIdentity
})
