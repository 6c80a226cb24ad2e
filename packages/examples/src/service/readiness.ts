import { SqlClient } from "@effect/sql"
import { Config, Context, Duration, Effect, Layer } from "effect"

/** Whether this node should be sent requests. */
export class Readiness extends Context.Tag("service/Readiness")<
  Readiness,
  {
    /** The database answers within a second, and nobody has told the service to stop. */
    readonly isReady: Effect.Effect<boolean>
    readonly stop: Effect.Effect<void>
  }
>() {}

export const layer = Layer.effect(
  Readiness,
  Effect.map(SqlClient.SqlClient, (sql) => {
    let stopping = false
    const answers = sql`SELECT 1`.pipe(
      Effect.timeout("1 second"),
      Effect.match({ onFailure: () => false, onSuccess: () => true })
    )
    return {
      isReady: Effect.suspend(() => (stopping ? Effect.succeed(false) : answers)),
      stop: Effect.sync(() => {
        stopping = true
      })
    }
  })
)

/**
 * A service that is told to stop is not ready for a while and goes on serving, so that the load balancer looks elsewhere
 * before connections are refused: `DRAIN`, five seconds unless set. Must be the first layer to close.
 */
export const drain = Layer.scopedDiscard(
  Effect.gen(function* () {
    const { stop } = yield* Readiness
    const time = yield* Config.withDefault(Config.duration("DRAIN"), Duration.seconds(5))
    yield* Effect.addFinalizer(() =>
      Effect.logInfo("Not ready any more, still serving").pipe(
        Effect.zipRight(stop),
        Effect.zipRight(Effect.sleep(time))
      )
    )
  })
)
