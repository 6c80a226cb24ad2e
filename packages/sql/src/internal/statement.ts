import type * as SqlClient from "@effect/sql/SqlClient"
import type { SqlError } from "@effect/sql/SqlError"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Predicate from "effect/Predicate"
import * as Schedule from "effect/Schedule"
import * as Schema from "effect/Schema"
import type { BackendFailure } from "effect-adobe-pass/StoreBackend"
import type { Table } from "./table.js"

/** The SQLSTATE, SQLite code or errno of a failure, if its cause has one. */
const codeOf = ({ cause }: SqlError): string | undefined =>
  Predicate.hasProperty(cause, "code") && typeof cause.code === "string" ? cause.code : undefined

/** SQLSTATE 57014 means that the server cancelled the statement because of its own time limit. @internal */
export const failure = (error: SqlError): BackendFailure => {
  const code = codeOf(error)
  return { reason: code === "57014" || code === "SQLITE_BUSY" ? "Timeout" : "Unavailable", code }
}

/**
 * Whether another connection blocked the statement, so that it had no effect. SQLite has one writer. PostgreSQL cancels
 * one of two statements that deadlock or, under the stricter isolation levels, change the same row.
 */
const isContention = (error: SqlError): boolean =>
  /^(?:SQLITE_BUSY|SQLITE_LOCKED|40001$|40P01$)/.test(codeOf(error) ?? "")

/**
 * Whether the connection ended before the answer, rather than the database refusing the statement: SQLSTATE of the
 * classes 08 and 57P, or no SQLSTATE at all. After a restart of the server every connection of a pool fails so once.
 *
 * The statement may be repeated although it may have had its effect: leases and removals are the same when they are
 * made twice, and a save that was made finds its own record, reads it, and is content.
 */
const isLostConnection = (error: SqlError): boolean => {
  const code = codeOf(error) ?? ""
  return /^(?:08|57P)/.test(code) || !/^(?:SQLITE_.*|(?=.*\d)[0-9A-Z]{5})$/.test(code)
}

/** The connections of a pool are replaced one by one. */
const reconnects = Schedule.spaced(20).pipe(Schedule.jittered, Schedule.intersect(Schedule.recurs(5)))

/** Unlimited, because callers set a time limit. Short, because the writers of a busy file leave few gaps. */
const retries = Schedule.exponential(5, 1.5).pipe(Schedule.either(Schedule.spaced(25)), Schedule.jittered)

/**
 * Runs a statement with an empty context, so that it joins no transaction of the caller. Rolling that back must not
 * remove credentials that are in use, and it may belong to another client of the same kind, which has the same tag.
 */
const outsideTransaction = <A>(statement: Effect.Effect<A, SqlError>): Effect.Effect<A, SqlError> =>
  Effect.mapInputContext(statement, (_: Context.Context<never>) => Context.empty())

/**
 * SQLite clients whose connection may have an open statement.
 *
 * The libSQL client does not close a statement that failed because the file was busy. Until the garbage collector closes
 * it, the connection commits nothing: later statements succeed and see their own writes, and all of them are lost.
 */
const mayHaveOpenStatement = new WeakSet<SqlClient.SqlClient>()

/** Fails while the connection has an open statement, because SQLite then refuses to begin a savepoint. */
const checkNoOpenStatement = (sql: SqlClient.SqlClient): Effect.Effect<void, SqlError> =>
  Effect.zipRight(
    sql`SAVEPOINT effect_adobe_pass`,
    Effect.sync(() => mayHaveOpenStatement.delete(sql))
  ).pipe(Effect.zipRight(sql`RELEASE effect_adobe_pass`), Effect.uninterruptible, Effect.asVoid)

/**
 * Runs a statement outside any transaction of the caller, and repeats it while other connections block it, and a few
 * times when its connection was lost. On a SQLite connection that may have an open statement, it first checks that there
 * is none.
 *
 * @internal
 */
export const run = <A>(
  client: SqlClient.SqlClient,
  statement: Effect.Effect<A, SqlError>
): Effect.Effect<A, SqlError> =>
  Effect.suspend(() =>
    mayHaveOpenStatement.has(client) ? Effect.zipRight(checkNoOpenStatement(client), statement) : statement
  ).pipe(
    Effect.tapError((error) =>
      Effect.sync(() => {
        if (codeOf(error)?.startsWith("SQLITE_") === true && isContention(error))
          mayHaveOpenStatement.add(client)
      })
    ),
    outsideTransaction,
    Effect.retry({ schedule: retries, while: isContention }),
    Effect.retry({ schedule: reconnects, while: isLostConnection })
  )

/**
 * Lets a SQLite connection wait up to a second for another writer before a statement fails as busy. The process is
 * blocked while it waits, but a busy failure costs more: see `run`.
 *
 * @internal
 */
export const setBusyTimeout = ({ sql, system }: Table): Effect.Effect<void, SqlError> =>
  system === "sqlite" ? Effect.asVoid(outsideTransaction(sql`PRAGMA busy_timeout = 1000`)) : Effect.void

/**
 * Runs a statement of the store in a span of its own. The client's span would be given the rows, which hold secrets, so
 * it is disabled; this span ends before the rows are returned.
 *
 * @internal
 */
export const query = (
  { client, name, system }: Table,
  operation: string,
  statement: Effect.Effect<ReadonlyArray<unknown>, SqlError>
): Effect.Effect<ReadonlyArray<unknown>, BackendFailure> =>
  Effect.suspend(() => {
    let found: ReadonlyArray<unknown> = []
    return run(client, statement).pipe(
      Effect.withTracerEnabled(false),
      Effect.mapBoth({
        onFailure: failure,
        onSuccess: (rows) => {
          found = rows
        }
      }),
      Effect.withSpan(`SqlStore.${operation}`, {
        kind: "client",
        captureStackTrace: false,
        attributes: { "db.system.name": system, "db.collection.name": name }
      }),
      Effect.map(() => found)
    )
  })

/** Decodes the only row of a result, if there is one. A row of another shape is a failure, and never like none. @internal */
export const decodeFirst = <A, I>(
  row: Schema.Schema<A, I>
): ((rows: ReadonlyArray<unknown>) => Effect.Effect<Option.Option<A>, BackendFailure>) => {
  const decode = Schema.decodeUnknown(row)
  return ([first]) =>
    first === undefined
      ? Effect.succeedNone
      : Effect.mapBoth(decode(first), {
          onFailure: (): BackendFailure => ({ reason: "Unavailable", code: "UNEXPECTED_ROW" }),
          onSuccess: Option.some
        })
}

/** Whether a statement with `RETURNING` changed a row. @internal */
export const changed = (
  table: Table,
  operation: string,
  statement: Effect.Effect<ReadonlyArray<unknown>, SqlError>
): Effect.Effect<boolean, BackendFailure> =>
  Effect.map(query(table, operation, statement), (rows) => rows.length > 0)
