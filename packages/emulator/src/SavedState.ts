/**
 * What an emulator remembers, as plain data: to save it, and to go on in another emulator.
 *
 * @since 0.1.0
 */
import * as Schema from "effect/Schema"
import { optional } from "./internal/optional.js"
import { World } from "./World.js"

const Strings = Schema.Array(Schema.String)

/**
 * Whom the tokens of single sign-on stand for, that a session was created with.
 *
 * @since 0.1.0
 * @category models
 */
export const Subjects = Schema.Struct({
  platform: optional(Schema.String),
  service: optional(Schema.String)
})

/**
 * @since 0.1.0
 * @category models
 */
export interface Subjects extends Schema.Schema.Type<typeof Subjects> {}

/**
 * What a person or an application has to say before a login, each of which may be missing.
 *
 * @since 0.1.0
 * @category models
 */
export const Parameters = Schema.Struct({
  mvpd: optional(Schema.String),
  domainName: optional(Schema.String),
  redirectUrl: optional(Schema.String)
})

/**
 * @since 0.1.0
 * @category models
 */
export interface Parameters extends Schema.Schema.Type<typeof Parameters> {}

/**
 * An authentication session. It belongs to the device that it was created on; a second screen may resume it.
 *
 * @since 0.1.0
 * @category models
 */
export const Session = Schema.Struct({
  code: Schema.String,
  sessionId: Schema.String,
  serviceProvider: Schema.String,
  clientId: Schema.String,
  device: Schema.String,
  /** What `X-Device-Info` said. */
  info: optional(Schema.Record({ key: Schema.String, value: Schema.Unknown })),
  address: optional(Schema.String),
  subjects: Subjects,
  parameters: Parameters,
  notBefore: Schema.Number,
  notAfter: Schema.Number,
  /** Another session of the same device has taken its place. */
  replaced: Schema.Boolean
})

/**
 * @since 0.1.0
 * @category models
 */
export interface Session extends Schema.Schema.Type<typeof Session> {}

/**
 * A profile: who is signed in, with which client, device, service provider and MVPD.
 *
 * @since 0.1.0
 * @category models
 */
export const Profile = Schema.Struct({
  clientId: Schema.String,
  device: Schema.String,
  serviceProvider: Schema.String,
  mvpd: Schema.String,
  type: Schema.Literal("regular", "appleSSO"),
  user: Schema.String,
  subjects: Subjects,
  notBefore: Schema.Number,
  notAfter: Schema.Number,
  /** The profile was revoked, and is remembered so that a decision can say so. */
  invalidated: Schema.Boolean
})

/**
 * @since 0.1.0
 * @category models
 */
export interface Profile extends Schema.Schema.Type<typeof Profile> {}

/**
 * What has been used of a temporary access. Its holder is a hash of the device, or of the identity of a promotional one.
 *
 * @since 0.1.0
 * @category models
 */
export const TempPassUse = Schema.Struct({
  serviceProvider: Schema.String,
  mvpd: Schema.String,
  holder: Schema.String,
  since: Schema.Number,
  /** The resources of a promotional TempPass. */
  used: Strings
})

/**
 * @since 0.1.0
 * @category models
 */
export interface TempPassUse extends Schema.Schema.Type<typeof TempPassUse> {}

const Application = Schema.Struct({
  id: Schema.String,
  scopes: Strings,
  redirectDomains: optional(Strings),
  approved: Schema.Boolean
})

const Client = Schema.Struct({
  id: Schema.String,
  secret: Schema.String,
  /** The id of its application. */
  application: Schema.String,
  tokens: Schema.Array(Schema.Struct({ token: Schema.String, expired: Schema.Boolean }))
})

/**
 * The applications, clients and tokens that an emulator has issued, with the public keys that prove that it has.
 *
 * @since 0.1.0
 * @category models
 */
export const Issued = Schema.Struct({
  keys: Strings,
  applications: Schema.Array(Application),
  clients: Schema.Array(Client)
})

/**
 * @since 0.1.0
 * @category models
 */
export interface Issued extends Schema.Schema.Type<typeof Issued> {}

/**
 * All of it. It contains secrets: those of clients, and their tokens.
 *
 * @example
 * ```ts
 * import { Effect, Schema } from "effect"
 * import { Emulator, SavedState } from "effect-adobe-pass-emulator"
 *
 * const Json = Schema.parseJson(SavedState.SavedState)
 *
 * const save = Effect.gen(function* () {
 *   const emulator = yield* Emulator.Emulator
 *   return yield* Schema.encode(Json)(yield* emulator.exportState)
 * })
 *
 * const goOn = (json: string) =>
 *   Effect.gen(function* () {
 *     const emulator = yield* Emulator.Emulator
 *     yield* emulator.importState(yield* Schema.decode(Json)(json))
 *   })
 * ```
 *
 * @since 0.1.0
 * @category models
 */
export const SavedState = Schema.Struct({
  version: Schema.Literal(1),
  issued: Issued,
  world: World,
  sessions: Schema.Array(Session),
  profiles: Schema.Array(Profile),
  tempPasses: Schema.Array(TempPassUse)
})

/**
 * @since 0.1.0
 * @category models
 */
export interface SavedState extends Schema.Schema.Type<typeof SavedState> {}
