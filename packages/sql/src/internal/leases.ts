import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import type { LeaseBackend } from "effect-adobe-pass/StoreBackend"
import { compareAndSet, isExpected } from "./records.js"
import { changed, decodeFirst, query } from "./statement.js"
import type { Table } from "./table.js"

const decodeGranted = decodeFirst(
  Schema.Struct({
    fence: Schema.NumberFromString,
    taken: Schema.NumberFromString,
    record: Schema.OptionFromNullOr(Schema.String)
  })
)

const acquire = (table: Table, key: string, owner: string, ttl: number, expected: Option.Option<string>) => {
  const { identifier, now, sql } = table
  return sql`
    INSERT INTO ${identifier} AS held
      (session, lease_owner, lease_fence, lease_begun, lease_expires, updated_at)
    VALUES (${key}, ${owner}, 1, ${Option.isNone(expected) ? 1 : 0}, ${now} + ${ttl}, ${now})
    ON CONFLICT (session) DO UPDATE SET
      lease_taken = CASE
        WHEN held.lease_owner IS NULL THEN 0
        WHEN held.lease_owner = excluded.lease_owner THEN held.lease_taken
        ELSE held.lease_begun
      END,
      lease_begun = CASE WHEN ${isExpected(table, expected)} THEN 1 ELSE 0 END,
      lease_owner = excluded.lease_owner,
      lease_fence = held.lease_fence + 1,
      lease_expires = excluded.lease_expires
    WHERE held.lease_owner IS NULL
      OR held.lease_owner = excluded.lease_owner
      OR held.lease_expires <= ${now}
    RETURNING CAST(lease_fence AS TEXT) AS fence, CAST(lease_taken AS TEXT) AS taken, record`
}

const renew = ({ identifier, now, sql }: Table, key: string, owner: string, ttl: number) => sql`
  UPDATE ${identifier} SET lease_expires = ${now} + ${ttl}
  WHERE session = ${key} AND lease_owner = ${owner}
  RETURNING session`

const release = ({ identifier, sql }: Table, key: string, owner: string) => sql`
  UPDATE ${identifier} SET lease_owner = NULL
  WHERE session = ${key} AND lease_owner = ${owner}`

/** Leases in the columns `lease_*` of the table. */
export const make = (table: Table): LeaseBackend => ({
  acquire: (key, ...lease) =>
    query(table, "acquire", acquire(table, key, ...lease)).pipe(
      Effect.flatMap(decodeGranted),
      Effect.map(Option.map(({ fence, record, taken }) => ({ fence, unfinished: taken === 1, record })))
    ),
  renew: (key, owner, ttl) => changed(table, "renew", renew(table, key, owner, ttl)),
  compareAndSet: compareAndSet(table),
  release: (key, owner) => Effect.asVoid(query(table, "release", release(table, key, owner)))
})
