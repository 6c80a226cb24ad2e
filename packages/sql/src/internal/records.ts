import * as Arr from "effect/Array"
import * as Chunk from "effect/Chunk"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import * as Stream from "effect/Stream"
import { SessionKey } from "effect-adobe-pass/SessionKey"
import { type BackendFailure, type Lease, leaseLost, type StoreBackend } from "effect-adobe-pass/StoreBackend"
import { changed, decodeFirst, query } from "./statement.js"
import type { Table } from "./table.js"

const keysPerPage = 1000
const keysPerRead = 500

const decodeRecord = decodeFirst(Schema.Struct({ record: Schema.OptionFromNullOr(Schema.String) }))
const decodeKey = Schema.decodeUnknownOption(Schema.Struct({ session: SessionKey }))
const decodeRow = Schema.decodeUnknownOption(Schema.Struct({ session: SessionKey, record: Schema.String }))

/** Only a missing row or a null record means that there is none. Anything else must not look like a new device. */
const read = (table: Table, key: SessionKey): Effect.Effect<Option.Option<string>, BackendFailure> =>
  query(table, "read", table.sql`SELECT record FROM ${table.identifier} WHERE session = ${key}`).pipe(
    Effect.flatMap(decodeRecord),
    Effect.map(Option.flatMap(({ record }) => record))
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

/** Whether the record of the row `held` is the expected one. @internal */
export const isExpected = ({ sql }: Table, expected: Option.Option<string>) =>
  Option.match(expected, {
    onNone: () => sql`held.record IS NULL`,
    onSome: (record) => sql`held.record = ${record}`
  })

const update = (table: Table, key: SessionKey, expected: Option.Option<string>, next: string) => {
  const { identifier, now, sql } = table
  return sql`
    UPDATE ${identifier} AS held SET record = ${next}, updated_at = ${now}
    WHERE session = ${key} AND ${isExpected(table, expected)}
    RETURNING session`
}

/** The holder of a lease has a row already. */
const updateAndRelease = (
  table: Table,
  key: SessionKey,
  expected: Option.Option<string>,
  next: string,
  { owner }: Lease
) => {
  const { identifier, now, sql } = table
  return sql`
    UPDATE ${identifier} AS held SET record = ${next}, lease_owner = NULL, updated_at = ${now}
    WHERE session = ${key} AND ${isExpected(table, expected)} AND lease_owner = ${owner}
    RETURNING session`
}

/** A write under a lease frees the lease. @internal */
export const compareAndSet =
  (table: Table): StoreBackend["compareAndSet"] =>
  (key, expected, next, lease) => {
    if (lease === undefined) {
      const write = Option.isNone(expected) ? insert(table, key, next) : update(table, key, expected, next)
      return changed(table, "compareAndSet", write)
    }
    const lost = Effect.flatMap(read(table, key), (record) =>
      Option.getOrUndefined(record) === Option.getOrUndefined(expected)
        ? Effect.fail<BackendFailure>({ reason: "Locked", code: leaseLost })
        : Effect.succeed(false)
    )
    const write = updateAndRelease(table, key, expected, next, lease)
    return Effect.flatMap(changed(table, "compareAndSet", write), (written) =>
      written ? Effect.succeed(true) : lost
    )
  }

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
export const make = (table: Table, locked: Pick<StoreBackend, "compareAndSet" | "lock">): StoreBackend => ({
  read: (key) => read(table, key),
  readMany: (keys) => readMany(table, keys),
  remove: (key) => Effect.asVoid(query(table, "remove", remove(table, key))),
  ...locked,
  keys: keys(table)
})
