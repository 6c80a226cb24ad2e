/**
 * What a service provider offers: its MVPDs and domains.
 *
 * @since 0.1.0
 */
import * as Schema from "effect/Schema"
import { Flag, openLiteral, optional, Text } from "./internal/wire.js"

/**
 * An MVPD (a TV provider) that is integrated with the service provider. `isTempPass` and `isProxy` are absent for `false`.
 *
 * @since 0.1.0
 * @category schemas
 */
export class Mvpd extends Schema.Class<Mvpd>("Mvpd")({
  id: Schema.String,
  displayName: Schema.String,
  logoUrl: optional(Schema.String),
  isTempPass: optional(Flag),
  isProxy: optional(Flag),
  /** How far the MVPD takes part in single sign-on of the platform. */
  boardingStatus: optional(openLiteral("SUPPORTED", "PICKER")),
  /** The id of the MVPD on the platform. */
  platformMappingId: optional(Text),
  enablePlatformServices: optional(Flag),
  displayInPlatformPicker: optional(Flag),
  enforcePlatformPermissions: optional(Flag),
  authPerAggregator: optional(Flag),
  authPerBrowserSession: optional(Flag),
  passiveAuthnEnabled: optional(Flag)
}) {}

/**
 * A domain that a `domainName` may be.
 *
 * @since 0.1.0
 * @category schemas
 */
export class Domain extends Schema.Class<Domain>("Domain")({
  name: Schema.String,
  mvpdInitiated: optional(Flag)
}) {}

/**
 * The service provider: Adobe's older name for it is requestor.
 *
 * @since 0.1.0
 * @category schemas
 */
export class Requestor extends Schema.Class<Requestor>("Requestor")({
  id: Schema.String,
  name: Schema.String,
  domains: Schema.Array(Domain),
  /** Only MVPDs with an active integration. */
  mvpds: Schema.Array(Mvpd)
}) {}

/**
 * The answer of `configuration.retrieve`.
 *
 * @since 0.1.0
 * @category schemas
 */
export class Configuration extends Schema.Class<Configuration>("Configuration")({
  requestor: Requestor,
  device: optional(Text),
  clientType: optional(Text),
  os: optional(Text),
  platformCategory: optional(Text),
  platform: optional(Text),
  sdkType: optional(Text)
}) {
  /** The MVPDs to show in a picker: without TempPass. */
  get selectable(): ReadonlyArray<Mvpd> {
    return this.requestor.mvpds.filter(({ isTempPass }) => isTempPass !== true)
  }
}
