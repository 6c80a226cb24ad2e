import type * as SqlClient from "@effect/sql/SqlClient"
import type * as Statement from "@effect/sql/Statement"
import * as Effect from "effect/Effect"
import { InvalidInput } from "effect-adobe-pass/AdobePassError"

/** The table of a store, and what its statements are written with. */
export interface Table {
  readonly client: SqlClient.SqlClient
  /** The client without transformations of names. */
  readonly sql: SqlClient.SqlClient
  readonly system: "postgresql" | "sqlite"
  readonly name: string
  readonly identifier: Statement.Identifier
  /** The time of the database, in milliseconds since the epoch. */
  readonly now: Statement.Fragment
}

const dialects = {
  // `now()` would be the start of the transaction.
  pg: { system: "postgresql", now: "CAST(EXTRACT(EPOCH FROM clock_timestamp()) * 1000 AS BIGINT)" },
  sqlite: { system: "sqlite", now: "CAST(unixepoch('subsec') * 1000 AS INTEGER)" }
} as const

export const make = (client: SqlClient.SqlClient, name: string): Effect.Effect<Table, InvalidInput> => {
  const dialect = client.onDialectOrElse({
    pg: () => dialects.pg,
    sqlite: () => dialects.sqlite,
    orElse: () => undefined
  })
  if (dialect === undefined) {
    return new InvalidInput({ field: "SqlClient", problem: "must be a client for PostgreSQL or SQLite" })
  }
  const sql = client.withoutTransforms()
  return Effect.succeed({
    client,
    sql,
    system: dialect.system,
    name,
    identifier: sql(name),
    now: sql.literal(dialect.now)
  })
}
