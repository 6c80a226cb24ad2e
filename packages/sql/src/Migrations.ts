/**
 * Creates the table of the store and keeps it up to date.
 *
 * @since 0.1.0
 */
import * as SqlClient from "@effect/sql/SqlClient"
import type { SqlError } from "@effect/sql/SqlError"
import * as Effect from "effect/Effect"
import * as Schedule from "effect/Schedule"
import { CredentialStoreError, type InvalidInput } from "effect-adobe-pass/AdobePassError"
import type * as Setting from "effect-adobe-pass/Setting"
import * as StoreBackend from "effect-adobe-pass/StoreBackend"
import * as Statement from "./internal/statement.js"
import * as Table from "./internal/table.js"
import * as SqlOptions from "./SqlOptions.js"

interface Migration {
  readonly id: number
  readonly name: string
  /** Statements that have no effect when they are run again. */
  readonly statements: (table: Table.Table) => ReadonlyArray<Effect.Effect<unknown, SqlError>>
}

/** SQLite has no `ADD COLUMN IF NOT EXISTS`. */
const addColumn = (
  { identifier, name, sql, system }: Table.Table,
  column: string,
  definition: string
): Effect.Effect<unknown, SqlError> => {
  const [added, type] = [sql(column), sql.literal(definition)]
  if (system === "postgresql") return sql`ALTER TABLE ${identifier} ADD COLUMN IF NOT EXISTS ${added} ${type}`
  return Effect.flatMap(
    sql`SELECT name FROM pragma_table_info(${name}) WHERE name = ${column}`,
    (columns): Effect.Effect<unknown, SqlError> =>
      columns.length > 0 ? Effect.void : sql`ALTER TABLE ${identifier} ADD COLUMN ${added} ${type}`
  )
}

const migrations: ReadonlyArray<Migration> = [
  {
    id: 1,
    name: "sessions",
    statements: ({ identifier, sql }) => [
      sql`
        CREATE TABLE IF NOT EXISTS ${identifier} (
          session TEXT NOT NULL PRIMARY KEY,
          record TEXT,
          lease_owner TEXT,
          lease_fence BIGINT NOT NULL DEFAULT 0,
          lease_taken SMALLINT NOT NULL DEFAULT 0,
          lease_expires BIGINT NOT NULL DEFAULT 0,
          updated_at BIGINT NOT NULL
        )`
    ]
  },
  {
    id: 2,
    name: "begun",
    statements: (table) => [
      addColumn(table, "lease_begun", "SMALLINT NOT NULL DEFAULT 0"),
      table.sql`
        CREATE INDEX IF NOT EXISTS ${table.sql(`${table.name}_empty`)} ON ${table.identifier} (updated_at)
        WHERE record IS NULL`
    ]
  }
]

/**
 * Runs the missing migrations without a transaction or a lock: several processes may run them at once. The migrator of
 * `@effect/sql` needs a transaction, and the libSQL client cannot be used any more after one failed to begin.
 */
const migrate = (table: Table.Table): Effect.Effect<void, SqlError> =>
  Effect.gen(function* () {
    const { client, name: tableName, sql } = table
    const applied = sql(`${tableName}_migrations`)
    const create = sql`
      CREATE TABLE IF NOT EXISTS ${applied} (
        migration_id INTEGER NOT NULL PRIMARY KEY,
        name TEXT NOT NULL,
        created_at TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP
      )`
    yield* Statement.run(client, create)
    const rows = yield* Statement.run(
      client,
      sql<{ readonly migration_id: number }>`SELECT migration_id FROM ${applied}`
    )
    const ids = new Set(rows.map(({ migration_id }) => Number(migration_id)))
    for (const { id, name, statements } of migrations) {
      if (ids.has(id)) continue
      const record = sql`
        INSERT INTO ${applied} (migration_id, name) VALUES (${id}, ${name}) ON CONFLICT DO NOTHING`
      yield* Effect.forEach([...statements(table), record], (statement) => Statement.run(client, statement), {
        discard: true
      })
    }
  })

const dayInMillis = 86_400_000

/**
 * Deletes rows that have had no record for a day: their sessions were removed, or never registered. Those of a lease
 * whose holder died are among them.
 */
const deleteEmptyRows = ({ client, identifier, now, sql }: Table.Table): Effect.Effect<unknown, SqlError> =>
  Statement.run(
    client,
    sql`
      DELETE FROM ${identifier}
      WHERE record IS NULL AND updated_at < ${now} - ${dayInMillis}
        AND (lease_owner IS NULL OR lease_expires < ${now} - ${dayInMillis})`
  )

const toError = (error: SqlError): CredentialStoreError =>
  StoreBackend.toError("load", Statement.failure(error))

/** @internal */
export const setBusyTimeout = (table: Table.Table): Effect.Effect<void, CredentialStoreError> =>
  Effect.mapError(Statement.setBusyTimeout(table), toError)

/** For the processes that fail because another one creates the table at the same moment. */
const retries = Schedule.exponential(50).pipe(
  Schedule.either(Schedule.spaced(500)),
  Schedule.jittered,
  Schedule.intersect(Schedule.recurs(10))
)

/**
 * Runs the missing migrations, and deletes rows that have had no record for a day.
 *
 * Applied migrations are recorded in `<table>_migrations`. Any number of processes may start at once. The user of the
 * database needs the right to create tables.
 *
 * @since 0.1.0
 * @category operations
 */
export const run = (
  options: Pick<Setting.Input<typeof SqlOptions.table>, "table"> = {}
): Effect.Effect<void, CredentialStoreError | InvalidInput, SqlClient.SqlClient> =>
  Effect.gen(function* () {
    const client = yield* SqlClient.SqlClient
    const table = yield* Table.make(client, (yield* SqlOptions.table.check(options)).table)
    yield* setBusyTimeout(table)
    yield* Effect.gen(function* () {
      // Write-ahead logging: readers and the writer of the file do not block each other.
      if (table.system === "sqlite") yield* Statement.run(client, table.sql`PRAGMA journal_mode = WAL`)
      yield* migrate(table)
      // A later start deletes the rows if others are writing now.
      yield* Effect.timeoutOption(deleteEmptyRows(table), "1 second")
    }).pipe(
      Effect.retry(retries),
      Effect.mapError(toError),
      // Within a transaction of the same SQLite client the statements wait for its end, which comes only after this.
      Effect.disconnect,
      Effect.timeoutFail({
        duration: "30 seconds",
        onTimeout: () => new CredentialStoreError({ operation: "load", reason: "Timeout" })
      })
    )
  })
