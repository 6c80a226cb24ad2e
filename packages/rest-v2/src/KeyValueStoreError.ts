/**
 * What fails when a policy cannot use the `KeyValueStore` of the program.
 *
 * @since 0.1.0
 */
import * as Schema from "effect/Schema"

/**
 * The key-value store could not read, write or remove a record, or took more than 5 seconds. `reason` is that of the
 * `SystemError` of the platform, or `BadArgument`. Neither the record nor its key is kept.
 *
 * @since 0.1.0
 * @category errors
 */
export class KeyValueStoreError extends Schema.TaggedError<KeyValueStoreError>(
  "effect-adobe-pass-rest-v2/KeyValueStoreError"
)("KeyValueStoreError", {
  operation: Schema.Literal("read", "write", "remove"),
  record: Schema.Literal("MVPD choice", "profiles"),
  reason: Schema.String
}) {
  get retryable(): boolean {
    return !["BadArgument", "InvalidData", "PermissionDenied"].includes(this.reason)
  }
  override get message(): string {
    return `The key-value store failed to ${this.operation} the ${this.record} of a device (${this.reason}): check that it can be reached and written to.`
  }
}
