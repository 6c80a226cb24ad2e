/**
 * An enhanced error as the body of an answer with status 400 or above.
 *
 * @since 0.1.0
 */
import * as Schema from "effect/Schema"
import { openLiteral } from "./internal/wire.js"

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
  status: Schema.Number,
  code: Schema.String,
  message: Schema.optionalWith(Schema.String, { exact: true }),
  details: Schema.optionalWith(Schema.String, { exact: true }),
  helpUrl: Schema.optionalWith(Schema.String, { exact: true }),
  trace: Schema.optionalWith(Schema.String, { exact: true })
}) {}
