import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Stream from "effect/Stream"
import type { SessionKey } from "../../SessionKey.js"

/** The operations of a store backend on records in a map, without its lock. */
export const operationsOn = (records: Map<SessionKey, string>) => ({
  read: (key: SessionKey) => Effect.sync(() => Option.fromNullable(records.get(key))),
  compareAndSet: (key: SessionKey, expected: Option.Option<string>, next: string) =>
    Effect.sync(() => {
      if (records.get(key) !== Option.getOrUndefined(expected)) return false
      records.set(key, next)
      return true
    }),
  remove: (key: SessionKey) => Effect.sync(() => void records.delete(key)),
  keys: Stream.suspend(() => Stream.fromIterable([...records.keys()]))
})
