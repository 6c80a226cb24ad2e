/**
 * Profiles: who is signed in, with which MVPD, and until when.
 *
 * @since 0.1.0
 */
import * as Schema from "effect/Schema"
import { recordOfOptional } from "./internal/lenient.js"
import { openLiteral, optional, Timestamp } from "./internal/wire.js"

/**
 * How the person signed in.
 *
 * @since 0.1.0
 * @category schemas
 */
export const ProfileType = openLiteral(
  "regular",
  "degraded",
  "temporary",
  "appleSSO",
  "platformSSO",
  "serviceTokenSSO"
)

/**
 * @since 0.1.0
 * @category models
 */
export type ProfileType = typeof ProfileType.Type

/**
 * Something that the MVPD says about the person, such as `userID`, `householdID`, `zip` or `maxRating`. With the state
 * `enc` it is encrypted for the certificate of the programmer. `error` is the code of what went wrong with it.
 *
 * @since 0.1.0
 * @category schemas
 */
export const Attribute = Schema.Struct({
  value: Schema.optional(
    Schema.Unknown.annotations({ title: "Any JSON", description: "Text, a number, a list or an object" })
  ),
  state: optional(openLiteral("plain", "enc")),
  error: optional(Schema.String)
}).annotations({
  identifier: "Attribute",
  description: "Something that the MVPD says about the person; error is the code of what went wrong with it"
})

/**
 * @since 0.1.0
 * @category models
 */
export interface Attribute extends Schema.Schema.Type<typeof Attribute> {}

/**
 * A profile. Its times are milliseconds since the epoch; nobody can extend it.
 *
 * @since 0.1.0
 * @category schemas
 */
export const Profile = Schema.Struct({
  notBefore: Timestamp,
  notAfter: Timestamp,
  /** The id of the MVPD, or `Adobe` for a degraded or temporary profile, or `Apple`. */
  issuer: Schema.String,
  type: ProfileType,
  attributes: recordOfOptional(Attribute),
  sessionId: optional(Schema.String)
}).annotations({ identifier: "Profile", description: "Who is signed in, with which MVPD, and until when" })

/**
 * @since 0.1.0
 * @category models
 */
export interface Profile extends Schema.Schema.Type<typeof Profile> {}

/**
 * The answer of all calls for profiles: by the id of the MVPD. An empty map means that nobody is signed in (yet).
 *
 * @since 0.1.0
 * @category schemas
 */
export const Profiles = Schema.Struct({
  profiles: Schema.Record({ key: Schema.String, value: Profile })
}).annotations({
  identifier: "Profiles",
  description: "By the id of the MVPD; empty when nobody is signed in"
})

/**
 * @since 0.1.0
 * @category models
 */
export interface Profiles extends Schema.Schema.Type<typeof Profiles> {}
