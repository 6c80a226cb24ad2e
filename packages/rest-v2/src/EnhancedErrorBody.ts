/**
 * An enhanced error as the body of an answer with status 400 or above.
 *
 * @since 0.1.0
 */
import * as Schema from "effect/Schema"
import { Integer, openLiteral, optional } from "./internal/wire.js"

/**
 * What the protected client reads from such a body, to fail with one of its own errors.
 *
 * @since 0.1.0
 * @category schemas
 */
export class EnhancedErrorBody extends Schema.Class<EnhancedErrorBody>("EnhancedError")({
  action: openLiteral(
    "none",
    "configuration",
    "application-registration",
    "authentication",
    "authorization",
    "retry"
  ),
  status: Integer,
  code: Schema.String,
  message: optional(Schema.String),
  details: optional(Schema.String),
  helpUrl: optional(Schema.String),
  trace: optional(Schema.String)
}) {}
