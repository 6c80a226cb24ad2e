import type * as SqlClient from "@effect/sql/SqlClient"
import type { SqlError } from "@effect/sql/SqlError"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Predicate from "effect/Predicate"
import * as Schedule from "effect/Schedule"

/** The SQLSTATE, code of SQLite or errno of a failure, if its cause has one. @internal */
export const codeOf = ({ cause }: SqlError): string | undefined =>
  Predicate.hasProperty(cause, "code") && typeof cause.code === "string" ? cause.code : undefined

/**
 * Another connection was in the way, and the statement was not run: SQLite has one writer, and PostgreSQL gives up one of
 * two that wait for each other, or that change the same row in one of the stricter isolations.
 *
 * @internal
 */
export const isContention = (error: SqlError): boolean =>
  /^(?:SQLITE_BUSY|SQLITE_LOCKED|40001$|40P01$)/.test(codeOf(error) ?? "")

/** Without end, as who runs a statement bounds it; short, as the writers of a busy file leave few gaps. */
const pauses = Schedule.exponential(5, 1.5).pipe(Schedule.either(Schedule.spaced(25)), Schedule.jittered)

/**
 * A statement of its own. The caller may be in a transaction, which can be rolled back when the pair was issued and used
 * long since, and which may be of another client: each hands its own down in the context, some under a tag that all
 * clients of a kind share. So nothing of the context comes along.
 *
 * @internal
 */
export const apart = <A>(statement: Effect.Effect<A, SqlError>): Effect.Effect<A, SqlError> =>
  Effect.mapInputContext(statement, (_: Context.Context<never>) => Context.empty())

/**
 * SQLite clients on which a statement failed because another connection was in the way.
 *
 * The libSQL client leaves such a statement open. Until the garbage collector closes it nothing on its connection is
 * committed: later statements succeed, see what they wrote, and all of it is lost.
 */
const suspects = new WeakSet<SqlClient.SqlClient>()

/** Fails as long as a statement is open on the connection: that is the one thing a savepoint cannot begin beside. */
const isClear = (sql: SqlClient.SqlClient): Effect.Effect<void, SqlError> =>
  Effect.zipRight(
    sql`SAVEPOINT effect_adobe_pass`,
    Effect.sync(() => suspects.delete(sql))
  ).pipe(Effect.zipRight(sql`RELEASE effect_adobe_pass`), Effect.uninterruptible, Effect.asVoid)

/**
 * `apart`, and again while others are in the way; on a connection that may hold an open statement only when it holds none.
 *
 * @internal
 */
export const inTurn = <A>(
  client: SqlClient.SqlClient,
  statement: Effect.Effect<A, SqlError>
): Effect.Effect<A, SqlError> =>
  Effect.suspend(() => (suspects.has(client) ? Effect.zipRight(isClear(client), statement) : statement)).pipe(
    Effect.tapError((error) =>
      Effect.sync(() => {
        if (codeOf(error)?.startsWith("SQLITE_") === true && isContention(error)) suspects.add(client)
      })
    ),
    apart,
    Effect.retry({ schedule: pauses, while: isContention })
  )
