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

/** `apart`, and again while others are in the way. @internal */
export const inTurn = <A>(statement: Effect.Effect<A, SqlError>): Effect.Effect<A, SqlError> =>
  Effect.retry(apart(statement), { schedule: pauses, while: isContention })
