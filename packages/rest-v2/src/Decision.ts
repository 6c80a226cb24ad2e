/**
 * Decisions as Adobe Pass writes them. `Authorization` and `Preauthorization` are what a client makes of them.
 *
 * @since 0.1.0
 */
import * as Schema from "effect/Schema"
import { AnyEnhancedError, openLiteral, optional, Timestamp } from "./internal/wire.js"

/**
 * Who decided.
 *
 * @since 0.1.0
 * @category schemas
 */
export const Source = openLiteral("mvpd", "degradation", "temppass", "dummy")

/**
 * @since 0.1.0
 * @category models
 */
export type Source = typeof Source.Type

/**
 * The proof of a permit, for one play request: to be passed on untouched, and verified on a server with Adobe's Media
 * Token Verifier. Never cached. Its validity is in milliseconds since the epoch.
 *
 * @since 0.1.0
 * @category schemas
 */
export const MediaToken = Schema.Struct({
  serializedToken: Schema.Redacted(Schema.String),
  notBefore: optional(Timestamp),
  notAfter: optional(Timestamp),
  issuedAt: optional(Timestamp)
}).annotations({ identifier: "MediaToken", description: "The proof of a permit, for one play request" })

/**
 * @since 0.1.0
 * @category models
 */
export interface MediaToken extends Schema.Schema.Type<typeof MediaToken> {}

/**
 * The decision on one resource.
 *
 * @since 0.1.0
 * @category schemas
 */
export const Decision = Schema.Struct({
  resource: Schema.String,
  serviceProvider: Schema.String,
  mvpd: Schema.String,
  authorized: Schema.Boolean,
  source: Source,
  token: optional(MediaToken),
  /** How long Adobe Pass answers from its own cache before it asks the MVPD again. */
  notBefore: optional(Timestamp),
  notAfter: optional(Timestamp),
  /** An enhanced error, in any of its shapes. */
  error: Schema.optional(AnyEnhancedError)
}).annotations({ identifier: "Decision", description: "On one resource; error says why it is denied" })

/**
 * @since 0.1.0
 * @category models
 */
export interface Decision extends Schema.Schema.Type<typeof Decision> {}

/**
 * The answer of both calls for decisions, a decision for each resource.
 *
 * @since 0.1.0
 * @category schemas
 */
export const Decisions = Schema.Struct({ decisions: Schema.Array(Decision) }).annotations({
  identifier: "Decisions"
})

/**
 * @since 0.1.0
 * @category models
 */
export interface Decisions extends Schema.Schema.Type<typeof Decisions> {}

/**
 * What decisions are asked for: the ids of resources, simple or MRSS.
 *
 * @since 0.1.0
 * @category schemas
 */
export const Resources = Schema.Struct({ resources: Schema.Array(Schema.String) }).annotations({
  identifier: "Resources",
  description: "The ids of resources, simple or MRSS"
})
