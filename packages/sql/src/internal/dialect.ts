import type * as SqlClient from "@effect/sql/SqlClient"
import * as Effect from "effect/Effect"
import { InvalidInput } from "effect-adobe-pass/AdobePassError"

/** What differs between the databases. @internal */
export interface Dialect {
  readonly system: "postgresql" | "sqlite"
  /** The database's clock, as an expression in milliseconds since the epoch. */
  readonly milliseconds: string
}

const postgres: Dialect = {
  system: "postgresql",
  // Of the statement, not of a transaction.
  milliseconds: "CAST(EXTRACT(EPOCH FROM clock_timestamp()) * 1000 AS BIGINT)"
}

const sqlite: Dialect = { system: "sqlite", milliseconds: "CAST(unixepoch('subsec') * 1000 AS INTEGER)" }

/** @internal */
export const dialectOf = (client: SqlClient.SqlClient): Effect.Effect<Dialect, InvalidInput> => {
  const known = client.onDialectOrElse({
    pg: () => postgres,
    sqlite: () => sqlite,
    orElse: () => undefined
  })
  return known === undefined
    ? new InvalidInput({
        field: "SqlClient",
        problem: "must be a client for PostgreSQL or SQLite: this store has no statements for other databases"
      })
    : Effect.succeed(known)
}
