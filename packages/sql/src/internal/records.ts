import * as Arr from "effect/Array"
import * as Chunk from "effect/Chunk"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import * as Stream from "effect/Stream"
import { SessionKey } from "effect-adobe-pass/SessionKey"
import { type BackendFailure, type Lease, leaseLost, type StoreBackend } from "effect-adobe-pass/StoreBackend"
import { changed, query } from "./statement.js"
import type { Table } from "./table.js"

const keysPerPage = 1000
const keysPerRead = 500

const decodeRecord = Schema.decodeUnknown(Schema.Struct({ record: Schema.NullOr(Schema.String) }))
const decodeKey = Schema.decodeUnknownOption(Schema.Struct({ session: SessionKey }))
const decodeRow = Schema.decodeUnknownOption(Schema.Struct({ session: SessionKey, record: Schema.String }))

/** Only a missing row or a null record means that there is none. Anything else must not look like a new device. */
const read = (table: Table, key: SessionKey): Effect.Effect<Option.Option<string>, BackendFailure> =>
  Effect.flatMap(
    query(table, "read", table.sql`SELECT record FROM ${table.identifier} WHERE session = ${key}`),
    ([row]) =>
      row === undefined
        ? Effect.succeedNone
        : Effect.mapBoth(decodeRecord(row), {
            onFailure: (): BackendFailure => ({ reason: "Unavailable", code: "UNEXPECTED_ROW" }),
            onSuccess: ({ record }) => Option.fromNullable(record)
          })
  )

const readSome = ({ identifier, sql }: Table, keys: ReadonlyArray<SessionKey>) => sql`
  SELECT session, record FROM ${identifier}
  WHERE record IS NOT NULL AND session IN ${sql.in(keys)}`

const readMany = (
  table: Table,
  keys: ReadonlyArray<SessionKey>
): Effect.Effect<ReadonlyMap<SessionKey, string>, BackendFailure> =>
  Effect.map(
    Effect.forEach(Arr.chunksOf(keys, keysPerRead), (some) =>
      query(table, "readMany", readSome(table, some))
    ),
    (found) => {
      const rows = found.flat().flatMap((row) => Option.toArray(decodeRow(row)))
      return new Map(rows.map(({ record, session }) => [session, record]))
    }
  )

const insert = ({ identifier, now, sql }: Table, key: SessionKey, next: string) => sql`
  INSERT INTO ${identifier} AS held (session, record, updated_at)
  VALUES (${key}, ${next}, ${now})
  ON CONFLICT (session) DO UPDATE SET record = excluded.record, updated_at = excluded.updated_at
  WHERE held.record IS NULL
  RETURNING session`

const isHeldBy = ({ sql }: Table, lease: Lease | undefined) =>
  lease === undefined ? sql`TRUE` : sql`lease_owner = ${lease.owner}`

const compareAndSet =
  (table: Table): StoreBackend["compareAndSet"] =>
  (key, expected, next, lease) =>
    Effect.gen(function* () {
      const { identifier, now, sql } = table
      const isExpected = Option.match(expected, {
        onNone: () => sql`record IS NULL`,
        onSome: (record) => sql`record = ${record}`
      })
      const update = sql`
        UPDATE ${identifier} SET record = ${next}, updated_at = ${now}
        WHERE session = ${key} AND ${isExpected} AND ${isHeldBy(table, lease)}
        RETURNING session`
      // The holder of a lease has a row already.
      const isNew = lease === undefined && Option.isNone(expected)
      const written = yield* changed(table, "compareAndSet", isNew ? insert(table, key, next) : update)
      if (written || lease === undefined) return written
      const held = sql`SELECT session FROM ${identifier} WHERE session = ${key} AND ${isHeldBy(table, lease)}`
      if (yield* changed(table, "compareAndSet", held)) return false
      return yield* Effect.fail({ reason: "Locked", code: leaseLost } as const)
    })

/** Keeps the row, because it holds the fencing number of the last lease. `Migrations.run` deletes rows without a record. */
const remove = ({ identifier, now, sql }: Table, key: SessionKey) =>
  sql`UPDATE ${identifier} SET record = NULL, updated_at = ${now} WHERE session = ${key}`

const keysAfter = ({ identifier, sql }: Table, last: string) => sql`
  SELECT session FROM ${identifier}
  WHERE record IS NOT NULL AND session > ${last}
  ORDER BY session LIMIT ${keysPerPage}`

const keys = (table: Table): Stream.Stream<SessionKey, BackendFailure> =>
  Stream.paginateChunkEffect("", (last: string) =>
    Effect.map(query(table, "keys", keysAfter(table, last)), (rows) => {
      const found = rows.flatMap((row) => Option.toArray(decodeKey(row))).map(({ session }) => session)
      const next = rows.length < keysPerPage ? Option.none() : Arr.last(found)
      return [Chunk.unsafeFromArray(found), next] as const
    })
  )

/** Records in the column `record` of the table. @internal */
export const make = (table: Table, locks: Pick<StoreBackend, "begin" | "lock">): StoreBackend => ({
  read: (key) => read(table, key),
  readMany: (keys) => readMany(table, keys),
  compareAndSet: compareAndSet(table),
  remove: (key) => Effect.asVoid(query(table, "remove", remove(table, key))),
  ...locks,
  keys: keys(table)
})
