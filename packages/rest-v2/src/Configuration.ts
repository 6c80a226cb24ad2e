/**
 * What a service provider offers: its MVPDs and domains.
 *
 * @since 0.1.0
 */
import * as Schema from "effect/Schema"
import { openLiteral, optional } from "./internal/wire.js"

/**
 * An MVPD (a TV provider) that is integrated with the service provider. `isTempPass` and `isProxy` are absent for `false`.
 *
 * @since 0.1.0
 * @category schemas
 */
export const Mvpd = Schema.Struct({
  id: Schema.String,
  displayName: Schema.String,
  logoUrl: optional(Schema.String),
  isTempPass: optional(Schema.Boolean),
  isProxy: optional(Schema.Boolean),
  /** How far the MVPD takes part in single sign-on of the platform. */
  boardingStatus: optional(openLiteral("SUPPORTED", "PICKER")),
  /** The id of the MVPD on the platform. */
  platformMappingId: optional(Schema.String),
  enablePlatformServices: optional(Schema.Boolean),
  displayInPlatformPicker: optional(Schema.Boolean),
  enforcePlatformPermissions: optional(Schema.Boolean),
  authPerAggregator: optional(Schema.Boolean),
  authPerBrowserSession: optional(Schema.Boolean),
  passiveAuthnEnabled: optional(Schema.Boolean)
}).annotations({ identifier: "Mvpd" })

/**
 * @since 0.1.0
 * @category models
 */
export interface Mvpd extends Schema.Schema.Type<typeof Mvpd> {}

/**
 * A domain that a `domainName` may be.
 *
 * @since 0.1.0
 * @category schemas
 */
export const Domain = Schema.Struct({
  name: Schema.String,
  mvpdInitiated: optional(Schema.Boolean)
}).annotations({ identifier: "Domain" })

/**
 * @since 0.1.0
 * @category models
 */
export interface Domain extends Schema.Schema.Type<typeof Domain> {}

/**
 * The service provider: Adobe's older name for it is requestor.
 *
 * @since 0.1.0
 * @category schemas
 */
export const Requestor = Schema.Struct({
  id: Schema.String,
  name: Schema.String,
  domains: Schema.Array(Domain),
  /** Only MVPDs with an active integration. */
  mvpds: Schema.Array(Mvpd)
}).annotations({ identifier: "Requestor" })

/**
 * @since 0.1.0
 * @category models
 */
export interface Requestor extends Schema.Schema.Type<typeof Requestor> {}

/**
 * The answer of `configuration.retrieve`.
 *
 * @since 0.1.0
 * @category schemas
 */
export const Configuration = Schema.Struct({
  requestor: Requestor,
  device: optional(Schema.String),
  clientType: optional(Schema.String),
  os: optional(Schema.String),
  platformCategory: optional(Schema.String),
  platform: optional(Schema.String),
  sdkType: optional(Schema.String)
}).annotations({ identifier: "Configuration" })

/**
 * @since 0.1.0
 * @category models
 */
export interface Configuration extends Schema.Schema.Type<typeof Configuration> {}

/**
 * The MVPDs to show in a picker: without TempPass.
 *
 * @since 0.1.0
 * @category accessors
 */
export const selectable = ({ requestor }: Configuration): ReadonlyArray<Mvpd> =>
  requestor.mvpds.filter(({ isTempPass }) => isTempPass !== true)
