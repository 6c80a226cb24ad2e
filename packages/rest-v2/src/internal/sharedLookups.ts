import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as FiberMap from "effect/FiberMap"
import type * as Scope from "effect/Scope"
import { RecentlyUsed } from "./recentlyUsed.js"

/** What was looked up, until when it counts. */
interface Cell<A> {
  kept?: { readonly value: A; readonly until: number }
}

/** Values by key that are looked up once for all who ask at the same time, and kept for a while. */
export interface SharedLookups<A, E> {
  readonly get: <R>(key: string, lookup: Effect.Effect<A, E, R>) => Effect.Effect<A, E, R>
  /** Whoever asks from now on has the value looked up. */
  readonly invalidate: (key: string) => Effect.Effect<void>
}

/**
 * A lookup runs in the scope, so interrupting a caller does not interrupt it, as it would with Effect's `Cache`; closing
 * the scope does. A failure reaches those who wait, and is not kept.
 */
export const make = <A, E>(options: {
  readonly capacity: number
  readonly timeToLive: number
}): Effect.Effect<SharedLookups<A, E>, never, Scope.Scope> =>
  Effect.gen(function* () {
    const cells = new RecentlyUsed<Cell<A>>(options.capacity)
    const flights = yield* FiberMap.make<Cell<A>, A, E>()
    const lock = yield* Effect.makeSemaphore(1)

    const keep = (cell: Cell<A>, value: A) =>
      Effect.map(Clock.currentTimeMillis, (now) => {
        cell.kept = { value, until: now + options.timeToLive }
      })

    /** The running lookup of a cell, or a new one. */
    const flight = <R>(cell: Cell<A>, lookup: Effect.Effect<A, E, R>) =>
      FiberMap.get(flights, cell).pipe(
        Effect.orElse(() =>
          FiberMap.run(
            flights,
            cell,
            Effect.tap(lookup, (value) => keep(cell, value))
          )
        ),
        lock.withPermits(1)
      )

    return {
      get: (key, lookup) =>
        Effect.gen(function* () {
          const cell = cells.getOrMake(key, () => ({}))
          const now = yield* Clock.currentTimeMillis
          if (cell.kept !== undefined && now < cell.kept.until) return cell.kept.value
          return yield* Effect.flatten(Fiber.await(yield* flight(cell, lookup)))
        }),
      // A lookup that is under way fills a cell that nobody finds any more.
      invalidate: (key) => Effect.sync(() => cells.delete(key))
    }
  })
