import { SqlClient } from "@effect/sql"
import { Context, Effect, Layer, Ref } from "effect"

/** Whether this node should be sent requests: its database answers, and nobody has told it to stop. */
export class Readiness extends Context.Tag("service/Readiness")<
  Readiness,
  {
    readonly isReady: Effect.Effect<boolean>
    readonly isStopping: Effect.Effect<boolean>
    readonly stop: Effect.Effect<void>
  }
>() {}

export const layer = Layer.effect(
  Readiness,
  Effect.gen(function* () {
    const sql = yield* SqlClient.SqlClient
    const stopping = yield* Ref.make(false)
    const isStopping = Ref.get(stopping)
    const databaseAnswers = sql`SELECT 1`.pipe(
      // A query that hangs also hangs while it is cancelled.
      Effect.disconnect,
      Effect.timeout("1 second"),
      Effect.isSuccess
    )
    return {
      isReady: Effect.if(isStopping, { onTrue: () => Effect.succeed(false), onFalse: () => databaseAnswers }),
      isStopping,
      stop: Ref.set(stopping, true)
    }
  })
)
