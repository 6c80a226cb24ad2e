/** Records of devices in the `KeyValueStore` of the program. */
import type * as PlatformError from "@effect/platform/Error"
import * as KeyValueStore from "@effect/platform/KeyValueStore"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import type * as ParseResult from "effect/ParseResult"
import type * as Schema from "effect/Schema"
import { KeyValueStoreError } from "../KeyValueStoreError.js"

export interface Records<A> {
  /** A record that cannot be decoded counts as absent, with a log line that shows nothing of it. */
  readonly get: (key: string) => Effect.Effect<Option.Option<A>, KeyValueStoreError>
  readonly set: (key: string, value: A) => Effect.Effect<void, KeyValueStoreError>
  readonly remove: (key: string) => Effect.Effect<void, KeyValueStoreError>
}

/** Fails what takes longer than a store may take, without waiting for what cannot be interrupted. */
export const inTime =
  (operation: KeyValueStoreError["operation"], record: KeyValueStoreError["record"]) =>
  <A, E, R>(question: Effect.Effect<A, E, R>): Effect.Effect<A, E | KeyValueStoreError, R> =>
    question.pipe(
      Effect.disconnect,
      Effect.interruptible,
      Effect.timeoutFail({
        duration: "5 seconds",
        onTimeout: () => new KeyValueStoreError({ operation, record, reason: "TimedOut" })
      })
    )

const reasonOf = (error: PlatformError.PlatformError | ParseResult.ParseError): string => {
  if (error._tag === "ParseError") return "InvalidData"
  return error._tag === "SystemError" ? error.reason : error._tag
}

export const make = <A, I>(
  store: KeyValueStore.KeyValueStore,
  record: KeyValueStoreError["record"],
  schema: Schema.Schema<A, I>
): Records<A> => {
  const records = KeyValueStore.prefix(
    store,
    `adobe-pass-${record.replace(" ", "-").toLowerCase()}-`
  ).forSchema(schema)
  const asked = <B>(
    operation: KeyValueStoreError["operation"],
    question: Effect.Effect<B, PlatformError.PlatformError | ParseResult.ParseError>
  ): Effect.Effect<B, KeyValueStoreError> =>
    question.pipe(
      Effect.mapError((error) => new KeyValueStoreError({ operation, record, reason: reasonOf(error) })),
      inTime(operation, record)
    )
  const absent = Effect.as(
    Effect.logWarning(`The stored ${record} of a device cannot be read, and counts as absent.`),
    Option.none<A>()
  )
  return {
    get: (key) =>
      asked(
        "read",
        Effect.catchTag(records.get(key), "ParseError", () => absent)
      ),
    set: (key, value) => asked("write", records.set(key, value)),
    // Some stores fail for what is not there.
    remove: (key) =>
      Effect.catchIf(
        asked("remove", records.remove(key)),
        ({ reason }) => reason === "NotFound",
        () => Effect.void
      )
  }
}
