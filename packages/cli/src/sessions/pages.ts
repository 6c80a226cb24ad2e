/** All records of the store, page by page. */
import * as Chunk from "effect/Chunk"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Stream from "effect/Stream"
import type { CredentialStoreError } from "effect-adobe-pass/AdobePassError"
import { CredentialStore, type StoredSession } from "effect-adobe-pass/CredentialStore"
import type { SessionKey } from "effect-adobe-pass/SessionKey"
import type { Unreadable } from "effect-adobe-pass/StoredSessions"

/** A record that could be read. */
export interface Readable {
  readonly _tag: "Readable"
  readonly session: SessionKey
  readonly stored: StoredSession
}

const readable = (session: SessionKey, stored: StoredSession): Readable => ({
  _tag: "Readable",
  session,
  stored
})

/** One record, or why it cannot be read; `None` when there is none. A store that fails altogether is a failure. */
export const one = (
  session: SessionKey
): Effect.Effect<Option.Option<Readable | Unreadable>, CredentialStoreError, CredentialStore> =>
  Effect.flatMap(CredentialStore, (store) =>
    store.load(session).pipe(
      Effect.map(Option.map((stored): Readable | Unreadable => readable(session, stored))),
      Effect.catchIf(
        ({ retryable }) => !retryable,
        (error) => Effect.succeedSome<Unreadable>({ _tag: "Unreadable", session, error })
      )
    )
  )

const size = 500

/** Pages of 500 records, in no order. */
export const pages: Stream.Stream<
  ReadonlyArray<Readable | Unreadable>,
  CredentialStoreError,
  CredentialStore
> = Stream.unwrap(
  Effect.map(CredentialStore, (store) =>
    Stream.mapEffect(Stream.grouped(store.keys, size), (keys) =>
      Effect.gen(function* () {
        const found = yield* store.loadMany(Chunk.toReadonlyArray(keys))
        const records = yield* Effect.forEach(keys, (session) => {
          const stored = found.get(session)
          return stored === undefined ? one(session) : Effect.succeedSome(readable(session, stored))
        })
        return records.flatMap(Option.toArray)
      })
    )
  )
)
