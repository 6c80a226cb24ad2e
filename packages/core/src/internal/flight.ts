import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"

/** Where a holder keeps its running flight. @internal */
export interface Slot<H, A, E> {
  readonly get: (holder: H) => Deferred.Deferred<A, E> | undefined
  readonly set: (holder: H, flight: Deferred.Deferred<A, E> | undefined) => void
}

/**
 * The running flight of a holder, or a new one.
 *
 * The work runs in the given scope, so a cancelled caller harms nobody; closing the scope ends it and releases whoever
 * waits. A failure reaches the callers that wait now, and is not kept. The check and the start happen in one step of
 * one fiber, which is why no lock is needed; the new fiber starts uninterruptible, so that a flight always ends.
 *
 * @internal
 */
export const start = <H, A, E>(
  scope: Scope.Scope,
  slot: Slot<H, A, E>,
  holder: H,
  work: Effect.Effect<A, E>
): Effect.Effect<Deferred.Deferred<A, E>> =>
  Effect.uninterruptible(
    Effect.flatMap(Deferred.make<A, E>(), (flight) => {
      const running = slot.get(holder)
      if (running !== undefined) return Effect.succeed(running)
      slot.set(holder, flight)
      return Effect.interruptible(work).pipe(
        Effect.exit,
        Effect.flatMap((exit) => {
          slot.set(holder, undefined)
          return Deferred.done(flight, exit)
        }),
        Effect.forkIn(scope),
        Effect.as(flight)
      )
    })
  )
