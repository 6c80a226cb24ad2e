import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"

interface Waiter {
  turn: Deferred.Deferred<void>
}

/** Who waits for the permits of a key: urgent ones first, each kind in the order in which it came. @internal */
export interface Line {
  readonly urgent: Set<Waiter>
  readonly patient: Set<Waiter>
}

/** @internal */
export const make = (): Line => ({ urgent: new Set(), patient: new Set() })

/** @internal */
export const isAwaited = (line: Line): boolean => line.urgent.size + line.patient.size > 0

/** How many are served before somebody who comes now. @internal */
export const ahead = (line: Line, urgent: boolean): number =>
  line.urgent.size + (urgent ? 0 : line.patient.size)

const head = (line: Line): Waiter | undefined =>
  line.urgent.values().next().value ?? line.patient.values().next().value

const wakeNext = (line: Line): void => {
  const next = head(line)
  if (next !== undefined) Deferred.unsafeDone(next.turn, Effect.void)
}

const served = <E>(line: Line, waiter: Waiter, attempt: Effect.Effect<number, E>): Effect.Effect<void, E> =>
  Effect.suspend(() => {
    if (head(line) === waiter) {
      return Effect.flatMap(attempt, (millis) =>
        millis > 0 ? Effect.zipRight(Effect.sleep(millis), served(line, waiter, attempt)) : Effect.void
      )
    }
    return Effect.flatMap(Deferred.make<void>(), (turn) => {
      waiter.turn = turn
      return head(line) === waiter
        ? served(line, waiter, attempt)
        : Effect.zipRight(Deferred.await(turn), served(line, waiter, attempt))
    })
  })

/**
 * Stands in line until it is served. Whoever is first makes an attempt, which answers with zero when it was served, and
 * otherwise with the milliseconds until the next attempt. An interrupted one gives its place to the next. @internal
 */
export const stand = <E>(
  line: Line,
  urgent: boolean,
  attempt: Effect.Effect<number, E>
): Effect.Effect<void, E> => {
  const places = urgent ? line.urgent : line.patient
  return Effect.acquireUseRelease(
    Effect.map(Deferred.make<void>(), (turn) => {
      const waiter: Waiter = { turn }
      places.add(waiter)
      return waiter
    }),
    (waiter) => served(line, waiter, attempt),
    (waiter) =>
      Effect.sync(() => {
        places.delete(waiter)
        wakeNext(line)
      })
  )
}
