/**
 * The table of the store, made and brought up to date.
 *
 * @since 0.1.0
 */
import * as SqlClient from "@effect/sql/SqlClient"
import type { SqlError } from "@effect/sql/SqlError"
import * as Effect from "effect/Effect"
import * as Schedule from "effect/Schedule"
import { CredentialStoreError, InvalidInput } from "effect-adobe-pass/AdobePassError"
import * as CredentialStore from "effect-adobe-pass/CredentialStore"
import { type Dialect, dialectOf } from "./internal/dialect.js"
import { apart, codeOf, inTurn } from "./internal/failures.js"

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

interface Migration {
  readonly id: number
  readonly name: string
  /** Statements that change nothing when they are run again. */
  readonly statements: (
    sql: SqlClient.SqlClient,
    table: string
  ) => ReadonlyArray<Effect.Effect<unknown, SqlError>>
}

const migrations: ReadonlyArray<Migration> = [
  {
    id: 1,
    name: "sessions",
    statements: (sql, table) => [
      sql`
        CREATE TABLE IF NOT EXISTS ${sql(table)} (
          session TEXT NOT NULL PRIMARY KEY,
          record TEXT,
          lease_owner TEXT,
          lease_fence BIGINT NOT NULL DEFAULT 0,
          lease_taken SMALLINT NOT NULL DEFAULT 0,
          lease_expires BIGINT NOT NULL DEFAULT 0,
          updated_at BIGINT NOT NULL
        )`
    ]
  }
]

/**
 * Runs what is missing, without a transaction and without a lock: what several processes run at once does no harm.
 * (The migrator of `@effect/sql` has a transaction, and the libSQL client does not survive one that cannot begin.)
 */
const migrate = (client: SqlClient.SqlClient, table: string): Effect.Effect<void, SqlError> =>
  Effect.gen(function* () {
    const sql = client.withoutTransforms()
    const done = sql(`${table}_migrations`)
    yield* inTurn(
      client,
      sql`
      CREATE TABLE IF NOT EXISTS ${done} (
        migration_id INTEGER NOT NULL PRIMARY KEY,
        name TEXT NOT NULL,
        created_at TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP
      )`
    )
    const known = yield* inTurn(
      client,
      sql<{ readonly migration_id: number }>`SELECT migration_id FROM ${done}`
    )
    const ids = new Set(known.map(({ migration_id }) => Number(migration_id)))
    for (const { id, name, statements } of migrations) {
      if (ids.has(id)) continue
      yield* Effect.forEach(statements(sql, table), (statement) => inTurn(client, statement), {
        discard: true
      })
      yield* inTurn(
        client,
        sql`INSERT INTO ${done} (migration_id, name) VALUES (${id}, ${name}) ON CONFLICT DO NOTHING`
      )
    }
  })

/**
 * A SQLite connection waits up to a second for another one, which stops the process for as long, before it gives up. (The
 * next line of defence, `inTurn`, costs more: see there.)
 *
 * @internal
 */
export const patience = (
  client: SqlClient.SqlClient,
  { system }: Dialect
): Effect.Effect<void, CredentialStoreError> =>
  system === "sqlite"
    ? Effect.mapError(Effect.asVoid(apart(client.withoutTransforms()`PRAGMA busy_timeout = 1000`)), failed)
    : Effect.void

const failed = (error: SqlError) =>
  CredentialStore.fromFailure("load", { reason: "Unavailable", code: codeOf(error) })

/** In milliseconds: rows without a record are of devices that were forgotten, or whose registration failed. */
const emptyRowsStay = 86_400_000

/**
 * Runs the migrations that are missing, and removes the rows that hold nothing for a day.
 *
 * What was run is written down in `<table>_migrations`. Any number of processes may start at once. Needs the right to
 * create tables.
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
    const dialect = yield* dialectOf(client)
    const { milliseconds, system } = dialect
    yield* patience(client, dialect)
    const table = yield* tableName(options.table)
    const sweep = sql`
      DELETE FROM ${sql(table)}
      WHERE record IS NULL AND lease_owner IS NULL
        AND updated_at < ${sql.literal(milliseconds)} - ${emptyRowsStay}`
    yield* Effect.gen(function* () {
      // Readers and the writer of a file do not wait for each other.
      if (system === "sqlite") yield* inTurn(client, sql`PRAGMA journal_mode = WAL`)
      yield* migrate(client, table)
      // Where others write just now, it is left to a later start.
      yield* Effect.timeoutOption(inTurn(client, sweep), "1 second")
    }).pipe(
      // Of processes that make a table at the same moment, all but one fail.
      Effect.retry(
        Schedule.exponential(50).pipe(
          Schedule.either(Schedule.spaced(500)),
          Schedule.jittered,
          Schedule.intersect(Schedule.recurs(10))
        )
      ),
      Effect.mapError(failed),
      // In a transaction of the same SQLite client it would wait for an end that only comes after it.
      Effect.disconnect,
      Effect.timeoutFail({
        duration: "30 seconds",
        onTimeout: () => new CredentialStoreError({ operation: "load", reason: "Timeout" })
      })
    )
  })
