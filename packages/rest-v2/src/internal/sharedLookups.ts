import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as FiberMap from "effect/FiberMap"
import type * as Scope from "effect/Scope"
import { RecentlyUsed } from "./recentlyUsed.js"

/** What was looked up, and when it counts: not before `since`, to which a clock that is set back returns. */
interface Cell<A> {
  kept?: { readonly value: A; readonly since: number; readonly until: number }
}

/** Values by key that are looked up once for all who ask at the same time, and kept for a while. */
export interface SharedLookups<A, E> {
  readonly get: <R>(key: string, lookup: Effect.Effect<A, E, R>) => Effect.Effect<A, E, R>
  /** Whoever asks from now on has the value looked up. */
  readonly invalidate: (key: string) => Effect.Effect<void>
}

/**
 * A lookup runs in the scope, so interrupting a caller does not interrupt it, as it would with Effect's `Cache`; closing
 * the scope does.
 *
 * A failure may be about the caller alone whose lookup it was, so one of the others who wait looks up, too. A second failure
 * reaches all of them: however many wait, there are two lookups. Failures are not kept.
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
        cell.kept = { value, since: now, until: now + options.timeToLive }
      })

    /** The running lookup of a cell, or a new one. */
    const flight = <R>(cell: Cell<A>, lookup: Effect.Effect<A, E, R>) =>
      FiberMap.get(flights, cell).pipe(
        Effect.map((fiber) => ({ fiber, isOwn: false })),
        Effect.orElse(() =>
          FiberMap.run(
            flights,
            cell,
            Effect.tap(lookup, (value) => keep(cell, value))
          ).pipe(Effect.map((fiber) => ({ fiber, isOwn: true })))
        ),
        lock.withPermits(1)
      )

    const get = <R>(key: string, lookup: Effect.Effect<A, E, R>, isAgain: boolean): Effect.Effect<A, E, R> =>
      Effect.gen(function* () {
        const cell = cells.getOrMake(key, () => ({}))
        const now = yield* Clock.currentTimeMillis
        if (cell.kept !== undefined && cell.kept.since <= now && now < cell.kept.until) return cell.kept.value
        const { fiber, isOwn } = yield* flight(cell, lookup)
        const found = Effect.flatten(Fiber.await(fiber))
        return yield* isOwn || isAgain ? found : Effect.catchAll(found, () => get(key, lookup, true))
      })

    return {
      get: (key, lookup) => get(key, lookup, false),
      // A lookup that is under way fills a cell that nobody finds any more.
      invalidate: (key) => Effect.sync(() => cells.delete(key))
    }
  })
