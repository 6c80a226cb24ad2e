import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"

/** Work that runs at most once at a time and is shared by its callers. */
export class SingleFlight<A, E> {
  #running: Deferred.Deferred<A, E> | undefined = undefined

  get isRunning(): boolean {
    return this.#running !== undefined
  }

  /**
   * The running flight, or a new one.
   *
   * The work runs in the given scope, so interrupting a caller does not interrupt it; closing the scope does, and releases
   * those who wait. A failure reaches those who wait, and is not kept. The check and the start happen in one step of one
   * fiber, so no lock is needed; the new fiber starts uninterruptible, so that a flight always ends.
   */
  start(scope: Scope.Scope, work: Effect.Effect<A, E>): Effect.Effect<Deferred.Deferred<A, E>> {
    return Effect.uninterruptible(
      Effect.flatMap(Deferred.make<A, E>(), (flight) => {
        if (this.#running !== undefined) return Effect.succeed(this.#running)
        this.#running = flight
        return Effect.interruptible(work).pipe(
          Effect.exit,
          Effect.flatMap((exit) => {
            this.#running = undefined
            return Deferred.done(flight, exit)
          }),
          Effect.forkIn(scope),
          Effect.as(flight)
        )
      })
    )
  }

  /** Waits for the running flight, or for a new one. */
  join(scope: Scope.Scope, work: Effect.Effect<A, E>): Effect.Effect<A, E> {
    return Effect.flatMap(this.start(scope, work), Deferred.await)
  }

  /** Waits until the running flight has ended, however it ends. */
  get ended(): Effect.Effect<void> {
    return Effect.suspend(() =>
      this.#running === undefined ? Effect.void : Effect.asVoid(Effect.exit(Deferred.await(this.#running)))
    )
  }
}
