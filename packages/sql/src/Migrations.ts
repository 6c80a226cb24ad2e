/**
 * The table of the store, made and brought up to date.
 *
 * @since 0.1.0
 */
import * as Migrator from "@effect/sql/Migrator"
import * as SqlClient from "@effect/sql/SqlClient"
import type { SqlError } from "@effect/sql/SqlError"
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Predicate from "effect/Predicate"
import * as Schedule from "effect/Schedule"
import { CredentialStoreError, InvalidInput } from "effect-adobe-pass/AdobePassError"
import { dialectOf } from "./internal/dialect.js"

const defaultTable = "adobe_pass_sessions"

/**
 * A name of a table that can be used: 1 to 40 letters, digits and underscores, not starting with a digit.
 *
 * @since 0.1.0
 * @category constructors
 */
export const tableName = (name: string = defaultTable): Effect.Effect<string, InvalidInput> =>
  /^[A-Za-z_][A-Za-z0-9_]{0,39}$/.test(name)
    ? Effect.succeed(name)
    : Effect.fail(
        new InvalidInput({
          field: "table",
          problem: "must be 1 to 40 letters, digits or underscores, and not start with a digit"
        })
      )

const migrations = (table: string) =>
  Migrator.fromRecord({
    "0001_sessions": Effect.flatMap(
      SqlClient.SqlClient,
      (sql) => sql`
        CREATE TABLE IF NOT EXISTS ${sql(table)} (
          session TEXT NOT NULL PRIMARY KEY,
          record TEXT,
          lease_owner TEXT,
          lease_fence BIGINT NOT NULL DEFAULT 0,
          lease_taken SMALLINT NOT NULL DEFAULT 0,
          lease_expires BIGINT NOT NULL DEFAULT 0,
          updated_at BIGINT NOT NULL
        )`
    )
  })

const migrator = Migrator.make({})

const failed = (error: unknown) => {
  const cause = Predicate.hasProperty(error, "cause") ? error.cause : undefined
  const code = Predicate.hasProperty(cause, "code") ? cause.code : undefined
  return new CredentialStoreError({
    operation: "load",
    reason: "Unavailable",
    ...(typeof code === "string" && /^[A-Z0-9_]{1,40}$/.test(code) ? { code } : {})
  })
}

/** In milliseconds: rows without a record are of devices that were forgotten, or whose registration failed. */
const emptyRowsStay = 86_400_000

/**
 * Runs the migrations that are missing, and removes the rows that hold nothing for a day.
 *
 * What was run is written down in `<table>_migrations`. Any number of processes may start at once: one runs them, and
 * the others wait. Needs the right to create tables, once.
 *
 * @since 0.1.0
 * @category operations
 */
export const run = (
  options: { readonly table?: string | undefined } = {}
): Effect.Effect<void, CredentialStoreError | InvalidInput, SqlClient.SqlClient> =>
  Effect.gen(function* () {
    const client = yield* SqlClient.SqlClient
    const sql = client.withoutTransforms()
    const { milliseconds, name } = yield* dialectOf(client)
    const table = yield* tableName(options.table)
    // Readers and the writer of a file do not wait for each other.
    const prepare: Effect.Effect<unknown, SqlError> =
      name === "sqlite" ? sql`PRAGMA journal_mode = WAL` : Effect.void
    const migrate = Effect.zipRight(
      prepare,
      Effect.provideService(
        migrator({ loader: migrations(table), table: `${table}_migrations` }),
        SqlClient.SqlClient,
        sql
      )
    ).pipe(
      // The migrator dies of a migration that fails.
      Effect.sandbox,
      Effect.mapError(Cause.squash)
    )
    const sweep = sql`
      DELETE FROM ${sql(table)}
      WHERE record IS NULL AND lease_owner IS NULL
        AND updated_at < ${sql.literal(milliseconds)} - ${emptyRowsStay}`
    yield* Effect.zipRight(migrate, sweep).pipe(
      // Of processes that make the table at the same time, all but one fail.
      Effect.retry(Schedule.intersect(Schedule.jittered(Schedule.exponential(50)), Schedule.recurs(6))),
      Effect.mapError(failed)
    )
  })
