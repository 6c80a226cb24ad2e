/**
 * Logout: what is left to do for each profile that Adobe Pass has removed.
 *
 * @since 0.1.0
 */
import * as Schema from "effect/Schema"
import { openLiteral, optional } from "./internal/wire.js"

const members = {
  actionType: openLiteral("interactive", "partner_interactive", "none"),
  mvpd: Schema.String,
  url: optional(Schema.String)
}

/**
 * The MVPD has a session of its own: open `url` in a browser, which ends at the redirect URL. A device without a browser
 * has no such session, and stops here.
 *
 * @since 0.1.0
 * @category schemas
 */
export const LogoutAtMvpd = Schema.TaggedStruct("LogoutAtMvpd", {
  actionName: Schema.Literal("logout"),
  ...members
})

/**
 * @since 0.1.0
 * @category models
 */
export interface LogoutAtMvpd extends Schema.Schema.Type<typeof LogoutAtMvpd> {}

/**
 * The person signed in through the partner's single sign-on: guide them to the settings of the system, on iOS `Settings >
 * TV Provider`, on tvOS `Settings > Accounts > TV Provider`.
 *
 * @since 0.1.0
 * @category schemas
 */
export const LogoutAtPartner = Schema.TaggedStruct("LogoutAtPartner", {
  actionName: Schema.Literal("partner_logout"),
  ...members
})

/**
 * @since 0.1.0
 * @category models
 */
export interface LogoutAtPartner extends Schema.Schema.Type<typeof LogoutAtPartner> {}

/**
 * Nothing is left to do.
 *
 * @since 0.1.0
 * @category schemas
 */
export const LogoutComplete = Schema.TaggedStruct("LogoutComplete", {
  actionName: Schema.Literal("complete"),
  ...members
})

/**
 * @since 0.1.0
 * @category models
 */
export interface LogoutComplete extends Schema.Schema.Type<typeof LogoutComplete> {}

/**
 * There was no valid profile.
 *
 * @since 0.1.0
 * @category schemas
 */
export const NotSignedIn = Schema.TaggedStruct("NotSignedIn", {
  actionName: Schema.Literal("invalid"),
  ...members
})

/**
 * @since 0.1.0
 * @category models
 */
export interface NotSignedIn extends Schema.Schema.Type<typeof NotSignedIn> {}

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
  actionName: openLiteral("logout", "partner_logout", "complete", "invalid"),
  ...members
})

const tagged = (wire: typeof Wire.Type): Logout => {
  const { actionName } = wire
  switch (actionName) {
    case "logout":
      return { ...wire, _tag: "LogoutAtMvpd", actionName: "logout" }
    case "partner_logout":
      return { ...wire, _tag: "LogoutAtPartner", actionName: "partner_logout" }
    case "complete":
      return { ...wire, _tag: "LogoutComplete", actionName: "complete" }
    case "invalid":
      return { ...wire, _tag: "NotSignedIn", actionName: "invalid" }
    default:
      return { ...wire, _tag: "UnknownAction", actionName }
  }
}

/**
 * What is left to do for one profile, by `actionName`.
 *
 * @since 0.1.0
 * @category schemas
 */
export const Logout = Schema.transform(
  Wire,
  Schema.typeSchema(Schema.Union(LogoutAtMvpd, LogoutAtPartner, LogoutComplete, NotSignedIn, UnknownAction)),
  { strict: true, decode: tagged, encode: ({ _tag, ...wire }) => wire }
).annotations({ identifier: "Logout", description: "What is left to do for a profile that was removed" })

/**
 * @since 0.1.0
 * @category models
 */
export type Logout = LogoutAtMvpd | LogoutAtPartner | LogoutComplete | NotSignedIn | UnknownAction

/**
 * The answer of `logout.initiate`, by the id of the MVPD: an entry for each profile.
 *
 * @since 0.1.0
 * @category schemas
 */
export const Logouts = Schema.Struct({
  logouts: Schema.Record({ key: Schema.String, value: Logout })
}).annotations({ identifier: "Logouts", description: "By the id of the MVPD: an entry for each profile" })

/**
 * @since 0.1.0
 * @category models
 */
export interface Logouts extends Schema.Schema.Type<typeof Logouts> {}
